"""What is done with a picture inside the guarded process: check, decode, previews, print file.

Only this module knows Pillow's calls; nothing outside ``picture_child`` imports it.
"""

import hashlib
import io
import math
import os
import stat
from pathlib import Path
from typing import Any

# Importing the three formats keeps Pillow from loading the forty others.
from PIL import Image, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

from podtui import picture_headers, png_chunks

MAX_PIXELS = 64_000_000
MAX_BYTES = 64 * 1024 * 1024
DPI = 300
# Level 2 is within a sixth of the size that Pillow's own level gives, in a quarter of the time
# (4500x5400, smooth and noisy drafts).
PRINT_LEVEL = 2

_FORMATS = ("PNG", "JPEG", "WEBP")
_ENDINGS = {"PNG": "png", "JPEG": "jpg", "WEBP": "webp"}

Image.MAX_IMAGE_PIXELS = MAX_PIXELS


class Refusal(Exception):
    """A picture that is not taken; ``kind`` is that of ``PictureError``."""

    def __init__(self, kind: str, title: str, cause: str = "") -> None:
        super().__init__(title)
        self.kind = kind
        self.title = title
        self.cause = cause


def look(request: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Check a file wholly and make previews with the longest edges that are asked for (in pixels)."""
    data = _read(Path(request["source"]))
    picture, ending = _decode(data)
    facts: dict[str, Any] = {
        "ending": ending,
        "width": picture.width,
        "height": picture.height,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
        "mode": picture.mode,
        "has_alpha": picture.has_transparency_data,
    }
    del data
    picture = _plain(picture)
    # The largest first: each smaller one is made from it, and the decoded picture is let go.
    edges = sorted(request["edges"], reverse=True)
    made = {}
    for edge in edges:
        picture = _shrunk(picture, edge)
        made[edge] = _webp(picture)
    facts["phash"] = _difference_hash(picture if edges else _shrunk(picture, 256))
    return facts, [made[edge] for edge in request["edges"]]


def print_file(request: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Write the print file of a draft into ``request["temp"]``, a file that is there already."""
    width, height = request["width"], request["height"]
    if width < 1 or height < 1 or width * height > MAX_PIXELS:
        raise _too_many_pixels(width, height)
    data = _read(Path(request["source"]))
    fd = os.open(request["temp"], os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC)
    with os.fdopen(fd, "wb") as target:
        if _is_ready_to_print(data, width, height):
            keep = frozenset({b"IHDR", b"IDAT", b"IEND"}) | png_chunks.COLOURS
            png_chunks.splice(io.BytesIO(data), target, [png_chunks.density(DPI)], keep=keep)
            return {"is_spliced": True}, []
        draft, _ = _decode(data)
        del data
        picture = _plain(draft)
        # Colours stay what they were; a profile for other than RGB numbers would make them wrong.
        profile = draft.info.get("icc_profile") if draft.mode in ("RGB", "RGBA") else None
        del draft
        _resized(picture, width, height).save(
            target, "PNG", compress_level=PRINT_LEVEL, dpi=(DPI, DPI), icc_profile=profile
        )
    return {"is_spliced": False}, []


def _read(source: Path) -> bytes:
    """Read a plain file of at most 64 MB; the checks, the hash and the decoder see the same bytes."""
    fd = os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        facts = os.fstat(fd)
        if not stat.S_ISREG(facts.st_mode):
            raise Refusal("format", "Not a picture", "It is no plain file.")
        if facts.st_size > MAX_BYTES:
            raise Refusal("too_large", f"{facts.st_size / 1024 / 1024:.1f} MB refused (limit 64 MB)")
        return file.read(MAX_BYTES)


def _decode(data: bytes) -> tuple[Image.Image, str]:
    """Check the header, the limits and the whole, and decode; nothing is decoded before the limits held."""
    _check_header(data)
    with Image.open(io.BytesIO(data), formats=_FORMATS) as probe:
        ending = _ENDINGS.get(probe.format or "")
        if ending is None or getattr(probe, "n_frames", 1) != 1 or getattr(probe, "is_animated", False):
            raise Refusal("format", "Animation refused", "A picture of one frame is expected.")
        if probe.width * probe.height > MAX_PIXELS:
            raise _too_many_pixels(probe.width, probe.height)
        # Finds a changed byte and a missing end, which load() accepts; load() finds bad pixel data.
        probe.verify()
    picture = Image.open(io.BytesIO(data), formats=_FORMATS)
    picture.load()
    return picture, ending


def _check_header(data: bytes) -> None:
    if picture_headers.ending_of(data) is None:
        if picture_headers.is_start_of_ours(data):
            raise Refusal("damaged", "Picture damaged", f"Only {len(data)} bytes came.")
        other = picture_headers.name_of_other(data)
        raise Refusal("format", f"Format refused: {other}", "PNG, JPEG and WebP are taken.")
    size = picture_headers.size_of(data)
    if size and size[0] * size[1] > MAX_PIXELS:
        raise _too_many_pixels(*size)
    if picture_headers.is_cut(data):
        raise Refusal("damaged", "Picture damaged", "Its end is missing.")


def _too_many_pixels(width: int, height: int) -> Refusal:
    return Refusal("too_large", f"{width}×{height} refused (limit 64 megapixels)")


def _plain(picture: Image.Image) -> Image.Image:
    """Turn any mode into RGB, or RGBA where there is transparency; 16 bits become 8."""
    if picture.mode.startswith("I"):
        picture = picture.convert("I").point(lambda value: value * (1 / 257)).convert("L")
    wanted = "RGBA" if picture.has_transparency_data else "RGB"
    return picture if picture.mode == wanted else picture.convert(wanted)


def _shrunk(picture: Image.Image, edge: int) -> Image.Image:
    """Make a copy whose longest edge is at most ``edge`` pixels; small pictures keep their size."""
    scale = min(1.0, edge / max(picture.size))
    size = max(1, round(picture.width * scale)), max(1, round(picture.height * scale))
    # Premultiplied by hand: Pillow does it as well, but then forgets the reducing gap.
    source = picture.convert("RGBa") if picture.mode == "RGBA" else picture
    small = source.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return small.convert(picture.mode)


def _webp(picture: Image.Image) -> bytes:
    picture.info = {}
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=80, method=4)
    return file.getvalue()


def _difference_hash(picture: Image.Image) -> str:
    """Hash what a picture looks like: 64 comparisons of neighbours, 16 hex digits; like is near in bits."""
    if picture.mode == "RGBA":
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture)
    grey = picture.convert("L").resize((9, 8), Image.Resampling.BOX).tobytes()
    bits = 0
    for row in range(8):
        for column in range(8):
            place = row * 9 + column
            bits = bits << 1 | (grey[place] > grey[place + 1])
    return f"{bits:016x}"


def _is_ready_to_print(data: bytes, width: int, height: int) -> bool:
    """Tell whether a draft is an 8-bit RGB or RGBA PNG of exactly the wished size."""
    if picture_headers.size_of(data) != (width, height) or picture_headers.ending_of(data) != "png":
        return False
    head = png_chunks.head(io.BytesIO(data))
    is_usual = head.depth == 8 and head.colour in (2, 6)
    return is_usual and b"tRNS" not in png_chunks.kinds_before_pixels(io.BytesIO(data))


def _resized(picture: Image.Image, width: int, height: int) -> Image.Image:
    """Cover exactly ``width`` x ``height``: the overhang is cut evenly, nothing is stretched."""
    if picture.size == (width, height):
        return picture
    seen_width = min(picture.width, picture.height * width / height)
    seen_height = min(picture.height, picture.width * height / width)
    left, top = (picture.width - seen_width) / 2, (picture.height - seen_height) / 2
    box = (left, top, math.fsum((left, seen_width)), math.fsum((top, seen_height)))
    # Pillow multiplies RGBA by its alpha around the resize, so rims get no halo.
    return picture.resize((width, height), Image.Resampling.LANCZOS, box=box)
