"""The table of batches: one line each, newest first, drawn from the cards that are at hand."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from podtui.store.cards import BatchCard
from podtui.text import clean, money
from screens.widgets.row_list import RowList
from screens.widgets.state_words import of_batch

_SIZE, _STATE, _COUNTS, _RATE, _COST = 6, 12, 9, 5, 8
_FIXED = _SIZE + 1 + _STATE + _COUNTS + _RATE + _COST
"""What stands behind the prompt, in cells."""


def when(created_ms: int, now_ms: int) -> str:
    """Tell a moment as people do: ``today 14:02``, ``12 Nov 14:02``, ``12 Nov 2025``; local time."""
    made = datetime.fromtimestamp(created_ms / 1000).astimezone()
    now = datetime.fromtimestamp(now_ms / 1000).astimezone()
    if made.date() == now.date():
        return f"today {made:%H:%M}"
    if abs((now - made).days) < 300:
        return f"{made.day} {made:%b %H:%M}"
    return f"{made.day} {made:%b %Y}"


def approval(card: BatchCard) -> str:
    """How much of a batch was approved (the guide's rate: of all its images); a dash before any decision."""
    counts = card.counts
    if not counts.approved + counts.rejected or not counts.total:
        return "–"
    return f"{round(100 * counts.approved / counts.total)}%"


def size_words(card: BatchCard) -> str:
    """How many images: ``10``, or ``7/10`` where some have no picture."""
    counts = card.counts
    return str(counts.total) if counts.done == counts.total else f"{counts.done}/{counts.total}"


def _fit(text: str, width: int) -> str:
    """Cut a cleaned text to cells, with an ellipsis where something is missing."""
    return text if cell_len(text) <= width else set_cell_size(text, max(0, width - 1)) + "…"


class BatchTable(RowList):
    """Batches by row; the cursor stays on its batch whatever arrives above it."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "batch-table--plain",
        "batch-table--quiet",
        "batch-table--waiting",
        "batch-table--running",
        "batch-table--done",
        "batch-table--failed",
        "batch-table--unsure",
    }
    DEFAULT_CSS = """
    BatchTable {
        & > .batch-table--plain { color: $foreground; }
        & > .batch-table--quiet { color: $text-muted; }
        & > .batch-table--waiting { color: $text-muted; }
        & > .batch-table--running { color: $text-accent; }
        & > .batch-table--done { color: $text-success; }
        & > .batch-table--failed { color: $text-error; }
        & > .batch-table--unsure { color: $text-warning; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows: list[BatchCard] = []
        self._now_ms = 0

    @property
    def rows(self) -> Sequence[BatchCard]:
        """The batches that are at hand, newest first."""
        return self._rows

    @property
    def here(self) -> BatchCard | None:
        """The batch under the cursor."""
        return self._rows[self.cursor] if self._rows else None

    @property
    def count(self) -> int:
        """How many batches are at hand."""
        return len(self._rows)

    @property
    def in_sight(self) -> range:
        """The rows in sight."""
        top = self.scroll_offset.y
        return range(min(top, self.count), min(top + max(1, self.content_size.height), self.count))

    def show(self, rows: Sequence[BatchCard], now_ms: int, *, keep: bool = True) -> None:
        """Show these batches.

        Args:
            rows: newest first.
            now_ms: what time it is, UTC, in milliseconds.
            keep: whether the cursor stays on its batch; else it goes to the top.
        """
        here, top = self.here, self._rows[self.scroll_offset.y : self.scroll_offset.y + 1]
        if keep and list(rows) == self._rows and now_ms // 86_400_000 == self._now_ms // 86_400_000:
            return
        places = {card.id: place for place, card in enumerate(rows)}
        self._rows, self._now_ms = list(rows), now_ms
        if not keep or here is None:
            self.rows_changed(cursor=0)
            self.scroll_home(animate=False, immediate=True)
            return
        shift = places[top[0].id] - self.scroll_offset.y if top and top[0].id in places else 0
        self.rows_changed(cursor=places.get(here.id, self.cursor), shift=shift)

    def first(self, place: int) -> str:
        """When it was composed."""
        return when(self._rows[place].created_ms, self._now_ms)

    def rest(self, place: int, width: int) -> list[Segment]:
        """Prompt, size, state, decisions, approval, cost."""
        card = self._rows[place]
        state = of_batch(card.state)
        counts = card.counts
        prompt = max(4, width - _FIXED)
        decided = "".join(f"{number or '·':>3}" for number in (counts.approved, counts.rejected))
        left = f"{counts.undecided or '·':>3}"
        cost = "–" if card.cost_microdollars is None else money(card.cost_microdollars)
        return [
            self._part(set_cell_size(_fit(clean(card.prompt, 200), prompt - 1), prompt), "plain"),
            self._part(f"{size_words(card):>{_SIZE}} ", "plain"),
            self._part(set_cell_size(state.text, _STATE), state.kind),
            self._part(decided + left, "plain" if counts.done else "quiet"),
            self._part(f"{approval(card):>{_RATE}}", "plain"),
            self._part(f"{cost:>{_COST}}", "plain"),
        ]

    def _part(self, text: str, kind: str) -> Segment:
        return Segment(text, self.get_component_rich_style(f"batch-table--{kind}"))


class TableHead(Widget):
    """The names of the table's columns."""

    DEFAULT_CSS = """
    TableHead { height: 1; width: 1fr; color: $text-muted; }
    """

    def render_line(self, y: int) -> Strip:
        """Give the one line; the table keeps a column for its scrollbar."""
        width = self.content_size.width
        prompt = max(4, width - 1 - RowList.MARK_CELLS - _FIXED)
        text = (
            set_cell_size("  when", RowList.MARK_CELLS)
            + set_cell_size("prompt", prompt)
            + f"{'size':>{_SIZE}} "
            + set_cell_size("state", _STATE)
            + "".join(f"{glyph:>3}" for glyph in "✓✕·")
            + f"{'✓%':>{_RATE}}{'cost':>{_COST}}"
        )
        return Strip([Segment(text, self.rich_style)]).adjust_cell_length(width, self.rich_style)
