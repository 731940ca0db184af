"""Asks for the name under which the fields of compose are kept."""

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.safe import safe
from screens.widgets.field import Line


class PresetName(ModalScreen[str]):
    """One line to type in; Enter keeps, Esc leaves."""

    DEFAULT_CSS = """
    PresetName { align: center middle; background: $background 60%; }
    PresetName > Vertical {
        width: 60; height: auto; padding: 1 3; background: $surface; border: round $accent;
        & > Static { height: auto; width: 1fr; }
        & > Line { margin: 1 0; background: $panel; }
        & > .choices { color: $text-muted; }
    }
    """

    def compose(self) -> ComposeResult:
        """The question, the line, the keys."""
        with Vertical():
            yield Static(safe("Keep every field but prompt and seed as a preset named:"))
            yield Line(placeholder="a–z, 0–9 and -")
            yield Static(safe("enter keep     esc leave"), classes="choices")

    def on_mount(self) -> None:
        """Begin to type."""
        self.query_one(Line).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Answer with the name."""
        event.stop()
        self.dismiss(event.value.strip() or None)

    def on_key(self, event: events.Key) -> None:
        """Esc leaves it."""
        if event.key in ("escape", "ctrl+c"):
            event.stop()
            event.prevent_default()
            self.dismiss(None)
