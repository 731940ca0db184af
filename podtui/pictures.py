"""The front desk for pictures: check what came, make its previews, make a lost preview again.

Every byte is decoded in a guarded process (``picture_child``); this side never sees a decoder.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podtui import picture_store
from podtui.paths import Library
from podtui.picture_guard import PictureGuard
from podtui.words import ImageId

LARGE_PX = 768
"""The longest edge of the preview for the large view."""
SMALL_PX = 256
"""The longest edge of the preview for grids."""
EDGES_PX = (LARGE_PX, SMALL_PX)

# faults.md's limits: 1 GB of address space and 20 s are plenty for 64 megapixels.
_decoder = PictureGuard(memory_bytes=1 << 30, seconds=20.0)


@dataclass(frozen=True)
class Checked:
    """What a whole, decodable picture of a sane size turned out to be."""

    ending: str
    """``png``, ``jpg`` or ``webp``, as the decoder says, never as a name says."""
    width: int
    height: int
    bytes: int
    sha256: str
    phash: str
    """64 bits as 16 hex digits; pictures that look alike differ in few of them."""
    mode: str
    """Pillow's name of what was decoded: RGB, RGBA, L, CMYK, …"""
    has_alpha: bool


def inspect(path: Path) -> Checked:
    """Decode a file wholly and tell what it is; nothing is written.

    Raises:
        PictureError: ``damaged``, ``too_large`` or ``format``.
    """
    return _checked(_decoder.ask("look", path, edges=[]).facts)


def ingest(source: Path, library: Library, image: ImageId) -> Checked:
    """Check a file and store both previews of it; the file itself is only read, and decoded once.

    Raises:
        PictureError: no usable picture; nothing was written.
        LibraryError: a preview could not be stored.
    """
    answer = _decoder.ask("look", source, edges=EDGES_PX)
    for edge, data in zip(EDGES_PX, answer.blobs, strict=True):
        picture_store.put(library.preview(image, edge), data)
    return _checked(answer.facts)


def ensure_preview(library: Library, image: ImageId, draft: Path, edge_px: int) -> Path:
    """Return where the preview with this longest edge lies; a lost one is made again from the draft.

    Raises:
        PictureError: the draft is missing or no usable picture any more.
        LibraryError: the preview could not be stored.
    """
    path = library.preview(image, edge_px)
    if not path.is_file():
        [data] = _decoder.ask("look", draft, edges=[edge_px]).blobs
        picture_store.put(path, data)
    return path


def _checked(facts: dict[str, Any]) -> Checked:
    return Checked(
        ending=facts["ending"],
        width=facts["width"],
        height=facts["height"],
        bytes=facts["bytes"],
        sha256=facts["sha256"],
        phash=facts["phash"],
        mode=facts["mode"],
        has_alpha=facts["has_alpha"],
    )
