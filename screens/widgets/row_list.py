"""A list of one-line rows: only what is visible is drawn, so thousands of rows cost nothing."""

from typing import ClassVar

from rich.cells import set_cell_size
from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.graphics.painter import painter_of


class RowList(ScrollView, can_focus=False, inherit_bindings=False):
    """Rows with a highlight in their first cells; it never takes the focus, its screen moves it.

    The families below say how many rows there are and what stands in each.
    """

    MARK_CELLS: ClassVar[int] = 14
    """How many cells of a row show the highlight: few, so that a move sends few bytes."""
    COMPONENT_CLASSES: ClassVar[set[str]] = {"row-list--cursor", "row-list--first"}
    DEFAULT_CSS = """
    RowList {
        width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        & > .row-list--cursor { color: $block-cursor-foreground; background: $block-cursor-background; }
        & > .row-list--first { color: $text-muted; }
    }
    """

    class Moved(Message):
        """The highlight stands on another row."""

        def __init__(self, rows: "RowList", place: int) -> None:
            super().__init__()
            self.rows = rows
            """The widget."""
            self.place = place
            """The row, counted from 0."""

    class Chosen(Moved):
        """A row was opened: by a click on the highlighted one."""

    class NearEnd(Message):
        """The last rows are in sight: more may be wanted."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._cursor = 0

    # --- for the families to fill -----------------------------------------------------------------------

    @property
    def count(self) -> int:
        """How many rows there are."""
        return 0

    def first(self, place: int) -> str:
        """What stands in the first cells of a row, under the highlight; a cleaned text."""
        return ""

    def rest(self, place: int, width: int) -> list[Segment]:
        """What stands behind the first cells.

        Args:
            place: the row, counted from 0.
            width: how many cells there are for it.
        """
        return []

    # --- for the screens --------------------------------------------------------------------------------

    @property
    def cursor(self) -> int:
        """Where the highlight stands, counted from 0."""
        return self._cursor

    def move(self, by: int) -> None:
        """Move the highlight; it stops at the ends."""
        self.go(self._cursor + by)

    def page(self, pages: float) -> None:
        """Move the highlight by pages of what is visible."""
        self.move(round(pages * max(1, self.content_size.height - 1)))

    def go(self, place: int) -> None:
        """Put the highlight on a row; places beyond the ends mean the ends."""
        place = max(0, min(place, self.count - 1))
        if place == self._cursor or not self.count:
            return
        before, self._cursor = self._cursor, place
        top = self.scroll_offset.y
        self._reveal()
        if self.scroll_offset.y == top:
            self._redraw_marks(before, place)
        else:
            self.refresh()
        self.post_message(self.Moved(self, place))
        self._tell_near_end()

    def rows_changed(self, *, cursor: int, shift: int = 0) -> None:
        """Take it that the rows are others now.

        Args:
            cursor: where the highlight belongs.
            shift: by how many rows what is visible has gone down, so that it stays where it was.
        """
        self._cursor = max(0, min(cursor, self.count - 1))
        self._fit()
        if shift and self.scroll_offset.y:
            self.scroll_to(y=self.scroll_offset.y + shift, animate=False, immediate=True)
        self.refresh()

    # --- drawing ----------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        """Give one visible row."""
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if place >= self.count:
            return Strip.blank(width, self.rich_style)
        segments = [self._mark(place), *self.rest(place, max(0, width - self.MARK_CELLS))]
        return Strip(segments).adjust_cell_length(width, self.rich_style).crop(0, width)

    def on_resize(self) -> None:
        """Keep the highlighted row in sight."""
        self._fit()
        self._reveal()
        self._tell_near_end()

    def on_click(self, event: events.Click) -> None:
        """Put the highlight on the row under the mouse; open it where it stands there already."""
        place = event.y + self.scroll_offset.y
        if place >= self.count:
            return
        if place == self._cursor:
            self.post_message(self.Chosen(self, place))
        else:
            self.go(place)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Ask for more rows when the last ones come into sight."""
        super().watch_scroll_y(old_value, new_value)
        self._tell_near_end()

    def _fit(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, self.count)

    def _tell_near_end(self) -> None:
        if self.count and self.scroll_offset.y + 2 * self.content_size.height >= self.count:
            self.post_message(self.NearEnd())

    def _reveal(self) -> None:
        height = self.content_size.height
        if not height:
            return
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, immediate=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1, animate=False, immediate=True)

    def _mark(self, place: int) -> Segment:
        is_here = place == self._cursor
        text = set_cell_size(("▸ " if is_here else "  ") + self.first(place), self.MARK_CELLS - 1) + " "
        name = "cursor" if is_here else "first"
        return Segment(text, self.get_component_rich_style(f"row-list--{name}"))

    def _redraw_marks(self, *places: int) -> None:
        """Write the first cells where they stand: Textual would write each row whole (textual 8.2.8).

        Where something lies above them, Textual does it.
        """
        top = self.scroll_offset.y
        regions = [Region(0, place - top, self.MARK_CELLS, 1) for place in places]
        seen = [region.translate(self.content_region.offset) for region in regions]
        if self.app._batch_count or not all(map(self._is_bare, seen)):
            self.refresh(*regions)
            return
        self._styles_cache.set_dirty(*(region.translate(self.content_offset) for region in regions))
        written = ""
        for place, region in zip(places, seen, strict=True):
            strip = Strip([self._mark(place)], region.width)
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
