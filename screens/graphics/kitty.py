"""The kitty graphics protocol: sent once, placed by placeholder characters in the text.

Source: https://sw.kovidgoyal.net/kitty/graphics-protocol/ (Unicode placeholders, kitty 0.28 and ghostty).
Every command carries ``q=2``, so that no answer of it is ever read as a key.
"""

from base64 import b64encode

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

PLACEHOLDER = "\U0010eeee"
_SMALL = 26
_MARKED_EVERY = 8
_CHUNK = 4096
"""The most base64 characters one command may carry (the protocol's limit)."""

_DIACRITICS = (
    "0305 030D 030E 0310 0312 033D 033E 033F 0346 034A 034B 034C 0350 0351 0352 0357 035B 0363 0364 0365 "
    "0366 0367 0368 0369 036A 036B 036C 036D 036E 036F 0483 0484 0485 0486 0487 0592 0593 0594 0595 0597 "
    "0598 0599 059C 059D 059E 059F 05A0 05A1 05A8 05A9 05AB 05AC 05AF 05C4 0610 0611 0612 0613 0614 0615 "
    "0616 0617 0657 0658 0659 065A 065B 065D 065E 06D6 06D7 06D8 06D9 06DA 06DB 06DC 06DF 06E0 06E1 06E2 "
    "06E4 06E7 06E8 06EB 06EC 0730 0732 0733 0735 0736 073A 073D 073F 0740 0741 0743 0745 0747 0749 074A "
    "07EB 07EC 07ED 07EE 07EF 07F0 07F1 07F3 0816 0817 0818 0819 081B 081C 081D 081E 081F 0820 0821 0822 "
    "0823 0825 0826 0827 0829 082A 082B 082C 082D "
)
DIACRITICS = tuple(chr(int(code, 16)) for code in _DIACRITICS.split())
"""The marks that number rows and columns, from rowcolumn-diacritics.txt of kitty."""
LARGEST = len(DIACRITICS)
"""The most rows one picture may have, and the most columns that are marked, in cells."""


def wrapped(command: str, in_tmux: bool) -> str:
    """Wrap one command for tmux, where an unwrapped one would become the pane's title."""
    if not in_tmux:
        return command
    return "\x1bPtmux;" + command.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def transfer(png: bytes, image_id: int, columns: int, rows: int, in_tmux: bool) -> tuple[str, ...]:
    """Make the commands that send a PNG and let it be placed on ``columns`` x ``rows`` cells."""
    data = b64encode(png).decode("ascii")
    parts = [data[at : at + _CHUNK] for at in range(0, len(data), _CHUNK)]
    commands = []
    for number, part in enumerate(parts):
        more = int(number < len(parts) - 1)
        head = (
            f"a=T,U=1,f=100,t=d,i={image_id},c={columns},r={rows},q=2,m={more}"
            if number == 0
            else f"q=2,m={more}"
        )
        commands.append(wrapped(f"\x1b_G{head};{part}\x1b\\", in_tmux))
    return tuple(commands)


def delete(image_id: int, in_tmux: bool) -> str:
    """Make the command that forgets a picture, data and all."""
    return wrapped(f"\x1b_Ga=d,d=I,i={image_id},q=2\x1b\\", in_tmux)


def lines(image_id: int, columns: int, rows: int) -> tuple[Strip, ...]:
    """Make the text that shows a picture: the colour names it, marks name a cell's row and column.

    A cell without marks continues the one before it, which saves half the bytes of a large picture. In a
    small one each cell has its own, as what covers it may leave any of them alone.
    """
    style = Style(color=Color.from_rgb(image_id >> 16, image_id >> 8 & 255, image_id & 255))
    every = 1 if columns <= _SMALL else _MARKED_EVERY
    return tuple(Strip([Segment(_row(row, columns, every), style)], columns) for row in range(rows))


def _row(row: int, columns: int, every: int) -> str:
    """Make one row of placeholders, a cell in ``every`` with marks."""
    return "".join(
        PLACEHOLDER + DIACRITICS[row] + DIACRITICS[column]
        if column % every == 0 and column < LARGEST
        else PLACEHOLDER
        for column in range(columns)
    )
