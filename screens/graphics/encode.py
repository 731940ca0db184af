"""From a prepared preview to a drawing: open, fit, flatten, encode. Runs in a thread, touches no screen."""

import io
import warnings
from math import ceil

from PIL import Image

from screens.graphics import halfblock, iterm2, kitty, sixel
from screens.graphics.drawing import Colour, Drawing, Want

_LARGEST_PX = 6_000_000
"""The most pixels a preview may have: drafts and print files are never decoded for the screen."""


def draw(want: Want, image_id: int = 0) -> Drawing | None:
    """Draw a preview as wanted; None where the file is no usable picture or no preview.

    Args:
        want: the file and its room.
        image_id: the number under which kitty keeps it.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            opened = Image.open(want.path, formats=("WEBP", "PNG", "JPEG"))
            with opened:
                if opened.width * opened.height > _LARGEST_PX:
                    return None
                columns, rows = fit(opened.size, want)
                return _encode(_flatten(opened, want.background), columns, rows, want, image_id)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        return None


def fit(size: tuple[int, int], want: Want) -> tuple[int, int]:
    """Find the cells that a picture of ``size`` pixels fills in its room without being bent."""
    cell_width, cell_height = want.cell_px
    room_rows = min(want.rows, kitty.LARGEST)
    scale = min(want.columns * cell_width / size[0], room_rows * cell_height / size[1])
    columns = ceil(round(size[0] * scale / cell_width, 3))
    rows = ceil(round(size[1] * scale / cell_height, 3))
    return max(1, min(columns, want.columns)), max(1, min(rows, room_rows))


def _encode(image: Image.Image, columns: int, rows: int, want: Want, image_id: int) -> Drawing:
    cell_width, cell_height = want.cell_px
    if want.protocol == "halfblock":
        strips = halfblock.lines(
            image.resize((columns, 2 * rows), Image.Resampling.BOX, reducing_gap=3.0), columns, rows
        )
        return Drawing(columns, rows, strips)
    canvas = _placed(image, (columns * cell_width, rows * cell_height), want.background)
    if want.protocol == "kitty":
        kept = io.BytesIO()
        canvas.quantize(want.colors, method=Image.Quantize.FASTOCTREE).save(kept, "PNG", compress_level=6)
        pieces = kitty.transfer(kept.getvalue(), image_id, columns, rows, want.in_tmux)
        return Drawing(
            columns, rows, kitty.lines(image_id, columns, rows), pieces, image_id, 5 * columns * rows
        )
    if want.protocol == "iterm2":
        kept = io.BytesIO()
        canvas.save(kept, "JPEG", quality=85)
        strips = iterm2.lines(kept.getvalue(), columns, rows, want.background)
    else:
        strips = sixel.lines(canvas, want.cell_px, want.colors, want.background, whole=want.in_tmux)
    is_sliced = want.protocol == "sixel" and not want.in_tmux
    weight = sum(len(part.text) for line in strips for part in line) if is_sliced else 0
    return Drawing(columns, rows, strips, weight=weight)


def _flatten(image: Image.Image, background: Colour) -> Image.Image:
    """Lay transparent parts on the background; what comes back is RGB."""
    image.draft("RGB", (1024, 1024))
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        shaped = image.convert("RGBA")
        ground = Image.new("RGBA", shaped.size, (*background, 255))
        return Image.alpha_composite(ground, shaped).convert("RGB")
    return image.convert("RGB")


def _placed(image: Image.Image, size: tuple[int, int], background: Colour) -> Image.Image:
    """Scale a picture into ``size`` pixels, in the middle, without bending it."""
    scale = min(size[0] / image.width, size[1] / image.height)
    inner = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    scaled = image.resize(inner, Image.Resampling.LANCZOS)
    if inner == size:
        return scaled
    canvas = Image.new("RGB", size, background)
    canvas.paste(scaled, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return canvas
