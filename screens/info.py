"""The info panel: everything worth knowing of one image, beside its picture."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from podtui.text import clean


class InfoPanel(VerticalScroll, can_focus=False):
    """Labels and texts; stands where the thumbnails stood, never over the picture."""

    DEFAULT_CSS = """
    InfoPanel { width: 1fr; height: 1fr; scrollbar-size-vertical: 1; }
    InfoPanel > Static { width: 1fr; height: auto; }
    """

    def compose(self) -> ComposeResult:
        """One text; rows are lines of it."""
        yield Static(id="info-rows", markup=False)

    def show(self, rows: Sequence[tuple[str, str]]) -> None:
        """Show these rows, from the top."""
        parts: list[Content] = []
        for label, text in rows:
            parts.append(Content.styled(clean(label, 40), "$text-muted"))
            parts.append(Content(f"  {clean(text)}"))
        self.query_one("#info-rows", Static).update(Content("\n").join(parts))
        self.scroll_home(animate=False)
