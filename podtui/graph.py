"""Finds what is what in a ComfyUI graph, by class and wiring, never by a node's id (comfyui.md, 4.4)."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from podtui.errors import BadInput
from podtui.text import clean

Graph = dict[str, dict[str, Any]]
"""A graph in API format: node id to ``{"class_type": …, "inputs": {…}}``."""

NONE = "none"
"""What a person writes for a role that the graph does not have."""
_SAMPLERS = ("KSampler", "KSamplerAdvanced", "SamplerCustomAdvanced", "SamplerCustom")
_TEXT_KEYS = ("text", "prompt", "clip_l", "t5xxl", "text_g", "text_l")
# What conditioning does not come through.
_OTHER_KINDS = ("clip", "clip_vision", "control_net", "image", "latent", "mask", "model", "pixels", "vae")
_NODES = ("sampler", "save")
_NEEDED = ("prompt", "seed", "steps", "width", "height", "save")
_OPTIONAL = ("negative", "guidance")


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
        node, dot, key = text.rpartition(".")
        if not (node and dot and key):
            raise BadInput(f"A role reads node.input, not {clean(text, 80)}", field="workflow")
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

    A told ``sampler`` and ``save`` are nodes; ``none`` says that the graph has no such role.

    Raises:
        BadInput: a role that every graph needs cannot be found, or several places could be meant.
    """
    named = {role: _told(graph, role, place) for role, place in told.items()}
    sampler = told.get("sampler")
    if sampler is None and not told.keys() >= set(_NEEDED):
        sampler = _sampler(graph)
    size = _size(graph, sampler)
    cfg = _numbers(graph, _nodes(sampler, link_of(graph, sampler, "guider")), ("cfg",))
    guidance = _guidance(graph, sampler) if "guidance" not in told else []
    finders: dict[str, Callable[[], list[Hole]]] = {
        "prompt": lambda: _texts(graph, sampler, "positive"),
        "negative": lambda: _texts(graph, sampler, "negative"),
        "seed": lambda: _numbers(
            graph, _nodes(sampler, link_of(graph, sampler, "noise")), ("seed", "noise_seed")
        ),
        "steps": lambda: _numbers(graph, _nodes(sampler, *_fed_by(graph, sampler, "sigmas")), ("steps",)),
        "width": lambda: [Hole(size, "width")] if size else [],
        "height": lambda: [Hole(size, "height")] if size else [],
        "guidance": lambda: guidance or cfg,
    }
    places = {role: named[role] if role in named else find() for role, find in finders.items()}
    for role in _NEEDED[:-1]:
        if not places[role] and not (role == "steps" and role in named):
            raise _unfound(role)
    is_apart = bool(cfg and places["guidance"] and places["guidance"] != cfg)
    return Roles(
        prompt=tuple(places["prompt"]),
        negative=tuple(hole for hole in places["negative"] if hole not in places["prompt"]),
        seed=places["seed"][0],
        width=places["width"][0],
        height=places["height"][0],
        steps=next(iter(places["steps"]), None),
        guidance=next(iter(places["guidance"]), None),
        cfg=cfg[0] if is_apart else None,
        count=Hole(size, "batch_size") if size and "batch_size" in graph[size]["inputs"] else None,
        save=told.get("save") or _save(graph, sampler),
    )


def link_of(graph: Graph, node: str | None, key: str) -> str | None:
    """The node that feeds an input, or None where it holds a value."""
    value = graph[node]["inputs"].get(key) if node is not None else None
    if isinstance(value, list) and len(value) == 2 and str(value[0]) in graph:
        return str(value[0])
    return None


def _told(graph: Graph, role: str, place: str) -> list[Hole]:
    """The place that a person has named for a role; empty for ``none``."""
    if role not in (*_NEEDED, *_OPTIONAL, *_NODES):
        raise BadInput(
            f"There is no role {clean(role, 40)}",
            f"Roles are {', '.join((*_NEEDED, *_OPTIONAL, 'sampler'))}.",
            field="workflow",
        )
    if place == NONE and role in ("steps", *_OPTIONAL):
        return []
    hole = Hole(place, "") if role in _NODES else Hole.named(place)
    if hole.node not in graph:
        raise BadInput(
            f"The role {role} names node {clean(hole.node, 40)}, which is not there", field="workflow"
        )
    # A value in an input that the node does not have would be ignored by ComfyUI without a word.
    if role not in _NODES and hole.key not in graph[hole.node]["inputs"]:
        raise BadInput(
            f"The role {role} names input {clean(hole.key, 40)}, which its node does not have",
            f"Node {clean(hole.node, 40)} has {clean(', '.join(graph[hole.node]['inputs']), 200)}.",
            field="workflow",
        )
    return [hole]


def _unfound(role: str) -> BadInput:
    return BadInput(
        f"The workflow's {role} cannot be found",
        "No node of a known class leads to it.",
        _sidecar(role),
        field="workflow",
    )


def _several(role: str, candidates: Iterable[str]) -> BadInput:
    return BadInput(
        f"Several places could be the workflow's {role}",
        f"Nodes {clean(', '.join(candidates), 200)}.",
        _sidecar(role),
        field="workflow",
    )


def _sidecar(role: str) -> str:
    place = "node" if role in _NODES else "node.input"
    return f'Name it in a file NAME.toml beside the workflow: [roles] {role} = "{place}".'


def _nodes(*nodes: str | None) -> list[str]:
    return [node for node in nodes if node is not None]


def _sampler(graph: Graph) -> str:
    found = [node for node, body in graph.items() if body["class_type"] in _SAMPLERS]
    # With several samplers (a refiner) the first pass is the one that takes an empty latent picture.
    first = [
        node
        for node in found
        if (fed := link_of(graph, node, "latent_image")) and graph[fed]["class_type"].startswith("Empty")
    ]
    if not found:
        raise _unfound("sampler")
    if len(first or found) != 1:
        raise _several("sampler", first or found)
    return (first or found)[0]


def _upstream(graph: Graph, start: str) -> Iterator[str]:
    """Every node that feeds ``start``, itself first, the nearest before the others, each once."""
    yield from _walk(graph, start, lambda node: graph[node]["inputs"])


def _walk(graph: Graph, start: str, keys: Callable[[str], Iterable[str]]) -> Iterator[str]:
    seen, queue = {start}, [start]
    for node in queue:
        yield node
        for key in keys(node):
            fed = link_of(graph, node, key)
            if fed is not None and fed not in seen:
                seen.add(fed)
                queue.append(fed)


def _fed_by(graph: Graph, node: str | None, key: str) -> list[str]:
    fed = link_of(graph, node, key)
    return list(_upstream(graph, fed)) if fed else []


def _size(graph: Graph, sampler: str | None) -> str | None:
    """The nearest node before the sampler's latent picture that has a width and a height."""
    for node in _fed_by(graph, sampler, "latent_image"):
        if {"width", "height"} <= graph[node]["inputs"].keys():
            return node
    return None


def _conditioning(graph: Graph, sampler: str | None, side: str) -> list[str]:
    """The nodes that a sampler's conditioning comes through, nearest first, its encoders included.

    SamplerCustomAdvanced takes it through its guider. A node with a positive and a negative side
    (ControlNetApplyAdvanced) is followed on the same side only.
    """
    start = link_of(graph, sampler, side)
    guider = link_of(graph, sampler, "guider")
    if start is None and guider:
        start = link_of(graph, guider, side)
        if start is None and side == "positive":
            start = link_of(graph, guider, "conditioning")
    if start is None:
        return []

    def keys(node: str) -> list[str]:
        inputs = graph[node]["inputs"]
        if _is_encoder(graph, node):
            return []
        return [side] if side in inputs else [key for key in inputs if key not in _OTHER_KINDS]

    return list(_walk(graph, start, keys))


def _is_encoder(graph: Graph, node: str) -> bool:
    return "TextEncode" in graph[node]["class_type"]


def _texts(graph: Graph, sampler: str | None, side: str) -> list[Hole]:
    encoders = [node for node in _conditioning(graph, sampler, side) if _is_encoder(graph, node)]
    if len(encoders) > 1:
        raise _several("prompt" if side == "positive" else "negative", encoders)
    found: list[Hole] = []
    for node in encoders:
        keys = [key for key in _TEXT_KEYS if key in graph[node]["inputs"]]
        holes = [_text_source(graph, node, key) for key in keys]
        found += dict.fromkeys(hole for hole in holes if hole is not None)
    return found


def _text_source(graph: Graph, node: str, key: str) -> Hole | None:
    """A text may be written in the encoder, or come from a text node before it."""
    if isinstance(graph[node]["inputs"][key], str):
        return Hole(node, key)
    fed = link_of(graph, node, key)
    if fed is None:
        return None
    texts = [name for name, value in graph[fed]["inputs"].items() if isinstance(value, str)]
    return Hole(fed, texts[0]) if len(texts) == 1 else None


def _numbers(graph: Graph, nodes: Iterable[str], keys: Iterable[str]) -> list[Hole]:
    """The first of the keys on the first node that has one, or the number that a link leads to."""
    for node in nodes:
        for key in keys:
            if key not in graph[node]["inputs"]:
                continue
            fed = link_of(graph, node, key)
            values = graph[fed]["inputs"] if fed else {}
            numbers = [name for name, value in values.items() if type(value) in (int, float)]
            # A link that leads to no single number is cut: the value is set in its place.
            return [Hole(fed, numbers[0])] if fed and len(numbers) == 1 else [Hole(node, key)]
    return []


def _guidance(graph: Graph, sampler: str | None) -> list[Hole]:
    """The guidance on the way of the conditioning (FluxGuidance, CLIPTextEncodeFlux); empty without."""
    found = [
        node for node in _conditioning(graph, sampler, "positive") if "guidance" in graph[node]["inputs"]
    ]
    if len(found) > 1:
        raise _several("guidance", found)
    return _numbers(graph, found, ("guidance",))


def _save(graph: Graph, sampler: str | None) -> str:
    """The SaveImage behind the sampler; of several that save the same picture the first."""
    found = [node for node, body in graph.items() if body["class_type"] == "SaveImage"]
    behind = [node for node in found if sampler in set(_upstream(graph, node))]
    if not behind:
        raise BadInput(
            "The workflow saves no picture",
            "No SaveImage node takes what the sampler makes.",
            "Add one, and export it again in API format.",
            field="workflow",
        )
    if len({str(graph[node]["inputs"].get("images")) for node in behind}) > 1:
        raise _several("save", behind)
    return min(behind, key=lambda node: (len(node), node))
