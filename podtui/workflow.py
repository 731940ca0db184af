"""A ComfyUI graph with named holes, filled for one image."""

import copy
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from podtui.errors import BadInput
from podtui.graph import Graph, Hole, Roles, find_roles
from podtui.text import clean

SHIPPED = ("flux1-dev-fp8", "flux1-dev", "flux1-schnell", "sdxl")
"""The workflows that come with podtui."""
MAX_BYTES = 5_000_000
"""The largest workflow file that is read."""
MAX_FACTS_BYTES = 100_000
"""The largest TOML file beside one that is read."""
MAX_NODES = 2000
MAX_DEPTH = 32
"""How deep the values of a node may be nested; far more than any node of ComfyUI takes."""
_EXPORT = "In ComfyUI choose Workflow, then Export (API), and use that file."
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_UNNAMED = re.compile(r"[^A-Za-z0-9._-]+")


class Facts(BaseModel):
    """What a model wants: defaults and limits, and what a person should know."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )

    steps: int = Field(30, ge=1, le=10_000)
    guidance: str = Field("2.0", pattern=r"^[0-9]{1,3}(\.[0-9]{1,6})?$")
    max_steps: int = Field(150, ge=1, le=10_000)
    max_guidance: float = Field(100.0, gt=0, le=100)
    guidance_words: str = ""
    """A hint beside the field."""
    useful_guidance: tuple[float, float] | None = None
    """The range in which guidance is useful by custom; it may be left."""
    pixels: int = Field(1_048_576, ge=65_536, le=16_777_216)
    """How many pixels a draft may have at most: what the model is good at."""
    uses_negative: bool | None = None
    """None: seen from the graph."""
    note: str = ""
    roles: dict[str, str] = {}
    """Roles that a person names: ``prompt = "6.text"``."""


@dataclass(frozen=True)
class Workflow:
    """A checked graph, what is what in it, and what its model wants."""

    name: str
    graph: Graph = field(repr=False)
    facts: Facts
    roles: Roles

    @cached_property
    def hash(self) -> str:
        """Sixteen hex digits that change with the graph or its facts."""
        return hashlib.sha256(self.document.encode()).hexdigest()[:16]

    @property
    def document(self) -> str:
        """Everything needed to make the same workflow again, as canonical JSON text."""
        whole = {"name": self.name, "graph": self.graph, "facts": self.facts.model_dump()}
        return json.dumps(whole, sort_keys=True, separators=(",", ":"))

    @classmethod
    def from_document(cls, document: str) -> "Workflow":
        """Make the workflow again that a batch was composed with."""
        whole = json.loads(document)
        return _build(whole["name"], whole["graph"], Facts.model_validate(whole["facts"]))

    @property
    def uses_negative(self) -> bool:
        """Whether a negative prompt has any effect: a sampler at cfg 1 skips it (comfyui.md, 4.2)."""
        if self.facts.uses_negative is not None:
            return self.facts.uses_negative
        cfg = self.roles.cfg
        value = self.graph[cfg.node]["inputs"][cfg.key] if cfg else None
        return bool(self.roles.negative) and not (isinstance(value, int | float) and value <= 1)

    @property
    def uses_guidance(self) -> bool:
        """Whether the graph takes guidance at all."""
        return self.roles.guidance is not None

    def fill(
        self,
        *,
        prompt: str,
        negative: str,
        seed: int,
        steps: int,
        guidance: float,
        width: int,
        height: int,
        prefix: str,
    ) -> dict[str, Any]:
        """Return a graph for one image; values are set in the parsed object, never written into text.

        Args:
            prompt: the resolved prompt.
            negative: the negative prompt; left out where the graph has no place for it.
            seed: 0 to 2^64 - 1.
            steps: sampling steps.
            guidance: FluxGuidance's guidance where the graph has it (the sampler's cfg stays), else cfg.
            width: width of the draft in pixels, rounded down to a multiple of 16 (the server
                does not check the step of its size nodes, comfyui.md, 1.1).
            height: height of the draft in pixels, likewise.
            prefix: how the worker is to name the file.
        """
        graph, roles = copy.deepcopy(self.graph), self.roles
        values: list[tuple[Hole | None, object]] = [
            (roles.seed, seed),
            (roles.steps, steps),
            (roles.guidance, guidance),
            (roles.width, max(16, width // 16 * 16)),
            (roles.height, max(16, height // 16 * 16)),
            (roles.count, 1),
            (self._prefix, prefix),
            *((hole, prompt) for hole in roles.prompt),
            *((hole, negative) for hole in roles.negative),
        ]
        for hole, value in values:
            if hole is not None:
                graph[hole.node]["inputs"][hole.key] = value
        return graph

    @property
    def _prefix(self) -> Hole | None:
        """Where the saving node takes a name; a node of a class of its own may have no such place."""
        body = self.graph[self.roles.save]
        has_one = body["class_type"] == "SaveImage" or "filename_prefix" in body["inputs"]
        return Hole(self.roles.save, "filename_prefix") if has_one else None


def shipped() -> tuple[str, ...]:
    """The names of the workflows that come with podtui."""
    return SHIPPED


def load(name: str, folder: Path | None = None) -> Workflow:
    """Load a workflow: a shipped one by name, a person's own by name from ``folder``, or a file by its path.

    Raises:
        BadInput: there is none, or it is no API-format workflow that can be filled.
    """
    if name in SHIPPED:
        room = files("podtui") / "workflows"
        return read(name, (room / f"{name}.json").read_text(), (room / f"{name}.toml").read_text())
    path = _path(name, folder)
    text = _text_of(path, MAX_BYTES)
    if text is None:
        raise _unknown(name, folder)
    return read(
        _UNNAMED.sub("-", path.stem)[:64], text, _text_of(path.with_suffix(".toml"), MAX_FACTS_BYTES) or ""
    )


def names(folder: Path | None) -> list[str]:
    """The names of all workflows: the shipped ones, then a person's own."""
    own = sorted(path.stem for path in folder.glob("*.json")) if folder and folder.is_dir() else []
    return [*SHIPPED, *(name for name in own if name not in SHIPPED and _NAME.fullmatch(name))]


def read(name: str, text: str, facts: str = "") -> Workflow:
    """Read a workflow from its JSON text and the TOML text beside it.

    Raises:
        BadInput: it is no API-format workflow that can be filled.
    """
    try:
        known = Facts.model_validate(tomllib.loads(facts))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{name}.toml is no TOML text", clean(str(error), 300), field="workflow") from None
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]
        raise BadInput(
            f"{name}.toml cannot be used", clean("; ".join(wrong) + ".", 300), field="workflow"
        ) from None
    if len(text) > MAX_BYTES:
        raise _too_large(len(text))
    try:
        # NaN and Infinity are no JSON: the service would refuse what is made of them.
        found = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _no_workflow(name, "It is no JSON text.") from None
    return _build(name, _bare(name, found), known)


def draft_size(width: int, height: int, pixels: int) -> tuple[int, int]:
    """The largest size of the wished aspect ratio, in multiples of 16, within ``pixels`` and the wish.

    Of the sizes that come near to the limit the one whose aspect ratio fits best is taken.
    """
    scale = min(1.0, (pixels / (width * height)) ** 0.5)
    most = max(16, int(width * scale) // 16 * 16)
    best, best_cost = (16, 16), float("inf")
    for wide in range(max(16, int(most * 0.93) // 16 * 16), most + 1, 16):
        for high in {max(16, int(wide * height / width) // 16 * 16 + step) for step in (0, 16)}:
            if wide * high > pixels or (high > height and height >= 16):
                continue
            off = abs(wide * height / (high * width) - 1)
            cost = off * 4 + (1 - wide * high / pixels if scale < 1 else 1 - wide / max(most, 1))
            if cost < best_cost:
                best, best_cost = (wide, high), cost
    return best


def _path(name: str, folder: Path | None) -> Path:
    """Where a workflow that is not shipped lies: a path ends in ``.json``, a name is one in the folder."""
    if name.endswith(".json"):
        try:
            return Path(name).expanduser()
        except RuntimeError:
            return Path(name)
    if folder is None or not _NAME.fullmatch(name):
        raise _unknown(name, folder)
    return folder / f"{name}.json"


def _text_of(path: Path, limit: int) -> str | None:
    """Read a small text file; None where there is no file that can be read.

    Raises:
        BadInput: it is larger than ``limit`` bytes.
    """
    try:
        if not path.is_file():
            return None
        if path.stat().st_size > limit:
            raise _too_large(path.stat().st_size)
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except (OSError, ValueError):
        return None


def _no_constant(word: str) -> float:
    raise ValueError(word)


def _too_large(size: int) -> BadInput:
    return BadInput(
        "That workflow file is too large",
        f"{size / 1_000_000:.1f} MB; an API-format workflow has a few kB.",
        _EXPORT,
        field="workflow",
    )


def _unknown(name: str, folder: Path | None) -> BadInput:
    return BadInput(
        f"There is no workflow {clean(name, 80)}",
        f"Known are {', '.join(names(folder))}.",
        f"A file of your own goes into {folder}." if folder else "",
        field="workflow",
    )


def _no_workflow(name: str, cause: str) -> BadInput:
    return BadInput(f"{clean(name, 80)} is not an API-format workflow", cause, _EXPORT, field="workflow")


def _bare(name: str, found: object) -> Graph:
    """Take a graph out of the wrappings it comes in, and check its shape."""
    if isinstance(found, dict) and isinstance(found.get("input"), dict):
        found = found["input"].get("workflow")
    elif isinstance(found, dict) and isinstance(found.get("prompt"), dict):
        found = found["prompt"]
    if not isinstance(found, dict):
        raise _no_workflow(name, "It is no JSON object.")
    if "nodes" in found and "links" in found:
        raise _no_workflow(name, "It is in the format of ComfyUI's editor.")
    if not found or len(found) > MAX_NODES:
        raise _no_workflow(name, f"It has {len(found)} nodes.")
    graph: Graph = {}
    for node, body in found.items():
        if node == "_meta":
            continue
        is_node = isinstance(body, dict) and isinstance(body.get("class_type"), str)
        if not is_node or not isinstance(body.get("inputs"), dict):
            raise _no_workflow(name, f"Node {clean(str(node), 40)} has no class_type and inputs.")
        graph[str(node)] = {"class_type": body["class_type"], "inputs": body["inputs"]}
    _check_inputs(name, graph)
    return graph


def _check_inputs(name: str, graph: Graph) -> None:
    """Refuse links that lead nowhere, and values too deep to be copied and sent."""
    for node, body in graph.items():
        for key, value in body["inputs"].items():
            place = clean(f"{node}.{key}", 80)
            # The server takes every [text, number] for a link (ComfyUI, graph_utils.is_link).
            is_link = isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
            if is_link and type(value[1]) is int and value[0] not in graph:
                raise _no_workflow(name, f"{place} is fed by node {clean(value[0], 40)}, which is not there.")
            if _is_deep(value):
                raise _no_workflow(name, f"{place} is nested more than {MAX_DEPTH} deep.")


def _is_deep(value: object) -> bool:
    """Tell whether lists and objects are nested deeper than ``MAX_DEPTH``, without recursion."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _build(name: str, graph: Graph, facts: Facts) -> Workflow:
    roles = find_roles(graph, facts.roles)
    extra = {
        node
        for node, body in graph.items()
        if body["class_type"] == "PreviewImage" or (body["class_type"] == "SaveImage" and node != roles.save)
    }
    kept = {node: body for node, body in graph.items() if node not in extra}
    return Workflow(name, kept, facts, roles)
