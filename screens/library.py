"""The library: every batch in one table, found by what one remembers of it, opened by Enter."""

from typing import ClassVar

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.widgets import Input, Static

from podtui.composing import fields_of
from podtui.store.cards import BatchCard, ImageCard
from podtui.text import clean, duration, short_id
from podtui.words import BatchId, BatchState
from screens import steering
from screens.base import Room
from screens.batch_pages import ONLY, Pages, begin, further, refresh
from screens.keys import Key
from screens.parts import Parts
from screens.safe import safe
from screens.widgets.batch_table import BatchTable, TableHead
from screens.widgets.field import Line
from screens.widgets.job_strip import review_tile
from screens.widgets.row_list import RowList
from screens.widgets.thumb_grid import ThumbGrid

_TYPE_S = 0.15
"""How long the search waits for the next letter, in seconds."""
_REST_S = 0.12
"""How long the cursor rests before the pictures of its batch are read, in seconds."""


def _key(
    name: str, keys: tuple[str, ...], action: str, label: str, tooltip: str, *, is_shown: bool = False
) -> Key:
    return Key(f"library.{name}", keys, action, label, tooltip, "library", is_shown)


class LibraryScreen(Room):
    """Every batch, newest first."""

    NAME = "library"
    CSS_PATH = "library.tcss"
    KEYS: ClassVar[tuple[Key, ...]] = (
        _key("open", ("enter",), "open", "open", "Watch a batch that lives, or review it.", is_shown=True),
        _key("search", ("slash",), "search", "search", "Search prompts, styles and ids.", is_shown=True),
        _key("only", ("o",), "only", "only …", "List only some states; again: the next.", is_shown=True),
        _key("remix", ("e",), "remix", "remix", "Take all its settings into compose.", is_shown=True),
        _key("copy_id", ("y i",), "copy_id", "copy id", "Copy the batch's whole id.", is_shown=True),
        _key("remix_prompt", ("E",), "remix_prompt", "remix prompt", "Take the prompt alone into compose."),
        _key("copy_prompt", ("y p",), "copy_prompt", "copy prompt", "Copy the batch's whole prompt."),
        _key("watch", ("w",), "watch", "watch", "Watch the batch, or read how it went."),
        _key("retry", ("R",), "retry", "retry failed", "Make what failed again: same slot, same seed; asks."),
        _key("stop", ("S",), "stop", "stop", "Stop after the image that is being made; again: go on."),
        _key("cancel", ("X",), "cancel", "cancel", "Cancel the batch now; asks."),
        _key("down", ("j", "down"), "down", "down", "Go to the batch below."),
        _key("up", ("k", "up"), "up", "up", "Go to the batch above."),
        _key("page_down", ("ctrl+d", "pagedown"), "page_down", "page down", "Go down a page."),
        _key("page_up", ("ctrl+u", "pageup"), "page_up", "page up", "Go up a page."),
        _key("newest", ("g g", "home"), "newest", "newest", "Go to the newest batch."),
        _key("oldest", ("G", "end"), "oldest", "oldest", "Go to the oldest batch."),
    )

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: object = None) -> None:
        super().__init__(parts, batch=batch)
        self._pages = Pages()
        self._search = ""
        self._only = 0
        self._is_paging = False
        self._shown: BatchId | None = None
        self._images: list[ImageCard] = []
        self._searching: Timer | None = None
        self._resting: Timer | None = None

    def heading(self) -> str:
        """Where one is, and how much is listed."""
        count = f"{len(self._pages.rows)}{'+' if self._pages.has_more else ''}"
        which = ONLY[self._only].word
        parts = ["Library", f"{count} batch{'' if count == '1' else 'es'}"]
        parts += [which] if self._only else []
        parts += [f"“{self._search}”"] if self._search else []
        return " · ".join(parts)

    def compose_body(self) -> ComposeResult:
        """The search, the pictures of the batch under the cursor, the table, its details."""
        with Horizontal(id="library-top"):
            yield Static("/", id="search-sign", markup=False)
            yield Line(id="search", placeholder="prompts, styles, ids")
            yield Static("", id="only", markup=False)
        with Horizontal(id="library-panes"):
            with Vertical(id="strip-pane"):
                yield ContactStrip(id="strip")
            with Vertical(id="table-pane"):
                yield TableHead()
                yield BatchTable(id="table")
                yield Static("", id="nothing", markup=False)
        yield Static("", id="here-prompt", markup=False)
        yield Static("", id="here-facts", markup=False)

    @property
    def _has_body(self) -> bool:
        """It is on its way neither in nor out."""
        return self.is_running and bool(self.query(BatchTable))

    @property
    def table(self) -> BatchTable:
        """The table."""
        return self.query_one(BatchTable)

    # --- reading ----------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read anew what can be seen; the cursor stays on its batch."""
        if not self._has_body:
            return
        pages, visible, only = self._pages, self.table.in_sight, ONLY[self._only]
        search = self._search
        is_new = (pages.search, pages.only) != (search, only) or not pages.rows
        if is_new:
            fresh = await self.parts.desk.ask(lambda store: begin(store, search, only))
        else:
            fresh = await self.parts.desk.ask(lambda store: refresh(store, pages, visible))
        if not self._has_body or (self._search, self._only) != (search, ONLY.index(only)):
            return
        if self._pages is not pages and not is_new:
            # A page came meanwhile; what is read now would take it away again.
            self.read_again()
            return
        self._pages = fresh
        self._draw(keep=not is_new or not self.table.rows)
        await self._read_strip(is_news=True)

    def _draw(self, *, keep: bool = True) -> None:
        table = self.table
        table.show(self._pages.rows, self.parts.clock.now_ms(), keep=keep)
        nothing = self.query_one("#nothing", Static)
        nothing.display = not self._pages.rows
        table.display = bool(self._pages.rows)
        if not self._pages.rows:
            is_filtered = bool(self._search or self._only)
            nothing.update(
                safe("Nothing fits. Esc shows every batch again.")
                if is_filtered
                else safe("No batches yet. g c composes the first one.")
            )
        which = f"only {ONLY[self._only].word}" if self._only else "all states"
        self.query_one("#only", Static).update(safe(f"o  {which}"))
        self._draw_details()
        self.retitle()

    def _draw_details(self) -> None:
        """Tell of the batch under the cursor; a line that stays the same is not sent again."""
        card = self.table.here
        for name, words in (("prompt", _prompt_line(card)), ("facts", _facts_line(card))):
            line = self.query_one(f"#here-{name}", Static)
            line.set_class(name == "facts" and bool(card and card.pause_title), "-paused")
            if str(line.content) != words:
                line.update(safe(words, 1000), layout=False)

    async def _read_strip(self, *, is_news: bool = False) -> None:
        """Show the pictures of the batch under the cursor, where there is room for them."""
        card = self.table.here
        if not self.query_one("#strip-pane").display or (card and card.id == self._shown and not is_news):
            return
        self._shown = card.id if card else None
        if card is None:
            self._images = []
        else:
            batch = card.id
            self._images = await self.parts.desk.ask(lambda store: store.images.of_batch(batch))
        if self._has_body and self._shown == (card.id if card else None):
            library = self.parts.library
            tiles = [review_tile(image, library, is_marked=False) for image in self._images]
            self.query_one(ThumbGrid).set_tiles(tiles)

    # --- moving -----------------------------------------------------------------------------------------

    @on(RowList.Moved)
    def _cursor_moved(self, event: RowList.Moved) -> None:
        # The families of this message are told apart by hand: a click on the highlighted row opens it.
        if isinstance(event, RowList.Chosen):
            self.action_open()
            return
        if self._resting is not None:
            self._resting.stop()
        self._resting = self.set_timer(_REST_S, self._rested)

    def _rested(self) -> None:
        self._draw_details()
        self.app.run_worker(self._read_strip(), group="strip", exclusive=True, exit_on_error=False)

    @on(RowList.NearEnd)
    def _near_end(self) -> None:
        if self._pages.has_more and not self._is_paging:
            self._is_paging = True
            self.app.run_worker(self._read_further(), group="further", exit_on_error=False)

    async def _read_further(self, *, to_end: bool = False) -> None:
        try:
            while self._pages.has_more and self.is_running:
                pages = self._pages
                fresh = await self.parts.desk.ask(lambda store, pages=pages: further(store, pages))  # type: ignore[misc]
                if self._pages is not pages:
                    continue
                self._pages = fresh
                if not to_end:
                    break
        finally:
            self._is_paging = False
        if self._has_body:
            self._draw()
            if to_end:
                self.table.go(len(self._pages.rows) - 1)

    def action_down(self) -> None:
        """Go to the batch below."""
        self.table.move(1)

    def action_up(self) -> None:
        """Go to the batch above."""
        self.table.move(-1)

    def action_page_down(self) -> None:
        """Go down a page."""
        self.table.page(1)

    def action_page_up(self) -> None:
        """Go up a page."""
        self.table.page(-1)

    def action_newest(self) -> None:
        """Go to the newest batch."""
        self.table.go(0)

    async def action_oldest(self) -> None:
        """Go to the oldest batch, however many pages away."""
        await self._read_further(to_end=True)

    # --- finding ----------------------------------------------------------------------------------------

    def action_search(self) -> None:
        """Begin to type what is searched."""
        self.query_one("#search", Line).focus()

    @on(Input.Changed, "#search")
    def _typed(self, event: Input.Changed) -> None:
        if self._searching is not None:
            self._searching.stop()
        wanted = event.value
        self._searching = self.set_timer(_TYPE_S, lambda: self._search_for(wanted))

    @on(Input.Submitted, "#search")
    def _submitted(self, event: Input.Submitted) -> None:
        self._search_for(event.value)
        self.set_focus(None)

    def _search_for(self, wanted: str) -> None:
        if wanted != self._search:
            self._search = wanted
            self.read_again()

    def action_only(self) -> None:
        """Go on to the next state filter."""
        self._only = (self._only + 1) % len(ONLY)
        self.read_again()

    def action_escape(self) -> None:
        """Leave the search, then clear it and the state filter, then go back."""
        if self._is_typing or not (self._search or self._only):
            super().action_escape()
            return
        self._only = 0
        self.query_one("#search", Line).value = ""
        self._search = ""
        self.read_again()

    # --- acting on the batch under the cursor -----------------------------------------------------------

    def _here(self) -> BatchCard | None:
        card = self.table.here
        if card is None:
            self.say("There is no batch here. g c composes one.")
        return card

    def action_open(self) -> None:
        """Watch a batch that moves or waits for a word; review one that has pictures."""
        if card := self._here():
            is_alive = not card.state.is_over and card.state is not BatchState.STOPPED
            room = "review" if card.counts.done and not is_alive and not card.counts.unsure else "progress"
            self.go(room, batch=card.id)

    def action_watch(self) -> None:
        """Watch the batch, or read how it went."""
        if card := self._here():
            self.go("progress", batch=card.id)

    def action_remix(self) -> None:
        """Take all settings into compose."""
        if card := self._here():
            self.go("compose", batch=card.id, fields=fields_of(card))

    def action_remix_prompt(self) -> None:
        """Take the prompt alone into compose."""
        if card := self._here():
            self.go("compose", batch=card.id, fields=fields_of(card, prompt_alone=True))

    def action_copy_id(self) -> None:
        """Copy the whole id: the answer to “can't find batch_id”."""
        if card := self._here():
            self.app.copy_to_clipboard(card.id)
            self.say(f"Copied {card.id}.")

    def action_copy_prompt(self) -> None:
        """Copy the whole prompt."""
        if card := self._here():
            self.app.copy_to_clipboard(card.prompt)
            self.say(f"Copied the prompt: {len(card.prompt):,} characters.")

    async def action_retry(self) -> None:
        """Make what failed again; asks."""
        if card := self._here():
            await steering.retry(self, card)

    async def action_stop(self) -> None:
        """Stop the batch, or go on."""
        if card := self._here():
            await steering.stop_or_go_on(self, card)

    async def action_cancel(self) -> None:
        """Cancel the batch; asks."""
        if card := self._here():
            await steering.cancel(self, card)


class ContactStrip(ThumbGrid, can_focus=False):
    """The pictures of the batch under the cursor; nothing is highlighted, as nothing can be chosen."""

    def _caption_text(self, place: int) -> tuple[str, Style]:
        here, self._cursor = self._cursor, -1
        try:
            return super()._caption_text(place)
        finally:
            self._cursor = here


def _prompt_line(card: BatchCard | None) -> str:
    """The whole prompt with style and genre."""
    return (
        clean(" · ".join(part for part in (card.prompt, card.style, card.genre) if part), 900) if card else ""
    )


def _facts_line(card: BatchCard | None) -> str:
    """What the table has no room for: id, sizes and settings, or why it stands still."""
    if card is None:
        return ""
    facts = [short_id(card.id)]
    if card.pause_title:
        facts.append("paused: " + " ".join(part for part in (card.pause_title, card.pause_next) if part))
    facts += [f"{card.width}x{card.height}", f"{card.steps} steps", f"guidance {card.cfg_scale:g}"]
    facts.append(card.workflow)
    if card.started_ms and card.ended_ms:
        facts.append(f"took {duration((card.ended_ms - card.started_ms) / 1000)}")
    if card.counts.failed:
        facts.append(f"{card.counts.failed} failed")
    if card.counts.unsure:
        facts.append(f"? {card.counts.unsure} unsure")
    return clean(" · ".join(facts), 400)
