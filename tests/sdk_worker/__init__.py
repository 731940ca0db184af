"""The real RunPod SDK worker loop, with a handler of ours."""
