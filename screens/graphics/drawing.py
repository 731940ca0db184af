"""What is wanted drawn and what was drawn: the values that pictures and protocols share."""

from dataclasses import dataclass
from pathlib import Path

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from podtui.terminal import Protocols

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255 each."""


@dataclass(frozen=True)
class Want:
    """One picture at one size: the key under which its drawing is kept."""

    path: Path
    mtime_ns: int
    columns: int
    """The room it may fill, in cells."""
    rows: int
    cell_px: tuple[int, int]
    protocol: Protocols
    in_tmux: bool
    background: Colour
    """What transparent parts show."""
    colors: int
    """The size of the palette, for protocols that have one."""


@dataclass(frozen=True)
class Drawing:
    """A picture ready to be put on the screen."""

    columns: int
    rows: int
    lines: tuple[Strip, ...]
    """One strip a row of cells, each ``columns`` wide."""
    transfer: tuple[str, ...] = ()
    """What must have reached the terminal before the lines mean anything (kitty), in pieces."""
    image_id: int = 0
    """The number the terminal knows it by (kitty)."""
    weight: int = 0
    """How many bytes the lines take, where they may be sent row by row; else 0."""


def blank(columns: int, background: Colour) -> Segment:
    """Make a run of empty cells."""
    red, green, blue = background
    return Segment(" " * columns, Style.parse(f"on #{red:02x}{green:02x}{blue:02x}"))


def painted(columns: int, background: Colour, escape: str) -> Strip:
    """Make a row of empty cells behind which an escape sequence paints.

    The sequence is a control segment of no width behind the cells: where something covers the row's end,
    Textual cuts it off, and the row stays empty instead of painting over what covers it.
    """
    return Strip([blank(columns, background), Segment(escape, None, [(1,)])], columns)  # type: ignore[list-item]
