"""The progress screen under a pilot: log, tiles, causes, wishes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from podtui.paths import Library
from podtui.pulse import ImagePulse, Pulse
from podtui.store import Store
from podtui.words import BatchId, BatchState, ImageState
from screens.progress import ProgressScreen
from screens.progress_facts import Facts, job_lines, progress, why
from screens.widgets.job_strip import JobStrip, fit
from screens.widgets.live_log import LiveLog
from tests.conftest import ManualClock
from tests.review_library import EVIL, HIDDEN, begin, finished, make_done, make_failed, make_unsure, run_image
from tests.screens_ready import Ready, hostile_batch, new_batch, ready_app
from tests.screens_seen import text_of, until


class Opened:
    """A progress screen that is open."""

    def __init__(self, ready: Ready, pilot: Pilot[str]) -> None:
        self.ready, self.pilot = ready, pilot

    @property
    def room(self) -> ProgressScreen:
        room = self.pilot.app.screen
        assert isinstance(room, ProgressScreen)
        return room

    @property
    def text(self) -> str:
        return text_of(self.pilot.app)

    async def sees(self, words: str) -> None:
        await until(self.pilot, lambda: words in self.text)


@asynccontextmanager
async def opened(
    store: Store,
    clock: ManualClock,
    batch: BatchId | None = None,
    *,
    size: tuple[int, int] = (80, 24),
    is_readonly: bool = False,
) -> AsyncIterator[Opened]:
    ready = ready_app(store.library, start="progress", batch=batch, is_readonly=is_readonly, clock=clock)
    async with ready.app.run_test(size=size, notifications=True) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, ProgressScreen) and pilot.app.screen.facts)
        yield Opened(ready, pilot)
    await ready.parts.desk.close()


@pytest.fixture
def running(store: Store, clock: ManualClock) -> BatchId:
    """A batch of five: two done, one failed, one unsure, one running."""
    batch = new_batch(store, 5)
    begin(store, batch)
    make_done(store, batch, 0)
    clock.pass_s(60)
    make_done(store, batch, 1)
    make_failed(store, batch, 2)
    make_unsure(store, batch, 3)
    run_image(store, batch, 4)
    clock.pass_s(41)
    return batch


async def test_a_running_batch_tells_everything_at_a_glance(
    store: Store, clock: ManualClock, running: BatchId
) -> None:
    async with opened(store, clock) as shown:
        await shown.sees("Submitting workflow to RunPod serverless...")
        for words in (
            "Progress · 2/5 · 1 failed",
            "5 ● running    0:41 of about 1:00 · ≈ $0.013 · worker worker1",
            "4 ? unsure     U decides · RunPod did not answer clearly",
            "3 ✗ failed     CUDA out of memory",
            "0:19 left",
            "$0.037",
            "Generating image 5/5...",
            "U settle 1 unsure",
        ):
            assert words in shown.text
        assert "✓ 1" in shown.text and "✗ 3" in shown.text


async def test_lines_arrive_while_one_looks(store: Store, clock: ManualClock) -> None:
    batch = new_batch(store, 2)
    async with opened(store, clock) as shown:
        begin(store, batch)
        await shown.sees(f"Starting batch generation: 2 images (batch_id: {batch})")
        make_done(store, batch, 0)
        await shown.sees("✓ Image 1/2 downloaded")
        make_done(store, batch, 1)
        store.making.end_batch(store.batches.get(batch))
        await shown.sees("Batch generation complete: 2/2 images generated")
        await shown.sees("Generated 2 of 2 image(s). g r reviews 2.")
        assert [line.n for line in shown.room.query_one(LiveLog).lines] == [
            told.n for told in store.news.since(0, batch=batch)
        ]


async def test_retry_asks_with_its_price_and_makes_what_failed_again(
    store: Store, clock: ManualClock, running: BatchId
) -> None:
    async with opened(store, clock) as shown:
        await shown.pilot.press("R")
        await shown.sees("Make 1 image that failed again")
        assert "$0.0" in shown.text
        await shown.pilot.press("enter", "y")
        await until(shown.pilot, lambda: store.images.of_batch(running)[2].state is ImageState.PLANNED)
        await until(shown.pilot, lambda: shown.ready.woken)


@pytest.mark.parametrize(("key", "state"), [("s", ImageState.PLANNED), ("g", ImageState.CANCELLED)])
async def test_an_unsure_image_is_settled_by_a_word(
    store: Store, clock: ManualClock, running: BatchId, key: str, state: ImageState
) -> None:
    async with opened(store, clock) as shown:
        await shown.pilot.press("U")
        await shown.sees("send it again (≈ $0.0")
        await shown.pilot.press("enter", "escape")
        await until(shown.pilot, lambda: isinstance(shown.pilot.app.screen, ProgressScreen))
        assert store.images.of_batch(running)[3].state is ImageState.UNSURE
        await shown.pilot.press("U")
        await shown.sees("send it again")
        await shown.pilot.press(key)
        await until(shown.pilot, lambda: store.images.of_batch(running)[3].state is state)


async def test_stop_and_go_on_are_one_key_and_cancel_asks(store: Store, clock: ManualClock) -> None:
    running = new_batch(store, 3)
    begin(store, running)
    run_image(store, running, 0)
    async with opened(store, clock) as shown:
        await shown.pilot.press("S")
        await until(shown.pilot, lambda: store.batches.get(running).stop_wished)
        await shown.sees("stops after the images that are out")
        await shown.pilot.press("S")
        await until(shown.pilot, lambda: not store.batches.get(running).stop_wished)
        await shown.pilot.press("X")
        await shown.sees("may still be billed")
        await shown.pilot.press("n")
        await shown.pilot.press("X")
        await shown.sees("Cancel this batch now?")
        await shown.pilot.press("y")
        await until(shown.pilot, lambda: store.batches.get(running).cancel_wished)


async def test_readonly_wishes_nothing(store: Store, clock: ManualClock, running: BatchId) -> None:
    async with opened(store, clock, is_readonly=True) as shown:
        for key in ("S", "X", "R", "U"):
            await shown.pilot.press(key)
            await shown.sees("only looks")
        card = store.batches.get(running)
        assert (card.stop_wished, card.cancel_wished, card.counts.failed) == (False, False, 1)
        assert not shown.ready.woken


async def test_a_paused_batch_says_why_and_what_to_do(
    store: Store, clock: ManualClock, running: BatchId
) -> None:
    store.making.pause(running, "RunPod refused the key (…9f2a).", "Check it in Settings.")
    async with opened(store, clock) as shown:
        await shown.sees("paused: RunPod refused the key (…9f2a). Check it in Settings.")


async def test_the_log_is_searched_and_escape_leaves_step_by_step(
    store: Store, clock: ManualClock, running: BatchId
) -> None:
    async with opened(store, clock) as shown:
        await shown.pilot.press("slash", *"CUDA", "enter")
        await shown.sees("“CUDA”: 1 of 1")
        await shown.pilot.press("n")
        await shown.sees("No further hit")
        await shown.pilot.press("escape")
        await until(shown.pilot, lambda: not shown.room.query_one(LiveLog).sought)
        await shown.pilot.press("slash", "S", "X", "escape")
        await until(shown.pilot, lambda: not shown.room.has_class("-searching"))
        assert not store.batches.get(running).stop_wished


async def test_past_batches_are_walked_through(store: Store, clock: ManualClock) -> None:
    first = finished(store, new_batch(store, 1, prompt="an old cat"))
    second = finished(store, new_batch(store, 1, prompt="a young cat"))
    async with opened(store, clock) as shown:
        assert shown.room.batch_id == second
        await shown.pilot.press("comma")
        await shown.sees("an old cat")
        await shown.sees(first)
        assert second not in shown.text
        await shown.pilot.press("comma")
        await shown.sees("This is the oldest batch.")
        await shown.pilot.press("full_stop")
        await shown.sees("a young cat")


async def test_twenty_five_tiles_leave_the_log_its_rows(store: Store, clock: ManualClock) -> None:
    batch = finished(store, new_batch(store, 25))
    async with opened(store, clock, batch) as shown:
        await shown.sees("✓ 25")
        strip = shown.room.query_one(JobStrip)
        assert strip.size.height <= 8
        assert strip.virtual_size.height <= strip.size.height
        assert shown.room.query_one(LiveLog).size.height >= 6


async def test_a_tick_moves_times_and_nothing_else(
    store: Store, clock: ManualClock, running: BatchId
) -> None:
    async with opened(store, clock) as shown:
        await shown.sees("0:41 of about")
        strip = shown.room.query_one(JobStrip)
        await until(shown.pilot, lambda: not strip._missing() and not strip._is_loading)
        await shown.pilot.pause()
        before = shown.text.splitlines()
        clock.pass_s(7)
        await shown.room._tick()
        await shown.sees("0:48 of about")
        after = shown.text.splitlines()
        changed = [row for row, (old, new) in enumerate(zip(before, after, strict=True)) if old != new]
        assert len(changed) <= 3  # the bar, the running image, the title's own time


@pytest.mark.parametrize("words", [EVIL, EVIL + "x" * 10_000], ids=["evil", "long"])
async def test_i1_i2_i3_i4_any_text_is_text_here(store: Store, clock: ManualClock, words: str) -> None:
    batch = hostile_batch(store, words, 4)
    begin(store, batch)
    make_done(store, batch, 0)
    make_failed(store, batch, 1, words)
    make_unsure(store, batch, 2, words)
    async with opened(store, clock, batch) as shown:
        await shown.sees("✗ failed     [/red] [@click=app.quit]x[/]")
        for keys in (("l",), ("U",), ("escape",), ("R",)):
            await shown.pilot.press(*keys)
            await shown.pilot.pause()
            assert not any(hidden in shown.text for hidden in HIDDEN)


async def test_an_empty_library_tells_the_next_step(library: Library, clock: ManualClock) -> None:
    ready = ready_app(library, start="progress", clock=clock)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "No batches yet. g c composes the first one." in text_of(pilot.app))
    await ready.parts.desk.close()


def test_the_pulse_says_how_far_and_why(store: Store, clock: ManualClock) -> None:
    batch = new_batch(store, 3)
    begin(store, batch)
    image, _ = run_image(store, batch, 0)
    clock.pass_s(30)
    pulse = Pulse(
        pid=1,
        started_ms=0,
        beat_boot_s=0,
        batch=batch,
        waiting="cold start: 1 worker initializing",
        images={image.id: ImagePulse(percent=62, note="step 19/30", expected_s=65, worker="a1b2")},
    )
    card, images = store.batches.get(batch), store.images.of_batch(batch)
    facts = Facts(card, images, store.images.latest_attempts(batch), pulse)
    assert why(facts) == "cold start: 1 worker initializing"
    assert job_lines(facts, clock.now_ms())[0].text == (
        "0:30 of about 1:05 · ≈ $0.009 · step 19/30 · worker a1b2"
    )
    now = progress(facts, clock.now_ms())
    assert now.under_way == 0.62
    assert now.left_s == 35 + 2 * 65
    assert "no runner works" in why(facts, is_runner_alive=False)


def test_an_ended_batch_has_no_time_left(store: Store, clock: ManualClock) -> None:
    batch = finished(store, new_batch(store, 2))
    card, images = store.batches.get(batch), store.images.of_batch(batch)
    facts = Facts(card, images, store.images.latest_attempts(batch))
    clock.pass_s(1000)
    assert card.state is BatchState.COMPLETED
    assert progress(facts, clock.now_ms()).words == "0:00 · $0.037"


@pytest.mark.parametrize("count", [1, 5, 10, 25, 60])
def test_all_tiles_are_seen_in_the_room_there_is(count: int) -> None:
    from textual.geometry import Size

    for width in range(30, 160, 7):
        layout = fit(Size(width, 8), count)
        assert layout.per_row * layout.width <= width
        if layout.height > 1:
            assert -(-count // layout.per_row) * layout.height <= 8


def test_no_tile_stands_alone_in_a_last_row_where_a_little_smaller_ones_fit() -> None:
    from textual.geometry import Size

    layout = fit(Size(118, 16), 10)
    assert layout.per_row >= 10
    assert layout.width >= 10
