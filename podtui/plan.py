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
LONG_PROMPT = 2000
"""From how many characters on a person is told that a prompt is long."""

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
    warnings: tuple[str, ...] = ()
    """What a person should know before paying, each as ``field: words``."""


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
        ("prompt", lambda: _prompt(fields, wildcards)),
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
            more = " ".join(part for part in (error.cause, error.next_step) if part)
            found[name] = f"{error.title}. {more}" if more else error.title
    if not {"width", "height"} & found.keys() and _int(fields.width) * _int(fields.height) > MAX_PIXELS:
        found["width"] = f"at most {MAX_PIXELS // 1_000_000} megapixels in all"
    if workflow is None:
        found["workflow"] = "There is no such workflow"
    return found


def warnings(fields: Fields, workflow: Workflow) -> dict[str, str]:
    """What a person should know before paying, by field; none of it keeps the batch back."""
    found: dict[str, str] = {}
    if len(fields.prompt) > LONG_PROMPT:
        found["prompt"] = f"{len(fields.prompt):,} characters: what comes late in a long prompt counts little"
    if fields.negative.strip() and (why := _unheard(fields, workflow)):
        found["negative"] = f"ignored by {workflow.name}: {why}"
    useful = workflow.facts.useful_guidance
    if not workflow.uses_guidance:
        found["cfg_scale"] = f"not used by {workflow.name}"
    elif useful and (cfg := _cfg(fields)) is not None and not useful[0] <= cfg <= useful[1]:
        found["cfg_scale"] = f"{useful[0]:g} to {useful[1]:g} is the useful range"
    if workflow.facts.note:
        found["workflow"] = workflow.facts.note
    return found


def full_prompt(prompt: str, style: str, genre: str, suffix: str) -> str:
    """Put a prompt together as the guide has it; empty parts leave no trace.

    A style that already ends in the word style gets no second one; a genre likewise.
    """
    parts = [_bare(prompt), _with_word(style, "style"), _with_word(genre, "genre"), _bare(suffix)]
    return ", ".join(part for part in parts if part)


def cap_batch_size(wished: int | str) -> tuple[int, str]:
    """Cap what a script asks for at 25, and say so; the note is empty where nothing was cut.

    Raises:
        BadInput: zero, less than zero, or no whole number.
    """
    text = str(wished).strip()
    if isinstance(wished, bool) or not _WHOLE.fullmatch(text) or int(text) < 1:
        raise BadInput(f"batch_size: 1 to {MAX_BATCH}", field="batch_size")
    wished = int(text)
    if wished <= MAX_BATCH:
        return wished, ""
    return MAX_BATCH, f"Capped from {wished} to {MAX_BATCH}: the most one batch may ask for."


def resolve(fields: Fields, suffix: str, wildcards: Wildcards, seeds: list[int]) -> tuple[PlannedImage, ...]:
    """The exact prompts, one for each seed, in order.

    Raises:
        BadInput: the prompt's braces or wildcards are wrong, or one of its variants is empty or too long.
    """
    parts = parse(fields.prompt)
    images = []
    for index, seed in enumerate(seeds):
        prompt = draw_wildcards(expand(parts, index), seed, wildcards)
        if not _bare(prompt):
            raise _nothing_left(index)
        if len(prompt) > MAX_PROMPT:
            raise BadInput(
                f"Image {index + 1} has a prompt of {len(prompt):,} characters; at most {MAX_PROMPT:,}",
                field="prompt",
            )
        images.append(PlannedImage(index, full_prompt(prompt, fields.style, fields.genre, suffix), seed))
    return tuple(images)


def random_seed() -> int:
    """Draw a seed that every JSON tool keeps whole (below 2^53)."""
    return secrets.randbelow(2**53)


def draw_seeds(
    how_many: int, given: int | None, policy: SeedPolicy, draw: Callable[[], int] = random_seed
) -> list[int]:
    """The seeds of a batch, all different: the given one first, then random ones or the ones that follow.

    A sequence goes on from 0 after 2^64 - 1.
    """
    first = draw() if given is None else given
    if policy is SeedPolicy.SEQUENCE:
        return [(first + step) % (MAX_SEED + 1) for step in range(how_many)]
    seeds = [first]
    while len(seeds) < how_many:
        seed = draw()
        # A seed that is there already gives way to the next free one, so that this always ends.
        while seed in seeds:
            seed = (seed + 1) % (MAX_SEED + 1)
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
    if in_flight < 1:
        raise BadInput("in_flight: 1 or more", field="in_flight")
    if budget_microdollars is not None and budget_microdollars < 0:
        raise BadInput("budget: 0 or more", field="budget")
    _short(suffix)
    size = _int(fields.batch_size)
    if backend is BackendKind.COMFYUI and size > 1:
        raise BadInput(NO_BATCHES_HERE, "", USE_RUNPOD, field="batch_size")
    seed = _int(fields.seed) if fields.seed.strip() else None
    policy = SeedPolicy(fields.seed_policy)
    width, height = _int(fields.width), _int(fields.height)
    draft_width, draft_height = draft_size(width, height, workflow.facts.pixels)
    images = resolve(fields, suffix, wildcards, draw_seeds(size, seed, policy, draw))
    return Plan(
        prompt=fields.prompt.strip(),
        style=fields.style.strip(),
        genre=fields.genre.strip(),
        negative=fields.negative.strip(),
        suffix=suffix,
        full_prompt=images[0].prompt,
        batch_size=size,
        width=width,
        height=height,
        draft_width=draft_width,
        draft_height=draft_height,
        steps=_int(fields.steps),
        cfg_scale=float(fields.cfg_scale.strip()),
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
        warnings=tuple(f"{name}: {words}" for name, words in warnings(fields, workflow).items()),
    )


def with_workflow(fields: Fields, workflow: Workflow) -> Fields:
    """Change the workflow, and with it steps and guidance to what its model wants."""
    return replace(
        fields, workflow=workflow.name, steps=str(workflow.facts.steps), cfg_scale=workflow.facts.guidance
    )


def _bare(text: str) -> str:
    return text.strip(" \t\r\n,")


def _with_word(text: str, word: str) -> str:
    text = _bare(text)
    return text if not text or text.casefold().split()[-1] == word else f"{text} {word}"


def _nothing_left(index: int) -> BadInput:
    return BadInput(
        f"Image {index + 1} has an empty prompt",
        "Its variant leaves nothing.",
        "Put some words outside the braces.",
        field="prompt",
    )


def _prompt(fields: Fields, wildcards: Wildcards | None) -> None:
    text = fields.prompt
    if not _bare(text):
        raise BadInput("A prompt is needed")
    _long(text)
    parts = parse(text)
    wanted = _int(fields.batch_size) if re.fullmatch(r"[0-9]{1,2}", fields.batch_size.strip()) else 1
    for index in range(min(wanted, MAX_BATCH, count(parts))):
        prompt = expand(parts, index)
        if not _bare(prompt):
            raise _nothing_left(index)
        for name in wildcard_names(prompt) if wildcards is not None else ():
            lines_of(name, wildcards or {})


def _unheard(fields: Fields, workflow: Workflow) -> str:
    """Why a negative prompt has no effect; empty where it has one."""
    if not workflow.roles.negative:
        return "it has no place for one"
    cfg = _cfg(fields) if workflow.roles.cfg is None else None
    is_off = cfg is not None and cfg <= 1
    return "its sampler runs at cfg 1" if is_off or not workflow.uses_negative else ""


def _cfg(fields: Fields) -> float | None:
    text = fields.cfg_scale.strip()
    return float(text) if _NUMBER.fullmatch(text) else None


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


def _int(text: str) -> int:
    # strip() takes more for white space than int() does (U+001C to U+001F).
    return int(text.strip())


def _whole(text: str, low: int, high: int) -> int:
    text = text.strip()
    if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
        raise BadInput(f"{low} to {high}")
    return int(text)


def _decimal(text: str, low: float, high: float) -> float:
    text = text.strip()
    value = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not low <= value <= high:
        raise BadInput(f"{low:g} to {high:g}, written like 2.0")
    return value


def _policy(text: str) -> SeedPolicy:
    try:
        return SeedPolicy(text)
    except ValueError:
        raise BadInput(f"one of {', '.join(policy.value for policy in SeedPolicy)}") from None
