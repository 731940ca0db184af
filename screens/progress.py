"""Progress: a batch while it is made, and how it went: tiles, causes, cost and the live log."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.timer import Timer
from textual.widgets import Input, Static

from podtui.pulse import Pulse, read_pulse
from podtui.spawn import runner_alive
from podtui.text import clean, short_id, shorten
from podtui.words import BatchId, ImageId, ImageState
from screens import progress_facts, steering
from screens.base import Room
from screens.keys import Key
from screens.progress_facts import Facts
from screens.progress_keys import PROGRESS_KEYS
from screens.safe import safe
from screens.widgets.batch_bar import BatchBar
from screens.widgets.job_lines import JobLines
from screens.widgets.job_strip import JobStrip, job_tile
from screens.widgets.live_log import LiveLog, LogLine
from screens.widgets.thumb_grid import ThumbGrid

if TYPE_CHECKING:
    from podtui.store import Store
    from podtui.store.news import Told

_FIRST_LINES = 2000
"""How many log lines of a batch are read when it comes up."""
_TICK_S = 1.0
"""How often times move, and the runner's pulse is felt, in seconds; only while something runs."""


class ProgressScreen(Room):
    """One batch, from its first line to its last, from any session."""

    NAME = "progress"
    CSS_PATH = "progress.tcss"
    KEYS: ClassVar[tuple[Key, ...]] = PROGRESS_KEYS

    facts: Facts | None = None
    """What is shown; None while there is no batch."""
    _at: ImageId | None = None
    _is_runner_alive = True
    _ticker: Timer | None = None
    _is_ticking = False

    def compose_body(self) -> ComposeResult:
        """Tiles, bar, causes, log."""
        yield JobStrip(most_rows=8, id="strip")
        yield BatchBar(id="bar")
        yield Static(id="why", markup=False)
        yield JobLines(id="lines")
        yield Static(id="log-head", markup=False)
        yield Input(id="search", placeholder="search the log, Enter finds, Esc leaves")
        yield LiveLog(id="log")
        yield Static("No batches yet. g c composes the first one.", id="empty", markup=False)

    def on_mount(self) -> None:
        """Let times move once a second."""
        self._ticker = self.set_interval(_TICK_S, self._tick)

    def on_resize(self, event: events.Resize) -> None:
        """Share the rows out: the log keeps at least six."""
        rows = event.size.height
        lines = max(2, min(6, (rows - 15) // 3))
        self.query_one(JobLines).limit(lines)
        self.query_one(JobStrip).limit(max(1, min(16, rows - 5 - lines - max(6, rows // 3))))
        self._draw_log_head()

    def heading(self) -> str:
        """Which batch, and how far."""
        if self.facts is None:
            return "Progress"
        card, counts = self.facts.card, self.facts.card.counts
        parts = [f"Progress · {counts.done}/{counts.total}"]
        parts += [f"{counts.failed} failed"] if counts.failed else []
        parts += [f"{counts.unsure} unsure"] if counts.unsure else []
        return " · ".join([*parts, short_id(card.id), f"“{shorten(card.prompt, 60)}”"])

    def retitle(self) -> None:
        """Draw the title line and the keys anew, unless the screen has been left meanwhile."""
        if self.query("TitleLine") and self.query("Foot"):
            super().retitle()

    def foot_keys(self) -> Sequence[Key]:
        """What matters now: what waits for a person first."""
        by_id = {key.id: key for key in self.keymap.keys}
        if self.facts is None:
            return [by_id["go.compose"]]
        card, counts = self.facts.card, self.facts.card.counts
        wanted: list[tuple[str, str]] = []
        if counts.unsure:
            wanted.append(("progress.settle", f"settle {counts.unsure} unsure"))
        if counts.done:
            wanted.append(("go.review", f"review {counts.undecided or counts.done}"))
        if counts.failed:
            wanted.append(("progress.retry", f"retry {counts.failed} failed"))
        if not card.state.is_over:
            is_still = card.stop_wished or not self.facts.is_moving
            is_waiting = card.state.value in ("waiting", "running") and not card.stop_wished
            wanted.append(
                ("progress.stop", "go on" if is_still and not is_waiting else "stop after this one")
            )
            wanted.append(("progress.cancel", "cancel"))
        wanted += [("progress.search", "search"), ("progress.follow", "follow"), ("progress.older", "older")]
        return [replace(by_id[name], label=label) for name, label in wanted if name in by_id]

    # --- reading ----------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read the batch, its images and what was told since."""
        root, shown = self.parts.library.root, self.facts.card.id if self.facts else None
        log = self.query_one(LiveLog)
        last = log.last
        asked_for = self.batch_id
        wanted = asked_for or shown or self.house.alive.batch

        def read(store: "Store") -> "tuple[Facts, list[Told]] | None":
            batch = wanted
            if batch is None:
                newest = store.batches.page(limit=1)
                if not newest:
                    return None
                batch = newest[0].id
            images, attempts = store.images.of_batch(batch), store.images.latest_attempts(batch)
            if batch == shown and last:
                told = store.news.since(last, batch=batch)
            else:
                told = store.news.latest(batch=batch, limit=_FIRST_LINES)
            return Facts(store.batches.get(batch), images, attempts, read_pulse(root)), told

        found = await self.parts.desk.ask(read)
        if self.batch_id != asked_for:
            return  # another batch is wanted by now
        self.set_class(found is None, "-empty")
        if found is None:
            return
        facts, told = found
        self.batch_id = facts.card.id
        if facts.card.id != shown:
            log.clear()
            self._at = None
        self._feel(facts.pulse)
        self.facts = facts if self._is_runner_alive else replace(facts, pulse=None)
        self._draw()
        log.add([LogLine(line.n, line.at_ms, line.level, line.line) for line in told])
        if len(told) == 500:
            self.read_again()

    async def _tick(self) -> None:
        """Move the times, and feel the runner's pulse."""
        facts = self.facts
        if self._is_ticking or self.app.screen is not self or facts is None:
            return
        if facts.card.state.is_over and not facts.is_moving:
            return
        self._is_ticking = True
        try:
            root = self.parts.library.root
            pulse = await self.parts.desk.ask(lambda _: read_pulse(root))
            self._feel(pulse)
            if self.facts is facts:
                self.facts = replace(facts, pulse=pulse if self._is_runner_alive else None)
                self._draw()
        finally:
            self._is_ticking = False

    def _feel(self, pulse: Pulse | None) -> None:
        self._is_runner_alive = pulse is not None and runner_alive(self.parts.library)

    # --- drawing ----------------------------------------------------------------------------------------

    def _draw(self) -> None:
        """Draw what has changed; each widget writes only that."""
        facts = self.facts
        if facts is None or not self.query(JobStrip):
            return  # nothing to draw, or an answer that came after the screen was left
        now_ms = self.parts.clock.now_ms()
        strip = self.query_one(JobStrip)
        tiles = [job_tile(image, self.parts.library, facts.pulse_of(image.id)) for image in facts.images]
        if [tile.id for tile in strip.tiles] == [tile.id for tile in tiles]:
            for tile in tiles:
                strip.update_tile(tile)
        else:
            strip.set_tiles(tiles)
        self.query_one(BatchBar).show(progress_facts.progress(facts, now_ms))
        words = clean(progress_facts.why(facts, is_runner_alive=self._is_runner_alive), 300)
        why = self.query_one("#why", Static)
        if why.content != words:
            why.update(words)
            why.display = bool(words)
        self.query_one(JobLines).show(progress_facts.job_lines(facts, now_ms, self._at))

    def _draw_log_head(self) -> None:
        log = self.query_one(LiveLog)
        parts = ["log", f"{log.level.value.lower()} and above"]
        parts.append("following" if log.is_following else "not following · o follows")
        if log.sought:
            found = f"{log.hit} of {len(log.hits)}" if log.hits else "nothing"
            parts.append(f"“{shorten(log.sought, 20)}”: {found} · n N")
        words = " · ".join(parts)
        rule = "─" * max(0, self.size.width - 2 - len(words) - 4)
        self.query_one("#log-head", Static).update(safe(f"── {words} {rule}"))

    # --- what the widgets tell --------------------------------------------------------------------------

    def on_live_log_changed(self, event: LiveLog.Changed) -> None:
        """Tell anew what the log shows."""
        self._draw_log_head()

    def on_thumb_grid_moved(self, event: ThumbGrid.Moved) -> None:
        """Tell of the image under the cursor."""
        self._at = ImageId(event.id)
        self._draw()

    def on_thumb_grid_chosen(self, event: ThumbGrid.Chosen) -> None:
        """Look at it."""
        self.action_review()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Search the log."""
        found = self.query_one(LiveLog).search(event.value)
        self._leave_search()
        if event.value.strip() and not found:
            self.say(f"“{shorten(event.value, 40)}” is not in the log of this batch.")

    def on_input_blurred(self, event: Input.Blurred) -> None:
        """Close the line when it is left."""
        self.remove_class("-searching")

    # --- actions ----------------------------------------------------------------------------------------

    def action_tile_left(self) -> None:
        """Go to the image before."""
        self.query_one(JobStrip).action_cursor(-1, 0)

    def action_tile_right(self) -> None:
        """Go to the next image."""
        self.query_one(JobStrip).action_cursor(1, 0)

    def action_scroll_log(self, rows: int) -> None:
        """Scroll the log by rows."""
        self.query_one(LiveLog).move(rows)

    def action_page_log(self, pages: int) -> None:
        """Scroll the log by what is seen of it."""
        log = self.query_one(LiveLog)
        log.move(pages * max(1, log.content_size.height - 1))

    def action_follow(self) -> None:
        """Keep the newest line in sight, or not."""
        log = self.query_one(LiveLog)
        log.follow(not log.is_following)

    def action_level(self) -> None:
        """Show fewer levels, and after the fewest all."""
        self.query_one(LiveLog).next_level()

    def action_search(self) -> None:
        """Open the search line."""
        self.add_class("-searching")
        self.query_one("#search", Input).focus()

    def action_hit(self, step: int) -> None:
        """Go to the next or the previous hit."""
        log = self.query_one(LiveLog)
        if not log.sought:
            self.say("Nothing is searched for; / begins.")
        elif not log.next_hit(step):
            self.say("No further hit " + ("below." if step > 0 else "above."))

    def action_escape(self) -> None:
        """Leave the search line, then the search, then the screen."""
        log = self.query_one(LiveLog)
        if self.has_class("-searching"):
            self._leave_search()
        elif log.sought:
            log.search("")
            log.follow(True)
        else:
            super().action_escape()

    def action_review(self) -> None:
        """Go to the review of this batch."""
        self.go("review", batch=self.batch_id)

    async def action_stop(self) -> None:
        """Stop after this one, or go on."""
        if self.facts:
            await steering.stop_or_go_on(self, self.facts.card)

    async def action_cancel(self) -> None:
        """Cancel now, after asking."""
        if self.facts:
            await steering.cancel(self, self.facts.card)

    async def action_retry(self) -> None:
        """Make what failed again, after asking."""
        if self.facts:
            await steering.retry(self, self.facts.card)

    async def action_settle(self) -> None:
        """Decide what becomes of an unsure image: the one under the cursor, else the first."""
        if self.facts:
            unsure = [image for image in self.facts.images if image.state is ImageState.UNSURE]
            here = [image for image in unsure if image.id == self._at]
            await steering.settle(self, self.facts.card, next(iter(here or unsure), None))

    async def action_other(self, step: int) -> None:
        """Show the batch before (-1) or after (1) this one."""
        if self.facts is None:
            return
        n = self.facts.card.n
        found = await self.parts.desk.ask(lambda store: _neighbour(store, n, step))
        if found is None:
            self.say("This is the oldest batch." if step < 0 else "This is the newest batch.")
            return
        self.batch_id = found
        self.read_again()

    def _leave_search(self) -> None:
        self.remove_class("-searching")
        self.set_focus(None)


def _neighbour(store: "Store", n: int, step: int) -> BatchId | None:
    """Find the batch made before or after the one numbered ``n``."""
    if step < 0:
        older = store.batches.page(before=n, limit=1)
        return older[0].id if older else None
    newer: BatchId | None = None
    before: int | None = None
    while page := store.batches.page(before=before, limit=50):
        for card in page:
            if card.n <= n:
                return newer
            newer = card.id
        before = page[-1].n
    return newer
