"""The review under a pilot: real keys, what is on the screen, what is in the store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual import events
from textual.pilot import Pilot

from podtui.paths import Library
from podtui.plan import Fields
from podtui.store import Store
from podtui.words import BatchId, Decision, ImageState
from screens.review import ReviewScreen
from screens.review_acts import own_prompt, remix_fields
from screens.review_words import difference
from screens.widgets.job_strip import JobStrip
from tests.conftest import ManualClock
from tests.review_library import EVIL, HIDDEN, begin, finished, make_done, make_failed, run_image
from tests.screens_ready import Ready, hostile_batch, new_batch, ready_app
from tests.screens_seen import text_of, until

A, R, U = Decision.APPROVED, Decision.REJECTED, Decision.UNDECIDED


class Opened:
    """A review that is open, and the hands on it."""

    def __init__(self, ready: Ready, pilot: Pilot[str], store: Store, batch: BatchId) -> None:
        self.ready, self.pilot, self.store, self.batch = ready, pilot, store, batch

    @property
    def room(self) -> ReviewScreen:
        room = self.pilot.app.screen
        assert isinstance(room, ReviewScreen)
        return room

    @property
    def text(self) -> str:
        return text_of(self.pilot.app)

    @property
    def at(self) -> int:
        return self.room.walk.at

    def decisions(self) -> list[Decision]:
        return [image.decision for image in self.store.images.of_batch(self.batch)]

    async def until_painted(self) -> None:
        def is_painted() -> bool:
            here = self.room.walk.here
            return here is not None and here.id in self.room._seen

        await until(self.pilot, is_painted)

    async def decide(self, key: str) -> None:
        """Press a decision key once its picture is painted."""
        await self.until_painted()
        await self.pilot.press(key)

    async def until_decided(self, *wanted: Decision) -> None:
        await until(self.pilot, lambda: self.decisions() == list(wanted))
        await until(self.pilot, lambda: [image.decision for image in self.room.walk.images] == list(wanted))


@asynccontextmanager
async def opened(
    store: Store, batch: BatchId, *, size: tuple[int, int] = (80, 24), is_readonly: bool = False
) -> AsyncIterator[Opened]:
    ready = ready_app(store.library, start="review", batch=batch, is_readonly=is_readonly)
    async with ready.app.run_test(size=size, notifications=True) as pilot:
        await until(
            pilot, lambda: isinstance(pilot.app.screen, ReviewScreen) and pilot.app.screen.walk.images
        )
        yield Opened(ready, pilot, store, batch)
    await ready.parts.desk.close()


@pytest.fixture
def five(store: Store) -> BatchId:
    return finished(store, new_batch(store, 5))


async def test_all_five_are_decided_by_key_and_the_end_says_what_is_next(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        for key in ("f", "d", "p", "x", "f"):
            await review.decide(key)
        await review.until_decided(A, R, A, R, A)
        await until(review.pilot, lambda: "5 of 5 decided" in review.text)
        assert review.at == 4
        assert "3 ✓ 2 ✕ · 0 left" in review.text
        assert review.ready.woken


async def test_undo_survives_a_restart_and_says_what_it_undid(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        for key in ("f", "d", "f", "d", "f"):
            await review.decide(key)
        await review.pilot.press("z", "backspace")
        await review.until_decided(A, R, A, U, U)
        assert review.at == 3
        assert "undone: rejected 1 image" in review.text
    async with opened(store, five) as review:
        assert review.decisions() == [A, R, A, U, U]
        assert review.at == 3
        await review.pilot.press("z")
        await review.until_decided(A, R, U, U, U)
        await until(review.pilot, lambda: review.at == 2)
        await review.pilot.press("Z", "Z", "Z")
        await review.until_decided(A, R, A, R, A)
        await review.pilot.press("Z")
        await until(review.pilot, lambda: "there is nothing to redo" in review.text)


async def test_marks_are_decided_in_one_step_whose_scope_is_said(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        assert "applies to: 1" in review.text
        await review.pilot.press("space", "l", "space")
        await until(review.pilot, lambda: "applies to: 2 marked" in review.text)
        await review.pilot.press("d")
        await review.until_decided(R, U, R, U, U)
        assert "rejected 2 marked · z undo" in review.text
        await review.pilot.press("z")
        await review.until_decided(U, U, U, U, U)
        assert len(store.decisions.history(store.images.of_batch(five)[0].id)) == 1


async def test_ranges_and_inversion_mark_and_escape_clears(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.pilot.press("l", "v", "l", "l", "v")
        assert {image.position for image in review.room.walk.scope} == {1, 2, 3}
        await review.pilot.press("asterisk")
        assert {image.position for image in review.room.walk.scope} == {0, 4}
        await review.pilot.press("escape")
        await until(review.pilot, lambda: not review.room.walk.marks)
        assert isinstance(review.pilot.app.screen, ReviewScreen)


async def test_the_walk_keeps_its_direction_and_never_wraps(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.pilot.press("G", "h")
        assert review.at == 3
        await review.decide("f")
        assert review.at == 2
        await review.decide("f")
        await review.decide("f")
        await review.decide("f")
        assert review.at == 0
        await review.until_decided(A, A, A, A, U)
        assert "no undecided" in review.text
        await review.pilot.press("left")
        assert review.at == 0


async def test_a_decision_is_taken_back_where_it_stands(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.decide("f")
        await review.pilot.press("h", "u")
        await review.until_decided(U, U, U, U, U)
        assert review.at == 0


async def test_a_key_before_the_picture_is_painted_decides_nothing(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.until_painted()
        review.room._seen.clear()
        review.room.action_approve()
        await until(review.pilot, lambda: "held: 1 is not on the screen yet" in review.text)
        assert review.decisions() == [U] * 5


async def test_i18_a_paste_decides_nothing(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.until_painted()
        review.pilot.app.post_message(events.Paste("fdfdxp"))
        await review.pilot.press("l")
        assert review.at == 1
        assert review.decisions() == [U] * 5


async def test_news_append_and_never_move_the_cursor(store: Store) -> None:
    batch = new_batch(store, 4)
    begin(store, batch)
    make_done(store, batch, 0)
    make_done(store, batch, 1)
    async with opened(store, batch) as review:
        await review.pilot.press("l")
        make_done(store, batch, 2)
        store.batches.reroll(store.images.of_batch(batch)[0].id, 7)
        await until(review.pilot, lambda: len(review.room.walk.images) == 5)
        await until(review.pilot, lambda: review.room.walk.images[2].has_picture)
        assert review.at == 1
        grid = review.room.query_one(JobStrip)
        assert [tile.caption for tile in grid.tiles] == ["1", "2", "3", "4", "5"]
        assert grid.cursor == 1


async def test_an_image_without_a_picture_says_why_it_cannot_be_decided(store: Store) -> None:
    batch = new_batch(store, 3)
    begin(store, batch)
    make_failed(store, batch, 0, "CUDA out of memory")
    run_image(store, batch, 1)
    async with opened(store, batch) as review:
        await review.pilot.press("f")
        await until(review.pilot, lambda: "1 is failed: CUDA out of memory" in review.text)
        await review.pilot.press("l", "d")
        await until(review.pilot, lambda: "2 is running; its picture is not here" in review.text)
        assert review.decisions() == [U, U, U]


async def test_d5_a_missing_file_is_named_and_cannot_be_approved(store: Store, five: BatchId) -> None:
    image = store.images.of_batch(five)[0]
    store.library.draft(five, image.id, "png").unlink()
    async with opened(store, five) as review:
        await until(review.pilot, lambda: "1: file missing" in review.text)
        await review.pilot.press("f")
        await until(review.pilot, lambda: "the file of 1 is missing" in review.text)
        assert review.decisions() == [U] * 5
        await review.pilot.press("d")
        await review.until_decided(R, U, U, U, U)


async def test_readonly_refuses_with_words(store: Store, five: BatchId) -> None:
    async with opened(store, five, is_readonly=True) as review:
        await review.decide("f")
        await review.pilot.press("z", "r")
        await until(review.pilot, lambda: "only looks" in review.text)
        assert review.decisions() == [U] * 5


async def test_the_loupe_shows_the_picture_alone_and_q_leaves_it(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        narrow = review.room.query_one("#picture").size.width
        await review.pilot.press("w")
        await until(review.pilot, lambda: review.room.query_one("#picture").size.width == 80)
        assert "1 of 5 · undecided · a neon cat" in review.text
        await review.decide("d")
        await review.until_decided(R, U, U, U, U)
        assert "2 of 5" in review.text
        await review.pilot.press("q")
        await until(review.pilot, lambda: review.room.query_one("#picture").size.width == narrow)


async def test_the_info_panel_tells_everything_and_what_differs(store: Store) -> None:
    batch = finished(store, new_batch(store, 2, prompt="{neon|pastel} cat"))
    async with opened(store, batch, size=(120, 40)) as review:
        await review.pilot.press("i")
        await until(review.pilot, lambda: "unlike 2" in review.text)
        seed = store.images.of_batch(batch)[0].seed
        for words in ("−pastel  +neon", str(seed), "$0.019", "1:00 running", "sha256", "0" * 40):
            assert words in review.text


async def test_a_reroll_asks_with_its_price_and_enter_does_not_confirm(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        await review.pilot.press("r")
        await until(review.pilot, lambda: "once more with a new seed" in review.text)
        assert "$0.0" in review.text
        await review.pilot.press("enter")
        assert len(store.images.of_batch(five)) == 5
        await review.pilot.press("y")
        await until(review.pilot, lambda: len(store.images.of_batch(five)) == 6)
        fresh = store.images.of_batch(five)[5]
        assert (fresh.origin, fresh.state) == ("reroll", ImageState.PLANNED)
        await until(review.pilot, lambda: review.ready.woken)


async def test_remix_takes_the_settings_into_compose(
    store: Store, five: BatchId, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(store, five) as review:
        went: list[tuple[str, Fields | None]] = []

        async def record(name: str, batch: object = None, fields: Fields | None = None) -> None:
            went.append((name, fields))

        monkeypatch.setattr(review.pilot.app, "open_room", record)
        await review.pilot.press("e", "E")
        await until(review.pilot, lambda: len(went) == 2)
        assert [room for room, _ in went] == ["compose", "compose"]
        whole, prompt = went[0][1], went[1][1]
        assert whole is not None and prompt is not None
        assert (whole.prompt, whole.style, whole.seed) == ("a neon cat", "digital art", "100")
        assert (prompt.prompt, prompt.style) == ("a neon cat", "")


async def test_ids_prompts_and_paths_are_copied_whole(store: Store, five: BatchId) -> None:
    async with opened(store, five) as review:
        image = store.images.of_batch(five)[0]
        await review.pilot.press("y", "i")
        assert review.pilot.app.clipboard == image.id
        await review.pilot.press("y", "p")
        assert review.pilot.app.clipboard == image.prompt
        await review.pilot.press("y", "f")
        assert review.pilot.app.clipboard == str(store.library.draft(five, image.id, "png"))


async def test_twenty_five_images_fit_at_80_by_24(store: Store) -> None:
    batch = finished(store, new_batch(store, 25))
    async with opened(store, batch) as review:
        grid = review.room.query_one(JobStrip)
        assert grid.virtual_size.height <= grid.size.height
        assert all(f"· {number}" in review.text for number in range(1, 26))
        assert review.room.query_one("#picture").size.width >= 34
        await review.pilot.press("j")
        assert review.at == grid.per_row


@pytest.mark.parametrize("words", [EVIL, EVIL + "x" * 10_000, "日本語 " * 40], ids=["evil", "long", "wide"])
async def test_i1_i2_i3_i4_any_prompt_is_text_here(store: Store, words: str) -> None:
    batch = finished(store, hostile_batch(store, words))
    async with opened(store, batch) as review:
        for keys in (("i",), ("i", "w"), ("w", "r"), ("n", "l", "f")):
            await review.pilot.press(*keys)
            await review.pilot.pause()
            assert not any(hidden in review.text for hidden in HIDDEN)
            assert all(len(row) <= 80 for row in review.text.splitlines())
            if isinstance(review.pilot.app.screen, ReviewScreen):
                assert words[:6] in review.text


async def test_an_empty_library_tells_the_next_step(library: Library, clock: ManualClock) -> None:
    ready = ready_app(library, start="review", clock=clock)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: "Nothing to review yet" in text_of(pilot.app))
    await ready.parts.desk.close()


def test_a_prompt_is_taken_apart_only_where_it_is_put_together(store: Store) -> None:
    batch = new_batch(store, 2, prompt="{neon|pastel} cat")
    card, images = store.batches.get(batch), store.images.of_batch(batch)
    assert [own_prompt(image, card) for image in images] == ["neon cat", "pastel cat"]
    fields = remix_fields(images[1], card)
    assert (fields.seed, fields.cfg_scale, fields.batch_size) == (str(images[1].seed), "2.0", "1")
    odd = hostile_batch(store, "__animals__ {a|b}")
    assert own_prompt(store.images.of_batch(odd)[0], store.batches.get(odd)) == "__animals__ {a|b}"


def test_differences_are_words() -> None:
    assert difference("a pastel cat", "a neon cat") == "−neon  +pastel"
    assert difference("same", "same") == ""
    assert difference("a b c", "a c") == "+b"
