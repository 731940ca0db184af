"""A batch as composed: check every field, expand the prompt's variants, draw the seeds."""

import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

from podtui.errors import BadInput
from podtui.text import has_surrogate
from podtui.variants import Wildcards, count, draw_wildcards, expand, lines_of, parse, wildcard_names
from podtui.words import MAX_BATCH, MAX_PROMPT, MAX_SEED, BackendKind, SeedPolicy
from podtui.workflow import Workflow, draft_size

MAX_EDGE = 16_384
"""The longest edge of a deliverable, in pixels (EmptySD3LatentImage's limit)."""
MIN_EDGE = 64
MAX_PIXELS = 64_000_000
"""The most pixels a deliverable may have: what podtui's own picture guard allows."""
MAX_SHORT_TEXT = 2000
"""The longest style, genre or suffix, in characters."""

NO_BATCHES_HERE = "Batch generation not supported with direct ComfyUI"
"""The old service's sentence (guide, "Troubleshooting")."""
USE_RUNPOD = 'Configure RunPod: export RUNPOD_API_KEY="your_key" RUNPOD_ENDPOINT_ID="your_endpoint_id"'

_WHOLE = re.compile(r"[0-9]{1,24}")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Fields:
    """What a person typed: every field as text."""

    prompt: str = ""
    style: str = ""
    genre: str = ""
    negative: str = ""
    batch_size: str = "1"
    width: str = "4500"
    height: str = "5400"
    steps: str = "30"
    cfg_scale: str = "2.0"
    seed: str = ""
    """Empty for random."""
    seed_policy: str = SeedPolicy.FIRST.value
    workflow: str = "flux1-dev-fp8"


@dataclass(frozen=True)
class PlannedImage:
    """One image as it will be ordered."""

    index: int
    """Its place in the batch, from 0."""
    prompt: str
    """The full prompt with every variant resolved."""
    seed: int


@dataclass(frozen=True)
class Plan:
    """A batch, checked and frozen."""

    prompt: str
    style: str
    genre: str
    negative: str
    suffix: str
    full_prompt: str
    batch_size: int
    width: int
    """Of the deliverable, in pixels."""
    height: int
    draft_width: int
    """Of what the model renders, in pixels; a multiple of 16."""
    draft_height: int
    steps: int
    cfg_scale: float
    seed: int | None
    seed_policy: SeedPolicy
    workflow: str
    workflow_hash: str
    backend: BackendKind
    endpoint: str
    in_flight: int
    budget_microdollars: int | None
    images: tuple[PlannedImage, ...]
    note: str = ""


def defaults(workflow: Workflow) -> Fields:
    """The fields that compose starts with, with the steps and guidance that the model wants."""
    return Fields(steps=str(workflow.facts.steps), cfg_scale=workflow.facts.guidance, workflow=workflow.name)


def problems(fields: Fields, workflow: Workflow | None, wildcards: Wildcards | None = None) -> dict[str, str]:
    """What is wrong, by field, with the limits in words; empty where the batch could be sent."""
    found: dict[str, str] = {}
    facts = workflow.facts if workflow else None
    most_steps = facts.max_steps if facts else 150
    most_guidance = facts.max_guidance if facts else 100.0
    checks: list[tuple[str, Callable[[], object]]] = [
        ("prompt", lambda: _prompt(fields.prompt, wildcards)),
        *((name, lambda name=name: _short(getattr(fields, name))) for name in ("style", "genre")),
        ("negative", lambda: _long(fields.negative)),
        ("batch_size", lambda: _whole(fields.batch_size, 1, MAX_BATCH)),
        ("width", lambda: _whole(fields.width, MIN_EDGE, MAX_EDGE)),
        ("height", lambda: _whole(fields.height, MIN_EDGE, MAX_EDGE)),
        ("steps", lambda: _whole(fields.steps, 1, most_steps)),
        ("cfg_scale", lambda: _decimal(fields.cfg_scale, 0.0, most_guidance)),
        ("seed", lambda: _whole(fields.seed, 0, MAX_SEED) if fields.seed.strip() else None),
        ("seed_policy", lambda: _policy(fields.seed_policy)),
    ]
    for name, check in checks:
        try:
            check()
        except BadInput as error:
            found[name] = " ".join(part for part in (error.title, error.cause, error.next_step) if part)
    if not {"width", "height"} & found.keys() and int(fields.width) * int(fields.height) > MAX_PIXELS:
        found["width"] = f"at most {MAX_PIXELS // 1_000_000} megapixels in all"
    if workflow is None:
        found["workflow"] = "There is no such workflow"
    return found


def warnings(fields: Fields, workflow: Workflow) -> dict[str, str]:
    """What a person should know before paying, by field; none of it keeps the batch back."""
    found: dict[str, str] = {}
    if fields.negative.strip() and not workflow.uses_negative:
        found["negative"] = f"ignored by {workflow.name}"
    if not workflow.uses_guidance:
        found["cfg_scale"] = f"not used by {workflow.name}"
    elif workflow.facts.guidance_words:
        found["cfg_scale"] = workflow.facts.guidance_words
    if workflow.facts.note:
        found["workflow"] = workflow.facts.note
    return found


def full_prompt(prompt: str, style: str, genre: str, suffix: str) -> str:
    """Put a prompt together as the guide has it; empty parts leave no trace."""
    style, genre = style.strip(), genre.strip()
    parts = [
        prompt.strip().strip(",").strip(),
        f"{style} style" if style else "",
        f"{genre} genre" if genre else "",
        suffix.strip().strip(",").strip(),
    ]
    return ", ".join(part for part in parts if part)


def cap_batch_size(wished: int) -> tuple[int, str]:
    """Cap what a script asks for at 25, and say so; the note is empty where nothing was cut."""
    if wished <= MAX_BATCH:
        return wished, ""
    return MAX_BATCH, f"Capped from {wished} to {MAX_BATCH}: the most one batch may ask for."


def resolve(fields: Fields, suffix: str, wildcards: Wildcards, seeds: list[int]) -> tuple[PlannedImage, ...]:
    """The exact prompts, one for each seed, in order.

    Raises:
        BadInput: the prompt's braces or wildcards are wrong.
    """
    parts = parse(fields.prompt)
    images = []
    for index, seed in enumerate(seeds):
        prompt = draw_wildcards(expand(parts, index), seed, wildcards)
        images.append(PlannedImage(index, full_prompt(prompt, fields.style, fields.genre, suffix), seed))
    return tuple(images)


def random_seed() -> int:
    """Draw a seed that every JSON tool keeps whole (below 2^53)."""
    return secrets.randbelow(2**53)


def draw_seeds(
    how_many: int, given: int | None, policy: SeedPolicy, draw: Callable[[], int] = random_seed
) -> list[int]:
    """The seeds of a batch, all different: the given one first, then random ones or the ones that follow."""
    first = draw() if given is None else given
    if policy is SeedPolicy.SEQUENCE:
        return [(first + step) % (MAX_SEED + 1) for step in range(how_many)]
    seeds = [first]
    while len(seeds) < how_many:
        seed = draw()
        if seed not in seeds:
            seeds.append(seed)
    return seeds


def build(
    fields: Fields,
    workflow: Workflow,
    *,
    suffix: str,
    wildcards: Wildcards,
    backend: BackendKind,
    endpoint: str,
    in_flight: int = 1,
    budget_microdollars: int | None = None,
    note: str = "",
    draw: Callable[[], int] = random_seed,
) -> Plan:
    """Check everything and make the plan of a batch; nothing is changed where something is wrong.

    Raises:
        BadInput: the first field that is wrong, named.
    """
    for name, words in problems(fields, workflow, wildcards).items():
        raise BadInput(f"{name}: {words}", field=name)
    size = int(fields.batch_size)
    if backend is BackendKind.COMFYUI and size > 1:
        raise BadInput(NO_BATCHES_HERE, "", USE_RUNPOD, field="batch_size")
    seed = int(fields.seed) if fields.seed.strip() else None
    policy = SeedPolicy(fields.seed_policy)
    width, height = int(fields.width), int(fields.height)
    draft_width, draft_height = draft_size(width, height, workflow.facts.pixels)
    images = resolve(fields, suffix, wildcards, draw_seeds(size, seed, policy, draw))
    has_variants = count(parse(fields.prompt)) > 1 or bool(wildcard_names(fields.prompt))
    whole = (
        full_prompt(fields.prompt, fields.style, fields.genre, suffix) if has_variants else images[0].prompt
    )
    return Plan(
        prompt=fields.prompt.strip(),
        style=fields.style.strip(),
        genre=fields.genre.strip(),
        negative=fields.negative.strip(),
        suffix=suffix,
        full_prompt=whole,
        batch_size=size,
        width=width,
        height=height,
        draft_width=draft_width,
        draft_height=draft_height,
        steps=int(fields.steps),
        cfg_scale=float(fields.cfg_scale),
        seed=seed,
        seed_policy=policy,
        workflow=workflow.name,
        workflow_hash=workflow.hash,
        backend=backend,
        endpoint=endpoint,
        in_flight=in_flight,
        budget_microdollars=budget_microdollars,
        images=images,
        note=note,
    )


def with_workflow(fields: Fields, workflow: Workflow) -> Fields:
    """Change the workflow, and with it steps and guidance to what its model wants."""
    return replace(
        fields, workflow=workflow.name, steps=str(workflow.facts.steps), cfg_scale=workflow.facts.guidance
    )


def _prompt(text: str, wildcards: Wildcards | None) -> None:
    if not text.strip():
        raise BadInput("A prompt is needed")
    _long(text)
    parse(text)
    if wildcards is not None:
        for name in wildcard_names(text):
            lines_of(name, wildcards)


def _long(text: str) -> None:
    if len(text) > MAX_PROMPT:
        raise BadInput(f"{len(text):,} characters; at most {MAX_PROMPT:,}")
    if has_surrogate(text):
        raise BadInput("It holds half a character that no file can store")


def _short(text: str) -> None:
    if len(text) > MAX_SHORT_TEXT:
        raise BadInput(f"{len(text):,} characters; at most {MAX_SHORT_TEXT:,}")
    if has_surrogate(text):
        raise BadInput("It holds half a character that no file can store")


def _whole(text: str, low: int, high: int) -> int:
    text = text.strip()
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise BadInput(f"{low} to {high}")
    return int(text)


def _decimal(text: str, low: float, high: float) -> float:
    text = text.strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not low <= value <= high:
        raise BadInput(f"{low:g} to {high:g}, as 2.0")
    return value


def _policy(text: str) -> SeedPolicy:
    try:
        return SeedPolicy(text)
    except ValueError:
        raise BadInput(f"one of {', '.join(policy.value for policy in SeedPolicy)}") from None
