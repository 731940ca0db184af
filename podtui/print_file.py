"""Makes print files: a PNG of exactly the wished size at 300 DPI, from a draft that is only read."""

from dataclasses import dataclass
from pathlib import Path

from podtui import picture_store, png_chunks
from podtui.errors import LibraryError
from podtui.picture_guard import PictureGuard

# 64 megapixels with alpha are held four times while they are resized. A decoder of its own, so that a
# print file is never in the way of a picture that arrives.
_printer = PictureGuard(memory_bytes=2 << 30, seconds=120.0)


@dataclass(frozen=True)
class Printed:
    """A print file as it was stored; sizes in pixels and bytes."""

    width: int
    height: int
    bytes: int
    sha256: str


@dataclass(frozen=True)
class PrintFacts:
    """What a print file says of itself; ``dpi`` is None where it says nothing."""

    width: int
    height: int
    dpi: int | None


def make_print_file(draft: Path, target: Path, width: int, height: int) -> Printed:
    """Store the print file of a draft at ``target``: exactly ``width`` x ``height`` pixels, 300 DPI.

    A draft of that size keeps its compressed pixels byte for byte; another is enlarged and its overhang cut
    evenly. RGB and RGBA stay what they are, words about the picture are left out.

    Raises:
        PictureError: the draft is missing or damaged, or the wished size is over 64 megapixels.
        LibraryError: the print file could not be stored; what was at ``target`` is still there.
    """
    with picture_store.storing(target) as temp:
        _printer.ask("print", draft, temp=str(temp.path), width=width, height=height)
        facts = read_print_facts(temp.path)
        digest = picture_store.sha256_of(temp.path)
        size = temp.path.stat().st_size
        if (facts.width, facts.height, facts.dpi) != (width, height, 300):
            raise LibraryError(
                "A print file came out wrong", f"{facts.width}×{facts.height}, {facts.dpi} dpi"
            )
    return Printed(width, height, size, digest)


def read_print_facts(path: Path) -> PrintFacts:
    """Read size and density of a PNG without decoding it.

    Raises:
        LibraryError: the file is missing or no PNG.
    """
    try:
        with path.open("rb") as file:
            head = png_chunks.head(file)
            file.seek(0)
            return PrintFacts(head.width, head.height, _density(png_chunks.kinds_before_pixels(file)))
    except (OSError, png_chunks.BadPng) as error:
        raise LibraryError("The print file cannot be read", f"{error}", "Make it again.") from error


def _density(kinds: dict[bytes, bytes]) -> int | None:
    return png_chunks.dpi_of(kinds.get(b"pHYs"))
