"""Reads and exchanges the chunks of a PNG without touching its pixels.

Writing 24 megapixels again takes seconds, copying them with another head milliseconds, and the compressed
pixels stay byte for byte what they were. Source of the form: the PNG specification, third edition.
"""

import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PIXELS = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"})
"""The chunks that no picture can do without."""
COLOURS = frozenset({b"sRGB", b"gAMA", b"cHRM", b"iCCP"})
"""The chunks that say how the numbers look; they hold no words about the picture."""

_INCHES_PER_METRE = 1 / 0.0254
_LONGEST = 2**31 - 1
_BLOCK = 1 << 20


class BadPng(ValueError):
    """The file is no whole PNG."""


@dataclass(frozen=True)
class Chunk:
    """One chunk as it came: four letters, its bytes and its checksum (already compared)."""

    kind: bytes
    data: bytes

    def packed(self) -> bytes:
        """The chunk as it lies in a file."""
        return b"".join(
            (
                struct.pack(">I", len(self.data)),
                self.kind,
                self.data,
                struct.pack(">I", zlib.crc32(self.data, zlib.crc32(self.kind))),
            )
        )


@dataclass(frozen=True)
class Head:
    """What the first chunk says; sizes in pixels, ``colour`` 2 is RGB and 6 is RGBA."""

    width: int
    height: int
    depth: int
    colour: int


def density(dpi: int) -> Chunk:
    """Say how many dots an inch has: 300 dpi are 11811 a metre."""
    per_metre = round(dpi * _INCHES_PER_METRE)
    return Chunk(b"pHYs", struct.pack(">IIB", per_metre, per_metre, 1))


def text(keyword: str, words: str) -> Chunk:
    """Say something in Unicode under a keyword of 1 to 79 Latin-1 letters."""
    key = keyword.encode("latin-1")
    if not 1 <= len(key) <= 79 or b"\0" in key:
        raise ValueError("a PNG keyword has 1 to 79 letters")
    return Chunk(b"iTXt", key + b"\0\0\0\0\0" + words.encode())


def chunks(source: BinaryIO) -> Iterator[Chunk]:
    """Read the chunks of a PNG in turn, up to and with IEND, and compare each checksum.

    Raises:
        BadPng: no PNG, cut, or a byte of it has changed.
    """
    if source.read(8) != SIGNATURE:
        raise BadPng("this is no PNG")
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack(">I4s", _read(source, 8))
        if length > _LONGEST:
            raise BadPng("a chunk is longer than a PNG allows")
        data = _read(source, length)
        if zlib.crc32(data, zlib.crc32(kind)) != struct.unpack(">I", _read(source, 4))[0]:
            raise BadPng("a checksum is wrong")
        yield Chunk(kind, data)


def head(source: BinaryIO) -> Head:
    """Read the first chunk of a PNG; raises BadPng."""
    return _head(next(chunks(source)))


def kinds_before_pixels(source: BinaryIO) -> dict[bytes, bytes]:
    """Read the chunks before the pixels: kind to bytes, the last one of a kind; raises BadPng."""
    found: dict[bytes, bytes] = {}
    for chunk in chunks(source):
        if chunk.kind == b"IDAT":
            return found
        found[chunk.kind] = chunk.data
    raise BadPng("there are no pixels")


def splice(
    source: BinaryIO, target: BinaryIO, new: Iterable[Chunk], keep: frozenset[bytes] | None = None
) -> None:
    """Copy a PNG with new chunks before its first IDAT; what else lies between is kept or left out.

    Args:
        source: the PNG to copy; it is only read.
        target: where the copy is written.
        new: the chunks to put in; chunks of these kinds in the source are left out, but texts.
        keep: the kinds to copy; None for all of them.

    Raises:
        BadPng: the source is no whole PNG; what was written is worthless.
    """
    fresh = tuple(new)
    replaced = {chunk.kind for chunk in fresh} - {b"iTXt", b"tEXt"}
    is_put_in = False
    target.write(SIGNATURE)
    for chunk in chunks(source):
        if chunk.kind == b"IDAT" and not is_put_in:
            target.writelines(one.packed() for one in fresh)
            is_put_in = True
        if chunk.kind not in replaced and (keep is None or chunk.kind in keep):
            target.write(chunk.packed())
    if not is_put_in:
        raise BadPng("there are no pixels")


def dpi_of(phys: bytes | None) -> int | None:
    """Read the density chunk as whole dots an inch; None where it is missing or says something else."""
    if phys is None or len(phys) != 9:
        return None
    across, down, unit = struct.unpack(">IIB", phys)
    return round(across / _INCHES_PER_METRE) if unit == 1 and across == down else None


def _head(chunk: Chunk) -> Head:
    if chunk.kind != b"IHDR" or len(chunk.data) != 13:
        raise BadPng("the head is missing")
    return Head(*struct.unpack(">IIBB", chunk.data[:10]))


def _read(source: BinaryIO, count: int) -> bytes:
    # In blocks: a length may promise two gigabytes that are not there.
    blocks = []
    while count:
        block = source.read(min(count, _BLOCK))
        if not block:
            raise BadPng("the file is cut")
        blocks.append(block)
        count -= len(block)
    return b"".join(blocks)
