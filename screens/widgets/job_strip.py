"""The job strip: one tile per image with its state, and the thumbnails as they arrive."""

from dataclasses import replace
from pathlib import Path

from rich.segment import Segment
from textual.geometry import Size

from podtui.paths import Library
from podtui.pulse import ImagePulse
from podtui.store.cards import ImageCard
from podtui.words import Decision, ImageState
from screens.graphics.drawing import Want
from screens.widgets.state_words import of_decision, of_image
from screens.widgets.thumb_grid import Layout, ThumbGrid, Tile, TileState

_SMALL_PX = 256
_WIDEST = 20
_NARROWEST = 6
_COMPACT = 6
"""The width of a tile that is a glyph and a number, in cells."""

_TILE_STATES: dict[str, TileState] = {
    "waiting": "waiting",
    "running": "running",
    "done": "",
    "failed": "failed",
    "unsure": "failed",
    "approved": "approved",
    "rejected": "rejected",
}


def small_preview(library: Library, image: ImageCard) -> Path | None:
    """Where the thumbnail of an image lies; None where there is no picture."""
    return library.preview(image.id, _SMALL_PX) if image.has_picture else None


def job_tile(image: ImageCard, library: Library, pulse: ImagePulse | None = None) -> Tile:
    """Show how far an image has come."""
    words = of_image(image.state)
    body = words.word if words.kind in ("failed", "unsure") else ""
    if image.state is ImageState.RUNNING and pulse is not None and pulse.percent is not None:
        body = f"{pulse.percent:.0f} %"
    caption = str(image.position + 1)
    state = _TILE_STATES[words.kind]
    return Tile(image.id, small_preview(library, image), caption, words.glyph, state, body)


def review_tile(image: ImageCard, library: Library, *, is_marked: bool, is_missing: bool = False) -> Tile:
    """Show what a person thinks of an image; without a picture, how far it has come."""
    words = of_decision(image.decision) if image.has_picture else of_image(image.state)
    body = "missing" if is_missing else "" if image.has_picture else words.word
    state = _TILE_STATES[words.kind]
    if image.has_picture and image.decision is Decision.UNDECIDED:
        state = ""
    caption = f"{image.position + 1}{'◂' if is_marked else ''}"
    return Tile(image.id, small_preview(library, image), caption, words.glyph, state, body)


def fit(room: Size, count: int) -> Layout:
    """Find the largest tiles of which all are seen; where the room is too small, glyphs and numbers.

    Args:
        room: the strip, in cells.
        count: how many tiles there are.
    """
    for width in range(min(_WIDEST, room.width), _NARROWEST - 1, -1):
        rows = -(-count // max(1, room.width // width))
        if rows * _height(width) <= room.height:
            # A little smaller, where that saves a row: one tile alone in the last row looks lost.
            smaller = room.width // -(-count // (rows - 1)) if rows > 1 else 0
            chosen = smaller if smaller >= max(_NARROWEST, 0.7 * width) else width
            return Layout(max(1, room.width // chosen), chosen, _height(chosen))
    return Layout(max(1, room.width // _COMPACT), _COMPACT, 1)


def _height(width: int) -> int:
    """How high a tile of this width is for the usual print's proportion, its caption counted in."""
    return round((width - 1) * 0.6) + 1


class JobStrip(ThumbGrid, can_focus=False):
    """All tiles at a glance: they grow and shrink until everything is seen.

    The keys belong to the screen, so that focus never moves.
    """

    DEFAULT_CSS = """
    JobStrip { height: auto; scrollbar-size-vertical: 0; }
    """

    def __init__(self, *, most_rows: int = 0, id: str | None = None) -> None:
        super().__init__(id=id)
        self._most_rows = most_rows

    @property
    def per_row(self) -> int:
        """How many tiles stand in a row."""
        return self._layout_now.per_row

    def limit(self, most_rows: int) -> None:
        """Take at most this many rows; 0 takes all there are."""
        if most_rows != self._most_rows:
            self._most_rows = most_rows
            self._arrange()

    def _arrange(self) -> None:
        """Lay everything out so that all of it is seen, and take no more rows than that."""
        room = self.container_size if self._most_rows else self.scrollable_content_region.size
        if not self.is_attached or not room.width:
            return
        height = self._most_rows or room.height
        layout = fit(Size(room.width, max(height, 1)), len(self._tiles))
        self._layout_now = layout
        rows = -(-len(self._tiles) // layout.per_row) * layout.height
        if self._most_rows:
            self.styles.height = max(1, min(rows, self._most_rows))
        self.virtual_size = Size(room.width, rows)
        self.refresh()
        self.call_after_refresh(self._reveal)
        self._load()

    def _tile_line(self, place: int, line: int) -> list[Segment]:
        """Give one row of one tile; a body that has no room is left out."""
        tile, width = self._tiles[place], self._layout_now.picture.width
        if len(tile.body) > width:
            self._tiles[place] = replace(tile, body="")
            try:
                return super()._tile_line(place, line)
            finally:
                self._tiles[place] = tile
        return super()._tile_line(place, line)

    def _want(self, path: Path) -> Want | None:
        return None if self._layout_now.height < 2 else super()._want(path)
