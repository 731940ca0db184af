r"""Prompt variants: ``{a|b|c}`` alternatives and ``__name__`` wildcards, expanded per image in order.

All combinations come in turn (the last group changes quickest), wildcard lines are drawn by the image's
seed, so the same seed gives the same prompt. Everything else, square brackets too, is literal text;
``\{``, ``\|``, ``\}`` and ``\__name__`` stand for themselves. The lines of a wildcard are literal.
"""

import difflib
import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from podtui.errors import BadInput
from podtui.text import clean

_WILDCARD = re.compile(r"(\\?)__([A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9-]+)*)__")
_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9][A-Za-z0-9-]*(?:_[A-Za-z0-9-]+)*")
MAX_DEPTH = 8
"""How deep groups may be nested."""
MAX_WILDCARD_BYTES = 4_000_000
"""The largest wildcard file that is read."""
MAX_WILDCARD_FILES = 1000
MAX_LINE = 2000
"""The longest line of a wildcard, in characters; what is longer is cut."""

Wildcards = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Alternatives:
    """A group of alternatives; each is a sequence of texts and groups."""

    choices: tuple["Parts", ...]


Parts = tuple["str | Alternatives", ...]


def parse(prompt: str) -> Parts:
    """Read a prompt into texts and groups.

    Raises:
        BadInput: a brace stands alone, with its place, or groups are nested too deep.
    """
    parts, at = _sequence(prompt, 0, 0)
    if at < len(prompt):
        raise _unbalanced("}", at)
    return parts


def count(parts: Parts) -> int:
    """How many different prompts there are, wildcards aside."""
    total = 1
    for part in parts:
        if isinstance(part, Alternatives):
            total *= sum(count(choice) for choice in part.choices)
    return total


def expand(parts: Parts, index: int) -> str:
    """The combination number ``index``; after the last one they begin again."""
    index %= count(parts)
    texts: list[str] = []
    # The last group is the units digit: walk from the right.
    for part in reversed(parts):
        if isinstance(part, str):
            texts.append(part)
            continue
        index, digit = divmod(index, sum(count(choice) for choice in part.choices))
        for choice in part.choices:
            size = count(choice)
            if digit < size:
                texts.append(expand(choice, digit))
                break
            digit -= size
    return "".join(reversed(texts))


def draw_wildcards(prompt: str, seed: int, wildcards: Wildcards) -> str:
    """Put a line of its file in the place of each wildcard, drawn by the image's seed.

    Raises:
        BadInput: there is no file of this name; the nearest one is named.
    """
    draw = random.Random(seed)

    def line(found: re.Match[str]) -> str:
        return found[0][1:] if found[1] else draw.choice(lines_of(found[2], wildcards))

    return _WILDCARD.sub(line, prompt)


def lines_of(name: str, wildcards: Wildcards) -> Sequence[str]:
    """The lines of a wildcard.

    Raises:
        BadInput: there is none of this name, or it has no line.
    """
    lines = wildcards.get(name)
    name = name[:64]
    if lines:
        return lines
    near = difflib.get_close_matches(name, wildcards, n=1)
    if lines is not None:
        cause = f"Its file must be text of at most {MAX_WILDCARD_BYTES // 1_000_000} MB with a line for each."
        raise BadInput(f"The wildcard __{name}__ has no line", cause, field="prompt")
    hint = f"Did you mean __{near[0]}__?" if near else f"Write its lines into wildcards/{name}.txt."
    raise BadInput(f"There is no wildcard __{name}__", "", hint, field="prompt")


def wildcard_names(prompt: str) -> list[str]:
    """The wildcards that a prompt uses, in their order."""
    return [found[2] for found in _WILDCARD.finditer(prompt) if not found[1]]


def load_wildcards(folder: Path) -> dict[str, tuple[str, ...]]:
    """Read a folder of ``name.txt`` files, a line each; blank lines and ``#`` comments are passed over.

    A file that is too large or cannot be read has no line; only a prompt that names it is refused.
    """
    try:
        paths = sorted(path for path in folder.glob("*.txt") if _NAME.fullmatch(path.stem) and path.is_file())
    except OSError:
        return {}
    return {path.stem: _lines(path) for path in paths[:MAX_WILDCARD_FILES]}


def _lines(path: Path) -> tuple[str, ...]:
    try:
        if path.stat().st_size > MAX_WILDCARD_BYTES:
            return ()
        text = path.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:
        return ()
    lines = (line.strip() for line in text.splitlines())
    return tuple(clean(line, MAX_LINE) for line in lines if line and not line.startswith("#"))


def _sequence(prompt: str, at: int, depth: int) -> tuple[Parts, int]:
    """Read until the end, or inside a group until its next ``|`` or ``}``."""
    parts: list[str | Alternatives] = []
    text: list[str] = []
    while at < len(prompt):
        character = prompt[at]
        if character == "\\" and prompt[at + 1 : at + 2] in ("{", "|", "}"):
            text.append(prompt[at + 1])
            at += 2
        elif character == "{":
            if text:
                parts.append("".join(text))
                text = []
            group, at = _group(prompt, at, depth + 1)
            parts.append(group)
        elif character == "}" or (character == "|" and depth):
            break
        else:
            text.append(character)
            at += 1
    if text:
        parts.append("".join(text))
    return tuple(parts), at


def _group(prompt: str, start: int, depth: int) -> tuple[Alternatives, int]:
    if depth > MAX_DEPTH:
        raise BadInput(f"Alternatives may be nested {MAX_DEPTH} deep", f"Place {start + 1}.", field="prompt")
    choices: list[Parts] = []
    at = start
    while True:
        parts, at = _sequence(prompt, at + 1, depth)
        choices.append(parts)
        if at >= len(prompt):
            raise _unbalanced("{", start)
        if prompt[at] == "}":
            return Alternatives(tuple(choices)), at + 1


def _unbalanced(brace: str, at: int) -> BadInput:
    return BadInput(
        f"A {brace} stands alone",
        f"At place {at + 1} of the prompt.",
        f"Close it, or write \\{brace} for the character itself.",
        field="prompt",
    )
