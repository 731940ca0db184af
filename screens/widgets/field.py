"""A field of a form: its name, the place to type or choose, and under it what is wrong."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from podtui.text import clean, clean_lines
from screens.safe import safe

MAX_PASTE = 30_000
"""The longest paste that is taken whole, in characters: more than a prompt may have, so that it is told."""


class Line(Input):
    """One line to type in; a paste is cleaned before it is drawn."""

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        # A field that one comes into by Tab keeps its text when the next letter is typed.
        super().__init__(id=id, placeholder=placeholder, compact=True, select_on_focus=False)

    def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        self.insert_text_at_cursor(clean(event.text[:MAX_PASTE].strip("\r\n"), MAX_PASTE))


class Lines(TextArea):
    """A few lines to type in; a paste is cleaned before it is drawn."""

    class Cut(Message):
        """A paste was too long to be taken whole."""

        def __init__(self, length: int) -> None:
            super().__init__()
            self.length = length
            """How long it was, in characters."""

    def __init__(self, *, id: str | None = None, placeholder: str = "") -> None:
        super().__init__(id=id, placeholder=placeholder, compact=True, highlight_cursor_line=False)

    async def _on_paste(self, event: events.Paste) -> None:
        event.prevent_default()
        event.stop()
        if len(event.text) > MAX_PASTE:
            self.post_message(self.Cut(len(event.text)))
        text = clean_lines(event.text[:MAX_PASTE], MAX_PASTE)
        if result := self._replace_via_keyboard(text, *self.selection):
            self.move_cursor(result.end_location)


class Choice(Widget, can_focus=True):
    """One of a few values, on one line: ``‹ quality ›``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "step(-1)", "before", show=False, id="choice.before"),
        Binding("right,l,space,enter", "step(1)", "next", show=False, id="choice.next"),
    ]
    DEFAULT_CSS = """
    Choice { height: 1; width: 1fr; background: $surface; }
    Choice:focus { background: $panel; text-style: bold; }
    """

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, choice: "Choice", value: str) -> None:
            super().__init__()
            self.choice = choice
            """The widget."""
            self.value = value
            """What was chosen."""

        @property
        def control(self) -> "Choice":
            """The widget that sent this."""
            return self.choice

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._options: tuple[tuple[str, str], ...] = ()
        self._value = ""

    @property
    def value(self) -> str:
        """What is chosen."""
        return self._value

    def show(self, options: Sequence[tuple[str, str]], value: str) -> None:
        """Offer values, each with the words it is shown by; a value that is not among them is added."""
        self._options = tuple(options)
        if value not in dict(options):
            self._options += ((value, value),)
        self._value = value
        self.refresh()

    def render(self) -> Content:
        """Write the words of the value."""
        words = clean(dict(self._options).get(self._value, self._value), 80)
        return Content.assemble(("‹ ", "$foreground 50%"), words, (" ›", "$foreground 50%"))

    def action_step(self, by: int) -> None:
        """Choose the value before or after; the last is followed by the first."""
        values = [value for value, _ in self._options]
        if len(values) < 2:
            return
        self._value = values[(values.index(self._value) + by) % len(values)]
        self.refresh()
        self.post_message(self.Changed(self, self._value))

    def on_click(self, event: events.Click) -> None:
        """A click goes on to the next value, one on the left sign back."""
        self.action_step(-1 if event.x < 2 else 1)


class Field(Vertical):
    """A name, a control, and the words under it."""

    DEFAULT_CSS = """
    Field {
        width: 1fr; height: auto;
        & > .field-row { height: auto; width: 1fr; }
        & .field-label { width: 9; color: $text-muted; }
        & > .field-words { display: none; width: 1fr; height: auto; padding-left: 9; }
        &.-noted > .field-words { display: block; color: $text-muted; }
        &.-bad > .field-words { display: block; color: $text-error; }
        &.-bad .field-label { color: $text-error; }
    }
    """

    def __init__(self, name: str, label: str, control: Widget, *, classes: str = "") -> None:
        super().__init__(id=f"field-{name}", classes=classes)
        self._label = label
        self._words = ""
        self.field_name = name
        """What it is called in ``podtui.plan.Fields``."""
        self.control = control
        """Where one types or chooses."""

    def compose(self) -> ComposeResult:
        """The name beside the control, the words under them."""
        with Horizontal(classes="field-row"):
            yield Static(safe(self._label, 20), classes="field-label")
            yield self.control
        yield Static("", classes="field-words")

    @property
    def words(self) -> str:
        """What is said under it."""
        return self._words

    def relabel(self, label: str) -> None:
        """Call it otherwise."""
        if label != self._label:
            self._label = label
            self.query_one(".field-label", Static).update(safe(label, 20))

    def tell(self, problem: str = "", note: str = "") -> None:
        """Say under it what is wrong, or else what should be known."""
        self.set_class(bool(problem), "-bad")
        self.set_class(bool(note) and not problem, "-noted")
        words = f"✗ {problem}" if problem else note
        if words != self._words:
            self._words = words
            self.query_one(".field-words", Static).update(safe(words, 400))
