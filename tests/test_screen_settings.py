"""The settings and the set-up: what is set, from where, changing it, testing it, never a whole key."""

from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from podtui.look import Look
from podtui.paths import Library, settings_file
from podtui.pulse import Pulse
from podtui.settings import Settings, load, write_file
from podtui.shell import PodtuiApp
from podtui.store import Store
from screens.settings_table import GROUPS, Item, differing, git_folder, typed, value_words
from tests import evil
from tests.screens_ready import KEY, ready_app, settings_for_tests, text_of, until

TESTED = Look(
    wish=1, at_ms=1, endpoint="ep0example", is_well=True, title="Endpoint ready", words="1 of 3 workers"
)


def item(name: str) -> Item:
    return next(one for _, items in GROUPS for one in items if one.name == name)


async def press_text(pilot: Pilot[str], text: str) -> None:
    pilot.app.screen.query_one("Input:focus", Input).value = text
    await pilot.pause()


def test_every_setting_stands_in_the_table_once() -> None:
    names = [one.name for _, items in GROUPS for one in items]
    assert sorted(names) == sorted(Settings.model_fields)


def test_s15_of_a_key_only_the_last_four_characters_are_shown() -> None:
    shown = value_words(settings_for_tests(), item("runpod_api_key"))
    assert shown == "…9f2a"


def test_the_runner_that_works_otherwise_is_named_by_what_differs() -> None:
    ours = settings_for_tests()
    same = Pulse(pid=1, started_ms=1, beat_boot_s=1.0, settings=ours.public())
    other = same.model_copy(update={"settings": ours.public() | {"runpod_api_key": "…1234", "theme": "x"}})
    assert differing(ours, None) == ()
    assert differing(ours, same) == ()
    assert differing(ours, other) == ("runpod_api_key",)


def test_s14_settings_inside_a_git_repository_are_noticed(tmp_path: Path) -> None:
    inside = tmp_path / "dotfiles" / "podtui" / "config.toml"
    inside.parent.mkdir(parents=True)
    assert git_folder(inside) != tmp_path / "dotfiles"
    (tmp_path / "dotfiles" / ".git").mkdir()
    assert git_folder(inside) == tmp_path / "dotfiles"


def test_an_empty_field_takes_the_setting_out_but_a_suffix_may_be_empty() -> None:
    assert typed(item("runpod_endpoint_id"), "  ") is None
    assert typed(item("prompt_suffix"), "") == ""
    assert typed(item("in_flight"), "3") == 3


async def test_settings_show_where_each_value_came_from_and_what_is_missing(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file({"workflow": "sdxl"})
    monkeypatch.setenv("RUNPOD_ENDPOINT_ID", "fromenviron01")
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "fromenviron01")
        assert "missing  RUNPOD_API_KEY" in found
        assert any("fromenviron01" in line and "env" in line for line in found.splitlines())
        await pilot.press("l", "l")
        found = await until(pilot, "sdxl")
        assert any("sdxl" in line and "file" in line for line in found.splitlines())
        assert any("Lookahead" in line and "default" in line for line in found.splitlines())


async def test_s15_s8_a_key_that_is_typed_is_never_on_the_screen_and_lands_in_the_file(
    library: Library,
) -> None:
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("enter")
        await pilot.pause()
        await press_text(pilot, KEY)
        assert "••••" in text_of(pilot)
        assert KEY not in ready.app.export_screenshot()
        await pilot.press("enter")
        await until(pilot, "…9f2a")
        assert KEY not in ready.app.export_screenshot()
    assert KEY in settings_file().read_text()
    assert settings_file().stat().st_mode & 0o777 == 0o600


async def test_a_wrong_value_is_told_and_not_written(library: Library) -> None:
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("l", "l", "j", "j", "enter")
        await pilot.pause()
        await press_text(pilot, "26")
        await pilot.press("enter")
        found = await until(pilot, "✗")
        assert "in_flight" in found
        await pilot.press("escape")
        await pilot.pause()
        assert not settings_file().exists()


async def test_what_comes_from_the_environment_is_not_changed_here(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUNPOD_API_KEY", KEY)
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, "…9f2a")
        await pilot.press("enter")
        await until(pilot, "It comes from the environment")
        assert pilot.app.screen.focused is None


async def test_letters_are_text_while_a_value_is_typed(library: Library) -> None:
    ready = ready_app(library, start="settings", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("j", "enter")
        await pilot.pause()
        await pilot.press(*"tqgl")
        field = pilot.app.screen.query_one("Input:focus", Input)
        assert field.value == "tqgl"
        assert ready.woken == [True]


async def test_the_connection_is_tested_by_wish_and_the_answer_shown(library: Library, store: Store) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        woken = len(ready.woken)
        await pilot.press("t")
        await until(pilot, "asking")
        assert len(ready.woken) == woken + 1
        store.looks.answer(TESTED)
        found = await until(pilot, "✓ Endpoint ready")
        assert "1 of 3 workers" in found


async def test_an_answer_that_comes_after_the_screen_was_left_harms_nobody(
    library: Library, store: Store
) -> None:
    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "podtui · Log")
        await pilot.press("g", "s")
        await until(pilot, "API key")
        await pilot.press("t")
        await until(pilot, "asking")
        await pilot.press("g", "l")
        await until(pilot, "podtui · Log")
        store.looks.answer(TESTED)
        for _ in range(100):
            if not [worker for worker in pilot.app.workers if worker.group == "look"]:
                break
            await pilot.pause(0.02)
        assert "podtui · Log" in text_of(pilot)
    assert ready.app.return_code is None


async def test_a_test_that_fails_says_cause_and_next_step(library: Library, store: Store) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        await pilot.press("t")
        await until(pilot, "asking")
        refused = TESTED.model_copy(
            update={
                "is_well": False,
                "title": "RunPod refused the key",
                "cause": "HTTP 401",
                "next_step": "Check it.",
            }
        )
        store.looks.answer(refused)
        found = await until(pilot, "✗ RunPod refused the key")
        assert "HTTP 401" in found and "Check it" in found


async def test_i1_i2_i3_what_an_endpoint_says_is_shown_as_text(library: Library, store: Store) -> None:
    ready = ready_app(library, start="settings")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "API key")
        for words in evil.BUNDLES:
            number = await ready.parts.desk.ask(lambda desk: desk.looks.wish()) + 1
            await pilot.press("t")
            await until(pilot, "asking")
            store.looks.answer(
                TESTED.model_copy(update={"wish": number, "words": words, "title": f"is {number}"})
            )
            await until(pilot, f"is {number}")
            assert not evil.raw_characters(ready.app), words


async def test_a_broken_file_is_named_and_its_values_are_not_quoted(library: Library) -> None:
    settings_file().parent.mkdir(parents=True, exist_ok=True)
    settings_file().write_text(f'runpod_api_kee = "{KEY}"\n')
    settings_file().chmod(0o600)
    ready = ready_app(library, start="auto", settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "Unknown setting runpod_api_kee")
        assert "Did you mean runpod_api_key?" in found
        assert KEY not in ready.app.export_screenshot()


async def set_up(pilot: Pilot[str]) -> None:
    await until(pilot, "Who makes the images?")
    await pilot.press("1")
    await pilot.pause()
    await press_text(pilot, KEY)
    await pilot.press("enter")
    await pilot.pause()
    await press_text(pilot, "https://api.runpod.ai/v2/ep0example/run")
    await pilot.press("enter")


async def test_the_first_run_sets_runpod_up_and_tests_it(library: Library, store: Store) -> None:
    ready = ready_app(library, settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await set_up(pilot)
        await until(pilot, "Asking how it is")
        assert KEY not in ready.app.export_screenshot()
        store.looks.answer(TESTED)
        await until(pilot, "enter composes the first batch")
    written = load()
    assert written.has_runpod
    assert written.runpod_endpoint_id == "ep0example"


async def test_the_set_up_of_a_comfyui_needs_an_address_that_is_one(library: Library, store: Store) -> None:
    ready = ready_app(library, settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "Who makes the images?")
        await pilot.press("2")
        await pilot.pause()
        await press_text(pilot, "my machine")
        await pilot.press("enter")
        await until(pilot, "http:// or https://")
        assert not settings_file().exists()
        await press_text(pilot, "http://127.0.0.1:8188")
        await pilot.press("enter")
        await until(pilot, "Asking how it is")
    assert load().comfyui_api_url == "http://127.0.0.1:8188"
    assert store.looks.pending() == 1


async def test_the_demo_is_one_key_away(library: Library) -> None:
    ready = ready_app(library, settings=load)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "The demo")
        await pilot.press("3")
        await pilot.pause()
    app: PodtuiApp = ready.app
    assert app.return_value == "demo"


async def test_the_demo_itself_needs_no_set_up(library: Library) -> None:
    ready = ready_app(library, settings=load, is_demo=True)
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "podtui · Compose")
        assert "DEMO" in found.splitlines()[0]
