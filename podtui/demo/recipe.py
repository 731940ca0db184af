"""Finds what is to be painted in a graph of ComfyUI's API format, by class and wiring (comfyui.md, 4)."""

from dataclasses import dataclass
from typing import Any

_SIZES = ("EmptySD3LatentImage", "EmptyLatentImage")
_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "SamplerCustom")
_MAX_HOPS = 12


@dataclass(frozen=True)
class Recipe:
    """What one graph asks for."""

    prompt: str
    negative: str
    seed: int
    width: int
    height: int
    steps: int
    guidance: float
    count: int
    """How many pictures one save node yields."""
    sampler: str
    """The sampler's node id, which progress is told of."""


def read_recipe(graph: dict[str, Any]) -> Recipe:
    """Read a graph; what it does not say takes ComfyUI's own defaults."""
    sampler = next((key for key, node in graph.items() if _kind(node) in _SAMPLERS), "")
    inputs = _inputs(graph, sampler)
    guider = _inputs(graph, _link(inputs.get("guider")))
    scheduler = _inputs(graph, _link(inputs.get("sigmas")))
    noise = _inputs(graph, _link(inputs.get("noise")))
    positive = inputs.get("positive") or guider.get("conditioning") or guider.get("positive")
    size = _upstream(graph, _link(inputs.get("latent_image")), _SIZES) or _first(graph, _SIZES)
    latent = _inputs(graph, size)
    guidance = _inputs(graph, _upstream(graph, _link(positive), ("FluxGuidance",)))
    return Recipe(
        prompt=_text(graph, positive),
        negative=_text(graph, inputs.get("negative") or guider.get("negative")),
        seed=_whole(inputs.get("seed", noise.get("noise_seed", inputs.get("noise_seed"))), _any_seed(graph)),
        width=_whole(latent.get("width"), 512),
        height=_whole(latent.get("height"), 512),
        steps=max(1, _whole(inputs.get("steps", scheduler.get("steps")), 20)),
        guidance=_number(guidance.get("guidance", inputs.get("cfg")), 3.5),
        count=max(1, min(25, _whole(latent.get("batch_size"), 1))),
        sampler=sampler,
    )


def save_nodes(graph: dict[str, Any]) -> list[str]:
    """The ids of the nodes that keep their pictures, in the graph's order."""
    return [key for key, node in graph.items() if _kind(node) == "SaveImage"]


def _kind(node: object) -> str:
    return str(node.get("class_type", "")) if isinstance(node, dict) else ""


def _inputs(graph: dict[str, Any], node: str) -> dict[str, Any]:
    found = graph.get(node)
    inputs = found.get("inputs") if isinstance(found, dict) else None
    return inputs if isinstance(inputs, dict) else {}


def _link(value: object) -> str:
    return str(value[0]) if isinstance(value, list) and len(value) == 2 else ""


def _first(graph: dict[str, Any], kinds: tuple[str, ...]) -> str:
    return next((key for key, node in graph.items() if _kind(node) in kinds), "")


def _upstream(graph: dict[str, Any], start: str, kinds: tuple[str, ...]) -> str:
    """Follow the links upwards from a node to the first one of these classes."""
    waiting = [start]
    for node in waiting:
        if _kind(graph.get(node)) in kinds:
            return node
        if len(waiting) > _MAX_HOPS * 4:
            break
        waiting += [found for value in _inputs(graph, node).values() if (found := _link(value))]
    return ""


def _text(graph: dict[str, Any], start: object) -> str:
    node = _upstream(graph, _link(start), ("CLIPTextEncode", "CLIPTextEncodeFlux"))
    inputs = _inputs(graph, node)
    value = inputs.get("text", inputs.get("t5xxl", ""))
    if found := _link(value):
        inner = _inputs(graph, found)
        value = next((text for text in inner.values() if isinstance(text, str)), "")
    return value if isinstance(value, str) else ""


def _any_seed(graph: dict[str, Any]) -> int:
    for key in graph:
        for name in ("seed", "noise_seed"):
            if found := _whole(_inputs(graph, key).get(name), 0):
                return found
    return 0


def _whole(value: object, default: int) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else default


def _number(value: object, default: float) -> float:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default
