"""The live log: times, levels, search and follow, drawn only as far as it is seen."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podtui.events import Level
from podtui.text import clean

MAX_LINES = 5000
"""How many lines are kept; older ones are in the library."""
_LONGEST = 600
"""The most that is shown of one line, in characters."""
_MARGIN = " " * 10
"""Time and blanks before the text: ``14:02:11``."""
_LEVELS = (Level.DEBUG, Level.INFO, Level.WARNING, Level.ERROR)
_SIGNS = {Level.DEBUG: "", Level.INFO: "", Level.WARNING: "warning: ", Level.ERROR: "error: "}


@dataclass(frozen=True)
class LogLine:
    """One line as it was told."""

    n: int
    at_ms: int
    """Wall time, UTC, in milliseconds."""
    level: Level
    text: str


def clock_words(at_ms: int) -> str:
    """Read a moment as the local time of day: ``14:02:11``."""
    return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%H:%M:%S")


def wrap(text: str, width: int) -> list[str]:
    """Break a cleaned text into rows of at most ``width`` cells, at blanks where there are any."""
    rows: list[str] = []
    rest = text
    while cell_len(rest) > width:
        head = chop_cells(rest, width)[0]
        blank = head.rfind(" ", len(head) // 2)
        cut = blank + 1 if blank > 0 else len(head)
        rows.append(rest[:cut].rstrip())
        rest = rest[cut:]
    return [*rows, rest]


class LiveLog(ScrollView, can_focus=False):
    """Lines as they are told; the newest stays in sight until somebody scrolls up."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "live-log--time",
        "live-log--debug",
        "live-log--info",
        "live-log--warning",
        "live-log--error",
        "live-log--hit",
        "live-log--here",
    }
    DEFAULT_CSS = """
    LiveLog {
        width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1;
        & > .live-log--time { color: $text-muted; }
        & > .live-log--debug { color: $text-muted; }
        & > .live-log--info { color: $foreground; }
        & > .live-log--warning { color: $text-warning; }
        & > .live-log--error { color: $text-error; }
        & > .live-log--hit { background: $warning-muted; color: $text-warning; }
        & > .live-log--here { background: $warning; color: $background; text-style: bold; }
    }
    """

    class Changed(Message):
        """Following, the level or the search has changed: a header that tells of them is out of date."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: deque[LogLine] = deque(maxlen=MAX_LINES)
        self._rows: list[tuple[LogLine, str, bool]] = []
        """What is drawn: the line, the piece of its text, and whether the piece is its first."""
        self._wrapped_for = 0
        self._query = ""
        self._hit = -1
        self.level = Level.INFO
        """The lowest level that is shown."""
        self.is_following = True
        """The newest line stays in sight."""

    @property
    def lines(self) -> tuple[LogLine, ...]:
        """All lines that are kept, shown or not."""
        return tuple(self._lines)

    @property
    def last(self) -> int:
        """The number of the newest line; 0 where there is none."""
        return self._lines[-1].n if self._lines else 0

    @property
    def sought(self) -> str:
        """What is searched for."""
        return self._query

    @property
    def hits(self) -> list[int]:
        """The rows that begin a line in which the search is found, from the top."""
        wanted = self._query.casefold()
        if not wanted:
            return []
        return [
            row
            for row, (line, _, is_first) in enumerate(self._rows)
            if is_first and wanted in line.text.casefold()
        ]

    @property
    def hit(self) -> int:
        """Which of the hits the search stands on, from 1; 0 where on none."""
        hits = self.hits
        return hits.index(self._hit) + 1 if self._hit in hits else 0

    def add(self, lines: Iterable[LogLine]) -> None:
        """Append lines; each is cleaned here, the door to the screen."""
        fresh = [
            LogLine(line.n, line.at_ms, line.level, clean(line.text, _LONGEST))
            for line in lines
            if line.n > self.last
        ]
        if not fresh:
            return
        is_full = len(self._lines) + len(fresh) > MAX_LINES
        self._lines.extend(fresh)
        if is_full:
            self._lay_out()
            return
        before = len(self._rows)
        for line in fresh:
            self._wrap(line)
        if len(self._rows) > before:
            self._grow()

    def clear(self) -> None:
        """Forget all lines."""
        self._lines.clear()
        self._lay_out()

    def search(self, query: str) -> int:
        """Mark every line that holds the words, stand on the newest; returns how many there are."""
        self._query, self._hit = query.strip(), -1
        hits = self.hits
        if hits:
            self._stand_on(hits[-1])
        self.refresh()
        self.post_message(self.Changed())
        return len(hits)

    def next_hit(self, step: int) -> bool:
        """Go to the next (1) or the previous (-1) hit; False where there is no further one."""
        hits = self.hits
        ahead = [row for row in hits if (row > self._hit if step > 0 else row < self._hit)]
        if not ahead:
            return False
        self._stand_on(ahead[0] if step > 0 else ahead[-1])
        self.refresh()
        self.post_message(self.Changed())
        return True

    def follow(self, is_following: bool) -> None:
        """Keep the newest line in sight, or stay where the eye is."""
        self.is_following = is_following
        if is_following:
            self._to_end()
        self.post_message(self.Changed())

    def next_level(self) -> Level:
        """Show fewer lines, and after the fewest all again."""
        self.level = _LEVELS[(_LEVELS.index(self.level) + 1) % len(_LEVELS)]
        self._lay_out()
        self.post_message(self.Changed())
        return self.level

    def move(self, rows: int) -> None:
        """Scroll by rows; upwards ends following, the end takes it up again."""
        target = max(0, min(self.scroll_offset.y + rows, self.max_scroll_y))
        self.scroll_to(y=target, animate=False, force=True)
        is_at_end = target >= self.max_scroll_y
        if is_at_end != self.is_following:
            self.is_following = is_at_end
            self.post_message(self.Changed())

    def on_mouse_scroll_up(self) -> None:
        """Leave the newest line, where there is anything above."""
        if self.max_scroll_y and self.is_following:
            self.is_following = False
            self.post_message(self.Changed())

    def on_mouse_scroll_down(self) -> None:
        """Follow again at the end."""
        if self.scroll_offset.y + 3 >= self.max_scroll_y and not self.is_following:
            self.follow(True)

    def on_resize(self) -> None:
        """Wrap anew for the width there is."""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """Give one row of the visible part."""
        width = self.scrollable_content_region.width
        at = y + self.scroll_offset.y
        if at >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        line, piece, is_first = self._rows[at]
        style = self.get_component_rich_style(f"live-log--{line.level.value.lower()}")
        time = f"{clock_words(line.at_ms)}  " if is_first else _MARGIN
        segments = [Segment(time, self.get_component_rich_style("live-log--time"))]
        segments += self._marked(piece, style, at)
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _marked(self, piece: str, style: Style, at: int) -> list[Segment]:
        """Cut a piece where the search is found."""
        wanted, low = self._query.casefold(), piece.casefold()
        if not wanted or len(low) != len(piece):
            return [Segment(piece, style)]
        hit = style + self.get_component_rich_style(f"live-log--{'here' if at == self._hit else 'hit'}")
        segments, start = [], 0
        while (found := low.find(wanted, start)) >= 0:
            segments += [Segment(piece[start:found], style), Segment(piece[found : found + len(wanted)], hit)]
            start = found + len(wanted)
        return [*segments, Segment(piece[start:], style)]

    def _stand_on(self, row: int) -> None:
        """Bring a row into the middle of what is seen."""
        self._hit = row
        self.is_following = False
        self.scroll_to(y=max(0, row - self.content_size.height // 2), animate=False, force=True)

    def _wrap(self, line: LogLine) -> None:
        if _LEVELS.index(line.level) < _LEVELS.index(self.level):
            return
        room = max(self._wrapped_for - len(_MARGIN), 8)
        sign = "" if line.text[:1] in "✗⌀?" else _SIGNS[line.level]
        for number, piece in enumerate(wrap(sign + line.text, room)):
            self._rows.append((line, piece, number == 0))

    def _lay_out(self) -> None:
        """Wrap all lines anew."""
        stood = self._rows[self._hit][0] if 0 <= self._hit < len(self._rows) else None
        self._wrapped_for = self.scrollable_content_region.width
        self._rows = []
        for line in self._lines:
            self._wrap(line)
        starts = {row[0].n: at for at, row in reversed(list(enumerate(self._rows)))}
        self._hit = starts.get(stood.n, -1) if stood else -1
        self._grow()
        self.refresh()

    def _grow(self) -> None:
        """Tell how high all rows are together, and follow the newest."""
        self.virtual_size = Size(self._wrapped_for, len(self._rows))
        if self.is_following:
            self._to_end()
        self.refresh()

    def _to_end(self) -> None:
        self.scroll_to(y=len(self._rows), animate=False, force=True)
