"""Looking at pictures: whole ones of sane sizes are taken, everything else is refused and harms nobody."""

import hashlib
import io
import os
import random
import signal
import struct
import subprocess
import sys
import threading
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageOps

from podtui import pictures
from podtui.errors import LibraryError, PictureError
from podtui.paths import Library
from podtui.picture_guard import PictureGuard
from podtui.png_chunks import Chunk, density, splice
from podtui.words import ImageId

IMAGE = ImageId("generated_0123456789ab")
EDGES = list(pictures.EDGES_PX)


@pytest.fixture
def file(tmp_path: Path) -> Callable[[bytes], Path]:
    def write(data: bytes) -> Path:
        path = tmp_path / "picture.png"
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def guard() -> Iterator[PictureGuard]:
    guard = PictureGuard(memory_bytes=1 << 30, seconds=20.0)
    yield guard
    guard.close()


def _art(size: tuple[int, int] = (320, 384), mode: str = "RGB") -> Image.Image:
    bands = [Image.radial_gradient("L"), Image.linear_gradient("L"), Image.effect_noise((256, 256), 30)]
    art = Image.merge("RGB", bands).resize(size)
    if mode == "RGBA":
        art.putalpha(Image.radial_gradient("L").resize(size))
    return art.convert(mode)


def _bytes(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()


def _with_chunk(data: bytes, chunk: Chunk) -> bytes:
    out = io.BytesIO()
    splice(io.BytesIO(data), out, [chunk])
    return out.getvalue()


def _refused(path: Path) -> PictureError:
    with pytest.raises(PictureError) as caught:
        pictures.inspect(path)
    return caught.value


def _head(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize("form,ending", [("PNG", "png"), ("JPEG", "jpg"), ("WEBP", "webp")])
def test_r29_the_ending_comes_from_the_decoder_never_from_the_name(
    file: Callable[[bytes], Path], form: str, ending: str
) -> None:
    data = _bytes(_art(), form)
    seen = pictures.inspect(file(data))
    assert (seen.ending, seen.width, seen.height, seen.mode) == (ending, 320, 384, "RGB")
    assert (seen.bytes, seen.sha256) == (len(data), hashlib.sha256(data).hexdigest())
    assert not seen.has_alpha


def test_r29_sixteen_bits_and_cmyk_are_taken_and_look_right(
    file: Callable[[bytes], Path], library: Library
) -> None:
    grey = Image.linear_gradient("L").resize((300, 300))
    deep = Image.new("I;16", grey.size)
    deep.frombytes(b"".join(struct.pack("<H", value * 257) for value in grey.tobytes()))
    for data, wished in [
        (_bytes(deep), grey),
        (_bytes(_art(mode="CMYK"), "JPEG", quality=95), _art(mode="CMYK")),
        (_bytes(grey), grey),
        (_bytes(_art().quantize(64)), _art()),
    ]:
        pictures.ingest(file(data), library, IMAGE)
        with Image.open(library.preview(IMAGE, 768)) as seen:
            assert seen.mode == "RGB"
            here, there = (one.convert("L").resize((8, 8)).tobytes() for one in (seen, wished))
        assert max(abs(a - b) for a, b in zip(here, there, strict=True)) < 12


def _animation(form: str) -> bytes:
    frames = [_art((40, 40)), ImageOps.invert(_art((40, 40)))]
    return _bytes(frames[0], form, save_all=True, append_images=frames[1:], duration=100)


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>'
OTHERS = {
    "GIF": _bytes(_art(), "GIF"),
    "TIFF": _bytes(_art(), "TIFF"),
    "BMP": _bytes(_art(), "BMP"),
    "SVG": SVG,
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "PDF": b"%PDF-1.7\n",
    "HTML": b"<!doctype html><title>403</title>",
    "JSON": b'{"error": "expired"}',
    "unknown": os.urandom(16).replace(b"\x89", b"x").join([b"zz", b"zz"]),
}


@pytest.mark.parametrize("name", OTHERS)
def test_r29_other_formats_are_refused_by_name(file: Callable[[bytes], Path], name: str) -> None:
    error = _refused(file(OTHERS[name]))
    assert error.kind == "format"
    assert name in str(error)


@pytest.mark.parametrize("form", ["PNG", "WEBP"])
def test_r29_animations_are_refused(file: Callable[[bytes], Path], form: str) -> None:
    assert _refused(file(_animation(form))).kind == "format"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_r28_a_picture_cut_anywhere_is_damaged(file: Callable[[bytes], Path], form: str) -> None:
    whole = _bytes(_art((160, 192)), form)
    chosen = random.Random(28)
    ends = {0, 1, 7, 11, 12, 30, len(whole) - 1, len(whole) - 2, len(whole) - 12}
    ends |= {chosen.randrange(len(whole)) for _ in range(16)}
    kinds = {end: _refused(file(whole[:end])).kind for end in ends}
    assert kinds == dict.fromkeys(ends, "damaged")


def test_r28_a_flipped_bit_anywhere_in_a_png_is_found(file: Callable[[bytes], Path]) -> None:
    whole = _bytes(_art((160, 192)))
    chosen = random.Random(29)
    for place in [chosen.randrange(8, len(whole)) for _ in range(40)]:
        flipped = bytearray(whole)
        flipped[place] ^= 1 << chosen.randrange(8)
        assert _refused(file(bytes(flipped))).kind in ("damaged", "too_large")


def test_r28_bad_pixels_under_good_checksums_are_found(file: Callable[[bytes], Path]) -> None:
    body = b"IDAT" + zlib.compress(bytes(40 * 121))[:-9] + b"\xff" * 9
    pixels = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    end = struct.pack(">I", 0) + b"IEND" + struct.pack(">I", zlib.crc32(b"IEND"))
    assert _refused(file(_head(40, 40) + pixels + end)).kind == "damaged"


def test_r28_mutations_of_any_kind_end_in_an_answer(file: Callable[[bytes], Path]) -> None:
    chosen = random.Random(30)
    for form in ("PNG", "JPEG", "WEBP"):
        whole = _bytes(_art((64, 64)), form)
        for _ in range(40):
            changed = bytearray(whole)
            for _ in range(chosen.randrange(1, 9)):
                changed[chosen.randrange(len(changed))] = chosen.randrange(256)
            try:
                assert pictures.inspect(file(bytes(changed))).width > 0
            except PictureError as error:
                assert error.kind in ("damaged", "too_large", "format")


def _jpeg_bomb() -> bytes:
    data = bytearray(_bytes(_art((16, 16)), "JPEG"))
    place = data.index(b"\xff\xc0")
    data[place + 5 : place + 9] = struct.pack(">HH", 13000, 13000)
    return bytes(data)


def _webp_bomb() -> bytes:
    size = (12999).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + size + size + bytes(40)
    return b"RIFF" + struct.pack("<I", len(body)) + body


@pytest.mark.parametrize("bomb", [_head(13000, 13000) + bytes(64), _jpeg_bomb(), _webp_bomb()])
def test_r30_a_bomb_is_refused_by_its_header_in_words(file: Callable[[bytes], Path], bomb: bytes) -> None:
    error = _refused(file(bomb))
    assert error.kind == "too_large"
    assert error.title == "13000×13000 refused (limit 64 megapixels)"


def test_r30_a_real_bomb_of_few_bytes_is_refused(file: Callable[[bytes], Path]) -> None:
    bomb = _bytes(Image.new("1", (13000, 13000)))
    assert len(bomb) < 500_000
    assert _refused(file(bomb)).kind == "too_large"


def test_r30_a_file_over_64_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(64 * 1024 * 1024 + 1)
    error = _refused(path)
    assert error.kind == "too_large"
    assert "64 MB" in error.title


@pytest.mark.parametrize("size", [20_000_000, 50_000_000])
def test_i13_texts_and_profiles_that_swell_are_bounded(file: Callable[[bytes], Path], size: int) -> None:
    swollen = zlib.compress(bytes(size))
    for chunk in (Chunk(b"zTXt", b"prompt\0\0" + swollen), Chunk(b"iCCP", b"icc\0\0" + swollen)):
        assert _refused(file(_with_chunk(_bytes(_art()), chunk))).kind == "damaged"


def test_i13_no_words_of_the_picture_reach_its_previews(
    file: Callable[[bytes], Path], library: Library
) -> None:
    words = Chunk(b"tEXt", b"prompt\0\x1b]0;owned\x07")
    pictures.ingest(file(_with_chunk(_bytes(_art()), words)), library, IMAGE)
    assert all(b"owned" not in library.preview(IMAGE, edge).read_bytes() for edge in EDGES)


def test_p21_too_little_memory_is_a_refusal_and_the_next_picture_is_taken(
    file: Callable[[bytes], Path],
) -> None:
    data = _bytes(Image.new("RGB", (7900, 8000), "teal"), compress_level=1)
    small = PictureGuard(memory_bytes=256 << 20, seconds=20.0)
    try:
        with pytest.raises(PictureError) as caught:
            small.ask("look", file(data), edges=EDGES)
        assert caught.value.kind == "too_large"
        assert small.ask("look", file(_bytes(_art())), edges=[]).facts["width"] == 320
    finally:
        small.close()


def test_the_largest_picture_that_is_allowed_fits_into_the_memory_that_is_allowed(
    file: Callable[[bytes], Path],
) -> None:
    seen = pictures.inspect(
        file(_bytes(Image.new("RGBA", (8000, 8000), (0, 128, 128, 99)), compress_level=1))
    )
    assert (seen.width, seen.height, seen.has_alpha) == (8000, 8000, True)


def test_a_decoder_that_takes_too_long_is_ended(file: Callable[[bytes], Path]) -> None:
    hasty = PictureGuard(memory_bytes=1 << 30, seconds=0.001)
    try:
        with pytest.raises(PictureError, match="takes longer"):
            hasty.ask("look", file(_bytes(Image.new("RGB", (6000, 6000)))), edges=EDGES)
    finally:
        hasty.close()


def test_a_decoder_that_was_killed_is_started_again(
    guard: PictureGuard, file: Callable[[bytes], Path]
) -> None:
    path = file(_bytes(_art()))
    guard.ask("look", path, edges=[])
    first = guard.process
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert guard.ask("look", path, edges=[]).facts["width"] == 320
    assert guard.process not in (None, first)


def test_a_decoder_killed_in_the_middle_is_asked_once_more(
    guard: PictureGuard, file: Callable[[bytes], Path]
) -> None:
    path = file(_bytes(_art((5000, 5000)), compress_level=1))
    guard.ask("look", path, edges=[])
    process = guard.process
    assert process is not None
    killer = threading.Timer(0.05, os.kill, (process, signal.SIGKILL))
    killer.start()
    assert guard.ask("look", path, edges=EDGES).facts["width"] == 5000
    killer.join()


def test_several_threads_share_one_warm_decoder(guard: PictureGuard, tmp_path: Path) -> None:
    widths: dict[int, int] = {}

    def ask(width: int) -> None:
        path = tmp_path / f"{width}.png"
        path.write_bytes(_bytes(_art((width, 40))))
        widths[width] = guard.ask("look", path, edges=[]).facts["width"]

    guard.ask("look", _first(tmp_path), edges=[])
    process = guard.process
    threads = [threading.Thread(target=ask, args=(width,)) for width in range(20, 32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert widths == {width: width for width in range(20, 32)}
    assert guard.process == process


def _first(folder: Path) -> Path:
    path = folder / "first.png"
    path.write_bytes(_bytes(_art()))
    return path


def test_no_key_and_no_open_file_reaches_the_decoder(
    guard: PictureGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_canary")
    monkeypatch.setenv("PODTUI_SHOPIFY_TOKEN", "shpat_canary")
    secret = tmp_path / "secret"
    with secret.open("wb"):
        guard.ask("look", _first(tmp_path), edges=[])
        process = Path(f"/proc/{guard.process}")
        assert b"canary" not in (process / "environ").read_bytes()
        assert str(secret) not in {str(link.readlink()) for link in (process / "fd").iterdir()}


def test_a_decoder_that_does_not_start_is_no_fault_of_the_picture(
    guard: PictureGuard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(LibraryError, match="does not start"):
        guard.ask("look", _first(tmp_path), edges=[])


def test_the_decoder_ends_when_nobody_asks_any_more(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "podtui.picture_child"]
    root = Path(pictures.__file__).parents[1]
    assert subprocess.run(program, stdin=subprocess.DEVNULL, capture_output=True, cwd=root).returncode == 0


def test_this_side_of_the_guard_loads_no_decoder() -> None:
    program = "import sys, podtui.pictures, podtui.print_file; sys.exit('PIL' in sys.modules)"
    root = Path(pictures.__file__).parents[1]
    assert subprocess.run([sys.executable, "-c", program], cwd=root).returncode == 0


def test_d5_a_missing_file_a_link_and_a_pipe_are_refused(tmp_path: Path) -> None:
    assert "missing" in _refused(tmp_path / "nothing").title
    link = tmp_path / "link"
    link.symlink_to(_first(tmp_path))
    _refused(link)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    _refused(pipe)


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_both_previews_are_made_at_ingest_and_keep_transparency(
    file: Callable[[bytes], Path], library: Library, mode: str
) -> None:
    data = _bytes(_art((1280, 1536), mode))
    source = file(data)
    seen = pictures.ingest(source, library, IMAGE)
    assert source.read_bytes() == data
    assert seen.has_alpha == (mode == "RGBA")
    for edge in EDGES:
        with Image.open(library.preview(IMAGE, edge)) as preview:
            assert (preview.format, preview.mode) == ("WEBP", mode)
            assert preview.size == (round(edge / 1.2), edge)


def test_a_small_picture_is_not_enlarged_and_a_thin_one_keeps_a_pixel(
    file: Callable[[bytes], Path], library: Library
) -> None:
    for size, wished in [((30, 20), (30, 20)), ((3000, 1), (768, 1))]:
        pictures.ingest(file(_bytes(Image.new("RGB", size))), library, IMAGE)
        with Image.open(library.preview(IMAGE, 768)) as preview:
            assert preview.size == wished


def test_a_refused_picture_leaves_no_preview(file: Callable[[bytes], Path], library: Library) -> None:
    with pytest.raises(PictureError):
        pictures.ingest(file(_bytes(_art())[:-20]), library, IMAGE)
    assert not library.previews.exists()


def test_a_lost_preview_is_made_again_and_a_kept_one_is_left(
    file: Callable[[bytes], Path], library: Library
) -> None:
    draft = file(_bytes(_art((900, 900))))
    path = pictures.ensure_preview(library, IMAGE, draft, 256)
    with Image.open(path) as preview:
        assert preview.size == (256, 256)
    before = path.stat().st_ino
    draft.unlink()
    assert pictures.ensure_preview(library, IMAGE, draft, 256).stat().st_ino == before
    with pytest.raises(PictureError, match="missing"):
        pictures.ensure_preview(library, IMAGE, draft, 768)


def test_pictures_that_look_alike_have_near_hashes_and_others_do_not(file: Callable[[bytes], Path]) -> None:
    def bits(data: bytes) -> int:
        seen = pictures.inspect(file(data))
        assert len(seen.phash) == 16
        return int(seen.phash, 16)

    one = bits(_bytes(_art((640, 768))))
    alike = bits(_bytes(_art((320, 384)), "JPEG", quality=60))
    other = bits(_bytes(ImageOps.invert(_art((640, 768)))))
    assert (one ^ alike).bit_count() <= 6
    assert (one ^ other).bit_count() >= 16


def test_a_density_in_the_draft_changes_nothing(file: Callable[[bytes], Path]) -> None:
    assert pictures.inspect(file(_with_chunk(_bytes(_art()), density(72)))).width == 320
