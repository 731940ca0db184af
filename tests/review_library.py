"""Libraries that the progress and review pilots look at, made through the store."""

from podtui.store import ImageCard, Store
from podtui.store.making import Outcome, Stored
from podtui.words import BatchId, Cause, ImageState, JobId
from tests.screens_ready import make_preview

EVIL = "[/red] [@click=app.quit]x[/] [#gg0000] x\\ \x1b]0;t\x07\x1b[2J\x9b1m \u202e\U0010eeee"
HIDDEN = "\x1b\x07\x9b\u202e\U0010eeee"
"""What must never reach the screen."""


def begin(store: Store, batch: BatchId) -> None:
    """Let the runner take the batch up."""
    store.making.start_batch(store.batches.get(batch), 310)


def run_image(store: Store, batch: BatchId, position: int) -> tuple[ImageCard, int]:
    """Bring an image onto a worker."""
    card, image = store.batches.get(batch), store.images.of_batch(batch)[position]
    number = store.making.intend(image, card, 310)
    assert number is not None
    store.making.accepted(image, number, JobId(f"job-{image.id}-{number}"))
    store.making.seen(image, number, ImageState.RUNNING, card.counts.total, "worker1")
    return image, number


def make_done(store: Store, batch: BatchId, position: int) -> ImageCard:
    """Bring an image to its picture: draft, previews and rows."""
    image, number = run_image(store, batch, position)
    card = store.batches.get(batch)
    draft = store.library.draft(batch, image.id, "png")
    draft.parent.mkdir(parents=True, exist_ok=True)
    draft.write_bytes(b"a draft")
    make_preview(store.library, image.id, (40 + position * 8, 60, 90))
    outcome = Outcome("COMPLETED", 1000, 60_000, "worker1", 18_600, "{}")
    store.making.answered(image, number, outcome, card)
    stored = Stored("png", f"{position:064x}", 1000, 1280, 1536, "0" * 16, False)
    assert store.making.stored(image, number, stored, card.counts.total)
    return store.images.get(image.id)


def make_failed(store: Store, batch: BatchId, position: int, title: str = "CUDA out of memory") -> None:
    """Let an image fail on its worker."""
    image, number = run_image(store, batch, position)
    size = store.batches.get(batch).counts.total
    assert store.making.failed(image, number, Cause.WORKER, title, "", size)


def make_unsure(
    store: Store, batch: BatchId, position: int, title: str = "RunPod did not answer clearly"
) -> None:
    """Let a submit stay without a clear answer."""
    card, image = store.batches.get(batch), store.images.of_batch(batch)[position]
    number = store.making.intend(image, card, 310)
    assert number is not None
    store.making.unsure(image, number, card.counts.total, title, "")


def finished(store: Store, batch: BatchId) -> BatchId:
    """Make every picture of a batch and end it."""
    begin(store, batch)
    for image in store.images.of_batch(batch):
        make_done(store, batch, image.position)
    store.making.end_batch(store.batches.get(batch))
    return batch
