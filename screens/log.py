"""The log of everything: what the runner said, for all batches, as it happens."""

from typing import ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from screens.base import Room
from screens.keys import Key
from screens.widgets.live_log import LiveLog
from screens.widgets.log_panel import lines_since


class LogScreen(Room):
    """The whole log, with levels and search."""

    NAME = "log"
    CSS = """
    LogScreen LiveLog { padding: 0 1; }
    LogScreen Input { dock: bottom; margin: 0 1; display: none; }
    LogScreen.-searching Input { display: block; }
    """
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("log.search", ("slash",), "search", "search", "Search in the log.", "log", True),
        Key("log.next", ("n",), "hit(1)", "next", "Go to the next line that was found.", "log"),
        Key("log.previous", ("N",), "hit(-1)", "previous", "Go to the line found before.", "log"),
        Key(
            "log.level",
            ("v",),
            "level",
            "level",
            "Show only more important lines; then all again.",
            "log",
            True,
        ),
        Key("log.follow", ("f",), "follow", "follow", "Keep the newest line in sight.", "log", True),
        Key("log.down", ("j", "down"), "move(1)", "down", "Scroll down.", "log"),
        Key("log.up", ("k", "up"), "move(-1)", "up", "Scroll up.", "log"),
        Key("log.page_down", ("ctrl+d", "pagedown"), "move(10)", "page down", "Scroll a page down.", "log"),
        Key("log.page_up", ("ctrl+u", "pageup"), "move(-10)", "page up", "Scroll a page up.", "log"),
        Key("log.end", ("G", "end"), "move(100000)", "end", "Go to the newest line.", "log"),
        Key("log.top", ("g g", "home"), "move(-100000)", "top", "Go to the oldest line.", "log"),
    )

    def heading(self) -> str:
        """Say what is searched for and whether the end is followed."""
        if not self.is_mounted:
            return "Log"
        log = self.query_one(LiveLog)
        sought = f' · "{log.sought}" {log.hit}/{len(log.hits)}' if log.sought else ""
        level = f" · {log.level.value.lower()} and above" if log.level.value != "INFO" else ""
        return f"Log{level}{sought}" + ("" if log.is_following else " · f follows")

    def compose_body(self) -> ComposeResult:
        """The lines, and the search below them."""
        yield LiveLog()
        yield Input(placeholder="search")

    async def read(self) -> None:
        """Append what was told since."""
        log = self.query_one(LiveLog)
        last = log.last
        log.add(await self.parts.desk.ask(lambda store: lines_since(store, last)))

    def on_live_log_changed(self) -> None:
        """Tell of it in the title."""
        self.retitle()

    def action_search(self) -> None:
        """Open the search."""
        self.add_class("-searching")
        self.query_one(Input).focus()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search."""
        self.set_focus(None)
        if event.value.strip() and not self.query_one(LiveLog).search(event.value):
            self.say("Nothing in the log says that.")

    def action_escape(self) -> None:
        """Close the search, else go back."""
        if self.has_class("-searching"):
            self.remove_class("-searching")
            self.query_one(Input).value = ""
            self.query_one(LiveLog).search("")
            self.set_focus(None)
        else:
            super().action_escape()

    def action_toggle_log(self) -> None:
        """This is the log already."""

    def action_hit(self, step: int) -> None:
        """Go to another line that was found."""
        if not self.query_one(LiveLog).next_hit(step):
            self.say("No further line." if self.query_one(LiveLog).sought else "/ searches.")

    def action_level(self) -> None:
        """Show fewer lines."""
        self.query_one(LiveLog).next_level()

    def action_follow(self) -> None:
        """Keep the newest line in sight."""
        self.query_one(LiveLog).follow(True)

    def action_move(self, rows: int) -> None:
        """Scroll."""
        self.query_one(LiveLog).move(rows)
