"""The prompts of the past, searched while one types."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from podtui.text import clean
from screens.safe import safe
from screens.widgets.field import Line
from screens.widgets.row_list import RowList

_SEARCHED = 400
"""How many characters of a prompt are searched."""
_WIDEST = 3
"""Letters that are strewn over more than so many times their number are no hit."""


@dataclass(frozen=True)
class PastPrompt:
    """A prompt with what belongs to it."""

    prompt: str
    style: str = ""
    genre: str = ""

    @property
    def words(self) -> str:
        """All of it on one line, cleaned."""
        return clean(" · ".join(part for part in (self.prompt, self.style, self.genre) if part), _SEARCHED)


def rank(query: str, past: Sequence[PastPrompt]) -> list[PastPrompt]:
    """Find prompts: those with every word first, then those that have the letters in their order."""
    wanted = query.casefold().split()
    if not wanted:
        return list(past)
    whole, loose = [], []
    for one in past:
        text = one.words.casefold()
        if all(word in text for word in wanted):
            whole.append(one)
        elif (gap := _stretch("".join(wanted), text)) is not None:
            loose.append((gap, one))
    return whole + [one for _, one in sorted(loose, key=lambda item: item[0])]


def _stretch(letters: str, text: str) -> int | None:
    """Over how many characters the letters are strewn, in their order; None where they are not, or widely."""
    best: int | None = None
    first = text.find(letters[0])
    while first >= 0:
        at = first
        for letter in letters:
            at = text.find(letter, at) + 1
            if not at:
                return best
        if at - first <= _WIDEST * len(letters) and (best is None or at - first < best):
            best = at - first
        first = text.find(letters[0], first + 1)
    return best


class PastList(RowList):
    """Prompts by row."""

    MARK_CELLS: ClassVar[int] = 3

    def __init__(self) -> None:
        super().__init__()
        self.found: list[PastPrompt] = []

    @property
    def count(self) -> int:
        """How many prompts were found."""
        return len(self.found)

    def rest(self, place: int, width: int) -> list[Segment]:
        """The prompt on one line."""
        return [Segment(self.found[place].words, self.rich_style)]

    def show(self, found: Sequence[PastPrompt]) -> None:
        """Show these prompts, from the first."""
        self.found = list(found)
        self.rows_changed(cursor=0)
        self.scroll_home(animate=False, immediate=True)


class History(ModalScreen[PastPrompt]):
    """Type to search, arrows to move, Enter takes, Esc leaves."""

    DEFAULT_CSS = """
    History { align: center middle; background: $background 60%; }
    History > Vertical {
        width: 90%; max-width: 110; height: 80%; padding: 0 2; background: $surface; border: round $accent;
        & > Line { margin-bottom: 1; }
        & > .choices { height: 1; margin-top: 1; color: $text-muted; }
    }
    """

    def __init__(self, past: Sequence[PastPrompt]) -> None:
        super().__init__()
        self._past = list(past)
        self._list = PastList()

    def compose(self) -> ComposeResult:
        """The search, what was found, the keys."""
        with Vertical():
            yield Line(placeholder="search the prompts of the past")
            yield self._list
            yield Static("", classes="choices")

    def on_mount(self) -> None:
        """Show everything, the newest first."""
        self._show("")
        self.query_one(Line).focus()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search anew."""
        self._show(event.value)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Take the highlighted one."""
        event.stop()
        self._take()

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        """Take what was clicked."""
        event.stop()
        self._take()

    def on_key(self, event: events.Key) -> None:
        """Move and leave; letters go to the search."""
        moves = {"up": -1, "down": 1, "ctrl+k": -1, "ctrl+j": 1}
        if event.key in moves:
            self._list.move(moves[event.key])
        elif event.key in ("pageup", "pagedown"):
            self._list.page(1 if event.key == "pagedown" else -1)
        elif event.key in ("escape", "ctrl+r", "ctrl+c"):
            self.dismiss(None)
        else:
            return
        event.stop()
        event.prevent_default()

    def _take(self) -> None:
        self.dismiss(self._list.found[self._list.cursor] if self._list.found else None)

    def _show(self, query: str) -> None:
        self._list.show(rank(query, self._past))
        count, total = self._list.count, len(self._past)
        if not total:
            said = "No prompts yet: the first batch begins the history.   esc leave"
        else:
            said = f"{count} of {total}   enter take   ↑ ↓ move   esc leave"
        self.query_one(".choices", Static).update(safe(said))
