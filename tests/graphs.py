"""Graphs for the tests of workflows and roles, and short ways to look into them."""

import json
from typing import Any

import pytest

from podtui.errors import BadInput
from podtui.graph import Hole
from podtui.workflow import Workflow, read

Graph = dict[str, Any]


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def worker_graph() -> Graph:
    """The worker's own test input (worker-comfyui, test_input.json): a preview and a second SaveImage."""
    return {
        "6": node("CLIPTextEncode", text="a cat", clip=["30", 1]),
        "8": node("VAEDecode", samples=["31", 0], vae=["30", 2]),
        "9": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
        "27": node("EmptySD3LatentImage", width=512, height=512, batch_size=4),
        "30": node("CheckpointLoaderSimple", ckpt_name="flux1-dev-fp8.safetensors"),
        "31": node(
            "KSampler", seed=1, steps=10, cfg=1, sampler_name="euler", scheduler="simple", denoise=1,
            model=["30", 0], positive=["35", 0], negative=["33", 0], latent_image=["27", 0],
        ),
        "33": node("CLIPTextEncode", text="", clip=["30", 1]),
        "35": node("FluxGuidance", guidance=3.5, conditioning=["6", 0]),
        "38": node("PreviewImage", images=["8", 0]),
        "40": node("SaveImage", filename_prefix="ComfyUI", images=["8", 0]),
    }  # fmt: skip


def made(graph: Graph, facts: str = "") -> Workflow:
    return read("mine", json.dumps(graph), facts)


def filled(workflow: Workflow, **changes: Any) -> Graph:
    values: Graph = {
        "prompt": "cat", "negative": "", "seed": 7, "steps": 12, "guidance": 3.0,
        "width": 1280, "height": 1536, "prefix": "podtui",
    }  # fmt: skip
    return workflow.fill(**{**values, **changes})


def at(graph: Graph, hole: Hole | None) -> object:
    assert hole is not None
    return graph[hole.node]["inputs"][hole.key]


def only(graph: Graph, class_type: str) -> Graph:
    found = [body["inputs"] for body in graph.values() if body["class_type"] == class_type]
    assert len(found) == 1
    inputs: Graph = found[0]
    return inputs


def refused(text: str) -> BadInput:
    with pytest.raises(BadInput) as caught:
        read("mine", text)
    assert caught.value.field == "workflow"
    return caught.value
