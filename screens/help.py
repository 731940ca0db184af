"""The keys that work now; typing filters them."""

from collections.abc import Sequence
from textwrap import wrap

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from podtui.text import clean
from screens.keys import EVERYWHERE, Key
from screens.safe import safe

_KEYS, _WORDS = 16, 50
"""The columns of the keys and of what they do, in cells."""


class Help(ModalScreen[None]):
    """Every key of this screen and of every screen, with what it does."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    Help { align: center middle; background: $background 60%; }
    Help > Vertical {
        width: 76; max-width: 96%; height: 90%; padding: 0 2; background: $surface; border: round $border;
        & > Static { height: 1; color: $text-muted; }
        & > VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
        & Static.keys { height: auto; }
    }
    """

    def __init__(self, room: str, keys: Sequence[Key]) -> None:
        super().__init__()
        self._room = room
        self._keys = keys

    def compose(self) -> ComposeResult:
        """The filter, and the keys below it."""
        with Vertical():
            yield Static(safe(f"Keys that work in {self._room}   (type to filter, esc leaves)"))
            yield Input(placeholder="filter")
            with VerticalScroll(can_focus=False):
                yield Static(self._table(""), classes="keys")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter by what is typed."""
        self.query_one(".keys", Static).update(self._table(event.value))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def on_key(self, event: events.Key) -> None:
        """Scroll with the arrows, leave with Esc, and with ``q`` or ``?`` while nothing is typed."""
        scroll = self.query_one(VerticalScroll)
        moves = {
            "down": scroll.scroll_down,
            "up": scroll.scroll_up,
            "pagedown": scroll.scroll_page_down,
            "pageup": scroll.scroll_page_up,
        }
        if event.key in moves:
            moves[event.key](animate=False)
        elif event.key in ("escape", "ctrl+c", "enter"):
            self.dismiss()
        else:
            return
        event.stop()
        event.prevent_default()

    def _table(self, wanted: str) -> Content:
        wanted = clean(wanted, 100).casefold().strip()
        parts: list[tuple[str, str]] = []
        for title, is_everywhere in ((self._room.capitalize(), False), ("Everywhere", True)):
            rows = [
                key
                for key in self._keys
                if (key.scope == EVERYWHERE) is is_everywhere and wanted in _words_of(key)
            ]
            if rows:
                parts.append((f"\n{title}\n", "bold $text-accent"))
            for key in rows:
                keys = key.all_shown
                lines = wrap(key.tooltip, _WORDS) or [""]
                parts += [(f"  {keys:<{_KEYS}} ", "bold"), (f"\n{' ' * (_KEYS + 3)}".join(lines) + "\n", "")]
        return Content.assemble(*parts) if parts else Content("\nNo key does that here.")


def _words_of(key: Key) -> str:
    return f"{key.all_shown} {key.label} {key.tooltip} {key.id}".casefold()
