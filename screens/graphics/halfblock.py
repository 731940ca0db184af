"""Pictures of half blocks: two colours a cell, for every terminal there is."""

from PIL import Image
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_UPPER = "▀"


def lines(image: Image.Image, columns: int, rows: int) -> tuple[Strip, ...]:
    """Draw an RGB picture of ``columns`` x ``2 * rows`` pixels, one cell for two pixels."""
    data = image.tobytes()
    width = 3 * columns
    return tuple(
        _line(data[y * width : (y + 1) * width], data[(y + 1) * width : (y + 2) * width], columns)
        for y in range(0, 2 * rows, 2)
    )


def _line(upper: bytes, lower: bytes, columns: int) -> Strip:
    """Draw one row; cells of the same two colours share a segment."""
    segments: list[Segment] = []
    before, run = b"", 0
    for at in range(0, 3 * columns, 3):
        pair = upper[at : at + 3] + lower[at : at + 3]
        if pair != before and run:
            segments.append(_cells(before, run))
            run = 0
        before, run = pair, run + 1
    segments.append(_cells(before, run))
    return Strip(segments, columns)


def _cells(pair: bytes, count: int) -> Segment:
    """Make cells of one pair of colours; where both are equal, a blank carries one."""
    ground = Color.from_rgb(*pair[3:])
    if pair[:3] == pair[3:]:
        return Segment(" " * count, Style(bgcolor=ground))
    return Segment(_UPPER * count, Style(color=Color.from_rgb(*pair[:3]), bgcolor=ground))
