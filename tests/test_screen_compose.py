"""Compose: what one types, what that means, and that nothing is paid before a yes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Static

from podtui.composing import presets_folder
from podtui.errors import SettingsError
from podtui.look import Look
from podtui.paths import Library, settings_file
from podtui.plan import NO_BATCHES_HERE, Fields
from podtui.presets import find_preset
from podtui.settings import Settings, read_file
from podtui.store import Store
from screens.compose import ComposeScreen
from screens.consequence import differences, drawable
from screens.dialogs import Confirm
from screens.history import History, PastPrompt, rank
from screens.widgets.field import MAX_PASTE, Field, Lines
from screens.widgets.prompt_list import PromptList
from tests.conftest import ManualClock
from tests.evil import BUNDLES, raw_characters
from tests.screens_ready import Ready, hostile_batch, new_batch, ready_app, settings_for_tests


async def until(pilot: Pilot[str], holds: Callable[[], bool]) -> None:
    for _ in range(300):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError("what was waited for did not come")


@asynccontextmanager
async def composing(
    ready: Ready, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[Pilot[str], ComposeScreen]]:
    async with ready.app.run_test(size=size) as pilot:
        await until(pilot, lambda: isinstance(ready.app.screen, ComposeScreen))
        screen = ready.app.screen
        assert isinstance(screen, ComposeScreen)
        await until(pilot, lambda: screen._is_filled and not screen._is_asking)
        yield pilot, screen


async def set_form(pilot: Pilot[str], screen: ComposeScreen, **values: str) -> None:
    """Put values into the fields' own widgets, as typing does."""
    for name, value in values.items():
        control = screen.form.field(name).control
        setattr(control, "text" if name == "prompt" else "value", value)
    await pilot.pause()
    await until(pilot, lambda: not screen._is_asking)


def words_under(screen: ComposeScreen, name: str) -> str:
    return screen.form.field(name).words


def facts(screen: ComposeScreen) -> str:
    return str(screen.query_one("#facts", Static).content)


def made(store: Store) -> int:
    return len(store.batches.page())


async def test_every_keystroke_lists_the_exact_prompts(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await pilot.press(*"cat")
        prompts = screen.query_one(PromptList)
        await until(pilot, lambda: list(prompts.prompts) == ["cat, high contrast, bold colors"])
        await pilot.press("s")
        await until(pilot, lambda: list(prompts.prompts) == ["cats, high contrast, bold colors"])


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_all_25_prompts_are_listed_and_are_the_ones_that_are_ordered(
    library: Library, store: Store, size: tuple[int, int]
) -> None:
    folder = settings_file().parent / "wildcards"
    folder.mkdir(parents=True)
    (folder / "hue.txt").write_text("\n".join(f"hue{n}" for n in range(50)))
    ready = ready_app(library, start="compose")
    async with composing(ready, size) as (pilot, screen):
        await set_form(pilot, screen, prompt="{neon|pastel} __hue__ cat", batch_size="25")
        listed = list(screen.query_one(PromptList).prompts)
        numbers = [int(line[:2]) for line in screen.query_one(PromptList).lines if line[:2].strip()]
        assert numbers == list(range(1, 26))
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: made(store) == 1)
    (card,) = store.batches.page()
    assert [image.prompt for image in store.images.of_batch(card.id)] == listed
    assert len(set(listed)) > 2


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("prompt", "{a|b", "stands alone"),
        ("prompt", "__nowhere__ cat", "There is no wildcard __nowhere__"),
        ("prompt", "x" * 20_001, "20,001 characters; at most 20,000"),
        ("style", "x" * 2_001, "at most 2,000"),
        ("genre", "x" * 2_001, "at most 2,000"),
        ("negative", "x" * 20_001, "at most 20,000"),
        ("batch_size", "0", "1 to 25"),
        ("batch_size", "26", "1 to 25"),
        ("batch_size", "-1", "1 to 25"),
        ("batch_size", "٢", "1 to 25"),
        ("width", "7", "64 to 16384"),
        ("height", "1e9", "64 to 16384"),
        ("steps", "0", "1 to 100"),
        ("cfg_scale", "nan", "0 to 100"),
        ("cfg_scale", "7,5", "0 to 100"),
        ("seed", "18446744073709551616", "0 to 18446744073709551615"),
        ("suffix", "x" * 2_001, "at most 2,000"),
    ],
)
async def test_i6_i7_i8_i9_a_bad_field_says_why_under_itself_and_nothing_is_sent(
    library: Library, store: Store, field: str, value: str, said: str
) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        await set_form(pilot, screen, **{field: value})
        assert said in words_under(screen, field)
        assert screen.form.field(field).has_class("-bad")
        assert list(screen.query_one(PromptList).prompts) == []
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
        assert ready.app.screen is screen
        assert screen.focused is screen.form.field(field).control
        await set_form(pilot, screen, prompt="cat", **({} if field == "prompt" else {field: ""}))
        if field in ("style", "genre", "negative", "seed", "suffix", "prompt"):
            assert not screen.form.field(field).has_class("-bad")
    assert made(store) == 0


async def test_an_untouched_form_blames_nobody_and_an_empty_prompt_is_not_sent(
    library: Library, store: Store
) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        assert not screen.query(".-bad")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: screen.form.field("prompt").has_class("-bad"))
        assert "A prompt is needed" in words_under(screen, "prompt")
    assert made(store) == 0


async def test_two_presses_make_one_question_and_one_batch(library: Library, store: Store) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", batch_size="3")
        screen.action_generate()
        screen.action_generate()
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        assert sum(isinstance(one, Confirm) for one in ready.app.screen_stack) == 1
        woken = len(ready.woken)
        await pilot.press("y", "y", "ctrl+g")
        await until(pilot, lambda: made(store) == 1 and not screen._is_generating)
        await pilot.pause()
        assert not isinstance(ready.app.screen, Confirm)
        assert len(ready.woken) > woken
    assert [card.batch_size for card in store.batches.page()] == [3]


@pytest.mark.parametrize("key", ["n", "escape", "q"])
async def test_enter_confirms_nothing_and_no_sends_nothing(library: Library, store: Store, key: str) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        await pilot.press("enter")
        assert isinstance(ready.app.screen, Confirm)
        await pilot.press(key)
        await until(pilot, lambda: ready.app.screen is screen and not screen._is_generating)
    assert made(store) == 0


async def test_the_question_names_count_endpoint_sum_and_time(library: Library, store: Store) -> None:
    settings = settings_for_tests(price_per_second="0.00031")
    ready = ready_app(library, start="compose", settings=settings)
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", batch_size="10")
        assert "about 10–15 min · $0.19–0.28" in facts(screen)
        assert "an estimate: no history yet" in facts(screen)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        said = str(ready.app.screen.query(Static).first().content)
        assert said == "Generate 10 images on endpoint ep0example for about $0.19–0.28, 10–15 min?"


async def test_budgets_are_said_before_paying(library: Library) -> None:
    settings = settings_for_tests(price_per_second="0.001", budget_per_day="5", budget_per_batch="0.50")
    async with composing(ready_app(library, start="compose", settings=settings)) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", batch_size="10")
        assert "budget today $0.00 of $5.00 · at most $0.50 a batch" in facts(screen)
        assert "The batch's budget of $0.50 may stop it" in facts(screen)


async def test_a_budget_without_a_price_is_told_as_one_that_cannot_be_held(library: Library) -> None:
    settings = settings_for_tests(budget_per_day="5")
    async with composing(ready_app(library, start="compose", settings=settings)) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        assert "The budget cannot be held" in facts(screen)


async def test_a_direct_comfyui_makes_one_image_only(library: Library, store: Store) -> None:
    settings = Settings(comfyui_api_url="http://127.0.0.1:8188")
    ready = ready_app(library, start="compose", settings=settings)
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", batch_size="2")
        assert NO_BATCHES_HERE in words_under(screen, "batch_size")
        assert "RUNPOD_API_KEY" in words_under(screen, "batch_size")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
        assert ready.app.screen is screen
    assert made(store) == 0


async def test_without_a_key_the_form_works_and_generate_says_what_is_missing(
    library: Library, store: Store
) -> None:
    ready = ready_app(library, start="compose", settings=Settings())
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        assert list(screen.query_one(PromptList).prompts) == ["cat, high contrast, bold colors"]
        assert "not set up: RUNPOD_API_KEY" in facts(screen)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
        assert ready.app.screen is screen
    assert made(store) == 0
    assert store.looks.pending() is None


async def test_unusable_settings_are_told_and_nothing_is_sent(library: Library, store: Store) -> None:
    def broken() -> Settings:
        raise SettingsError("The settings file can be read by others", "", "chmod 600 it")

    async with composing(ready_app(library, start="compose", settings=broken)) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        assert "chmod 600 it" in facts(screen)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
    assert made(store) == 0


def a_look(store: Store, at_ms: int, **changes: object) -> None:
    look = Look(
        wish=store.looks.wish(),
        at_ms=at_ms,
        endpoint="ep0example",
        is_well=True,
        title="Endpoint ready",
        words="1 of 3 workers",
    )
    store.looks.answer(look.model_copy(update=changes))


async def test_somebody_looks_at_the_endpoint_when_the_last_look_is_old(
    library: Library, store: Store, clock: ManualClock
) -> None:
    a_look(store, clock.now_ms() - 301_000)
    ready = ready_app(library, start="compose", clock=clock)
    async with composing(ready) as (pilot, screen):
        await until(pilot, lambda: store.looks.pending() is not None)
        assert ready.woken
        a_look(store, clock.now_ms(), title="Endpoint ready", words="2 of 3 workers")
        await until(pilot, lambda: "Endpoint ready · 2 of 3 workers" in facts(screen))
    assert store.looks.pending() is None


async def test_a_fresh_look_is_taken_as_it_is(library: Library, store: Store, clock: ManualClock) -> None:
    a_look(store, clock.now_ms() - 299_000, is_well=False, title="No such endpoint", next_step="Check its id")
    async with composing(ready_app(library, start="compose", clock=clock)) as (pilot, screen):
        await until(pilot, lambda: "⚠ No such endpoint. Check its id" in facts(screen))
    assert store.looks.pending() is None


async def test_the_draft_survives_leaving_the_screen_and_the_app(library: Library, store: Store) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="half a thought", steps="41")
        await ready.app.open_room("library")
        await until(pilot, lambda: "half a thought" in (store.news.recall("compose.draft") or ""))
    async with composing(ready_app(library, start="compose")) as (_, screen):
        assert (screen.form.form.prompt, screen.form.form.steps) == ("half a thought", "41")
        assert screen.query_one(Lines).text == "half a thought"


async def test_a_remix_says_what_differs_and_the_draft_can_be_taken_back(
    library: Library, store: Store
) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await set_form(pilot, screen, prompt="my own")
        taken = replace(screen.form.form, prompt="a neon cat", steps="25")
        screen.action_escape()
        screen.go("compose", fields=taken)
        await until(pilot, lambda: pilot.app.screen is not screen)
        remix = pilot.app.screen
        assert isinstance(remix, ComposeScreen)
        await until(pilot, lambda: remix._is_filled)
        notice = remix.query_one("#notice", Static)
        assert "prompt, steps 30 → 25" in str(notice.content)
        assert remix.query_one(Lines).text == "a neon cat"
        await pilot.press("ctrl+t")
        await until(pilot, lambda: remix.form.form.prompt == "my own")
        assert remix.query_one(Lines).text == "my own"


async def test_a_batch_of_a_remix_knows_where_it_comes_from(library: Library, store: Store) -> None:
    parent = new_batch(store, 1)
    ready = ready_app(library, start="library")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: len(ready.app.screen_stack) > 1)
        await ready.app.open_room("compose", parent, Fields(prompt="again"))
        screen = ready.app.screen
        assert isinstance(screen, ComposeScreen)
        await until(pilot, lambda: screen._is_filled)
        await pilot.press("ctrl+g")
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: made(store) == 2)
    assert store.batches.page()[0].parent == parent


async def test_presets_fill_the_form_and_the_dash_brings_the_own_values_back(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", steps="44")
        screen.form.field("preset").control.focus()
        await pilot.press("right")
        form = screen.form.form
        assert (form.batch_size, form.steps, form.cfg_scale, form.width, form.height) == (
            "5",
            "25",
            "2.5",
            "3600",
            "3600",
        )
        await pilot.press("right")
        assert (screen.form.form.batch_size, screen.form.form.steps) == ("10", "30")
        await pilot.press("right")
        assert (screen.form.form.steps, screen.form.form.prompt) == ("44", "cat")


async def test_own_presets_are_kept_by_name(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", style="risograph")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: pilot.app.screen is not screen)
        await pilot.press(*"riso", "enter")
        await until(pilot, lambda: (presets_folder() / "riso.toml").exists())
        assert find_preset("riso", presets_folder()).values["style"] == "risograph"
        await until(pilot, lambda: any(one.name == "riso" for one in screen._ground.presets))


async def test_another_workflow_brings_its_own_steps_and_guidance(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", negative="blurry")
        assert "ignored by flux1-dev-fp8" in words_under(screen, "negative")
        screen.form.field("workflow").control.focus()
        await pilot.press("left")
        await until(pilot, lambda: screen.form.form.workflow == "sdxl")
        assert (screen.form.form.steps, screen.form.form.cfg_scale) == ("30", "7.0")
        assert words_under(screen, "negative") == ""


async def test_a_changed_suffix_is_in_the_prompts_at_once_and_kept_in_the_settings(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", suffix="on white")
        assert list(screen.query_one(PromptList).prompts) == ["cat, on white"]
        screen.form.field("suffix").control.focus()
        await pilot.press("tab")
        await until(pilot, lambda: settings_file().exists())
    assert read_file(settings_file())["prompt_suffix"] == "on white"


async def test_the_history_is_searched_and_brings_prompt_style_and_genre(
    library: Library, store: Store
) -> None:
    for prompt in ("a neon cat", "mountain sunset", "[/red] evil"):
        new_batch(store, 1, prompt=prompt)
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(ready.app.screen, History))
        await pilot.press(*"sunset", "enter")
        await until(pilot, lambda: screen.form.form.prompt == "mountain sunset")
        assert screen.form.form.style == "digital art"
        assert screen.query_one(Lines).text == "mountain sunset"


def test_the_history_finds_words_first_and_then_letters_in_their_order() -> None:
    past = [PastPrompt("a mountain cottage"), PastPrompt("neon cat"), PastPrompt("a dog")]
    assert [one.prompt for one in rank("neon", past)] == ["neon cat"]
    assert [one.prompt for one in rank("cat", past)] == ["neon cat"]
    assert [one.prompt for one in rank("ncat", past)] == ["neon cat"]
    assert [one.prompt for one in rank("", past)] == [one.prompt for one in past]
    assert rank("zzz", past) == []


@pytest.mark.parametrize("words", BUNDLES)
async def test_i1_i2_i3_i4_evil_prompts_are_text(library: Library, store: Store, words: str) -> None:
    batch = hostile_batch(store, words)
    ready = ready_app(library, start="compose")
    async with composing(ready, (120, 40)) as (pilot, screen):
        screen.query_one(Lines).post_message(events.Paste(words))
        screen.form.field("style").control.post_message(events.Paste(words))
        await until(pilot, lambda: bool(screen.form.form.prompt and screen.form.form.style))
        assert raw_characters(ready.app) == set()
        card = store.batches.get(batch)
        screen._take(Fields(prompt=card.prompt, style=card.style, negative=card.negative), "Remix")
        screen._changed()
        await pilot.pause()
        assert raw_characters(ready.app) == set()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(ready.app.screen, History))
        await pilot.pause()
        assert raw_characters(ready.app) == set()
        await pilot.press("escape")
        await until(pilot, lambda: ready.app.screen is screen)


async def test_i4_i18_a_huge_paste_is_cut_and_refused_with_its_length(library: Library, store: Store) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        screen.query_one(Lines).post_message(events.Paste("y" * 100_000))
        await until(pilot, lambda: len(screen.form.form.prompt) == MAX_PASTE)
        await pilot.pause()
        assert "30,000 characters; at most 20,000" in words_under(screen, "prompt")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
    assert made(store) == 0


async def test_what_was_typed_just_before_generate_is_in_the_batch(library: Library, store: Store) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat")
        # The field knows, the screen has not heard of it yet: as when keys come in one burst.
        screen.query_one(Lines).text = "catfish"
        screen.action_generate()
        await until(pilot, lambda: isinstance(ready.app.screen, Confirm))
        await pilot.press("y")
        await until(pilot, lambda: made(store) == 1)
    assert store.batches.page()[0].prompt == "catfish"


async def test_keys_that_come_in_one_burst_go_to_the_fields_that_tab_leads_to(library: Library) -> None:
    ready = ready_app(library, start="compose")
    async with composing(ready) as (pilot, screen):
        for key in (*"cat", "tab", *"ink", "tab", *"noir"):
            ready.app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(pilot, lambda: screen.form.form.genre == "noir")
        assert (screen.form.form.prompt, screen.form.form.style) == ("cat", "ink")


async def test_readonly_creates_nothing_and_remembers_nothing(library: Library, store: Store) -> None:
    ready = ready_app(library, start="compose", is_readonly=True)
    async with composing(ready) as (pilot, screen):
        await set_form(pilot, screen, prompt="cat", suffix="other")
        await pilot.press("ctrl+g")
        await until(pilot, lambda: not screen._is_generating)
        await ready.app.open_room("library")
        await pilot.pause()
    assert made(store) == 0
    assert store.news.recall("compose.draft") is None
    assert not settings_file().exists()
    assert store.looks.pending() is None


async def test_tab_and_shift_tab_go_through_the_fields(library: Library) -> None:
    async with composing(ready_app(library, start="compose")) as (pilot, screen):
        seen = []
        for _ in range(14):
            assert screen.focused is not None
            seen.append((screen.focused.id or "").removeprefix("in-"))
            await pilot.press("tab")
        named = [field.field_name for field in screen.query(Field)]
        assert seen == [*named, "prompts"][:14]
        await pilot.press("shift+tab")
        assert screen.focused is not None


def test_what_differs_is_told_and_a_whole_guidance_is_the_same_as_with_its_zero() -> None:
    before = Fields(prompt="a", cfg_scale="2.0", seed="1")
    assert differences(before, drawable(replace(before, cfg_scale="2"))) == ""
    assert differences(before, replace(before, prompt="b", seed="")) == "prompt, seed 1 → empty"
