"""What the protocols write: pixels come back as they went in, commands are whole."""

import io
import re
from base64 import b64decode
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image
from textual.strip import Strip

from podtui.terminal import Protocols
from screens.graphics import halfblock, iterm2, kitty, sixel
from screens.graphics.drawing import Drawing, Want
from screens.graphics.encode import draw, fit

GROUND = (10, 20, 30)


def gradient(size: tuple[int, int]) -> Image.Image:
    image = Image.new("RGB", size)
    for x in range(size[0]):
        for y in range(size[1]):
            image.putpixel((x, y), (x * 255 // size[0], y * 255 // size[1], (x * y) % 256))
    return image


def unsixel(text: str) -> Image.Image:
    """Read one Sixel picture, as a terminal would: definitions count from where they stand."""
    match = re.fullmatch(r'\x1bP0;1q"1;1;(\d+);(\d+)(.*)\x1b\\', text, re.DOTALL)
    assert match is not None
    image = Image.new("RGB", (int(match[1]), int(match[2])), (1, 2, 3))
    palette: dict[int, tuple[int, int, int]] = {}
    x, top, colour = 0, 0, (0, 0, 0)
    for token in re.finditer(r"#(\d+)(?:;2;(\d+);(\d+);(\d+))?|!(\d+)(.)|([$-])|([?-~])", match[3]):
        if token[2]:
            assert (x, top) == (0, 0), "a colour is defined after the first pixel"
            palette[int(token[1])] = tuple(round(int(part) * 2.55) for part in token.groups()[1:4])  # type: ignore[assignment]
        elif token[1]:
            colour = palette[int(token[1])]
        elif token[7]:
            x, top = 0, top + 6 * (token[7] == "-")
        else:
            count, letter = (int(token[5]), token[6]) if token[5] else (1, token[8])
            for bit in range(6):
                if (ord(letter) - 63) >> bit & 1:
                    for at in range(x, x + count):
                        image.putpixel((at, top + bit), colour)
            x += count
    return image


def control(lines: Sequence[Strip], row: int) -> str:
    return next(segment.text for segment in lines[row] if segment.control)


@pytest.mark.parametrize("cell", [(8, 17), (10, 20), (7, 12)])
def test_sixel_slices_hold_the_quantised_picture(cell: tuple[int, int]) -> None:
    image = gradient((5 * cell[0], 3 * cell[1]))
    lines = sixel.lines(image, cell, 64, GROUND, whole=False)
    flat = image.quantize(64, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).convert("RGB")
    assert len(lines) == 3
    for row in range(3):
        assert lines[row].cell_length == 5
        text = control(lines, row)
        assert text.startswith("\x1b7\x1b[5D\x1bP") and text.endswith("\x1b\\\x1b8")
        decoded = unsixel(text.removeprefix("\x1b7\x1b[5D").removesuffix("\x1b8"))
        wanted = flat.crop((0, row * cell[1], image.width, (row + 1) * cell[1]))
        assert decoded.size == wanted.size
        pairs = zip(decoded.tobytes(), wanted.tobytes(), strict=True)
        assert max(abs(a - b) for a, b in pairs) <= 2


def test_a_whole_sixel_stands_on_the_last_row() -> None:
    lines = sixel.lines(gradient((40, 51)), (8, 17), 32, GROUND, whole=True)
    assert [any(s.control for s in line) for line in lines] == [False, False, True]
    assert control(lines, 2).startswith("\x1b7\x1b[2A\x1b[5D\x1bP")


def test_kitty_sends_the_picture_in_whole_commands() -> None:
    data = bytes(range(256)) * 60
    parts = kitty.transfer(data, 0x123456, 30, 12, in_tmux=False)
    assert len(parts) > 2
    joined = ""
    for number, part in enumerate(parts):
        match = re.fullmatch(r"\x1b_G([^;]*);([A-Za-z0-9+/=]*)\x1b\\", part)
        assert match is not None and len(match[2]) <= 4096
        assert "q=2" in match[1].split(",")
        assert f"m={int(number < len(parts) - 1)}" in match[1].split(",")
        joined += match[2]
    assert b64decode(joined) == data
    assert parts[0].startswith("\x1b_Ga=T,U=1,f=100,t=d,i=1193046,c=30,r=12,")


def test_kitty_in_tmux_is_wrapped_and_every_inner_escape_doubled() -> None:
    for part in kitty.transfer(b"x" * 9000, 7, 3, 3, in_tmux=True):
        inner = part.removeprefix("\x1bPtmux;").removesuffix("\x1b\\")
        assert len(inner) == len(part) - 9
        assert "\x1b" not in inner.replace("\x1b\x1b", "")


@pytest.mark.parametrize("columns", [8, 60])
def test_placeholders_name_the_picture_and_fill_their_cells(columns: int) -> None:
    lines = kitty.lines(0x123456, columns, 30)
    assert len(lines) == 30
    for row, line in enumerate(lines):
        (segment,) = list(line)
        assert segment.cell_length == columns
        assert segment.text.count(kitty.PLACEHOLDER) == columns
        assert segment.text[1] == kitty.DIACRITICS[row]
        assert segment.style is not None and segment.style.color is not None
        assert segment.style.color.get_truecolor().hex == "#123456"


def test_a_large_kitty_picture_is_placed_again_by_few_bytes() -> None:
    placed = sum(len(segment.text.encode()) for line in kitty.lines(1, 60, 30) for segment in line)
    assert placed <= 10_000


def test_half_blocks_are_the_pixels() -> None:
    image = Image.new("RGB", (2, 4))
    image.putdata([(1, 1, 1), (2, 2, 2), (3, 3, 3), (2, 2, 2), (5, 5, 5), (5, 5, 5), (5, 5, 5), (5, 5, 5)])
    first, second = halfblock.lines(image, 2, 2)
    styles = [segment.style for segment in first]
    assert first.text == "▀ " and second.text == "  " and len(list(second)) == 1
    assert styles[0] is not None and styles[0].color is not None and styles[0].bgcolor is not None
    assert styles[0].color.get_truecolor().red == 1 and styles[0].bgcolor.get_truecolor().red == 3


def test_iterm2_gets_one_image_with_the_last_row() -> None:
    lines = iterm2.lines(b"jpeg", 10, 4, GROUND)
    assert [line.cell_length for line in lines] == [10] * 4
    text = control(lines, 3)
    assert text.startswith("\x1b7\x1b[3A\x1b[10D\x1b]1337;File=inline=1;size=4;width=10;height=4;")
    assert text.endswith("\x07\x1b8")


def want(path: Path, protocol: Protocols, in_tmux: bool = False) -> Want:
    return Want(path, 0, 40, 20, (8, 16), protocol, in_tmux, GROUND, 64)


@pytest.mark.parametrize("protocol", ["kitty", "sixel", "iterm2", "halfblock"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "LA", "1", "CMYK", "I;16"])
def test_every_kind_of_picture_is_drawn_by_every_protocol(
    tmp_path: Path, protocol: Protocols, mode: str
) -> None:
    path = tmp_path / ("a.jpg" if mode == "CMYK" else "a.png")
    Image.new(mode, (50, 60)).save(path)
    drawing = draw(want(path, protocol), 9)
    assert isinstance(drawing, Drawing)
    assert len(drawing.lines) == drawing.rows <= 20
    assert {line.cell_length for line in drawing.lines} == {drawing.columns}
    assert bool(drawing.transfer) == (protocol == "kitty")


def test_transparent_parts_show_the_ground(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(path)
    drawing = draw(want(path, "kitty"), 9)
    assert drawing is not None
    data = "".join(part.split(";", 1)[1].removesuffix("\x1b\\") for part in drawing.transfer)
    sent = Image.open(io.BytesIO(b64decode(data))).convert("RGB")
    assert sent.getpixel((0, 0)) == GROUND


@pytest.mark.parametrize("size", [(1, 1), (1, 4000), (4000, 1), (4500, 5400), (100, 100), (16, 9)])
def test_a_picture_never_leaves_its_room_and_touches_it_once(size: tuple[int, int]) -> None:
    columns, rows = fit(size, want(Path("x"), "halfblock"))
    assert 1 <= columns <= 40 and 1 <= rows <= 20
    assert columns == 40 or rows == 20


def test_a_picture_as_large_as_a_draft_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "draft.png"
    Image.new("L", (4500, 5400)).save(path)
    assert draw(want(path, "halfblock")) is None
