"""The picture: one prepared preview, as large as its room, by whatever the terminal can draw."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from time import monotonic

from rich.segment import Segment
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from podtui.text import shorten
from screens.graphics.answers import STATUS_QUERY, expect_receipt, has_receipts, is_installed
from screens.graphics.drawing import Colour, Drawing, Want
from screens.graphics.painter import PIECE_BYTES, Painter, painter_of

_REST_S = 0.1
"""How long the eye must rest before a picture is sent, where pictures change faster, in seconds."""
_FRAME_S = 1 / 50
"""A little longer than Textual takes to draw an update, in seconds."""
_ALL = 10_000
_NEVER_S = 10.0
"""After this long a terminal that never answered a status query is taken not to, in seconds."""
_STALE_S = 0.25
"""How long the picture before may stand in for one that is on its way, in seconds."""


class Picture(Widget):
    """Shows one preview, in the middle, unbent; never the draft or the print file.

    Old wishes are dropped: while pictures change faster than they can be sent, only the last is.
    """

    DEFAULT_CSS = """
    Picture { width: 1fr; height: 1fr; }
    """

    class Shown(Message):
        """The picture has been written to the terminal."""

        def __init__(self, picture: "Picture", source: Path) -> None:
            super().__init__()
            self.picture = picture
            """The widget."""
            self.source = source
            """The preview that was drawn."""

        @property
        def control(self) -> "Picture":
            """The widget that sent this."""
            return self.picture

    class Seen(Shown):
        """The terminal told that the picture has been painted; where none can tell, this follows at once."""

    def __init__(
        self, source: Path | None = None, *, alt: str = "", id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._source = source
        self._alt = alt
        self._ahead: tuple[Path, ...] = ()
        self._drawing: Drawing | None = None
        self._drawn: Want | None = None
        self._out = _ALL
        self._asked_at = 0.0
        self._is_hasty = False
        self._is_pursuing = False

    @property
    def source(self) -> Path | None:
        """The preview that is wanted."""
        return self._source

    @property
    def is_painted(self) -> bool:
        """The wanted preview stands on the screen."""
        return self._drawing is not None and self._drawn == self._want() and self._out >= self._drawing.rows

    def show(self, source: Path | None, *, alt: str = "") -> None:
        """Show a preview, or only words.

        Args:
            source: a prepared preview; None shows the words.
            alt: what is said where there is no picture.
        """
        if (source, alt) == (self._source, self._alt):
            return
        now = monotonic()
        self._is_hasty, self._asked_at = now - self._asked_at < 2 * _REST_S, now
        self._source, self._alt = source, alt
        self._update()

    def prefetch(self, sources: Iterable[Path]) -> None:
        """Have previews drawn that will be wanted next, the likeliest first."""
        self._ahead = tuple(sources)
        if self.is_painted or self._source is None:
            self._prefetch()

    def on_mount(self) -> None:
        """Follow the theme: transparent parts show the ground."""
        self.watch(self.app, "theme", self._follow_theme, init=False)
        self._painter.follow(self)
        self.app.app_resume_signal.subscribe(self, lambda _: self.draw_again())

    def draw_again(self) -> None:
        """Draw anew: the terminal has forgotten the picture."""
        self._put(None, None)
        self._update()

    def on_resize(self) -> None:
        """Draw anew at the new size, once it is known where on the screen that is."""
        self.call_after_refresh(self._update)

    def render_line(self, y: int) -> Strip:
        """Give one row: a row of the drawing, or of the words."""
        width, height = self.content_size
        ground = self.rich_style
        drawing = self._drawing
        if drawing is None:
            return self._words(y, width, height)
        row = y - (height - drawing.rows) // 2
        if not 0 <= row < min(drawing.rows, self._out) or drawing.columns > width:
            return Strip.blank(width, ground)
        left = (width - drawing.columns) // 2
        right = width - left - drawing.columns
        line = drawing.lines[row]
        return Strip([Segment(" " * left, ground), *line, Segment(" " * right, ground)], width)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Give the visible rows; empty ones while a dialog stands above and would tint the escapes."""
        if self._painter.graphics.protocol != "halfblock" and not self.screen.is_active:
            return [Strip.blank(crop.width, self.rich_style)] * crop.height
        return super().render_lines(crop)

    @property
    def _painter(self) -> Painter:
        return painter_of(self.app)

    def _background(self) -> Colour:
        return self.background_colors[1].rgb

    def _want(self, source: Path | None = None) -> Want | None:
        source = source or self._source
        if source is None:
            return None
        width, height = self.content_size
        if self._painter.graphics.protocol in ("sixel", "iterm2"):
            # Past the last column the cursor stands still, so going back is one off; a picture on the last
            # row makes xterm scroll.
            width -= self.region.right >= self.app.size.width
            height -= self.region.bottom >= self.app.size.height
        return self._painter.want(source, width, height, self._background())

    def _follow_theme(self) -> None:
        self.call_after_refresh(self._update)

    def _words(self, y: int, width: int, height: int) -> Strip:
        words = shorten(self._alt, max(width, 1)) if self._alt and y == height // 2 else ""
        return Strip([Segment(words.center(width), self.rich_style)]).adjust_cell_length(
            width, self.rich_style
        )

    def _update(self) -> None:
        """Go after what is wanted now."""
        if not self.is_attached or not self.content_size.area:
            return
        want = self._want()
        if want is None:
            self._put(None, None)
            return
        if want == self._drawn:
            return
        if not self._is_pursuing:
            self._is_pursuing = True
            self.run_worker(self._pursue(), group="picture", exit_on_error=False)

    async def _pursue(self) -> None:
        """Draw what is wanted until it is what stands there."""
        try:
            while (want := self._want()) is not None and want != self._drawn:
                await self._reach(want)
        finally:
            self._is_pursuing = False
        self._prefetch()

    async def _reach(self, want: Want) -> None:
        """Draw one picture, unless another is wanted by then."""
        drawing = self._painter.ready(want)
        if drawing is None:
            drawing = await self._painter.drawing(want)
            await self._rest()
            if want != self._want():
                return
            if drawing is not None and drawing.transfer:
                await self._introduce(drawing)
                if want != self._want():
                    return
        self._put(drawing, want)
        if drawing is not None and await self._paint(drawing, want) and self._source is not None:
            self.post_message(self.Shown(self, want.path))
            self._ask_for_receipt(want.path)

    async def _introduce(self, drawing: Drawing) -> None:
        """Have the terminal learn a picture; where that takes long, the one before is taken away."""
        task = asyncio.ensure_future(self._painter.introduce(drawing))
        if not (await asyncio.wait([task], timeout=_STALE_S))[0]:
            self._put(None, None)
            await task

    def _ask_for_receipt(self, source: Path) -> None:
        """Put a status query behind the picture; its answer is the receipt."""
        if self.app.is_headless or not self._painter.graphics.has_receipts or not is_installed():
            self.post_message(self.Seen(self, source))
            return
        receipt = expect_receipt()
        self._painter.write(STATUS_QUERY)
        self.run_worker(self._wait_for(receipt, source), group="receipt", exit_on_error=False)

    async def _wait_for(self, receipt: "asyncio.Future[bool]", source: Path) -> None:
        """Tell of the receipt; a terminal that never gave one is not waited for long."""
        await asyncio.wait([receipt], timeout=None if has_receipts() else _NEVER_S)
        self.post_message(self.Seen(self, source))

    async def _rest(self) -> None:
        """Wait until the eye rests, where pictures change fast."""
        left_s = self._asked_at + _REST_S - monotonic()
        while self._is_hasty and left_s > 0:
            await asyncio.sleep(left_s)
            left_s = self._asked_at + _REST_S - monotonic()

    def _put(self, drawing: Drawing | None, want: Want | None) -> None:
        """Make a drawing the one that stands here; a heavy one comes row by row."""
        if drawing is None and self._drawing is None and want == self._drawn:
            return
        self._drawing, self._drawn = drawing, want
        self._out = 0 if drawing is not None and drawing.weight > PIECE_BYTES else _ALL
        self.refresh()

    async def _paint(self, drawing: Drawing, want: Want) -> bool:
        """Let rows out while the line is free; tell whether the picture stands there whole.

        Each piece is one update of Textual's, so what covers the picture stays on top; an update that the
        line takes at once lets the next be larger.
        """
        per_row = max(1, drawing.weight // drawing.rows)
        piece = PIECE_BYTES
        top = (self.content_size.height - drawing.rows) // 2
        while self._out < drawing.rows and self._drawn == want == self._want():
            count = max(1, piece // per_row)
            self.refresh(Region(0, top + self._out, self.content_size.width, count))
            self._out += count
            await asyncio.sleep(_FRAME_S)
            piece = PIECE_BYTES if self._painter.queued else min(2 * piece, 4 * PIECE_BYTES)
            await self._painter.drained()
        await self._painter.drained()
        return self._drawn == want and self._out >= drawing.rows

    def _prefetch(self) -> None:
        self._painter.prefetch([want for path in self._ahead if (want := self._want(path)) is not None])
