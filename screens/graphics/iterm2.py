"""Inline images of iTerm2: one sequence with a JPEG in it, painted with the picture's last row.

Source: https://iterm2.com/documentation-images.html.
"""

from base64 import b64encode

from textual.strip import Strip

from screens.graphics.drawing import Colour, blank, painted


def lines(jpeg: bytes, columns: int, rows: int, background: Colour) -> tuple[Strip, ...]:
    """Draw a JPEG over ``columns`` x ``rows`` empty cells."""
    up = f"\x1b[{rows - 1}A" if rows > 1 else ""
    data = b64encode(jpeg).decode("ascii")
    escape = (
        f"\x1b7{up}\x1b[{columns}D\x1b]1337;File=inline=1;size={len(jpeg)};width={columns};height={rows};"
        f"preserveAspectRatio=0:{data}\x07\x1b8"
    )
    empty = Strip([blank(columns, background)], columns)
    return (*(empty for _ in range(rows - 1)), painted(columns, background, escape))
