"""The line at the bottom of every screen: the keys that matter now, or what may follow a begun chord."""

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.keys import Key, shown


class Foot(Widget):
    """One line of keys and what they do; a click on one does it."""

    DEFAULT_CSS = """
    Foot { height: 1; width: 1fr; dock: bottom; background: $panel; color: $text-muted; padding: 0 1; }
    """

    class Pressed(Message):
        """A key was clicked."""

        def __init__(self, key: Key) -> None:
            super().__init__()
            self.key = key
            """What it does."""

    keys: reactive[Sequence[Key]] = reactive(())
    """The keys to show, the most important first; what has no room is left out."""
    pending: reactive[str] = reactive("")
    """The first key of a chord that was begun; the keys are then what may follow."""

    def render(self) -> Content:
        """Put as many keys on the line as go in whole."""
        parts: list[tuple[str, str]] = []
        if self.pending:
            parts.append((f"{shown(self.pending)} … ", "bold $text-accent"))
        for key, label in self._fitting():
            parts += [(key, "bold $foreground"), (f" {label}", ""), ("   ", "")]
        return Content.assemble(*parts[:-1] if parts and parts[-1][0] == "   " else parts)

    def on_click(self, event: events.Click) -> None:
        """Find the key under the mouse."""
        at = len(shown(self.pending)) + 3 if self.pending else 0
        for entry, (key, label) in zip(self.keys, self._fitting(), strict=False):
            end = at + len(key) + 1 + len(label)
            if at <= event.x - 1 < end:
                self.post_message(self.Pressed(entry))
                return
            at = end + 3

    def _fitting(self) -> list[tuple[str, str]]:
        room = self.size.width - (len(shown(self.pending)) + 3 if self.pending else 0)
        found: list[tuple[str, str]] = []
        for entry in self.keys:
            key = entry.shown.split()[-1] if self.pending else entry.shown
            room -= len(key) + 1 + len(entry.label) + 3
            if room + 3 < 0:
                break
            found.append((key, entry.label))
        return found
