"""The hall: what stands on the screen for the moment before it is known where a person comes in."""

from textual.app import ComposeResult
from textual.screen import Screen

from screens.widgets.foot import Foot
from screens.widgets.title_line import TitleLine


class Hall(Screen[None]):
    """An empty frame."""

    def compose(self) -> ComposeResult:
        """The two lines of every screen."""
        yield TitleLine()
        yield Foot()
