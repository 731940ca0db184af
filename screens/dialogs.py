"""Questions to a person: typed by their answer and awaited."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from podtui.text import clean
from screens.safe import safe

_YES, _NO = "y", "n"


class Confirm(ModalScreen[bool]):
    """Asks once before something that costs, changes a shop or deletes; Enter alone never confirms."""

    DEFAULT_CSS = """
    Confirm { align: center middle; background: $background 60%; }
    Confirm > Vertical {
        width: auto; min-width: 40; max-width: 72; height: auto; padding: 1 3; background: $surface;
        border: round $accent;
        & > Static { width: auto; max-width: 64; height: auto; }
        & > .choices { margin-top: 1; color: $text-muted; }
    }
    """

    def __init__(self, sentence: str, verb: str) -> None:
        super().__init__()
        self._sentence = sentence
        self._verb = verb

    def compose(self) -> ComposeResult:
        """The sentence, and what the keys do."""
        with Vertical():
            yield Static(safe(self._sentence, 1000))
            yield Static(
                safe(f"y  {clean(self._verb, 60)}     n  leave it     Enter does nothing"), classes="choices"
            )

    def on_key(self, event: events.Key) -> None:
        """Take ``y`` as yes, ``n``, ``q`` and Esc as no, and nothing else."""
        event.stop()
        event.prevent_default()
        if event.character == _YES:
            self.dismiss(True)
        elif event.character in (_NO, "q") or event.key in ("escape", "ctrl+c"):
            self.dismiss(False)
