"""The thumbnail grid: one focused widget, a highlight that moves in the captions, nothing else redrawn."""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podtui.text import clean
from screens.graphics.drawing import Colour, Drawing, Want
from screens.graphics.painter import painter_of

TileState = Literal["", "waiting", "running", "failed", "approved", "rejected"]

_NARROWEST = 6
_COMFORTABLE = 10
"""The width of a tile that is gone for where not all tiles fit, in cells."""
_WIDEST = 26


@dataclass(frozen=True)
class Tile:
    """One picture in the grid."""

    id: str
    preview: Path | None = None
    """The small preview; None while there is none."""
    caption: str = ""
    mark: str = ""
    """A sign of the state, ``✓``; it stands before the caption."""
    state: TileState = ""
    """Colours the caption; never the only sign."""
    body: str = ""
    """What stands where the picture will be: ``62 %``."""


@dataclass(frozen=True)
class Layout:
    """How tiles lie: sizes in cells, captions counted in."""

    per_row: int
    width: int
    """Of one tile with the gap to the next."""
    height: int
    """Of one tile with its caption."""

    @property
    def picture(self) -> Size:
        """The room of the picture in a tile."""
        return Size(self.width - 1, self.height - 1)


def lay_out(room: Size, count: int) -> Layout:
    """Find the largest tiles that all fit; where none do, comfortable ones, as many a row as go in.

    Args:
        room: the grid, in cells.
        count: how many tiles there are.
    """
    for width in range(min(_WIDEST, room.width), _COMFORTABLE - 1, -1):
        layout = _layout(room, width)
        if -(-count // layout.per_row) * layout.height <= room.height:
            return layout
    return _layout(room, max(min(_COMFORTABLE, room.width), min(_NARROWEST, max(room.width, 2))))


def _layout(room: Size, width: int) -> Layout:
    """Make tiles of about this width and of the usual print's proportion, 5 to 6."""
    per_row = max(1, room.width // width)
    wide = max(2, room.width // per_row)
    return Layout(per_row, wide, max(2, round((wide - 1) * 0.6) + 1))


class ThumbGrid(ScrollView, can_focus=True):
    """Tiles in rows; thousands cost nothing, as only visible rows are drawn."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "cursor(-1, 0)", "left", show=False, id="grid.left"),
        Binding("right,l", "cursor(1, 0)", "right", show=False, id="grid.right"),
        Binding("up,k", "cursor(0, -1)", "up", show=False, id="grid.up"),
        Binding("down,j", "cursor(0, 1)", "down", show=False, id="grid.down"),
        Binding("enter", "choose", "open", show=False, id="grid.choose"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "thumb-grid--caption",
        "thumb-grid--cursor",
        "thumb-grid--waiting",
        "thumb-grid--running",
        "thumb-grid--failed",
        "thumb-grid--approved",
        "thumb-grid--rejected",
    }
    DEFAULT_CSS = """
    ThumbGrid {
        width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1;
        & > .thumb-grid--caption { color: $foreground; }
        & > .thumb-grid--cursor { color: $block-cursor-foreground; background: $block-cursor-background;
            text-style: bold; }
        & > .thumb-grid--waiting { color: $text-muted; }
        & > .thumb-grid--running { color: $accent; }
        & > .thumb-grid--failed { color: $text-error; }
        & > .thumb-grid--approved { color: $text-success; }
        & > .thumb-grid--rejected { color: $text-muted; }
    }
    """

    class Moved(Message):
        """The highlight stands on another tile."""

        def __init__(self, grid: "ThumbGrid", id: str) -> None:
            super().__init__()
            self.grid = grid
            """The widget."""
            self.id = id
            """The tile's id."""

        @property
        def control(self) -> "ThumbGrid":
            """The widget that sent this."""
            return self.grid

    class Chosen(Moved):
        """A tile was opened: by Enter, or by a click on the highlighted one."""

    def __init__(
        self, tiles: Iterable[Tile] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._tiles: list[Tile] = list(tiles)
        self._places = {tile.id: place for place, tile in enumerate(self._tiles)}
        self._cursor = 0
        self._layout_now = Layout(1, _COMFORTABLE, 7)
        self._drawings: dict[Path, tuple[Want, Drawing | None]] = {}
        self._is_loading = False

    @property
    def tiles(self) -> Sequence[Tile]:
        """All tiles, in order."""
        return tuple(self._tiles)

    @property
    def cursor(self) -> int:
        """Where the highlight stands, counted from 0."""
        return self._cursor

    @property
    def current(self) -> Tile | None:
        """The highlighted tile."""
        return self._tiles[self._cursor] if self._tiles else None

    def set_tiles(self, tiles: Iterable[Tile]) -> None:
        """Show these tiles; the highlight stays on its tile, or near where it was."""
        at = self.current.id if self.current else ""
        self._tiles = list(tiles)
        self._places = {tile.id: place for place, tile in enumerate(self._tiles)}
        self._cursor = self._places.get(at, min(self._cursor, max(len(self._tiles) - 1, 0)))
        self._arrange()

    def update_tile(self, tile: Tile) -> None:
        """Redraw one tile; only its caption where the picture is the same. Unknown ids are appended."""
        place = self._places.get(tile.id)
        if place is None:
            self._places[tile.id] = len(self._tiles)
            self._tiles.append(tile)
            self._arrange()
            return
        before, self._tiles[place] = self._tiles[place], tile
        if before == tile:
            return
        same = (before.preview, before.body) == (tile.preview, tile.body)
        self.refresh(self._caption(place) if same else self._region(place))
        self._load()

    def move_to(self, id: str) -> None:
        """Put the highlight on a tile; unknown ids are ignored."""
        if id in self._places:
            self._go(self._places[id])

    def action_cursor(self, dx: int, dy: int) -> None:
        """Move the highlight by columns and rows; it never wraps."""
        place = self._cursor + dx + dy * self._layout_now.per_row
        if dy > 0 and place >= len(self._tiles):
            row, last = (
                self._cursor // self._layout_now.per_row,
                (len(self._tiles) - 1) // self._layout_now.per_row,
            )
            place = len(self._tiles) - 1 if row < last else self._cursor
        if 0 <= place < len(self._tiles):
            self._go(place)

    def action_choose(self) -> None:
        """Open the highlighted tile."""
        if tile := self.current:
            self.post_message(self.Chosen(self, tile.id))

    def on_mount(self) -> None:
        """Follow the theme: captions and transparent pictures take its colours."""
        self.watch(self.app, "theme", self._follow_theme, init=False)
        painter_of(self.app).follow(self)
        self.app.app_resume_signal.subscribe(self, lambda _: self.draw_again())

    def draw_again(self) -> None:
        """Draw all thumbnails anew: the terminal has forgotten them."""
        self._drawings.clear()
        self._arrange()

    def on_resize(self) -> None:
        """Lay the tiles out anew."""
        self._arrange()

    def on_click(self, event: events.Click) -> None:
        """Put the highlight on the tile under the mouse; open it where it stands there already."""
        place = self._place_at(event.x, event.y + self.scroll_offset.y)
        if place is not None:
            if place == self._cursor:
                self.action_choose()
            else:
                self._go(place)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw what has come into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._load()

    def render_line(self, y: int) -> Strip:
        """Give one row of the visible part."""
        layout = self._layout_now
        width = self.content_size.width
        row, line = divmod(y + self.scroll_offset.y, layout.height)
        start = row * layout.per_row
        segments: list[Segment] = []
        for place in range(start, min(start + layout.per_row, len(self._tiles))):
            segments += self._tile_line(place, line)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the visible rows; pictures placed by colour are left out while a dialog tints them."""
        if painter_of(self.app).graphics.protocol == "kitty" and not self.screen.is_active:
            return [Strip.blank(crop.width, self.rich_style)] * crop.height
        return super().render_lines(crop)

    def _tile_line(self, place: int, line: int) -> list[Segment]:
        """Give one row of one tile, the gap included."""
        layout, ground = self._layout_now, self.rich_style
        if line == layout.height - 1:
            text, style = self._caption_text(place)
            return [Segment(text, style), Segment(" ", ground)]
        width = layout.picture.width
        tile = self._tiles[place]
        kept = self._drawings.get(tile.preview) if tile.preview else None
        drawing = kept[1] if kept else None
        if drawing is None or drawing.columns > width:
            body = tile.body if line == (layout.height - 1) // 2 else ""
            return [Segment(set_cell_size(clean(body, width).center(width), width) + " ", ground)]
        at = line - (layout.picture.height - drawing.rows)
        if not 0 <= at < drawing.rows:
            return [Segment(" " * (width + 1), ground)]
        left = (width - drawing.columns) // 2
        right = width + 1 - left - drawing.columns
        return [Segment(" " * left, ground), *drawing.lines[at], Segment(" " * right, ground)]

    def _caption_text(self, place: int) -> tuple[str, Style]:
        tile, width = self._tiles[place], self._layout_now.picture.width
        text = clean(" ".join(part for part in (tile.mark, tile.caption) if part), 200)
        if cell_len(text) > width:
            text = set_cell_size(text, width - 1) + "…"
        is_here = place == self._cursor
        if is_here and cell_len(text) + 2 <= width:
            text = "▸ " + text
        name = "cursor" if is_here else tile.state or "caption"
        return set_cell_size(text, width), self.get_component_rich_style(f"thumb-grid--{name}")

    def _go(self, place: int) -> None:
        if place == self._cursor:
            return
        before, self._cursor = self._cursor, place
        self._redraw_captions(before, place)
        self._reveal()
        self.post_message(self.Moved(self, self._tiles[place].id))

    def _redraw_captions(self, *places: int) -> None:
        """Write captions where they stand: Textual would write each row from its beginning (textual 8.2.8).

        Where something lies above them, Textual does it.
        """
        captions = [self._caption(place) for place in places]
        seen = [caption.translate(self.content_region.offset) for caption in captions]
        if self.app._batch_count or not all(map(self._is_bare, seen)):
            self.refresh(*captions)
            return
        self._styles_cache.set_dirty(*(caption.translate(self.content_offset) for caption in captions))
        written = ""
        for place, region in zip(places, seen, strict=True):
            strip = Strip([Segment(*self._caption_text(place))], region.width)
            for line_filter in self.get_line_filters():
                strip = strip.apply_filter(line_filter, self.background_colors[1])
            written += f"\x1b[{region.y + 1};{region.x + 1}H" + strip.render(self.app.console)
        painter_of(self.app).write(written)

    def _is_bare(self, region: Region) -> bool:
        """Tell whether a part of the screen shows this widget and nothing above it."""
        if not (self.screen.is_active and self.content_region.contains_region(region)):
            return False
        ends = ((region.x, region.y), (region.right - 1, region.y))
        return all(self.screen.get_widget_at(x, y)[0] is self for x, y in ends)

    def _follow_theme(self) -> None:
        self.call_after_refresh(self._load)

    def _reveal(self) -> None:
        """Scroll the highlighted tile into sight, if it is not."""
        if not self._tiles:
            return
        region = self._region(self._cursor).translate(self.scroll_offset)
        self.scroll_to_region(region, animate=False, x_axis=False)

    def _region(self, place: int) -> Region:
        """Where a tile lies in the visible part."""
        layout = self._layout_now
        row, column = divmod(place, layout.per_row)
        top = row * layout.height - self.scroll_offset.y
        return Region(column * layout.width, top, layout.picture.width, layout.height)

    def _caption(self, place: int) -> Region:
        tile = self._region(place)
        return Region(tile.x, tile.bottom - 1, tile.width, 1)

    def _place_at(self, x: int, y: int) -> int | None:
        column = x // self._layout_now.width
        place = y // self._layout_now.height * self._layout_now.per_row + column
        return place if column < self._layout_now.per_row and 0 <= place < len(self._tiles) else None

    def _arrange(self) -> None:
        """Lay everything out for the present room."""
        room = self.scrollable_content_region.size
        if not self.is_attached or not room.area:
            return
        self._layout_now = lay_out(room, len(self._tiles))
        rows = -(-len(self._tiles) // self._layout_now.per_row)
        self.virtual_size = Size(room.width, rows * self._layout_now.height)
        self.refresh()
        self.call_after_refresh(self._reveal)
        self._load()

    def _want(self, path: Path) -> Want | None:
        ground: Colour = self.background_colors[1].rgb
        room = self._layout_now.picture
        return painter_of(self.app).want(path, room.width, room.height, ground, is_thumb=True)

    def _visible(self) -> range:
        layout = self._layout_now
        first = self.scroll_offset.y // layout.height * layout.per_row
        rows = -(-self.content_size.height // layout.height) + 1
        return range(first, min(first + rows * layout.per_row, len(self._tiles)))

    def _missing(self) -> list[tuple[int, Path, Want]]:
        """List the visible tiles whose picture is not the wanted one, nearest to the highlight first."""
        missing = []
        painter = painter_of(self.app)
        for place in self._visible():
            path = self._tiles[place].preview
            want = self._want(path) if path else None
            if path is None or want is None:
                continue
            kept, drawing = self._drawings.get(path, (None, None))
            if kept != want or (drawing is not None and not painter.knows(drawing)):
                missing.append((place, path, want))
        return sorted(missing, key=lambda item: abs(item[0] - self._cursor))

    def _load(self) -> None:
        if self.is_attached and not self._is_loading and self._missing():
            self._is_loading = True
            self.run_worker(self._fill(), group="thumbs", exit_on_error=False)

    async def _fill(self) -> None:
        """Draw what is visible and missing, a few at a time."""
        painter = painter_of(self.app)
        try:
            while missing := self._missing()[:4]:
                drawings = await asyncio.gather(*(painter.drawing(want) for _, _, want in missing))
                for (_, path, want), drawing in zip(missing, drawings, strict=True):
                    if drawing is not None:
                        await painter.introduce(drawing)
                    self._drawings[path] = (want, drawing)
                    places = [place for place in self._visible() if self._tiles[place].preview == path]
                    self.refresh(*(self._region(place) for place in places))
                await painter.drained(2)
        finally:
            self._is_loading = False
