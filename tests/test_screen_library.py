"""The library: every batch in one table, found, opened, copied and steered from there."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from podtui.paths import Library
from podtui.store import Store
from podtui.words import BatchState, Decision
from screens.batch_pages import ONLY, PAGE, Pages, begin, further, refresh
from screens.compose import ComposeScreen
from screens.dialogs import Confirm
from screens.library import LibraryScreen
from screens.widgets.batch_table import approval, when
from screens.widgets.thumb_grid import ThumbGrid
from tests.evil import BUNDLES, raw_characters
from tests.screens_ready import Ready, hostile_batch, make_preview, new_batch, ready_app
from tests.test_store import a_plan, make_done


async def until(pilot: Pilot[str], holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("what was waited for did not come")


@asynccontextmanager
async def library_of(
    ready: Ready, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[str], LibraryScreen]]:
    async with ready.app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(ready.app.screen, LibraryScreen))
        screen = ready.app.screen
        assert isinstance(screen, LibraryScreen)
        await until(pilot, lambda: any(str(one.content) for one in screen.query("#only").results(Static)))
        yield pilot, screen


def rows_shown(screen: LibraryScreen) -> list[str]:
    """The table's visible rows, as drawn."""
    table = screen.table
    return [table.render_line(y).text for y in range(min(table.content_size.height, table.count))]


def details(screen: LibraryScreen) -> str:
    lines = [str(screen.query_one(f"#here-{name}", Static).content) for name in ("prompt", "facts")]
    return "\n".join(lines)


def many(store: Store, count: int) -> None:
    with store.batches.writing():
        for number in range(count):
            store.batches.create(a_plan(1, f"prompt {number:04}"), "{}")


async def test_a_row_tells_when_prompt_size_state_decisions_approval_and_cost(
    library: Library, store: Store
) -> None:
    batch = store.batches.create(a_plan(4, "neon cat"), "{}")
    store.making.start_batch(store.batches.get(batch), 310)
    done = [make_done(store, batch, position) for position in range(3)]
    store.decisions.decide([done[0].id], Decision.APPROVED, "me")
    store.decisions.decide([done[1].id], Decision.REJECTED, "me")
    async with library_of(ready_app(library, start="library")) as (_, screen):
        (row,) = rows_shown(screen)
        cells = row.split()
        for expected in ("neon", "cat", "3/4", "●", "running", "25%", "$0.056"):
            assert expected in cells
        assert cells[cells.index("running") + 1 : cells.index("running") + 4] == ["1", "1", "1"]
        assert "batch_" in details(screen)
        assert "4500x5400 · 30 steps" in details(screen)


async def test_an_empty_library_tells_the_next_step(library: Library) -> None:
    async with library_of(ready_app(library, start="library")) as (_, screen):
        assert "g c composes the first one" in str(screen.query_one("#nothing", Static).content)


async def test_y_i_copies_the_whole_id_of_the_batch_under_the_cursor(library: Library, store: Store) -> None:
    older, _ = new_batch(store, 1, prompt="older"), new_batch(store, 1, prompt="newer")
    ready = ready_app(library, start="library")
    async with library_of(ready) as (pilot, screen):
        await pilot.press("j", "y", "i")
        assert ready.app.clipboard == older
        await pilot.press("y", "p")
        assert ready.app.clipboard == "older"
        assert screen.table.cursor == 1


async def test_search_finds_prompts_styles_and_ids_and_escape_clears_it(
    library: Library, store: Store
) -> None:
    fox = new_batch(store, 1, prompt="a fox in a teacup")
    new_batch(store, 1, prompt="mountain sunset")
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        for words, found in (("teac", 1), ("digital", 2), (fox, 1), ("nothing-like-it", 0)):
            await pilot.press("slash")
            screen.query_one("#search").value = ""  # type: ignore[attr-defined]
            await pilot.press(*words.replace("_", "~")) if "_" not in words else None
            screen.query_one("#search").value = words  # type: ignore[attr-defined]
            await pilot.press("enter")
            await until(pilot, lambda found=found: screen.table.count == found)  # type: ignore[misc]
        assert "Nothing fits" in str(screen.query_one("#nothing", Static).content)
        await pilot.press("escape")
        await until(pilot, lambda: screen.table.count == 2)
        assert isinstance(pilot.app.screen, LibraryScreen)


async def test_letters_in_the_search_are_text(library: Library, store: Store) -> None:
    new_batch(store, 1, prompt="xenon")
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        await pilot.press("slash", *"Xeq")
        await until(pilot, lambda: screen.table.count == 0)
        assert pilot.app.screen is screen
    assert not store.batches.page()[0].cancel_wished


async def test_the_state_filter_goes_round(library: Library, store: Store) -> None:
    new_batch(store, 1, prompt="waits")
    over = new_batch(store, 1, prompt="over")
    store.making.start_batch(store.batches.get(over), 310)
    make_done(store, over, 0)
    store.making.end_batch(store.batches.get(over))
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        counts = []
        for place in range(1, len(ONLY) + 1):
            await pilot.press("o")
            wanted = ONLY[place % len(ONLY)]
            await until(pilot, lambda wanted=wanted: screen._pages.only is wanted)  # type: ignore[misc]
            counts.append(len(screen._pages.rows))
        assert counts == [1, 0, 1, 0, 2]


async def test_the_cursor_stays_on_its_batch_when_others_arrive(library: Library, store: Store) -> None:
    many(store, 60)
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        await pilot.press(*"j" * 30)
        here, top = screen.table.here, screen.table.scroll_offset.y
        assert here is not None
        assert top > 0
        many(store, 3)
        await until(pilot, lambda: screen.table.count == 63)
        assert screen.table.here is not None
        assert screen.table.here.id == here.id
        assert screen.table.scroll_offset.y == top + 3


async def test_a_batch_in_sight_changes_where_it_stands(library: Library, store: Store) -> None:
    batch = new_batch(store, 2)
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        assert "○ waiting" in rows_shown(screen)[0]
        store.making.start_batch(store.batches.get(batch), 310)
        await until(pilot, lambda: "● running" in rows_shown(screen)[0])


@pytest.mark.slow
async def test_5000_batches_come_by_pages_and_the_oldest_is_reached(library: Library, store: Store) -> None:
    many(store, 5_000)
    async with library_of(ready_app(library, start="library")) as (pilot, screen):
        assert screen.table.count <= 3 * PAGE
        assert screen._pages.has_more
        assert "+" in screen.heading()
        await pilot.press(*["pagedown"] * 8)
        await until(pilot, lambda: screen.table.count > PAGE)
        await pilot.press("G")
        await until(pilot, lambda: screen.table.count == 5_000 and screen.table.cursor == 4_999)
        assert "prompt 0000" in rows_shown(screen)[-1]
        ids = [card.n for card in screen.table.rows]
        assert ids == sorted(set(ids), reverse=True)
        await pilot.press("g", "g")
        assert screen.table.cursor == 0


def test_refreshing_reads_the_newest_and_what_is_in_sight_however_much_is_at_hand(store: Store) -> None:
    many(store, 3 * PAGE)
    pages = begin(store, "", ONLY[0])
    while pages.has_more:
        pages = further(store, pages)
    assert len(pages.rows) == 3 * PAGE
    old = pages.rows[250]
    store.batches.cancel(old.id)
    store.batches.stop(pages.rows[0].id)
    hidden = pages.rows[150]
    store.batches.stop(hidden.id)
    fresh = refresh(store, pages, range(245, 260))
    assert [card.n for card in fresh.rows] == [card.n for card in pages.rows]
    assert fresh.rows[250].cancel_wished
    assert fresh.rows[0].stop_wished
    assert not fresh.rows[150].stop_wished
    assert refresh(store, fresh, range(140, 160)).rows[150].stop_wished


def test_an_empty_library_is_one_page(store: Store) -> None:
    assert refresh(store, Pages(), range(0)) == Pages((), False, "", ONLY[0])


@pytest.mark.parametrize(
    ("is_done", "room"), [(False, "progress"), (True, "review")], ids=["living", "with pictures"]
)
async def test_enter_opens_what_fits(library: Library, store: Store, is_done: bool, room: str) -> None:
    batch = new_batch(store, 1)
    if is_done:
        store.making.start_batch(store.batches.get(batch), 310)
        image = make_done(store, batch, 0)
        make_preview(library, image.id)
        store.making.end_batch(store.batches.get(batch))
    ready = ready_app(library, start="library")
    async with library_of(ready) as (pilot, screen):
        went: list[tuple[str, object]] = []
        screen.go = lambda room, *, batch=None, fields=None: went.append((room, batch))  # type: ignore[method-assign]
        await pilot.press("enter")
        assert went == [(room, batch)]


async def test_e_takes_all_settings_into_compose(library: Library, store: Store) -> None:
    new_batch(store, 7, prompt="a fox")
    ready = ready_app(library, start="library")
    async with library_of(ready) as (pilot, _):
        await pilot.press("e")
        await until(pilot, lambda: isinstance(ready.app.screen, ComposeScreen))
        screen = ready.app.screen
        assert isinstance(screen, ComposeScreen)
        await until(pilot, lambda: screen._is_filled)
        form = screen.form.form
        assert (form.prompt, form.style, form.batch_size) == ("a fox", "digital art", "7")


async def test_stop_cancel_and_retry_act_on_the_batch_under_the_cursor(
    library: Library, store: Store
) -> None:
    batch = new_batch(store, 2)
    other = new_batch(store, 2)
    ready = ready_app(library, start="library")
    async with library_of(ready) as (pilot, _):
        await pilot.press("j", "S")
        await until(pilot, lambda: store.batches.get(batch).stop_wished)
        await pilot.press("X")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: store.batches.get(batch).cancel_wished)
        assert not store.batches.get(other).stop_wished
        assert ready.woken
        await pilot.press("R")
        await pilot.pause()
    assert store.batches.get(batch).state is BatchState.WAITING


async def test_readonly_changes_nothing(library: Library, store: Store) -> None:
    batch = new_batch(store, 2)
    ready = ready_app(library, start="library", is_readonly=True)
    async with library_of(ready) as (pilot, _):
        await pilot.press("S", "X", "R")
        await pilot.pause()
    card = store.batches.get(batch)
    assert not card.stop_wished
    assert not card.cancel_wished


async def test_the_pictures_of_the_batch_under_the_cursor_stand_beside_the_table(
    library: Library, store: Store
) -> None:
    first, second = new_batch(store, 2), new_batch(store, 3)
    store.making.start_batch(store.batches.get(first), 310)
    make_preview(library, make_done(store, first, 0).id)
    async with library_of(ready_app(library, start="library"), (120, 40)) as (pilot, screen):
        grid = screen.query_one(ThumbGrid)
        await until(pilot, lambda: len(grid.tiles) == 3)
        await pilot.press("j")
        await until(pilot, lambda: len(grid.tiles) == 2)
        assert grid.tiles[0].preview is not None
        assert [tile.id for tile in grid.tiles] == [image.id for image in store.images.of_batch(first)]
        assert screen.focused is None
        assert second


async def test_at_80_columns_the_table_has_the_width(library: Library, store: Store) -> None:
    new_batch(store, 2)
    async with library_of(ready_app(library, start="library")) as (_, screen):
        assert not screen.query_one("#strip-pane").display
        assert screen.table.size.width == 80


@pytest.mark.parametrize("words", BUNDLES)
async def test_i1_i2_i3_i4_evil_batches_are_text_in_the_table(
    library: Library, store: Store, words: str
) -> None:
    hostile_batch(store, words)
    new_batch(store, 1)
    ready = ready_app(library, start="library")
    async with library_of(ready, (120, 40)) as (pilot, screen):
        await pilot.press("j", "y", "p")
        await until(pilot, lambda: words[:3] in ready.app.clipboard)
        assert raw_characters(ready.app) == set()
        assert ready.app.screen is screen


def test_times_are_told_as_people_do() -> None:
    now = 1_780_000_000_000
    assert when(now, now).startswith("today ")
    assert ":" in when(now - 5 * 86_400_000, now)
    assert "today" not in when(now - 5 * 86_400_000, now)
    assert ":" not in when(now - 500 * 86_400_000, now)


def test_approval_is_of_all_images_as_in_the_guide(store: Store) -> None:
    batch = store.batches.create(a_plan(4), "{}")
    assert approval(store.batches.get(batch)) == "–"
    store.making.start_batch(store.batches.get(batch), 310)
    image = make_done(store, batch, 0)
    store.decisions.decide([image.id], Decision.APPROVED, "me")
    assert approval(store.batches.get(batch)) == "25%"
