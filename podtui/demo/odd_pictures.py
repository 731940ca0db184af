"""Pictures that no honest worker sends: other formats, broken files, a decompression bomb."""

import io
import struct
import zlib
from functools import lru_cache

from PIL import Image


def as_format(png: bytes, kind: str) -> bytes:
    """The same picture as ``JPEG``, ``WEBP``, ``GIF`` or ``TIFF``."""
    return _saved(_opened(png).convert("RGB"), kind)


def as_cmyk(png: bytes) -> bytes:
    """The same picture as a JPEG in printing colours."""
    return _saved(_opened(png).convert("CMYK"), "JPEG")


def as_sixteen_bit(png: bytes) -> bytes:
    """A grey PNG of 16 bits a sample, of the same size."""
    grey = _opened(png).convert("L").convert("I").point(lambda value: value * 257)
    return _saved(grey.convert("I;16"), "PNG")


def as_animation(png: bytes, kind: str = "PNG") -> bytes:
    """A file of three frames."""
    first = _opened(png).convert("RGB")
    black, white = (Image.new("RGB", first.size, colour) for colour in ("black", "white"))
    file = io.BytesIO()
    first.save(file, kind, save_all=True, append_images=[black, white], duration=100)
    return file.getvalue()


def in_size(png: bytes, width: int, height: int) -> bytes:
    """The same picture in another size."""
    return _saved(_opened(png).resize((width, height)), "PNG")


def flipped_bit(data: bytes, at: float = 0.5) -> bytes:
    """The same bytes but for one bit."""
    place = min(len(data) - 1, int(len(data) * at))
    return data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :]


def one_and_the_same() -> bytes:
    """A small picture that never differs."""
    return _saved(Image.linear_gradient("L").resize((64, 80)).convert("RGB"), "PNG")


def svg() -> bytes:
    """A drawing that would ask for a file of the machine."""
    return (
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" width="64" height="64">'
        b'<image href="file:///etc/hostname"/><rect width="64" height="64"/></svg>'
    )


def eps() -> bytes:
    """PostScript, which is a program."""
    return b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 64 64\n0 0 64 64 rectfill\nshowpage\n"


@lru_cache(maxsize=2)
def bomb(edge: int = 13_000) -> bytes:
    """A PNG of few bytes that unpacks to ``edge`` x ``edge`` pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * (edge + 1)
    block = row * 100
    parts = [packer.compress(block) for _ in range(edge // 100)]
    parts.append(packer.compress(row * (edge % 100)) + packer.flush())
    head = struct.pack(">IIBBBBB", edge, edge, 8, 0, 0, 0, 0)
    chunks = (_chunk(b"IHDR", head), _chunk(b"IDAT", b"".join(parts)), _chunk(b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _opened(png: bytes) -> Image.Image:
    return Image.open(io.BytesIO(png))


def _saved(picture: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
