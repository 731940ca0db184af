"""Steering a batch by wishes: stop, go on, cancel, retry, settle; progress and review share it."""

import asyncio
from typing import TYPE_CHECKING, Literal

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from podtui.store.cards import BatchCard, ImageCard
from podtui.text import clean, money
from podtui.words import BatchState, ImageState
from screens.base import Room
from screens.safe import safe

if TYPE_CHECKING:
    from podtui.estimate import Estimate
    from podtui.store import Store

Choice = Literal["send", "give up", "wait"]


def may_change(room: Room) -> bool:
    """Tell whether this podtui may change anything, and say so where it may not."""
    if room.parts.is_readonly:
        room.say("This podtui only looks (--readonly): nothing can be changed here.", "warning")
    return not room.parts.is_readonly


def price(store: "Store", card: BatchCard, images: int) -> "Estimate":
    """What this many more images like those of a batch may take and cost; runs on the desk."""
    from podtui.estimate import estimate
    from podtui.store import Likeness

    alike = Likeness(card.endpoint, card.workflow_hash, card.steps, card.draft_width, card.draft_height)
    per_s = card.price_microdollars_per_s
    return estimate(
        images,
        store.costs.past_jobs(alike),
        in_flight=card.in_flight,
        price_microdollars_per_s=store.costs.last_price(card.endpoint) if per_s is None else per_s,
    )


async def stop_or_go_on(room: Room, card: BatchCard) -> None:
    """Stop a batch after the image that is being made; again, go on."""
    if not may_change(room):
        return
    desk = room.parts.desk
    if card.state.is_over:
        room.say(f"stop: the batch is {card.state.value} already.")
    elif card.stop_wished or card.state in (BatchState.STOPPED, BatchState.PAUSED):
        await desk.ask(lambda store: store.batches.go_on(card.id))
        room.parts.wake()
        room.say(f"Goes on: {card.counts.planned} not started yet. S stops again.")
    elif not card.counts.planned:
        room.say("stop: every image of this batch has been started already; X cancels.")
    else:
        await desk.ask(lambda store: store.batches.stop(card.id))
        room.parts.wake()
        room.say(f"Stops after this one: {card.counts.planned} stay unstarted. S goes on.")
    room.read_again()


async def cancel(room: Room, card: BatchCard) -> None:
    """Ask, then cancel a batch now."""
    if not may_change(room):
        return
    counts = card.counts
    if card.state.is_over:
        room.say(f"cancel: the batch is {card.state.value} already.")
        return
    billed = f" {_images(counts.out)} at the service may still be billed." if counts.out else ""
    sentence = f"Cancel this batch now? {_images(counts.planned)} not started cost nothing.{billed}"
    if await room.confirm(sentence, "cancel the batch"):
        await room.parts.desk.ask(lambda store: store.batches.cancel(card.id))
        room.parts.wake()
        room.say("Cancelling; what is done stays.")
        room.read_again()


async def retry(room: Room, card: BatchCard) -> None:
    """Ask with the price, then make new jobs for what failed: same slots, same seeds."""
    if not may_change(room):
        return
    counts = card.counts
    count = counts.failed + (counts.cancelled if card.state is BatchState.CANCELLED else 0)
    if not count:
        room.say("retry: nothing failed in this batch.")
        return
    likely = await room.parts.desk.ask(lambda store: price(store, card, count))
    sentence = f"Make {_images(count)} that failed again, with the same seeds? {costs(likely)}"
    if await room.confirm(sentence, f"retry {count}"):
        done = await room.parts.desk.ask(lambda store: store.batches.retry(card.id))
        room.parts.wake()
        room.say(f"Retrying {_images(done)}.")
        room.read_again()


async def settle(room: Room, card: BatchCard, image: ImageCard | None) -> None:
    """Ask what becomes of an unsure image: send again, give up, or wait."""
    if image is None or image.state is not ImageState.UNSURE:
        room.say("unsure: every submit of this batch was answered clearly.")
        return
    if not may_change(room):
        return
    likely = await room.parts.desk.ask(lambda store: price(store, card, 1))
    number = image.position + 1
    answer = await _ask_what(room, Settle(number, image.title, _more(likely)))
    if answer == "wait":
        room.say(f"Image {number} waits for your word; nothing was sent.")
        return
    if answer == "send":
        changed = await room.parts.desk.ask(lambda store: store.batches.resend(image.id))
        said = f"Image {number} is sent again."
    else:
        changed = await room.parts.desk.ask(lambda store: store.batches.drop(image.id))
        said = f"Image {number} is given up."
    room.parts.wake()
    room.say(said if changed else f"Image {number} is not unsure any more.")
    room.read_again()


async def _ask_what(room: Room, dialog: "Settle") -> Choice:
    answer: asyncio.Future[Choice] = asyncio.get_running_loop().create_future()

    def note(said: Choice | None) -> None:
        if not answer.done():
            answer.set_result(said or "wait")

    await room.app.push_screen(dialog, note)
    return await answer


def _images(count: int) -> str:
    return f"{count} image" + ("" if count == 1 else "s")


def costs(likely: "Estimate") -> str:
    """Say what something takes and costs, before it is confirmed."""
    source = f"learned from {likely.samples} jobs" if likely.is_learned else "an estimate: no history yet"
    if likely.high_microdollars is None:
        return f"It takes {likely.time_words} ({source}); what it costs is not known."
    return f"It takes {likely.time_words} and costs {likely.cost_words} ({source})."


def _more(likely: "Estimate") -> str:
    return "" if likely.high_microdollars is None else f" (≈ {money(likely.high_microdollars)} more)"


class Settle(ModalScreen[Choice]):
    """What becomes of an image whose submit was never answered; Enter alone decides nothing."""

    DEFAULT_CSS = """
    Settle { align: center middle; background: $background 60%; }
    Settle > Vertical {
        width: auto; min-width: 40; max-width: 72; height: auto; padding: 1 3; background: $surface;
        border: round $accent;
        & > Static { width: auto; max-width: 64; height: auto; }
        & > .choices { margin-top: 1; }
    }
    """

    def __init__(self, number: int, cause: str, more: str) -> None:
        super().__init__()
        self._number = number
        self._cause = cause
        self._more = more

    def compose(self) -> ComposeResult:
        """What is known, and the three ways on."""
        cause = clean(self._cause, 300) or "its submit was never answered"
        with Vertical():
            yield Static(safe(f"Image {self._number} may or may not be running: {cause}.".replace("..", ".")))
            yield Static(safe(f"s  send it again{self._more}; it may be paid for twice"), classes="choices")
            yield Static(safe("g  give it up"))
            yield Static(safe("w  wait; Esc does the same, Enter does nothing"))

    def on_key(self, event: events.Key) -> None:
        """Take the three letters, and nothing by accident."""
        event.stop()
        event.prevent_default()
        if event.character == "s":
            self.dismiss("send")
        elif event.character == "g":
            self.dismiss("give up")
        elif event.character in ("w", "q", "n") or event.key in ("escape", "ctrl+c"):
            self.dismiss("wait")
