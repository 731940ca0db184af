"""The shell: coming in, going, following the news, leaving, and its faults."""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from podtui.errors import LibraryError
from podtui.paths import Library
from podtui.pulse import Pulse, write_pulse
from podtui.settings import load
from podtui.store import Store
from podtui.words import BatchId
from screens.alive import read_alive
from screens.base import Room
from screens.first import SEEN, choose_first, remember_seen
from screens.log import LogScreen
from tests import evil
from tests.conftest import ManualClock
from tests.screens_ready import KEY, hostile_batch, new_batch, ready_app, settings_for_tests, text_of, until

MINUTE_S = 60.0


def started(store: Store, size: int = 3) -> BatchId:
    batch = new_batch(store, size)
    store.making.start_batch(store.batches.get(batch), None)
    return batch


def shown_room(pilot: Pilot[str]) -> str:
    return pilot.app.screen.NAME if isinstance(pilot.app.screen, Room) else ""


async def until_room(pilot: Pilot[str], name: str) -> None:
    for _ in range(250):
        if shown_room(pilot) == name and pilot.app.screen.is_mounted:
            return
        await pilot.pause(0.02)
    raise AssertionError(f"{name} never came; {pilot.app.screen_stack}")


# --- coming in ------------------------------------------------------------------------------------------


def test_whoever_has_no_settings_begins_with_the_set_up(store: Store) -> None:
    assert choose_first(store, is_set_up=False).room == "setup"


def test_an_empty_library_begins_with_compose_and_a_full_one_with_itself(store: Store) -> None:
    assert choose_first(store, is_set_up=True).room == "compose"
    batch = started(store, 1)
    store.batches.cancel(batch)
    store.making.end_batch(store.batches.get(batch))
    assert choose_first(store, is_set_up=True).room == "library"


def test_p3_a_living_batch_comes_first_whatever_is_missing(store: Store) -> None:
    batch = started(store)
    first = choose_first(store, is_set_up=False)
    assert (first.room, first.batch) == ("progress", batch)


def test_p3_coming_back_tells_how_long_one_was_away_and_what_came(store: Store, clock: ManualClock) -> None:
    from podtui.events import ImageStored

    batch = started(store)
    remember_seen(store)
    clock.pass_s(14 * MINUTE_S)
    for index in range(9):
        store.news.add(ImageStored(batch=batch, index=index, size=10))
    assert choose_first(store, is_set_up=True).words == "away 14 min, 9 images came meanwhile"
    remember_seen(store)
    assert choose_first(store, is_set_up=True).words == ""


def test_what_was_seen_is_written_only_when_something_is_new(store: Store, clock: ManualClock) -> None:
    remember_seen(store)
    before = store.news.recall(SEEN)
    clock.pass_s(1.0)
    remember_seen(store)
    assert store.news.recall(SEEN) == before


async def test_a_library_that_cannot_be_used_ends_with_words_and_exit_1(library: Library) -> None:
    library.root.mkdir(parents=True)
    library.database.write_bytes(b"not a database at all, whatever its name says" * 100)
    ready = ready_app(library)
    async with ready.app.run_test() as pilot:
        await pilot.pause(0.5)
    assert ready.app.return_code == LibraryError.exit_code


# --- the frame ------------------------------------------------------------------------------------------


async def test_the_title_line_carries_what_is_alive_everywhere(library: Library, store: Store) -> None:
    started(store)
    ready = ready_app(library, start="settings", is_demo=True, is_readonly=True)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "▶ 0/3")
        title = found.splitlines()[0]
        assert "podtui · Settings" in title
        assert title.rstrip().endswith("▶ 0/3 · DEMO · READONLY")


def test_p13_a_runner_that_hangs_is_called_silent_and_its_time_said(
    library: Library, store: Store, clock: ManualClock
) -> None:
    started(store)
    write_pulse(library.root, Pulse(pid=1, started_ms=1, beat_boot_s=clock.boot_s()))
    lease = os.open(library.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(lease, fcntl.LOCK_EX)
    try:
        clock.pass_s(29.0)
        assert "silent" not in read_alive(store).words
        clock.pass_s(16.0)
        assert "⚠ runner silent 0:45" in read_alive(store).words
    finally:
        os.close(lease)
    assert "silent" not in read_alive(store).words


async def test_repainting_and_suspending_harm_nothing_where_there_is_no_terminal(library: Library) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("ctrl+l", "ctrl+z")
        await pilot.pause()
        await until(pilot, "API key")


async def test_the_log_shows_what_was_told_and_follows_the_news(library: Library, store: Store) -> None:
    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "podtui · Log")
        started(store)
        found = await until(pilot, "Starting batch generation: 3 images")
        assert "▶ 0/3" in found.splitlines()[0]


async def test_only_the_screen_that_is_shown_reads_again(library: Library, store: Store) -> None:
    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "podtui · Log")
        await pilot.press("g", "s")
        await until_room(pilot, "settings")
        hidden = next(one for one in pilot.app.screen_stack if isinstance(one, LogScreen))
        reads: list[bool] = []
        hidden.read_again = lambda: reads.append(True)  # type: ignore[method-assign]
        started(store)
        await until(pilot, "▶ 0/3")
        assert reads == []
        await pilot.press("q")
        await until_room(pilot, "log")
        await pilot.pause()
        assert reads


async def test_the_live_log_opens_under_any_screen_and_closes(library: Library, store: Store) -> None:
    started(store)
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("L")
        await until(pilot, "Starting batch generation: 3 images")
        await pilot.press("L")
        await pilot.pause()
        assert "Starting batch" not in text_of(pilot)


@pytest.mark.parametrize("size", [(1, 1), (39, 24), (80, 9), (500, 200)])
async def test_p14_any_size_of_terminal_is_survived(library: Library, size: tuple[int, int]) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=size) as pilot:
        await until_room(pilot, "settings")
        await pilot.pause()
        if size == (39, 24):
            assert "Terminal too small" in text_of(pilot)
        await pilot.resize_terminal(80, 24)
        found = await until(pilot, "API key")
        assert "too small" not in found


# --- going ----------------------------------------------------------------------------------------------


async def test_a_chord_shows_what_may_follow_and_goes_there(library: Library) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("g")
        assert "g … c compose" in await until(pilot, "g …")
        await pilot.press("l")
        await until_room(pilot, "log")
        await pilot.press("left_square_bracket")
        await until_room(pilot, "settings")
        assert len(pilot.app.screen_stack) == 2


async def test_a_key_that_ends_no_chord_says_so(library: Library) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, "API key")
        await pilot.press("g", "x")
        await until(pilot, "g x does nothing here.")
        assert shown_room(pilot) == "settings"


async def test_back_leads_through_the_screens_and_each_is_there_once(library: Library) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        for second, name in (("l", "log"), ("s", "settings"), ("l", "log")):
            await pilot.press("g", second)
            await until_room(pilot, name)
        assert len(pilot.app.screen_stack) == 3
        await pilot.press("q")
        await until_room(pilot, "settings")


async def test_a_rebound_key_works_and_the_old_one_is_free(library: Library) -> None:
    settings = settings_for_tests(keys={"go.log": "g x"})
    ready = ready_app(library, start="settings", settings=settings)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("g", "l")
        await pilot.pause()
        assert shown_room(pilot) == "settings"
        await pilot.press("g", "x")
        await until_room(pilot, "log")


async def test_a_clash_of_keys_is_told_with_both_names(library: Library) -> None:
    settings = settings_for_tests(keys={"log.search": "q"})
    ready = ready_app(library, start="log", settings=settings)
    async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
        found = await until(pilot, "log.search")
        assert "back" in found


async def test_the_command_palette_knows_the_ways(library: Library) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("colon")
        await pilot.pause(0.2)
        await pilot.press(*"gotolog")
        await until(pilot, "go to log")
        await pilot.press("enter")
        await until_room(pilot, "log")


# --- leaving --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["q", "ctrl+c"])
async def test_p1_quitting_is_asked_for_twice_and_says_that_work_goes_on(
    library: Library, store: Store, key: str
) -> None:
    started(store)
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, "▶ 0/3")
        await pilot.press(key)
        await until(pilot, f"{key} again quits; work goes on: 0 of 3")
        await pilot.press(key)
        await pilot.pause(0.1)
    assert ready.app.return_code == 0
    assert store.news.recall(SEEN) is not None


async def test_whoever_only_looks_starts_nothing_and_writes_nothing(library: Library, store: Store) -> None:
    started(store)
    ready = ready_app(library, start="settings", is_readonly=True)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "READONLY")
        await pilot.press("q", "q")
        await pilot.pause(0.1)
    assert ready.woken == []
    assert store.news.recall(SEEN) is None


async def test_p23_a_logout_that_ends_the_runner_is_told_once_before_the_first_batch(
    library: Library,
) -> None:
    for is_told in (True, False):
        ready = ready_app(library, start="settings")
        ready.parts.logout_kills = lambda: True
        async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
            await until(pilot, "API key")
            if is_told:
                await until(pilot, "enable-linger")
            else:
                await pilot.pause(0.3)
                assert "enable-linger" not in text_of(pilot)


# --- faults ---------------------------------------------------------------------------------------------


def broken(name: str) -> Callable[..., object]:
    def fail(*_: object) -> object:
        canary = KEY
        raise ValueError(f"{name} broke with {len(canary)} characters in a local")

    return fail


@pytest.mark.parametrize("where", ["handler", "worker"])
async def test_p20_s7_a_fault_ends_with_one_sentence_and_no_value_of_a_variable(
    library: Library, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    ready = ready_app(library, start="log")
    with pytest.raises(ValueError, match="broke"):
        async with ready.app.run_test(size=(80, 24)) as pilot:
            await until(pilot, "podtui · Log")
            if where == "handler":
                pilot.app.screen.action_level = broken(where)  # type: ignore[attr-defined]
                await pilot.press("v")
            else:

                async def fail() -> None:
                    broken(where)()

                pilot.app.run_worker(fail(), exit_on_error=False)
            await pilot.pause(0.2)
    assert ready.app.return_code == 1
    said = capsys.readouterr().err
    assert "podtui has a fault: ValueError" in said
    assert "Traceback" not in said
    log = (library.logs / "podtui.log").read_text()
    assert "broke" in log
    assert KEY not in log + said
    assert str(Path.home()) not in log


# --- hostile texts --------------------------------------------------------------------------------------


async def test_i1_i2_i3_the_log_the_panel_and_toasts_show_any_text_as_text(
    library: Library, store: Store
) -> None:
    from podtui.events import Noted

    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, "podtui · Log")
        for words in evil.ALL:
            store.news.add(Noted(text=words))
        store.news.add(Noted(text="the last one"))
        await until(pilot, "the last one")
        assert not evil.raw_characters(ready.app)
        await pilot.press("g", "s")
        await until_room(pilot, "settings")
        await pilot.press("L")
        await until(pilot, "the last one")
        assert isinstance(pilot.app.screen, Room)
        for words in evil.BUNDLES:
            pilot.app.screen.say(words, "error", title=words)
            await pilot.pause()
            assert not evil.raw_characters(ready.app), words


@pytest.mark.parametrize("room", ["settings", "log"])
async def test_i1_i2_a_hostile_batch_in_the_library_harms_no_title(
    library: Library, store: Store, room: str
) -> None:
    for words in evil.BUNDLES:
        hostile_batch(store, words.replace("\ud800", ""))
    ready = ready_app(library, start=room)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "○ 0/2 waiting")
        assert not evil.raw_characters(ready.app)


async def test_no_colour_is_the_only_sign_and_no_colour_is_fine(
    library: Library, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    started(store)
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "▶ 0/3")
        assert "▸ RunPod" in found and "! missing" in found
