"""Print files: exactly the wished size at 300 DPI, made from a draft that is only read."""

import io
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin

from podtui import png_chunks
from podtui.errors import LibraryError, PictureError
from podtui.picture_store import sha256_of
from podtui.print_file import PrintFacts, make_print_file, read_print_facts


def _draft(path: Path, picture: Image.Image, form: str = "PNG") -> Path:
    words = PngImagePlugin.PngInfo()
    words.add_text("prompt", "secret workflow")
    picture.save(path, form, pnginfo=words)
    return path


def _art(size: tuple[int, int], mode: str = "RGB") -> Image.Image:
    art = Image.merge(
        "RGB", [Image.radial_gradient("L"), Image.linear_gradient("L"), Image.radial_gradient("L")]
    )
    if mode == "RGBA":
        art.putalpha(Image.radial_gradient("L").point(lambda value: 255 if value < 128 else 0))
    return art.resize(size, Image.Resampling.NEAREST).convert(mode)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize("size", [(450, 540), (451, 539), (540, 450), (37, 613)])
def test_a_print_file_has_exactly_the_wished_size_at_300_dpi(
    tmp_path: Path, mode: str, size: tuple[int, int]
) -> None:
    draft, target = _draft(tmp_path / "draft", _art((128, 154), mode)), tmp_path / "prints" / "p.png"
    before = draft.read_bytes()
    made = make_print_file(draft, target, *size)
    assert read_print_facts(target) == PrintFacts(*size, 300)
    assert (made.width, made.height, made.bytes) == (*size, target.stat().st_size)
    assert made.sha256 == sha256_of(target)
    with Image.open(target) as seen:
        seen.load()
        assert (seen.size, seen.mode) == (size, mode)
        assert [round(dpi) for dpi in seen.info["dpi"]] == [300, 300]
    assert draft.read_bytes() == before
    assert b"secret" not in target.read_bytes()
    assert [path.name for path in target.parent.iterdir()] == ["p.png"]


def test_the_guides_size_is_made_from_a_draft_of_the_usual_size(tmp_path: Path) -> None:
    draft = _draft(tmp_path / "draft", _art((1280, 1536)))
    make_print_file(draft, tmp_path / "p" / "p.png", 4500, 5400)
    assert read_print_facts(tmp_path / "p" / "p.png") == PrintFacts(4500, 5400, 300)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_draft_of_the_wished_size_keeps_its_compressed_pixels(tmp_path: Path, mode: str) -> None:
    draft, target = _draft(tmp_path / "draft", _art((450, 540), mode)), tmp_path / "p" / "p.png"
    make_print_file(draft, target, 450, 540)

    def pixels(path: Path) -> list[bytes]:
        with path.open("rb") as file:
            return [one.data for one in png_chunks.chunks(file) if one.kind == b"IDAT"]

    assert pixels(target) == pixels(draft)
    assert read_print_facts(target).dpi == 300
    assert b"secret" not in target.read_bytes()
    assert b"secret" in draft.read_bytes()


@pytest.mark.parametrize(
    "mode,wished", [("P", "RGB"), ("L", "RGB"), ("1", "RGB"), ("LA", "RGBA"), ("I;16", "RGB")]
)
def test_other_modes_of_the_wished_size_become_rgb_or_rgba(tmp_path: Path, mode: str, wished: str) -> None:
    draft = _draft(tmp_path / "draft", Image.new(mode, (45, 54)))
    make_print_file(draft, tmp_path / "p" / "p.png", 45, 54)
    with Image.open(tmp_path / "p" / "p.png") as seen:
        assert (seen.size, seen.mode) == ((45, 54), wished)


@pytest.mark.parametrize("form", ["JPEG", "WEBP"])
def test_a_draft_in_another_format_becomes_a_png(tmp_path: Path, form: str) -> None:
    draft = _draft(tmp_path / "draft", _art((450, 540)), form)
    make_print_file(draft, tmp_path / "p" / "p.png", 450, 540)
    assert read_print_facts(tmp_path / "p" / "p.png") == PrintFacts(450, 540, 300)


def test_the_overhang_is_cut_evenly_and_nothing_is_stretched(tmp_path: Path) -> None:
    picture = Image.new("RGB", (200, 100), "black")
    picture.paste("white", (50, 0, 150, 100))
    picture.paste("black", (90, 40, 110, 60))
    draft = _draft(tmp_path / "draft", picture)
    make_print_file(draft, tmp_path / "p" / "p.png", 300, 300)
    with Image.open(tmp_path / "p" / "p.png") as seen:
        grey = seen.convert("L")
    # Lanczos looks three pixels of the draft beyond the edge.
    for side in ((9, 0, 115, 300), (185, 0, 291, 300)):
        assert min(grey.crop(side).tobytes()) > 240
    black = grey.point(lambda value: 255 if value < 128 else 0).crop((9, 9, 291, 291)).getbbox()
    assert black == (111, 111, 171, 171)


def test_rims_of_transparent_pictures_get_no_halo(tmp_path: Path) -> None:
    picture = Image.new("RGBA", (40, 40), (0, 255, 0, 0))
    picture.paste((255, 0, 0, 255), (10, 10, 30, 30))
    draft = _draft(tmp_path / "draft", picture)
    make_print_file(draft, tmp_path / "p" / "p.png", 333, 333)
    with Image.open(tmp_path / "p" / "p.png") as seen:
        red, green, _, alpha = seen.split()
    seen_green = [g for g, a in zip(green.tobytes(), alpha.tobytes(), strict=True) if a > 8]
    assert max(seen_green) <= 8
    assert red.getextrema() == (0, 255)


@pytest.mark.parametrize("size", [(8001, 8000), (100_000, 100_000), (0, 10), (10, -1)])
def test_r30_sizes_over_64_megapixels_or_none_are_refused(tmp_path: Path, size: tuple[int, int]) -> None:
    draft = _draft(tmp_path / "draft", _art((50, 50)))
    with pytest.raises(PictureError):
        make_print_file(draft, tmp_path / "p" / "p.png", *size)
    assert not list((tmp_path / "p").iterdir())


@pytest.mark.parametrize("size", [(450, 540), (900, 1080)])
def test_d6_a_draft_that_changed_is_refused_and_the_old_print_file_stays(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    draft, target = _draft(tmp_path / "draft", _art((450, 540))), tmp_path / "p" / "p.png"
    make_print_file(draft, target, *size)
    before = target.read_bytes()
    data = bytearray(draft.read_bytes())
    data[len(data) // 2] ^= 16
    draft.write_bytes(data)
    with pytest.raises(PictureError) as caught:
        make_print_file(draft, target, *size)
    assert caught.value.kind == "damaged"
    assert target.read_bytes() == before
    assert list(target.parent.iterdir()) == [target]


def test_d5_a_missing_draft_is_told(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="missing"):
        make_print_file(tmp_path / "none", tmp_path / "p" / "p.png", 10, 10)


def test_a_file_that_is_no_png_tells_no_facts(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"GIF89a")
    for path in (tmp_path / "x", tmp_path / "missing"):
        with pytest.raises(LibraryError):
            read_print_facts(path)
    out = io.BytesIO()
    Image.new("RGB", (3, 4)).save(out, "PNG")
    (tmp_path / "y").write_bytes(out.getvalue())
    assert read_print_facts(tmp_path / "y") == PrintFacts(3, 4, None)
