"""The info panel: everything worth knowing of one image, beside its picture."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from podtui.text import clean
from screens.widgets.live_log import wrap

_LABEL_CELLS = 11


class InfoPanel(VerticalScroll, can_focus=False):
    """Labels and texts in two columns; stands where the thumbnails stood, never over the picture."""

    DEFAULT_CSS = """
    InfoPanel { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    InfoPanel > Static { width: 1fr; height: auto; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: tuple[tuple[str, str], ...] = ()

    def compose(self) -> ComposeResult:
        """One text; rows are lines of it."""
        yield Static(id="info-rows", markup=False)

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these rows, from the top."""
        if tuple(rows) != self._rows:
            self._rows = tuple(rows)
            self._draw()
            self.scroll_home(animate=False)

    def on_resize(self) -> None:
        """Break the texts anew."""
        self._draw()

    def _draw(self) -> None:
        room = self.scrollable_content_region.width - _LABEL_CELLS - 1
        if room < 8:
            return
        lines: list[Content] = []
        for label, text in self._rows:
            for number, piece in enumerate(wrap(clean(text), room)):
                head = (clean(label, _LABEL_CELLS - 1) if number == 0 else "").ljust(_LABEL_CELLS)
                lines.append(Content.assemble((head, "dim"), piece))
        self.query_one("#info-rows", Static).update(Content("\n").join(lines))
