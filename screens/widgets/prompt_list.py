"""The exact prompts of a batch, one for each image, before anything is paid."""

import textwrap
from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from podtui.text import clean

_NUMBER = 3
"""The cells of an image's number and the gap behind it."""
_SHOWN = 2000
"""How many characters of one prompt are shown."""


class PromptList(ScrollView, can_focus=True, inherit_bindings=False):
    """Numbered prompts; the first of its kind stands whole, one that is the same again takes one line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "up", show=False, id="prompts.up"),
        Binding("down,j", "scroll_down", "down", show=False, id="prompts.down"),
        Binding("pageup", "page_up", "page up", show=False, id="prompts.page-up"),
        Binding("pagedown", "page_down", "page down", show=False, id="prompts.page-down"),
        Binding("home", "scroll_home", "top", show=False, id="prompts.home"),
        Binding("end", "scroll_end", "end", show=False, id="prompts.end"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"prompt-list--number", "prompt-list--again"}
    DEFAULT_CSS = """
    PromptList {
        width: 1fr; height: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
        & > .prompt-list--number { color: $text-accent; }
        & > .prompt-list--again { color: $text-muted; }
        &:focus { background: $surface; }
    }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._prompts: tuple[str, ...] = ()
        self._empty = ""
        self._lines: list[tuple[str, str, bool]] = []
        self._laid_out: tuple[int, tuple[str, ...], str] | None = None

    @property
    def prompts(self) -> Sequence[str]:
        """The prompts that are listed, in the order of the images."""
        return self._prompts

    @property
    def lines(self) -> Sequence[str]:
        """The lines as they are drawn, from the top."""
        return [f"{number:>{_NUMBER - 1}} {text}" for number, text, _ in self._lines]

    def show(self, prompts: Sequence[str], *, empty: str = "") -> None:
        """List prompts.

        Args:
            prompts: one for each image, any text.
            empty: what is said where there are none.
        """
        if (tuple(prompts), empty) == (self._prompts, self._empty):
            return
        self._prompts, self._empty = tuple(prompts), empty
        self._lay_out()

    def on_resize(self) -> None:
        """Wrap anew."""
        self._lay_out()

    def action_page_down(self) -> None:
        """Scroll a page down, at once."""
        self.scroll_page_down(animate=False)

    def action_page_up(self) -> None:
        """Scroll a page up, at once."""
        self.scroll_page_up(animate=False)

    def render_line(self, y: int) -> Strip:
        """Give one visible line."""
        place, width = y + self.scroll_offset.y, self.content_size.width
        if place >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        number, text, is_again = self._lines[place]
        quiet = self.get_component_rich_style("prompt-list--again")
        numbered = quiet if is_again else self.get_component_rich_style("prompt-list--number")
        segments = [
            Segment(f"{number:>{_NUMBER - 1}} ", numbered),
            Segment(text, quiet if is_again or not self._prompts else self.rich_style),
        ]
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        now = (width, self._prompts, self._empty)
        if not self.is_attached or width <= _NUMBER or now == self._laid_out:
            return
        self._laid_out = now
        room = width - _NUMBER
        seen: set[str] = set()
        self._lines = [] if self._prompts else [("", line, True) for line in wrap(self._empty, room)]
        for number, prompt in enumerate(self._prompts, 1):
            if prompt in seen:
                text = clean(prompt, 200)
                if cell_len(text) > room:
                    text = set_cell_size(text, room - 1) + "…"
                self._lines.append((str(number), text, True))
                continue
            seen.add(prompt)
            shown = wrap(_cut(prompt), room)
            self._lines.append((str(number), shown[0] if shown else "", False))
            self._lines += [("", line, False) for line in shown[1:]]
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()


def wrap(text: str, width: int) -> list[str]:
    """Break any text into lines of at most ``width`` cells; wide characters are broken without words."""
    text = clean(text, 20_000)
    if text.isascii():
        return textwrap.wrap(text, max(1, width), break_on_hyphens=False)
    return chop_cells(text, max(1, width))


def _cut(prompt: str) -> str:
    left = len(prompt) - _SHOWN
    return prompt if left <= 0 else f"{prompt[:_SHOWN]}… {left:,} more characters"
