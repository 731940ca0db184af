"""Compose: the form on the left, what it means on the right, and nothing is paid before a yes."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import ClassVar
from weakref import WeakKeyDictionary

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Input, Static

from podtui import composing
from podtui.errors import BadInput, PodtuiError
from podtui.plan import Fields, defaults
from podtui.presets import save_preset
from podtui.settings import write_file
from podtui.store import Store
from podtui.text import clean
from podtui.words import BatchId
from podtui.workflow import Workflow
from screens.base import Room
from screens.compose_form import ComposeForm
from screens.compose_keys import COMPOSE_KEYS
from screens.consequence import (
    LABELS,
    Considered,
    Ground,
    Outlook,
    Weigher,
    budget_warning,
    budget_words,
    cost_lines,
    differences,
    drawable,
    endpoint_words,
    foresee,
    guidance_name,
    midnight_ms,
    needs_look,
    not_set_up,
    question,
    read_ground,
    recalled,
)
from screens.history import History, PastPrompt
from screens.keys import Key
from screens.parts import Desk, Parts
from screens.preset_name import PresetName
from screens.safe import safe
from screens.steering import may_change
from screens.widgets.field import MAX_PASTE, Lines
from screens.widgets.prompt_list import PromptList

DRAFT = "compose.draft"
"""Under which name the form is remembered between two visits."""
_SAVE_S = 0.5
"""How long after the last change the form is remembered, in seconds."""
_LIVE: WeakKeyDictionary[Desk, Fields] = WeakKeyDictionary()
"""The form of each open library: a screen that is opened anew does not wait for the store to know it."""


class ComposeScreen(Room):
    """One form, and beside it everything that it would do."""

    NAME = "compose"
    CSS_PATH = "compose.tcss"
    AUTO_FOCUS = "#in-prompt"
    KEYS: ClassVar[tuple[Key, ...]] = COMPOSE_KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority, or what is typed ahead on a slow link would go into the field that Tab has left.
        Binding("tab", "app.focus_next", "next field", show=False, priority=True),
        Binding("shift+tab", "app.focus_previous", "previous field", show=False, priority=True),
        Binding("pagedown", "scroll_prompts(1)", "prompts down", show=False),
        Binding("pageup", "scroll_prompts(-1)", "prompts up", show=False),
    ]

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: Fields | None = None) -> None:
        super().__init__(parts, batch=batch, fields=fields)
        self._before: Fields | None = None
        self._remixed: BatchId | None = None
        self._notice = ""
        self._ground = Ground()
        self._weigher = Weigher()
        self._seen = Considered()
        self._outlook = Outlook()
        self._is_filled = self._was_typed = self._is_generating = False
        self._is_asking = self._must_ask_again = False
        self._looked_ms: int | None = None
        self._saving: Timer | None = None

    def heading(self) -> str:
        """Where one is."""
        return "Compose"

    def foot_keys(self) -> Sequence[Key]:
        """What matters now: there is not always a draft to take back."""
        return [key for key in super().foot_keys() if key.action != "take_back" or self._before]

    # --- the widgets ------------------------------------------------------------------------------------

    def compose_body(self) -> ComposeResult:
        """The form and its consequence."""
        with Horizontal(id="compose-panes"):
            yield ComposeForm(self._weigher.workflow, id="form")
            with Vertical(id="consequence"):
                yield Static(Content("What you will get"), id="consequence-title")
                yield Static("", id="notice")
                yield PromptList(id="prompts")
                yield Static("", id="facts")

    @property
    def _has_body(self) -> bool:
        """It is on its way neither in nor out."""
        return self.is_running and bool(self.query(ComposeForm))

    @property
    def form(self) -> ComposeForm:
        """The form."""
        return self.query_one(ComposeForm)

    # --- reading ----------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read settings, presets and the draft, and judge the form again."""
        self._ground = await asyncio.to_thread(read_ground, self.parts.load_settings)
        self._weigher.forget_workflows()
        kept = await self.parts.desk.ask(lambda store: store.news.recall(DRAFT))
        if not self._has_body:
            return
        if not self._is_filled:
            settings = self._ground.settings
            suffix = clean(settings.prompt_suffix) if settings else ""
            form = drawable(_LIVE.get(self.parts.desk) or recalled(kept) or self._fresh())
            # Whoever typed while the draft was read has typed behind it.
            self.form.fill(replace(form, prompt=form.prompt + self.form.typed_ahead), suffix)
            if self.fields is not None:
                self._take(self.fields, "Remix")
                self.fields, self._remixed = None, self.batch_id
            self._is_filled = True
        self.form.offer(self._ground.presets, self._ground.workflows)
        self._consider()

    def _fresh(self) -> Fields:
        """The form that one starts with: the workflow of the settings and what its model wants."""
        name = self._ground.settings.workflow if self._ground.settings else Fields().workflow
        found = self._weigher.workflow(name)
        return replace(defaults(found), workflow=name) if isinstance(found, Workflow) else Fields()

    def _take(self, taken: Fields, what: str) -> None:
        """Put other fields into the form, remember those before, and say what differs."""
        before, taken = self.form.form, drawable(taken)
        changed = differences(before, taken)
        if not changed:
            self._notice = f"{what}: the same as the form."
        elif not before.prompt:
            self._notice = f"{what} · taken: {changed}"
        else:
            self._notice = f"{what} · {changed} · ^t takes your draft back"
        self._before = before
        self.form.fill(taken)

    # --- judging ----------------------------------------------------------------------------------------

    def _consider(self) -> None:
        """Judge the form as it stands now, and draw what that means."""
        form = self.form
        self._seen = self._weigher.consider(form.form, form.suffix, self._ground)
        problems, notes = dict(self._seen.problems), dict(self._seen.notes)
        if not form.form.prompt and not self._was_typed:
            # Nobody has done anything wrong yet.
            problems.pop("prompt", None)
            notes["prompt"] = "what shall be on the picture? {a|b} makes variants"
        form.tell(problems, notes, guidance_name(self._seen.workflow))
        composed = self._seen.composed
        prompts = [image.prompt for image in composed.plan.images] if composed else []
        self.query_one(PromptList).show(prompts, empty=self._why_not())
        self._draw_facts()
        self._ask()

    def _why_not(self) -> str:
        wrong = [LABELS.get(name, name) for name in self._seen.problems if name != "settings"]
        if wrong == ["prompt"] and not self.form.form.prompt:
            return "The exact prompt of every image stands here before you pay."
        return f"Nothing can be sent yet: look at {', '.join(wrong)}." if wrong else ""

    def _draw_facts(self) -> None:
        lines = [safe(line) for line in cost_lines(self._seen, self._outlook)]
        if lines:
            lines[0] = lines[0].stylize("bold")
        if warning := budget_warning(self._ground.settings, self._outlook):
            lines.append(safe(f"⚠ {warning}").stylize("$text-warning"))
        words = endpoint_words(self._ground, self._outlook.look, is_looking=self._looked_ms is not None)
        if words:
            lines.append(safe(words, 500).stylize("$text-warning" if words.startswith("⚠") else ""))
        lines.append(safe(budget_words(self._ground.settings, self._outlook.today)))
        self.query_one("#facts", Static).update(Content("\n").join(lines))
        notice = self.query_one("#notice", Static)
        notice.set_class(bool(self._notice), "-there")
        notice.update(safe(self._notice, 400))

    def _ask(self) -> None:
        """Ask the store for time, cost and endpoint; what comes meanwhile is met by one more question."""
        if self._is_asking:
            self._must_ask_again = True
            return
        self._is_asking = True
        self.app.run_worker(self._foresee(), group="foresee", exit_on_error=False)

    async def _foresee(self) -> None:
        try:
            self._must_ask_again = True
            while self._must_ask_again and self.is_running:
                self._must_ask_again = False
                self._outlook = await self._ask_store()
                await self._wish_look()
                if self._has_body:
                    self._draw_facts()
        except PodtuiError as error:
            self.report(error)
        finally:
            self._is_asking = False

    async def _ask_store(self) -> Outlook:
        settings, composed = self._ground.settings, self._seen.composed
        midnight = midnight_ms(self.parts.clock.now_ms())
        return await self.parts.desk.ask(lambda store: foresee(store, settings, composed, midnight))

    async def _wish_look(self) -> None:
        """Have the runner look at the endpoint, where nobody has for a while."""
        now = self.parts.clock.now_ms()
        was_long_ago = self._looked_ms is None or now - self._looked_ms > 60_000
        if self.parts.is_readonly or not was_long_ago:
            return
        if needs_look(self._ground.settings, self._outlook.look, now):
            self._looked_ms = now
            await self.parts.desk.ask(lambda store: store.looks.wish())
            await asyncio.to_thread(self.parts.wake)

    # --- typing -----------------------------------------------------------------------------------------

    @on(ComposeForm.Changed)
    def _changed(self) -> None:
        self._was_typed = self._was_typed or bool(self.form.form.prompt)
        _LIVE[self.parts.desk] = self.form.form
        self._consider()
        if self._saving is not None:
            self._saving.stop()
        self._saving = self.set_timer(_SAVE_S, self._save)

    @on(Input.Blurred, "#in-suffix")
    def _suffix_left(self) -> None:
        self.app.run_worker(self._keep_suffix(), group="suffix", exit_on_error=False)

    @on(Lines.Cut)
    def _paste_cut(self, event: Lines.Cut) -> None:
        self.say(f"The paste was cut from {event.length:,} to {MAX_PASTE:,} characters.", "warning")

    async def _keep_suffix(self) -> None:
        """Write the suffix into the settings, where it was changed and may be."""
        settings = self._ground.settings
        if self.parts.is_readonly or settings is None or self.form.suffix == clean(settings.prompt_suffix):
            return
        if "suffix" in self._seen.problems:
            return
        await asyncio.to_thread(write_file, {"prompt_suffix": self.form.suffix})
        self._ground = await asyncio.to_thread(read_ground, self.parts.load_settings)
        self.say("The suffix is kept in the settings, for every batch from now on.")

    # --- remembering ------------------------------------------------------------------------------------

    def on_screen_suspend(self) -> None:
        """Remember the form before one goes elsewhere."""
        if self._saving is not None:
            self._save()

    def _save(self) -> None:
        if self._saving is not None:
            self._saving.stop()
            self._saving = None
        if self.parts.is_readonly:
            return
        kept = json.dumps(asdict(self.form.form))
        question = self.parts.desk.ask(lambda store: store.news.remember(DRAFT, kept))
        self.app.run_worker(question, group="draft", exit_on_error=False)

    # --- acting -----------------------------------------------------------------------------------------

    def action_scroll_prompts(self, pages: int) -> None:
        """Scroll the list of prompts from wherever one types."""
        prompts = self.query_one(PromptList)
        prompts.scroll_relative(y=pages * max(1, prompts.size.height - 1), animate=False)

    def action_generate(self) -> None:
        """Ask, then make the batch; a second press while that is under way does nothing."""
        if self._is_generating or not self._is_filled:
            return
        self._is_generating = True
        self.app.run_worker(self._generate(), group="generate", exit_on_error=False)

    async def _generate(self) -> None:
        try:
            await self._ask_and_create()
        except PodtuiError as error:
            self.report(error)
        finally:
            self._is_generating = False

    async def _ask_and_create(self) -> None:
        self.form.collect()
        self._consider()
        if not may_change(self) or self._refuses():
            return
        settings, composed = self._ground.settings, self._seen.composed
        assert settings is not None
        assert composed is not None
        if settings.missing:
            raise not_set_up(settings)
        self._outlook = await self._ask_store()
        count = composed.plan.batch_size
        verb = "generate" if count == 1 else f"generate {count}"
        if not await self.confirm(question(self._seen, self._outlook, self._ground), verb):
            self.say("Nothing was sent.")
            return
        await self._keep_suffix()
        parent = self._remixed
        batch = await self.parts.desk.ask(lambda store: composing.create(store, composed, parent=parent))
        self._weigher.draw_again()
        self._remixed, self._notice, self._before = None, "", None
        await asyncio.to_thread(self.parts.wake)
        self.go("progress", batch=batch)

    def _refuses(self) -> bool:
        """Say what is wrong and go there; nothing is sent with a bad field."""
        wrong = self._seen.problems
        if not wrong:
            return False
        self._was_typed = True
        self._consider()
        name, words = next(iter(wrong.items()))
        self.say(f"{LABELS.get(name, name)}: {words}", "warning", title="Nothing was sent")
        if name != "settings":
            self.form.field(name).control.focus()
        return True

    async def action_history(self) -> None:
        """Search the past, and take a prompt with its style and genre."""
        found = await self.parts.desk.ask(lambda store: _past(store))
        self.app.push_screen(History(found), self._take_past)

    def _take_past(self, past: PastPrompt | None) -> None:
        if past is None:
            return
        form = replace(self.form.form, prompt=past.prompt, style=past.style, genre=past.genre)
        self._take(form, "History")
        self._changed()

    def action_take_back(self) -> None:
        """Put the form back that a remix or the history replaced; again: the other one."""
        if self._before is None:
            self.say("draft back: nothing has replaced your form.")
            return
        before, self._before = self._before, self.form.form
        self._remixed, self._notice = None, "Your form is back · ^t swaps again"
        self.form.fill(before)
        self._changed()

    def action_save_preset(self) -> None:
        """Ask for a name, and keep the fields under it."""
        if may_change(self):
            self.app.push_screen(PresetName(), self._preset_named)

    def _preset_named(self, name: str | None) -> None:
        if name:
            self.app.run_worker(self._keep_preset(name), group="preset", exit_on_error=False)

    async def _keep_preset(self, name: str) -> None:
        try:
            await asyncio.to_thread(save_preset, composing.presets_folder(), name, self.form.form)
        except BadInput as error:
            self.report(error)
            return
        except OSError as error:
            self.say(f"The preset cannot be written: {error.strerror}.", "error")
            return
        self._ground = await asyncio.to_thread(read_ground, self.parts.load_settings)
        self.form.offer(self._ground.presets, self._ground.workflows)
        self.say(f"Kept as preset {name}.")


def _past(store: Store) -> list[PastPrompt]:
    return [PastPrompt(*found) for found in store.batches.prompts()]
