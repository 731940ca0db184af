"""The live log under any screen."""

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widget import Widget

from screens.parts import Parts
from screens.widgets.live_log import LiveLog, LogLine

if TYPE_CHECKING:
    from podtui.store import Store

KEPT = 2000
"""How many lines are read when a log is opened."""


def lines_since(store: "Store", n: int) -> list[LogLine]:
    """The lines after number ``n``; the newest ones where it is 0. Runs on the desk."""
    told = store.news.since(n, limit=KEPT) if n else store.news.latest(limit=KEPT)
    return [LogLine(one.n, one.at_ms, one.level, one.line) for one in told]


class LogPanel(Widget):
    """The newest lines of all batches, in a few rows."""

    DEFAULT_CSS = """
    LogPanel {
        height: 7; width: 1fr; padding: 0 1; border-top: solid $border;
        border-title-color: $text-muted; border-title-align: right;
    }
    """

    def compose(self) -> ComposeResult:
        """The lines."""
        yield LiveLog()

    def on_mount(self) -> None:
        """Name it."""
        self.border_title = "log"

    async def read(self, parts: Parts) -> None:
        """Append what was told since."""
        log = self.query_one(LiveLog)
        last = log.last
        log.add(await parts.desk.ask(lambda store: lines_since(store, last)))
