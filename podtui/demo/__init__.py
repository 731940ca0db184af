"""A pretend cloud on loopback: RunPod serverless and ComfyUI, for the demo command and the tests."""
