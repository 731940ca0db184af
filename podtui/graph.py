"""Finds what is what in a ComfyUI graph, by class and wiring, never by a node's id (comfyui.md, 4.4)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from podtui.errors import BadInput

Graph = dict[str, dict[str, Any]]
"""A graph in API format: node id to ``{"class_type": …, "inputs": {…}}``."""

_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "SamplerCustom")
_SIZE_KEYS = ("width", "height")


@dataclass(frozen=True)
class Hole:
    """One input of one node."""

    node: str
    key: str

    @classmethod
    def named(cls, text: str) -> "Hole":
        """Read ``node.input`` as a person writes it.

        Raises:
            BadInput: it does not read so.
        """
        node, dot, key = text.partition(".")
        if not (node and dot and key):
            raise BadInput(f"A role reads node.input, not {text!r}", field="workflow")
        return cls(node, key)


@dataclass(frozen=True)
class Roles:
    """Where a graph takes what changes from image to image; None where it has no such place."""

    prompt: tuple[Hole, ...]
    seed: Hole
    width: Hole
    height: Hole
    save: str
    """The node that saves the picture."""
    negative: tuple[Hole, ...] = ()
    steps: Hole | None = None
    guidance: Hole | None = None
    """FluxGuidance's guidance, or where there is none the sampler's cfg."""
    cfg: Hole | None = None
    """The sampler's own cfg where guidance is elsewhere."""
    count: Hole | None = None
    """How many pictures one run makes; set to 1."""


def find_roles(graph: Graph, told: dict[str, str]) -> Roles:
    """Find every role; ``told`` are roles that a person has named (``{"prompt": "6.text"}``).

    Raises:
        BadInput: a role that every graph needs cannot be found, or several places could be meant.
    """
    sampler = _sampler(graph)
    size = _reach(
        graph, sampler, "latent_image", lambda node: all(key in node["inputs"] for key in _SIZE_KEYS)
    )
    guidance, cfg = _guidance(graph, sampler)
    prompts = _texts(graph, sampler, "positive")
    roles = {
        "prompt": prompts,
        "negative": [hole for hole in _texts(graph, sampler, "negative") if hole not in prompts],
        "seed": _seed(graph, sampler),
        "steps": _key(graph, sampler, "steps", "sigmas"),
        "width": Hole(size, "width") if size else None,
        "height": Hole(size, "height") if size else None,
        "guidance": guidance,
    }
    named = {role: Hole.named(place) for role, place in told.items() if role != "save"}
    for role, hole in named.items():
        if hole.node not in graph:
            raise BadInput(f"The role {role} names node {hole.node}, which is not there", field="workflow")

    def one(role: str) -> Hole:
        hole = named.get(role) or roles[role]
        if not isinstance(hole, Hole):
            raise _unfound(role)
        return hole

    text = (named["prompt"],) if "prompt" in named else tuple(prompts)
    if not text:
        raise _unfound("prompt")
    negative = (named["negative"],) if "negative" in named else tuple(roles["negative"] or ())  # type: ignore[arg-type]
    return Roles(
        prompt=text,
        negative=negative,
        seed=one("seed"),
        width=one("width"),
        height=one("height"),
        steps=named.get("steps") or _hole(roles["steps"]),
        guidance=named.get("guidance") or guidance,
        cfg=cfg,
        count=Hole(size, "batch_size") if size and "batch_size" in graph[size]["inputs"] else None,
        save=told.get("save") or _save(graph),
    )


def _hole(value: object) -> Hole | None:
    return value if isinstance(value, Hole) else None


def _unfound(role: str) -> BadInput:
    return BadInput(
        f"The workflow's {role} cannot be found",
        "No node of a known class leads to it, or several could be meant.",
        f'Beside the file, write NAME.toml with [roles] {role} = "node.input".',
        field="workflow",
    )


def link_of(graph: Graph, node: str, key: str) -> str | None:
    """The node that feeds an input, or None where it holds a value."""
    value = graph[node]["inputs"].get(key)
    if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph:
        return str(value[0])
    return None


def _sampler(graph: Graph) -> str:
    found = [node for node, body in graph.items() if body["class_type"] in _SAMPLERS]
    # With several samplers (a refiner) the first pass is the one that takes an empty latent picture.
    first = [
        node
        for node in found
        if (fed := link_of(graph, node, "latent_image")) and graph[fed]["class_type"].startswith("Empty")
    ]
    if len(first or found) != 1:
        raise BadInput(
            "The workflow's sampler cannot be found" if not found else "The workflow has several samplers",
            "A KSampler or SamplerCustomAdvanced that starts from an empty latent picture is needed.",
            "Export a workflow with one such sampler.",
            field="workflow",
        )
    return (first or found)[0]


def _upstream(graph: Graph, start: str) -> Iterator[str]:
    """Every node that feeds ``start``, nearest first, each once."""
    seen, queue = {start}, [start]
    while queue:
        node = queue.pop(0)
        yield node
        for key in graph[node]["inputs"]:
            fed = link_of(graph, node, key)
            if fed is not None and fed not in seen:
                seen.add(fed)
                queue.append(fed)


def _reach(graph: Graph, node: str, key: str, wanted: Any) -> str | None:
    fed = link_of(graph, node, key)
    if fed is None:
        return None
    return next((found for found in _upstream(graph, fed) if wanted(graph[found])), None)


def _conditioning(graph: Graph, sampler: str, key: str) -> str | None:
    """Where a sampler's conditioning begins; SamplerCustomAdvanced takes it through its guider."""
    fed = link_of(graph, sampler, key)
    if fed is None and (guider := link_of(graph, sampler, "guider")):
        return link_of(graph, guider, key) or (
            link_of(graph, guider, "conditioning") if key == "positive" else None
        )
    return fed


def _texts(graph: Graph, sampler: str, key: str) -> list[Hole]:
    start = _conditioning(graph, sampler, key)
    if start is None:
        return []
    for node in _upstream(graph, start):
        inputs = graph[node]["inputs"]
        if "TextEncode" in graph[node]["class_type"]:
            keys = [name for name in ("text", "clip_l", "t5xxl", "text_g", "text_l") if name in inputs]
            holes = [_text_source(graph, node, name) for name in keys]
            return [hole for hole in holes if hole is not None]
    return []


def _text_source(graph: Graph, node: str, key: str) -> Hole | None:
    """A text may be written in the encoder, or come from a text node before it."""
    value = graph[node]["inputs"][key]
    if isinstance(value, str):
        return Hole(node, key)
    fed = link_of(graph, node, key)
    if fed is None:
        return None
    texts = [name for name, value in graph[fed]["inputs"].items() if isinstance(value, str)]
    return Hole(fed, texts[0]) if len(texts) == 1 else None


def _seed(graph: Graph, sampler: str) -> Hole | None:
    for node in [sampler, link_of(graph, sampler, "noise")]:
        for key in ("seed", "noise_seed"):
            if node and key in graph[node]["inputs"]:
                fed = link_of(graph, node, key)
                if fed is None:
                    return Hole(node, key)
                numbers = [name for name, value in graph[fed]["inputs"].items() if type(value) is int]
                return Hole(fed, numbers[0]) if len(numbers) == 1 else None
    return None


def _key(graph: Graph, sampler: str, key: str, through: str) -> Hole | None:
    for node in [sampler, link_of(graph, sampler, through)]:
        if node and isinstance(graph[node]["inputs"].get(key), int | float):
            return Hole(node, key)
    return None


def _guidance(graph: Graph, sampler: str) -> tuple[Hole | None, Hole | None]:
    """FluxGuidance where the graph has one, with the sampler's cfg beside it; else that cfg."""
    cfg = _key(graph, sampler, "cfg", "guider")
    start = _conditioning(graph, sampler, "positive")
    for node in _upstream(graph, start) if start else ():
        if graph[node]["class_type"] == "FluxGuidance":
            return Hole(node, "guidance"), cfg
    return cfg, None


def _save(graph: Graph) -> str:
    found = sorted(node for node, body in graph.items() if body["class_type"] == "SaveImage")
    if not found:
        raise BadInput(
            "The workflow saves no picture",
            "It has no SaveImage node.",
            "Add one, and export it again in API format.",
            field="workflow",
        )
    return found[0]
