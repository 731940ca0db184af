"""From rows to cards."""

from collections.abc import Iterable, Sequence

import peewee as pw

from podtui.store.cards import AttemptCard, BatchCard, Counts, ImageCard
from podtui.store.models import Attempt, Batch, Image
from podtui.store.sql import tuples
from podtui.words import BackendKind, BatchId, BatchState, Cause, Decision, ImageId, ImageState, JobId


def image_card(row: Image) -> ImageCard:
    """Read an image's row."""
    return ImageCard(
        n=row.n,
        id=ImageId(row.id),
        batch=BatchId(row.batch),
        position=row.position,
        origin=row.origin,
        origin_image=ImageId(row.origin_image) if row.origin_image else None,
        prompt=row.prompt,
        seed=int(row.seed),
        state=ImageState(row.state),
        cancel_wished=bool(row.cancel_wished),
        cause=Cause(row.cause) if row.cause else None,
        title=row.title,
        details=row.details,
        note=row.note,
        ending=row.ending,
        sha256=row.sha256,
        bytes=row.bytes,
        width=row.width,
        height=row.height,
        phash=row.phash,
        has_alpha=bool(row.has_alpha),
        stored_ms=row.stored_ms,
        decision=Decision(row.decision),
        rating=row.rating,
        print_state=row.print_state,
        print_title=row.print_title,
        print_bytes=row.print_bytes,
        publication=row.publication,
    )


def attempt_card(row: Attempt) -> AttemptCard:
    """Read an attempt's row."""
    return AttemptCard(
        image=ImageId(row.image),
        number=row.number,
        backend=BackendKind(row.backend),
        endpoint=row.endpoint,
        job=JobId(row.job) if row.job else None,
        state=row.state,
        submitted_ms=row.submitted_ms,
        running_ms=row.running_ms,
        ended_ms=row.ended_ms,
        delay_ms=row.delay_ms,
        execution_ms=row.execution_ms,
        worker=row.worker,
        price_microdollars_per_s=row.price_microdollars_per_s,
        cost_microdollars=row.cost_microdollars,
        title=row.title,
        details=row.details,
    )


def batch_cards(rows: Iterable[Batch]) -> list[BatchCard]:
    """Read batches with their counts and costs: three statements, however many there are."""
    found = list(rows)
    ids = [row.id for row in found]
    counts, costs = count_images(ids), sum_costs(ids)
    return [_batch_card(row, counts.get(row.id, Counts()), costs.get(row.id)) for row in found]


def _batch_card(row: Batch, counts: Counts, cost: int | None) -> BatchCard:
    return BatchCard(
        n=row.n,
        id=BatchId(row.id),
        created_ms=row.created_ms,
        started_ms=row.started_ms,
        ended_ms=row.ended_ms,
        state=BatchState(row.state),
        pause_title=row.pause_title,
        pause_next=row.pause_next,
        stop_wished=bool(row.stop_wished),
        cancel_wished=bool(row.cancel_wished),
        prompt=row.prompt,
        style=row.style,
        genre=row.genre,
        negative=row.negative,
        suffix=row.suffix,
        full_prompt=row.full_prompt,
        batch_size=row.batch_size,
        width=row.width,
        height=row.height,
        draft_width=row.draft_width,
        draft_height=row.draft_height,
        steps=row.steps,
        cfg_scale=row.cfg_scale,
        seed=int(row.seed) if row.seed else None,
        seed_policy=row.seed_policy,
        backend=BackendKind(row.backend),
        endpoint=row.endpoint,
        workflow=row.workflow,
        workflow_hash=row.workflow_hash,
        in_flight=row.in_flight,
        budget_microdollars=row.budget_microdollars,
        price_microdollars_per_s=row.price_microdollars_per_s,
        note=row.note,
        parent=row.parent,
        counts=counts,
        cost_microdollars=cost,
    )


def count_images(batches: Sequence[str]) -> dict[str, Counts]:
    """Count the images of several batches by state and decision, in one statement."""
    number = pw.fn.COUNT(Image.n)
    query = (
        Image.select(Image.batch, Image.state, Image.decision, number)
        .where(Image.batch.in_(batches), Image.origin != "extra")
        .group_by(Image.batch, Image.state, Image.decision)
    )
    tallies: dict[str, dict[str, int]] = {}
    for batch, state, decision, how_many in tuples(query):
        tally = tallies.setdefault(batch, dict.fromkeys(Counts.__dataclass_fields__, 0))
        tally["total"] += how_many
        tally[_column(ImageState(state))] += how_many
        if state == ImageState.DONE and decision != Decision.UNDECIDED:
            tally[decision] += how_many
    return {batch: Counts(**tally) for batch, tally in tallies.items()}


def _column(state: ImageState) -> str:
    if state in (ImageState.FAILED, ImageState.LOST):
        return "failed"
    if state.is_out or state is ImageState.SUBMITTING:
        return "out"
    return state.value


def sum_costs(batches: Sequence[str]) -> dict[str, int]:
    """Add up what the jobs of several batches have cost, in one statement; only what is known."""
    query = (
        Attempt.select(Image.batch, pw.fn.SUM(Attempt.cost_microdollars))
        .join(Image, on=(Image.id == Attempt.image))
        .where(Image.batch.in_(batches), Attempt.cost_microdollars.is_null(False))
        .group_by(Image.batch)
    )
    return {batch: int(cost) for batch, cost in tuples(query) if cost is not None}
