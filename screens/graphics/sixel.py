"""Sixel: an encoder of our own, and pictures cut into one slice a row of cells.

A slice a row means that what covers a corner costs only the rows it covers. Each slice defines its colours
before its first pixel: xterm paints speckles where a definition stands between them.
Source: VT330/VT340 Programmer Reference, volume 2, chapter 14.
"""

import re

from PIL import Image
from textual.strip import Strip

from screens.graphics.drawing import Colour, blank, painted

_RUN = re.compile(rb"(.)\1{3,}", re.DOTALL)
_BAND = 6
"""Rows of pixels one line of sixels holds."""


def lines(
    image: Image.Image, cell_px: tuple[int, int], colors: int, background: Colour, *, whole: bool
) -> tuple[Strip, ...]:
    """Draw an RGB picture whose sides are multiples of the cell.

    Args:
        image: the picture.
        cell_px: width and height of one cell in pixels.
        colors: the size of the palette, 2 to 256.
        background: the colour of the cells below.
        whole: send one piece with the last row instead of a slice a row (inside tmux).
    """
    columns, rows = image.width // cell_px[0], image.height // cell_px[1]
    flat = image.quantize(colors, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = flat.getpalette() or []
    pixels = flat.tobytes()
    back = f"\x1b[{columns}D"
    if whole:
        up = f"\x1b[{rows - 1}A" if rows > 1 else ""
        escape = f"\x1b7{up}{back}{encode(pixels, image.width, palette)}\x1b8"
        empty = Strip([blank(columns, background)], columns)
        return (*(empty for _ in range(rows - 1)), painted(columns, background, escape))
    size = image.width * cell_px[1]
    return tuple(
        painted(
            columns,
            background,
            f"\x1b7{back}{encode(pixels[row * size : (row + 1) * size], image.width, palette)}\x1b8",
        )
        for row in range(rows)
    )


def encode(pixels: bytes, width: int, palette: list[int]) -> str:
    """Encode pixels of palette numbers as one Sixel picture.

    Args:
        pixels: one byte a pixel, row after row.
        width: pixels a row.
        palette: red, green and blue of each number.
    """
    height = len(pixels) // width
    used = sorted(set(pixels))
    head = [b'\x1bP0;1q"1;1;%d;%d' % (width, height)]
    for number in used:
        red, green, blue = (round(value * 100 / 255) for value in palette[3 * number : 3 * number + 3])
        head.append(b"#%d;2;%d;%d;%d" % (number, red, green, blue))
    bands = [_band(pixels[top * width : (top + _BAND) * width], width) for top in range(0, height, _BAND)]
    return (b"".join(head) + b"-".join(bands) + b"\x1b\\").decode("ascii")


def _band(pixels: bytes, width: int) -> bytes:
    """Encode up to six rows, one pass a colour."""
    rows = [pixels[at : at + width] for at in range(0, len(pixels), width)]
    passes = []
    for number in sorted(set(pixels)):
        bits = 0
        for bit, row in enumerate(rows):
            if number in row:
                bits |= int.from_bytes(row.translate(_MARKS[number]), "big") << bit
        packed = bits.to_bytes(width, "big").translate(_LETTERS).rstrip(b"?")
        passes.append(b"#%d" % number + _RUN.sub(_shorten, packed))
    return b"$".join(passes)


def _shorten(run: re.Match[bytes]) -> bytes:
    return b"!%d%s" % (len(run[0]), run[1])


_MARKS = tuple(bytes(int(value == number) for value in range(256)) for number in range(256))
_LETTERS = bytes(min(value + 63, 255) for value in range(256))
