"""What commands and REST answer: one documented model each, in the old service's words where it had them."""

from typing import Literal

from pydantic import BaseModel

from podtui.paths import Library
from podtui.store import BatchCard, ImageCard, Store
from podtui.words import BatchId, BatchState, Decision, ImageState


class GenerateAnswer(BaseModel):
    """How a batch went (guide, "POST /api/generate")."""

    status: Literal["completed", "failed", "paused", "stopped", "cancelled", "waiting", "running"]
    batch_id: str
    batch_size: int
    success_count: int
    failed_count: int
    prompt: str
    """The full prompt."""
    images: list[str]
    """File names of the pictures, in order."""
    prompt_ids: list[str]
    """The service's job ids of those pictures, in the same order."""
    message: str
    """``Generated 8 of 10 image(s)``, and what else is worth a sentence."""
    error: str | None = None
    """Only where no image was made, or where the batch is paused: the cause."""
    next_step: str | None = None


class BatchLine(BaseModel):
    """One batch in a list."""

    batch_id: str
    state: BatchState
    created_ms: int
    prompt: str
    batch_size: int
    success_count: int
    failed_count: int
    unsure_count: int
    approved_count: int
    rejected_count: int
    width: int
    height: int
    cost_microdollars: int | None


class ImageLine(BaseModel):
    """One image."""

    id: str
    batch_id: str
    batch_index: int
    filename: str
    status: str
    state: ImageState
    decision: Decision
    prompt: str
    seed: int
    width: int
    height: int
    path: str | None
    """Where the draft lies, once it does."""
    print_file: str | None
    """Where the print file lies, once it does."""
    cause: str | None
    error: str | None


class BatchAnswer(BatchLine):
    """One batch with its images."""

    steps: int
    cfg_scale: float
    workflow: str
    backend: str
    endpoint: str
    full_prompt: str
    style: str
    genre: str
    pause: str | None
    next_step: str | None
    images: list[ImageLine]


class ApprovedImage(BaseModel):
    """An approved image with its print file."""

    id: str
    print_file: str
    width: int
    height: int


class DemoAnswer(GenerateAnswer):
    """What the headless demo prints: the generate answer and what was approved."""

    approved: list[ApprovedImage]


def generate_answer(store: Store, batch: BatchId, note: str = "") -> GenerateAnswer:
    """Say how a batch stands."""
    card = store.batches.get(batch)
    done = [image for image in store.images.of_batch(batch) if image.has_picture]
    attempts = store.images.latest_attempts(batch)
    jobs = [attempts[image.id].job if image.id in attempts else None for image in done]
    message = " ".join(part for part in (card.message, note) if part)
    error = next_step = None
    if card.state is BatchState.FAILED:
        error = "No images were generated"
    elif card.state is BatchState.PAUSED:
        error, next_step = card.pause_title, card.pause_next or None
    return GenerateAnswer(
        status=card.state.value,
        batch_id=card.id,
        batch_size=card.batch_size,
        success_count=card.counts.done,
        failed_count=card.counts.failed,
        prompt=card.full_prompt,
        images=[image.filename for image in done],
        prompt_ids=[job or "" for job in jobs],
        message=message,
        error=error,
        next_step=next_step,
    )


def batch_line(card: BatchCard) -> BatchLine:
    """One batch in a list."""
    return BatchLine(
        batch_id=card.id,
        state=card.state,
        created_ms=card.created_ms,
        prompt=card.prompt,
        batch_size=card.batch_size,
        success_count=card.counts.done,
        failed_count=card.counts.failed,
        unsure_count=card.counts.unsure,
        approved_count=card.counts.approved,
        rejected_count=card.counts.rejected,
        width=card.width,
        height=card.height,
        cost_microdollars=card.cost_microdollars,
    )


def image_line(image: ImageCard, library: Library) -> ImageLine:
    """One image."""
    draft = library.draft(image.batch, image.id, image.ending) if image.has_picture else None
    printed = library.print_file(image.batch, image.id) if image.print_state == "made" else None
    return ImageLine(
        id=image.id,
        batch_id=image.batch,
        batch_index=image.position,
        filename=image.filename,
        status=image.status,
        state=image.state,
        decision=image.decision,
        prompt=image.prompt,
        seed=image.seed,
        width=image.width,
        height=image.height,
        path=str(draft) if draft else None,
        print_file=str(printed) if printed else None,
        cause=image.cause,
        error=image.title or None,
    )


def batch_answer(store: Store, card: BatchCard) -> BatchAnswer:
    """One batch with its images."""
    images = store.images.of_batch(card.id)
    return BatchAnswer(
        **batch_line(card).model_dump(),
        steps=card.steps,
        cfg_scale=card.cfg_scale,
        workflow=card.workflow,
        backend=card.backend,
        endpoint=card.endpoint,
        full_prompt=card.full_prompt,
        style=card.style,
        genre=card.genre,
        pause=card.pause_title or None,
        next_step=card.pause_next or None,
        images=[image_line(image, store.library) for image in images],
    )
