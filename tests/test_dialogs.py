"""Questions to a person, and the help."""

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from podtui.paths import Library
from screens.dialogs import Confirm
from tests import evil
from tests.screens_ready import ready_app, text_of, until


class Asking(App[None]):
    def __init__(self, sentence: str) -> None:
        super().__init__()
        self.sentence = sentence
        self.said: list[bool | None] = []

    def compose(self) -> ComposeResult:
        yield Static("below")

    async def on_mount(self) -> None:
        await self.push_screen(Confirm(self.sentence, "generate"), self.said.append)


@pytest.mark.parametrize(
    ("keys", "said"), [("y", [True]), ("n", [False]), ("escape", [False]), ("q", [False])]
)
async def test_a_dialog_takes_y_as_yes_and_the_others_as_no(keys: str, said: list[bool]) -> None:
    app = Asking("10 images for about $0.12.")
    async with app.run_test() as pilot:
        await pilot.press(keys)
        await pilot.pause()
        assert app.said == said


@pytest.mark.parametrize("key", ["enter", "space", "x", "f", "g", "tab"])
async def test_enter_and_stray_keys_never_confirm(key: str) -> None:
    app = Asking("10 images for about $0.12.")
    async with app.run_test() as pilot:
        await pilot.press(key, key)
        await pilot.pause()
        assert app.said == []
        assert isinstance(app.screen, Confirm)


async def test_i1_i2_i3_a_dialog_shows_any_text_as_text() -> None:
    app = Asking("begin")
    async with app.run_test() as pilot:
        await pilot.press("n")
        for words in evil.BUNDLES:
            await app.push_screen(Confirm(words, words), app.said.append)
            await pilot.pause()
            assert not evil.raw_characters(app), words
            await pilot.press("n")
        await pilot.pause()
        assert app.said == [False] * (len(evil.BUNDLES) + 1)


async def test_the_help_lists_what_works_here_and_filters_by_typing(library: Library) -> None:
    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "search")
        await pilot.press("question_mark")
        found = await until(pilot, "Keys that work in log")
        assert "Search in the log." in found
        await pilot.press(*"settings")
        found = await until(pilot, "Go to the settings.")
        assert "Search in the log." not in found
        await pilot.press("escape")
        await pilot.pause()
        assert "Keys that work" not in text_of(pilot)
