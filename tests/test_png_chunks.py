"""Exchanging the chunks of a PNG: pixels byte for byte, every cut and flip found."""

import hashlib
import io
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from podtui import png_chunks
from podtui.png_chunks import BadPng


def _png(words: str = "") -> bytes:
    file = io.BytesIO()
    picture = Image.effect_noise((90, 60), 40).convert("RGB")
    picture.save(file, "PNG", dpi=(72, 72))
    if not words:
        return file.getvalue()
    target = io.BytesIO()
    png_chunks.splice(io.BytesIO(file.getvalue()), target, [png_chunks.text("prompt", words)])
    return target.getvalue()


def _pixels(data: bytes) -> str:
    parts = (one.data for one in png_chunks.chunks(io.BytesIO(data)) if one.kind == b"IDAT")
    return hashlib.sha256(b"".join(parts)).hexdigest()


def test_the_density_is_exchanged_and_the_pixels_stay_byte_for_byte() -> None:
    source, target = _png(), io.BytesIO()
    png_chunks.splice(io.BytesIO(source), target, [png_chunks.density(300)])
    data = target.getvalue()
    assert _pixels(data) == _pixels(source)
    with Image.open(io.BytesIO(data)) as seen:
        assert round(seen.info["dpi"][0]) == 300
    assert data.count(b"pHYs") == 1
    kinds = png_chunks.kinds_before_pixels(io.BytesIO(data))
    assert kinds[b"pHYs"] == struct.pack(">IIB", 11811, 11811, 1)
    assert png_chunks.dpi_of(kinds[b"pHYs"]) == 300


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
def test_any_unicode_text_comes_back(words: str) -> None:
    chunk = png_chunks.text("prompt", words)
    [seen] = [one for one in png_chunks.chunks(io.BytesIO(_png(words))) if one.kind == b"iTXt"]
    assert seen == chunk
    assert seen.data.endswith(words.encode())


def test_pillow_reads_the_text_and_further_texts_are_added() -> None:
    target = io.BytesIO()
    png_chunks.splice(io.BytesIO(_png("ä fox")), target, [png_chunks.text("seed", "7")])
    with Image.open(io.BytesIO(target.getvalue())) as seen:
        assert seen.info["prompt"] == "ä fox"
        assert seen.info["seed"] == "7"


def test_what_is_not_kept_is_left_out() -> None:
    target = io.BytesIO()
    png_chunks.splice(io.BytesIO(_png("secret")), target, [], keep=png_chunks.PIXELS)
    assert b"secret" not in target.getvalue()
    with Image.open(io.BytesIO(target.getvalue())) as seen:
        seen.load()


@pytest.mark.parametrize("keyword", ["", "x" * 80, "a\0b", "日"])
def test_a_keyword_that_png_does_not_allow_is_refused(keyword: str) -> None:
    with pytest.raises(ValueError):
        png_chunks.text(keyword, "x")


def test_every_cut_is_found() -> None:
    whole = _png()
    for end in [*range(60), *range(60, len(whole), 97), len(whole) - 1]:
        with pytest.raises(BadPng):
            png_chunks.splice(io.BytesIO(whole[:end]), io.BytesIO(), [])


def test_every_flip_is_found() -> None:
    whole = _png()
    for place in [*range(60), *range(60, len(whole), 97)]:
        flipped = bytearray(whole)
        flipped[place] ^= 4
        with pytest.raises(BadPng):
            png_chunks.splice(io.BytesIO(bytes(flipped)), io.BytesIO(), [])


def test_a_length_that_promises_gigabytes_takes_no_memory() -> None:
    class Counting(io.BytesIO):
        most = 0

        def read(self, size: int | None = -1, /) -> bytes:
            Counting.most = max(Counting.most, size or 0)
            return super().read(size)

    with pytest.raises(BadPng, match="cut"):
        list(png_chunks.chunks(Counting(png_chunks.SIGNATURE + struct.pack(">I4s", 2**31 - 1, b"IHDR"))))
    assert Counting.most <= 1 << 20


def test_a_png_without_pixels_is_none() -> None:
    def chunk(kind: bytes, data: bytes = b"") -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    empty = png_chunks.SIGNATURE + chunk(b"IHDR", bytes(13)) + chunk(b"IEND")
    with pytest.raises(BadPng, match="no pixels"):
        png_chunks.splice(io.BytesIO(empty), io.BytesIO(), [])
