"""From fields to a batch in the store: the one way that screens, command line and REST compose by."""

from dataclasses import dataclass
from pathlib import Path

from podtui.errors import BadInput, SettingsError
from podtui.estimate import Estimate, estimate
from podtui.look import Look
from podtui.paths import settings_file
from podtui.plan import Fields, Plan, build
from podtui.settings import Settings
from podtui.store import BatchCard, Likeness, Store
from podtui.variants import load_wildcards
from podtui.words import BatchId
from podtui.workflow import Workflow, load


def workflows_folder() -> Path:
    """Where a person's own workflows lie."""
    return settings_file().parent / "workflows"


def wildcards_folder() -> Path:
    """Where the wildcard files lie."""
    return settings_file().parent / "wildcards"


def presets_folder() -> Path:
    """Where a person's own presets lie."""
    return settings_file().parent / "presets"


@dataclass(frozen=True)
class Composed:
    """A plan with its workflow, ready to be written."""

    plan: Plan
    workflow: Workflow


def compose(
    fields: Fields,
    settings: Settings,
    *,
    suffix: str | None = None,
    in_flight: int | None = None,
    budget_microdollars: int | None = None,
    note: str = "",
) -> Composed:
    """Check the fields against the settings as they are, and plan the batch; nothing is written.

    Raises:
        BadInput: a field is wrong.
        SettingsError: nobody is set up to make images.
    """
    if settings.missing:
        raise SettingsError(
            "Nobody is set up to make images",
            "Missing: " + "; ".join(settings.missing) + ".",
            "Set them in the environment or with the settings screen; podtui demo works without.",
        )
    workflow = load(fields.workflow, workflows_folder())
    plan = build(
        fields,
        workflow,
        suffix=settings.prompt_suffix if suffix is None else suffix,
        wildcards=load_wildcards(wildcards_folder()),
        backend=settings.backend_kind,
        endpoint=settings.endpoint,
        in_flight=in_flight or settings.in_flight,
        budget_microdollars=budget_microdollars,
        note=note,
    )
    return Composed(plan, workflow)


def create(store: Store, composed: Composed, *, parent: BatchId | None = None) -> BatchId:
    """Write a composed batch; from here on it is the runner's."""
    return store.batches.create(composed.plan, composed.workflow.document, parent=parent)


def price_of(store: Store, settings: Settings, look: Look | None) -> int | None:
    """What a second costs: as set, as the catalog said when the endpoint was looked at, or as last known."""
    if settings.price_microdollars_per_s is not None:
        return settings.price_microdollars_per_s
    if look is not None and look.endpoint == settings.endpoint and look.price_microdollars_per_s is not None:
        return look.price_microdollars_per_s
    return store.costs.last_price(settings.endpoint)


def estimate_for(store: Store, settings: Settings, plan: Plan) -> Estimate:
    """What a plan may take and cost, learned from this library's own history."""
    alike = Likeness(plan.endpoint, plan.workflow_hash, plan.steps, plan.draft_width, plan.draft_height)
    look = store.looks.latest()
    return estimate(
        plan.batch_size,
        store.costs.past_jobs(alike),
        in_flight=plan.in_flight,
        price_microdollars_per_s=price_of(store, settings, look),
        idle_timeout_s=look.idle_timeout_s if look else None,
    )


def fields_of(card: BatchCard, *, prompt_alone: bool = False) -> Fields:
    """The fields that a batch was composed with, for a remix."""
    if prompt_alone:
        return Fields(prompt=card.prompt)
    return Fields(
        prompt=card.prompt,
        style=card.style,
        genre=card.genre,
        negative=card.negative,
        batch_size=str(card.batch_size),
        width=str(card.width),
        height=str(card.height),
        steps=str(card.steps),
        cfg_scale=f"{card.cfg_scale:g}",
        seed="" if card.seed is None else str(card.seed),
        seed_policy=card.seed_policy,
        workflow=card.workflow,
    )


def whole_number(text: str, field: str) -> int:
    """Read a whole number that a script gave.

    Raises:
        BadInput: it is none.
    """
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadInput(f"{field}: a whole number of 1 or more is needed", field=field)
    return int(text)
