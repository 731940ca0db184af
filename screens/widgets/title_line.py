"""The line on top of every screen: where one is, and what is alive everywhere."""

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from podtui.text import clean, shorten


class TitleLine(Widget):
    """One line: ``podtui · Review · …`` on the left, what is alive on the right."""

    DEFAULT_CSS = """
    TitleLine { height: 1; width: 1fr; dock: top; background: $panel; color: $foreground; padding: 0 1; }
    """

    heading: reactive[str] = reactive("")
    """Where one is; any text."""
    alive: reactive[str] = reactive("")
    """What is alive; keeps its room when the line is short."""

    def render(self) -> Content:
        """Put the two sides on one line; the left one gives way."""
        width = self.size.width
        right = shorten(self.alive, max(0, width - 12)) if self.alive else ""
        room = width - len("podtui") - (Content(right).cell_length + 2 if right else 0)
        left = clean(self.heading, 400)
        middle = Content(f" · {left}" if left else "").truncate(max(room, 0), ellipsis=True)
        gap = max(0, room - middle.cell_length) + (2 if right else 0)
        return Content.assemble(("podtui", "bold $text-primary"), middle, " " * gap, (right, "$text-accent"))
