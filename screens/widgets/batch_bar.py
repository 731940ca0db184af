"""The batch bar: how much of a batch is done, since when, until when, for how much."""

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from podtui.text import duration, money


@dataclass(frozen=True)
class Progress:
    """How a batch stands, as the bar tells it."""

    total: int = 0
    done: int = 0
    failed: int = 0
    """Failed, lost and cancelled: slots that ended without a picture."""
    unsure: int = 0
    under_way: float = 0.0
    """What the running jobs have done together, in images."""
    elapsed_s: float | None = None
    """None before it has begun."""
    left_s: float | None = None
    """None where nobody knows, 0 where it is over."""
    ends_at: str = ""
    """The time of day at which it is expected to end."""
    cost_microdollars: int | None = None
    is_over: bool = False

    @property
    def words(self) -> str:
        """``5:12 · 2:40 left · ends 14:09 · $0.09``."""
        parts = []
        if self.elapsed_s is not None:
            parts.append(duration(self.elapsed_s))
        if not self.is_over and self.left_s is not None:
            left = f"{duration(self.left_s)} left"
            parts.append(f"{left} · ends {self.ends_at}" if self.ends_at else left)
        if self.cost_microdollars is not None:
            parts.append(money(self.cost_microdollars))
        elif self.done:
            parts.append("cost unknown")
        return " · ".join(parts)


class BatchBar(Widget):
    """One line; when only the time has moved, only the time is written."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "batch-bar--done",
        "batch-bar--failed",
        "batch-bar--unsure",
        "batch-bar--running",
        "batch-bar--rest",
        "batch-bar--words",
    }
    DEFAULT_CSS = """
    BatchBar {
        width: 1fr; height: 1;
        & > .batch-bar--done { color: $success; }
        & > .batch-bar--failed { color: $error; }
        & > .batch-bar--unsure { color: $warning; }
        & > .batch-bar--running { color: $accent; }
        & > .batch-bar--rest { color: $surface-lighten-2; }
        & > .batch-bar--words { color: $text-muted; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._progress = Progress()

    @property
    def progress(self) -> Progress:
        """What is shown."""
        return self._progress

    def show(self, progress: Progress) -> None:
        """Show how the batch stands."""
        if progress == self._progress:
            return
        before = self._cells(), self._progress.words
        self._progress = progress
        after = self._cells(), progress.words
        if before == after:
            return
        if before[0] == after[0] and len(before[1]) == len(after[1]):
            width = cell_len(after[1])
            self.refresh(Region(self.content_size.width - width, 0, width, 1))
        else:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Give the line: the bar, then the words."""
        words = self._progress.words
        segments = [
            Segment(sign * cells, self.get_component_rich_style(f"batch-bar--{kind}"))
            for kind, sign, cells in self._cells()
            if cells
        ]
        gap = "  " if words else ""
        segments.append(Segment(gap + words, self.get_component_rich_style("batch-bar--words")))
        return Strip(segments).adjust_cell_length(self.content_size.width, self.rich_style)

    def _cells(self) -> list[tuple[str, str, int]]:
        """How many cells each kind takes."""
        now = self._progress
        words = cell_len(now.words)
        room = max(4, self.content_size.width - words - (2 if words else 0))
        total = max(now.total, 1)
        kinds = [
            ("done", "━", now.done),
            ("failed", "┅", now.failed),
            ("unsure", "┅", now.unsure),
            ("running", "╍", now.under_way),
        ]
        cells, so_far, used = [], 0.0, 0
        for kind, sign, amount in kinds:
            so_far += amount
            end = min(room, round(room * so_far / total))
            cells.append((kind, sign, end - used))
            used = end
        return [*cells, ("rest", "─", room - used)]
