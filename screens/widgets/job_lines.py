"""One line for each image that wants attention; only lines that changed are written."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from podtui.text import clean

_WORD_CELLS = 11


@dataclass(frozen=True)
class JobLine:
    """One image, as its line tells it."""

    number: int
    """Its place in the batch, from 1."""
    glyph: str
    word: str
    kind: str
    """Colours glyph and word."""
    text: str
    is_here: bool = False
    """The cursor stands on it."""


class JobLines(Widget):
    """As many lines as there are, up to a limit; what does not fit is counted."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "job-lines--waiting",
        "job-lines--running",
        "job-lines--done",
        "job-lines--failed",
        "job-lines--unsure",
        "job-lines--text",
        "job-lines--more",
    }
    DEFAULT_CSS = """
    JobLines {
        width: 1fr; height: auto;
        & > .job-lines--waiting { color: $text-muted; }
        & > .job-lines--running { color: $accent; }
        & > .job-lines--done { color: $text-success; }
        & > .job-lines--failed { color: $text-error; }
        & > .job-lines--unsure { color: $text-warning; }
        & > .job-lines--text { color: $foreground; }
        & > .job-lines--more { color: $text-muted; }
    }
    """

    def __init__(self, *, most_rows: int = 3, id: str | None = None) -> None:
        super().__init__(id=id)
        self._all: tuple[JobLine, ...] = ()
        self._most_rows = most_rows

    @property
    def lines(self) -> tuple[JobLine, ...]:
        """All lines, seen or not."""
        return self._all

    def limit(self, most_rows: int) -> None:
        """Show at most this many rows."""
        if most_rows != self._most_rows:
            self._most_rows = most_rows
            self._fit()

    def show(self, lines: Sequence[JobLine]) -> None:
        """Show these lines."""
        before, self._all = self._all, tuple(lines)
        if min(len(before), self._most_rows + 1) != min(len(self._all), self._most_rows + 1):
            self._fit()
            return
        changed = [
            row
            for row, (old, new) in enumerate(zip(before, self._all, strict=False))
            if old != new and row < self._most_rows
        ]
        if len(before) != len(self._all):
            changed.append(self._most_rows - 1)
        if changed:
            self.refresh(*(Region(0, row, self.content_size.width, 1) for row in changed))

    def on_mount(self) -> None:
        """Take no room before there is a line."""
        self._fit()

    def render_line(self, y: int) -> Strip:
        """Give one line."""
        width = self.content_size.width
        hidden = len(self._all) - self._most_rows
        if hidden > 0 and y == self._most_rows - 1:
            words = f"    … {hidden + 1} more · h l choose an image"
            return self._strip([Segment(words, self.get_component_rich_style("job-lines--more"))], width)
        if y >= len(self._all):
            return Strip.blank(width, self.rich_style)
        line = self._all[y]
        state = self.get_component_rich_style(f"job-lines--{line.kind}")
        text = self.get_component_rich_style("job-lines--text")
        head = f"{'▸' if line.is_here else ' '}{line.number:>3} "
        return self._strip(
            [
                Segment(head, text),
                Segment(f"{line.glyph} {line.word}".ljust(_WORD_CELLS) + "  ", state),
                Segment(clean(line.text, max(width, 1) * 2), text),
            ],
            width,
        )

    def _strip(self, segments: list[Segment], width: int) -> Strip:
        """Cut a line to the width there is, with an ellipsis where something is missing."""
        strip = Strip(segments)
        if strip.cell_length > width > 1:
            strip = Strip([*strip.crop(0, width - 1), Segment("…", segments[-1].style)])
        return strip.adjust_cell_length(width, self.rich_style)

    def _fit(self) -> None:
        self.styles.height = min(len(self._all), self._most_rows)
        self.refresh(layout=True)
