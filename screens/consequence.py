"""What a form means, worked out without a widget in sight: the plan, its price, what should be known."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from podtui.composing import (
    Composed,
    estimate_for,
    presets_folder,
    price_of,
    wildcards_folder,
    workflows_folder,
)
from podtui.errors import BadInput, SettingsError
from podtui.estimate import Estimate
from podtui.look import Look
from podtui.plan import Fields, build, problems, random_seed, warnings
from podtui.presets import Preset, load_presets
from podtui.settings import Settings
from podtui.store import Spending, Store
from podtui.text import clean, clean_lines, money
from podtui.variants import Wildcards, load_wildcards
from podtui.words import MAX_BATCH, MAX_PROMPT, BackendKind
from podtui.workflow import Workflow, load, names

LOOK_FRESH_MS = 300_000
"""How long a look at the endpoint is good, in milliseconds."""
LABELS = {
    "prompt": "prompt",
    "style": "style",
    "genre": "genre",
    "negative": "negative",
    "batch_size": "batch",
    "width": "width",
    "height": "height",
    "steps": "steps",
    "cfg_scale": "guidance",
    "seed": "seed",
    "seed_policy": "seeds",
    "workflow": "workflow",
    "suffix": "suffix",
    "settings": "settings",
}
"""What the fields are called to a person."""


@dataclass(frozen=True)
class Ground:
    """What a form is judged by: read anew whenever the screen comes up."""

    settings: Settings | None = None
    """None where they cannot be used."""
    trouble: SettingsError | None = None
    wildcards: Wildcards = field(default_factory=dict)
    presets: Sequence[Preset] = ()
    workflows: Sequence[str] = ()


@dataclass(frozen=True)
class Considered:
    """A form as it stands."""

    composed: Composed | None = None
    """What would be sent; None where a field is wrong."""
    problems: dict[str, str] = field(default_factory=dict)
    """What is wrong, by field."""
    notes: dict[str, str] = field(default_factory=dict)
    """What should be known, by field; it keeps nothing back."""
    workflow: Workflow | None = None


@dataclass(frozen=True)
class Outlook:
    """What the store knows of a form's future."""

    estimate: Estimate | None = None
    look: Look | None = None
    today: Spending = field(default_factory=lambda: Spending(0, 0))
    price_microdollars_per_s: int | None = None


def read_ground(load_settings: Callable[[], Settings]) -> Ground:
    """Read settings, wildcards, presets and workflows; reads files, so it belongs in a thread."""
    settings, trouble = None, None
    try:
        settings = load_settings()
    except SettingsError as error:
        trouble = error
    return Ground(
        settings,
        trouble,
        load_wildcards(wildcards_folder()),
        load_presets(presets_folder()),
        names(workflows_folder()),
    )


class Weigher:
    """Turns fields into a plan at every keystroke; the seeds stay the same until a batch is made.

    Wildcards are drawn by the seeds, so the prompts that are listed are the very ones that are ordered.
    """

    def __init__(self) -> None:
        self._workflows: dict[str, Workflow | BadInput] = {}
        self._seeds: list[int] = []
        self.draw_again()

    def draw_again(self) -> None:
        """Draw other seeds, for the next batch."""
        self._seeds = [random_seed() for _ in range(MAX_BATCH)]

    def forget_workflows(self) -> None:
        """Read workflows anew: their files may have changed."""
        self._workflows.clear()

    def workflow(self, name: str) -> Workflow | BadInput:
        """Load a workflow, or say why there is none."""
        if name not in self._workflows:
            try:
                self._workflows[name] = load(name, workflows_folder())
            except BadInput as error:
                self._workflows[name] = error
        return self._workflows[name]

    def consider(self, form: Fields, suffix: str, ground: Ground) -> Considered:
        """Judge a form as it stands."""
        found = self.workflow(form.workflow)
        workflow = found if isinstance(found, Workflow) else None
        wrong = problems(form, workflow, ground.wildcards)
        if isinstance(found, BadInput):
            wrong["workflow"] = str(found)
        if ground.settings is None:
            wrong["settings"] = str(ground.trouble or "the settings are not read yet")
        notes = warnings(form, workflow) if workflow and "cfg_scale" not in wrong else {}
        if wrong or workflow is None or ground.settings is None:
            return Considered(None, wrong, notes, workflow)
        seeds = iter(self._seeds)
        try:
            plan = build(
                form,
                workflow,
                suffix=suffix,
                wildcards=ground.wildcards,
                backend=ground.settings.backend_kind,
                endpoint=ground.settings.endpoint,
                in_flight=ground.settings.in_flight,
                draw=seeds.__next__,
            )
        except BadInput as error:
            return Considered(None, {error.field or "suffix": str(error)}, notes, workflow)
        return Considered(Composed(plan, workflow), {}, notes, workflow)


def foresee(store: Store, settings: Settings | None, composed: Composed | None, midnight_ms: int) -> Outlook:
    """Ask the store what a form may take and cost; runs on the desk."""
    look = store.looks.latest()
    return Outlook(
        estimate_for(store, settings, composed.plan) if composed and settings else None,
        look,
        store.costs.spent_since(midnight_ms),
        price_of(store, settings, look) if settings else None,
    )


def needs_look(settings: Settings | None, look: Look | None, now_ms: int) -> bool:
    """Tell whether somebody should look at the endpoint: never looked, long ago, or at another one."""
    if settings is None or settings.missing:
        return False
    return look is None or look.endpoint != settings.endpoint or now_ms - look.at_ms > LOOK_FRESH_MS


def endpoint_words(ground: Ground, look: Look | None, *, is_looking: bool) -> str:
    """How the endpoint is; begins with ``⚠`` where something is wrong."""
    settings = ground.settings
    if settings is None:
        return f"⚠ {ground.trouble}" if ground.trouble else ""
    if settings.missing:
        return "⚠ not set up: " + "; ".join(settings.missing) + ". Esc, then g s sets it up."
    if look is None or look.endpoint != settings.endpoint:
        return "looking at the endpoint …" if is_looking else "endpoint: not looked at yet"
    if not look.is_well:
        return "⚠ " + ". ".join(part.rstrip(".") for part in (look.title, look.cause, look.next_step) if part)
    cold = "cold: the first image waits for a worker" if look.is_cold else ""
    return " · ".join(part for part in (look.title, look.words, cold) if part)


def budget_words(settings: Settings | None, today: Spending) -> str:
    """What is spent today, and the caps where there are any."""
    if settings is None:
        return ""
    spent = money(today.microdollars)
    day, batch = settings.day_cap_microdollars, settings.batch_cap_microdollars
    parts = [f"budget today {spent} of {money(day)}" if day is not None else f"spent today {spent}"]
    if batch is not None:
        parts.append(f"at most {money(batch)} a batch")
    elif day is None:
        parts.append("no budget")
    return " · ".join(parts)


def budget_warning(settings: Settings | None, outlook: Outlook) -> str:
    """What the caps will do to this batch; empty where they leave it alone."""
    if settings is None:
        return ""
    day, batch = settings.day_cap_microdollars, settings.batch_cap_microdollars
    if day is None and batch is None:
        return ""
    if outlook.price_microdollars_per_s is None:
        return "The budget cannot be held: the price of this endpoint is not known. Set price_per_second."
    most = outlook.estimate.high_microdollars if outlook.estimate else None
    if most is None:
        return ""
    if batch is not None and most > batch:
        return f"The batch's budget of {money(batch)} may stop it before its end."
    if day is not None and outlook.today.microdollars + most > day:
        return f"Today's budget of {money(day)} may stop it before its end."
    return ""


def cost_lines(considered: Considered, outlook: Outlook) -> list[str]:
    """Time and cost, where they come from, and the sizes."""
    if considered.composed is None or outlook.estimate is None:
        return []
    plan, expected = considered.composed.plan, outlook.estimate
    source = f"learned from {expected.samples} jobs" if expected.is_learned else "an estimate: no history yet"
    count = "1 image" if plan.batch_size == 1 else f"{plan.batch_size} images"
    return [
        f"{expected.time_words} · {expected.cost_words}",
        source,
        f"{count} of {plan.width}x{plan.height}",
        f"drafts of {plan.draft_width}x{plan.draft_height}",
    ]


def question(considered: Considered, outlook: Outlook, ground: Ground) -> str:
    """The sentence that is confirmed: how many, where, for how much, how long."""
    composed = considered.composed
    assert composed is not None
    plan, expected = composed.plan, outlook.estimate
    count = "1 image" if plan.batch_size == 1 else f"{plan.batch_size} images"
    where = "endpoint" if plan.backend is BackendKind.RUNPOD else "the ComfyUI at"
    sentence = f"Generate {count} on {where} {clean(plan.endpoint, 80)}"
    if expected is None:
        sentence += ", time and cost unknown?"
    elif expected.low_microdollars is None:
        sentence += f", {expected.time_words}, cost unknown?"
    else:
        sentence += f" for about {expected.cost_words}, {expected.time_words.removeprefix('about ')}?"
    look = outlook.look
    more = [budget_warning(ground.settings, outlook)]
    if look is not None and not look.is_well and look.endpoint == plan.endpoint:
        more.append(f"The endpoint as last seen: {look.title}.")
    return " ".join(part for part in (sentence, *more) if part)


def not_set_up(settings: Settings) -> SettingsError:
    """What is told where a batch is wished before anybody can make it."""
    return SettingsError(
        "Nobody is set up to make images",
        "Missing: " + "; ".join(settings.missing) + ".",
        "Esc, then g s opens the settings; podtui demo works without.",
    )


def differences(before: Fields, after: Fields) -> str:
    """Say what a remix changes in a form: ``prompt, steps 25 → 30``; empty where nothing."""
    found = []
    for one in fields(Fields):
        old, new = getattr(before, one.name), getattr(after, one.name)
        if old == new:
            continue
        label = LABELS[one.name]
        if one.name == "prompt" or len(old) + len(new) > 40:
            found.append(label)
        else:
            found.append(f"{label} {clean(old, 40) or 'empty'} → {clean(new, 40) or 'empty'}")
    return ", ".join(found)


def drawable(form: Fields) -> Fields:
    """Clean every field, so that a text field can show it: nothing hidden, no control character.

    A whole guidance gets its ``.0``, as the workflows and presets write it.
    """
    lines = {one.name: clean(getattr(form, one.name), 2000) for one in fields(Fields) if one.name != "prompt"}
    if lines["cfg_scale"].isdecimal():
        lines["cfg_scale"] += ".0"
    return replace(form, **lines, prompt=clean_lines(form.prompt, MAX_PROMPT))


def recalled(kept: str | None) -> Fields | None:
    """Read a remembered form; None where there is none that can be read."""
    try:
        found = json.loads(kept or "")
        values = {one.name: found[one.name] for one in fields(Fields) if isinstance(found.get(one.name), str)}
    except (ValueError, AttributeError):
        return None
    return Fields(**values)


def guidance_name(workflow: Workflow | None) -> str:
    """What the field is called: for Flux it is the guidance, and the sampler's cfg stays 1."""
    return "CFG" if workflow and not workflow.facts.guidance_words.startswith("guidance") else "Guidance"


def midnight_ms(now_ms: int) -> int:
    """The last local midnight, in UTC milliseconds."""
    now = datetime.fromtimestamp(now_ms / 1000).astimezone()
    return round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
