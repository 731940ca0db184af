"""The form of compose: what a person typed, and under each field what is wrong with it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.message import Message
from textual.widgets import Input, TextArea

from podtui.errors import BadInput
from podtui.plan import Fields, with_workflow
from podtui.presets import Preset
from podtui.words import SeedPolicy
from podtui.workflow import Workflow
from screens.widgets.field import Choice, Field, Line, Lines

_OWN = "own"
"""The choice that stands for: no preset, what I typed."""
_LINES = ("style", "genre", "negative", "batch_size", "width", "height", "steps", "cfg_scale", "seed")
_POLICIES = (
    (SeedPolicy.FIRST.value, "random ones"),
    (SeedPolicy.SEQUENCE.value, "seed + 1, seed + 2, …"),
)


class ComposeForm(VerticalScroll, can_focus=False):
    """Every field of a batch; holds the truth of what was typed."""

    class Changed(Message):
        """A person changed something."""

    def __init__(self, find: Callable[[str], Workflow | BadInput], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._find = find
        self._presets: Sequence[Preset] = ()
        self._flows: Sequence[str] = ()
        self._own: Fields | None = None
        self._is_filled = False
        self.form = Fields()
        """What stands in the form."""
        self.suffix = ""
        """What is added to every prompt."""

    def compose(self) -> ComposeResult:
        """The fields, in the order in which Tab goes through them."""
        yield Field("prompt", "Prompt", Lines(id="in-prompt"), classes="-tall-field")
        yield from _pair(("style", "Style"), ("genre", "Genre"))
        yield Field("negative", "Negative", Line(id="in-negative"))
        with Horizontal(classes="pair first-of-group"):
            yield Field("batch_size", "Batch", Line(id="in-batch_size", placeholder="1–25"))
            yield Field("preset", "Preset", Choice(id="in-preset"))
        yield from _pair(("width", "Width"), ("height", "Height"))
        yield from _pair(("steps", "Steps"), ("cfg_scale", "Guidance"))
        yield Field("seed", "Seed", Line(id="in-seed", placeholder="random"))
        yield Field("seed_policy", "  then", Choice(id="in-seed_policy"))
        yield Field("workflow", "Workflow", Choice(id="in-workflow"), classes="first-of-group")
        yield Field("suffix", "Suffix", Line(id="in-suffix", placeholder="nothing is added"))

    # --- for the screen ---------------------------------------------------------------------------------

    def field(self, name: str) -> Field:
        """One field by its name in ``podtui.plan.Fields``, or ``suffix``, or ``preset``."""
        return self.query_one(f"#field-{name}", Field)

    @property
    def typed_ahead(self) -> str:
        """What was typed into the prompt before the form was filled."""
        return "" if self._is_filled else self.query_one(Lines).text

    def offer(self, presets: Sequence[Preset], workflows: Sequence[str]) -> None:
        """Offer these presets and workflows."""
        self._presets, self._flows = presets, workflows
        self._show_choices()

    def fill(self, form: Fields, suffix: str | None = None) -> None:
        """Put values in without telling of a change; they must be drawable (``consequence.drawable``)."""
        self.form, self._is_filled = form, True
        self.suffix = self.suffix if suffix is None else suffix
        with self.prevent(Input.Changed, TextArea.Changed):
            prompt = self.query_one(Lines)
            if prompt.text != form.prompt:
                prompt.load_text(form.prompt)
                prompt.move_cursor(prompt.document.end)
            for name in (*_LINES, "suffix"):
                value = self.suffix if name == "suffix" else getattr(form, name)
                line = self.query_one(f"#in-{name}", Line)
                if line.value != value:
                    line.value = value
                    line.cursor_position = len(value)
        self._show_choices()

    def collect(self) -> None:
        """Take what stands in the widgets: news of the last keys may still be on the way."""
        if self._is_filled:
            lines = {name: self.query_one(f"#in-{name}", Line).value for name in _LINES}
            self.form = replace(self.form, prompt=self.query_one(Lines).text, **lines)
            self.suffix = self.query_one("#in-suffix", Line).value

    def tell(self, problems: Mapping[str, str], notes: Mapping[str, str], guidance: str) -> None:
        """Say under each field what is wrong, or what should be known; ``guidance`` names its field."""
        for field in self.query(Field):
            field.tell(problems.get(field.field_name, ""), notes.get(field.field_name, ""))
        self.field("cfg_scale").relabel(guidance)

    # --- what a person does -----------------------------------------------------------------------------

    @on(Input.Changed)
    def _line_changed(self, event: Input.Changed) -> None:
        event.stop()
        name = (event.input.id or "").removeprefix("in-")
        if name == "suffix":
            self.suffix = event.value
            self._changed(self.form)
        else:
            self._changed(replace(self.form, **{name: event.value}))

    @on(TextArea.Changed)
    def _prompt_changed(self, event: TextArea.Changed) -> None:
        event.stop()
        self._changed(replace(self.form, prompt=event.text_area.text))

    @on(Choice.Changed)
    def _chosen(self, event: Choice.Changed) -> None:
        event.stop()
        name = (event.choice.id or "").removeprefix("in-")
        if name == "preset":
            self._choose_preset(event.value)
            return
        form = replace(self.form, **{name: event.value})
        if name == "workflow":
            found = self._find(event.value)
            # Steps and guidance are the model's; a workflow that cannot be read changes nothing else.
            if isinstance(found, Workflow):
                form = replace(with_workflow(form, found), workflow=event.value)
        self._changed(form)
        self.fill(self.form)

    @on(Input.Submitted)
    def _to_next_field(self, event: Input.Submitted) -> None:
        event.stop()
        self.screen.focus_next()

    def _choose_preset(self, name: str) -> None:
        """Put a preset in; the values from before it come back with the dash."""
        chosen = next((one for one in self._presets if one.name == name), None)
        if all(one.apply(self.form) != self.form for one in self._presets):
            self._own = self.form
        if chosen is not None:
            self._changed(chosen.apply(self.form))
        elif self._own is not None:
            self._changed(replace(self._own, prompt=self.form.prompt, seed=self.form.seed))
        self.fill(self.form)

    def _changed(self, form: Fields) -> None:
        if not self._is_filled:
            return
        self.form = form
        self._show_choices()
        self.post_message(self.Changed())

    def _show_choices(self) -> None:
        fitting = next((one.name for one in self._presets if one.apply(self.form) == self.form), _OWN)
        named = [(one.name, one.name) for one in self._presets]
        self.query_one("#in-preset", Choice).show([(_OWN, "–"), *named], fitting)
        flows = [(name, name) for name in self._flows]
        self.query_one("#in-workflow", Choice).show(flows, self.form.workflow)
        self.query_one("#in-seed_policy", Choice).show(_POLICIES, self.form.seed_policy)


def _pair(*named: tuple[str, str]) -> ComposeResult:
    """Two fields beside each other."""
    with Horizontal(classes="pair"):
        for name, label in named:
            yield Field(name, label, Line(id=f"in-{name}"))
