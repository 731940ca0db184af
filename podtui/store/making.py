"""The engine's writes: one method for each step an image can take, each one transaction with its event.

Every step names the states it starts from; a row that stands elsewhere is left alone and the method
says so by returning False. That keeps a late answer from undoing what a person or a restart has settled.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import peewee as pw

from podtui.events import (
    BatchEnded,
    BatchPaused,
    BatchStarted,
    Event,
    ImageCancelled,
    ImageFailed,
    ImageStarted,
    ImageStored,
    ImageUnsure,
    JobEnded,
    JobRunning,
    JobSubmitted,
    JobSubmitting,
)
from podtui.store.batches import add_image
from podtui.store.cards import BatchCard, ImageCard
from podtui.store.database import telling
from podtui.store.models import Attempt, Batch, Image
from podtui.store.room import Room
from podtui.store.rows import image_card
from podtui.words import BatchId, BatchState, Cause, ImageId, ImageState, JobId

NOT_SENT = "not_sent"
"""State of an attempt that surely never reached the service; its row is used again by the next try."""


@dataclass(frozen=True)
class Outcome:
    """What the service's final answer says of a job, as it is written down."""

    status: str
    """The service's own word (``COMPLETED``)."""
    delay_ms: int | None = None
    execution_ms: int | None = None
    worker: str = ""
    cost_microdollars: int | None = None
    answer: str = ""


@dataclass(frozen=True)
class Stored:
    """A draft as it lies on disk."""

    ending: str
    sha256: str
    bytes: int
    width: int
    height: int
    phash: str
    has_alpha: bool


class Making(Room):
    """The making of images, step by step."""

    def start_batch(self, card: BatchCard, price_microdollars_per_s: int | None) -> None:
        """Take a batch up for the first time."""
        with self.writing():
            Batch.update(
                state=BatchState.RUNNING,
                started_ms=self.clock.now_ms(),
                price_microdollars_per_s=price_microdollars_per_s,
            ).where(Batch.id == card.id).execute()
            self.tell(BatchStarted(batch=card.id, size=card.counts.total))

    def intend(self, image: ImageCard, batch: BatchCard, price_microdollars_per_s: int | None) -> int | None:
        """Write the intent to send a job, before it is sent.

        Returns:
            The number of the attempt, or None where the image is no longer to be sent.
        """
        with self.writing():
            if not self._move(image.id, (ImageState.PLANNED,), ImageState.SUBMITTING, is_wanted=True):
                return None
            last = Attempt.select().where(Attempt.image == image.id).order_by(Attempt.number.desc()).first()
            is_again = last is not None and last.state == NOT_SENT
            number = last.number if is_again else (last.number if last else 0) + 1
            values = {
                "backend": batch.backend,
                "endpoint": batch.endpoint,
                "state": ImageState.SUBMITTING,
                "submitted_ms": self.clock.now_ms(),
                "price_microdollars_per_s": price_microdollars_per_s,
                "title": "",
                "details": "",
            }
            if is_again:
                Attempt.update(**values).where(Attempt.image == image.id, Attempt.number == number).execute()
            else:
                Attempt.create(image=image.id, number=number, **values)
                self.tell(
                    ImageStarted(
                        batch=batch.id, image=image.id, index=image.position, size=batch.counts.total
                    )
                )
            self.tell(JobSubmitting(batch=batch.id, image=image.id, backend=batch.backend))
        return int(number)

    def accepted(self, image: ImageCard, number: int, job: JobId) -> bool:
        """Write the job's id down, in the same breath as the answer."""
        with self.writing():
            Attempt.update(job=job, state=ImageState.SUBMITTED).where(
                Attempt.image == image.id, Attempt.number == number
            ).execute()
            if not self._move(image.id, (ImageState.SUBMITTING,), ImageState.SUBMITTED):
                return False
            self.tell(JobSubmitted(batch=image.batch, image=image.id, job=job))
        return True

    def not_sent(self, image: ImageCard, number: int, title: str) -> None:
        """The job surely never reached the service: the image is planned as before."""
        with self.writing():
            self._move(image.id, (ImageState.SUBMITTING,), ImageState.PLANNED)
            self._attempt(image.id, number, state=NOT_SENT, title=title)

    def unsure(self, image: ImageCard, number: int, size: int, title: str, details: str) -> None:
        """Nobody knows whether the job was accepted: a person decides."""
        with self.writing():
            if self._end(image, number, ImageState.UNSURE, None, title, details):
                self.tell(
                    ImageUnsure(
                        batch=image.batch, image=image.id, index=image.position, size=size, title=title
                    )
                )

    def seen(self, image: ImageCard, number: int, state: ImageState, size: int, worker: str) -> bool:
        """Write down that a job waits in the queue or runs. False where nothing changed."""
        before = {
            ImageState.QUEUED: (ImageState.SUBMITTED, ImageState.RUNNING),
            ImageState.RUNNING: (ImageState.SUBMITTED, ImageState.QUEUED),
        }[state]
        with self.writing():
            if not self._move(image.id, before, state):
                return False
            if state is ImageState.RUNNING:
                self._attempt(image.id, number, state=state, running_ms=self.clock.now_ms(), worker=worker)
                self.tell(
                    JobRunning(
                        batch=image.batch, image=image.id, index=image.position, size=size, worker=worker
                    )
                )
            else:
                self._attempt(image.id, number, state=state)
        return True

    def answered(self, image: ImageCard, number: int, outcome: Outcome, batch: BatchCard) -> bool:
        """The final answer lies in the spool: write what it says, before its pictures are touched."""
        with self.writing():
            if not self._move(image.id, _OUT, ImageState.FETCHING):
                return False
            self._attempt(
                image.id,
                number,
                state=ImageState.FETCHING,
                ended_ms=self.clock.now_ms(),
                delay_ms=outcome.delay_ms,
                execution_ms=outcome.execution_ms,
                worker=outcome.worker,
                cost_microdollars=outcome.cost_microdollars,
                answer=outcome.answer,
            )
            self.tell(
                JobEnded(batch=image.batch, image=image.id, backend=batch.backend, status=outcome.status)
            )
        return True

    def stored(self, image: ImageCard, number: int, stored: Stored, size: int, note: str = "") -> bool:
        """A picture is on disk, whole and checked: only now is the image done."""
        with self.writing():
            if not self._move(image.id, (*_OUT, ImageState.UNSURE), ImageState.DONE):
                return False
            Image.update(
                stored_ms=self.clock.now_ms(), note=note, cause="", title="", details="", **vars(stored)
            ).where(Image.id == image.id).execute()
            self._attempt(image.id, number, state=ImageState.DONE)
            self.tell(
                ImageStored(batch=image.batch, image=image.id, index=image.position, size=size, note=note)
            )
        return True

    def stored_extra(self, origin: ImageCard, image: ImageId, stored: Stored, size: int) -> None:
        """A further picture of a job becomes an image of its own, not counted; twice is once."""
        with self.writing():
            if Image.select().where(Image.id == image).exists():
                return
            last = Image.select(pw.fn.MAX(Image.position)).where(Image.batch == origin.batch).scalar()
            add_image(
                origin.batch, int(last) + 1, origin.prompt, origin.seed, "extra", origin.id, image=image
            )
            Image.update(state=ImageState.DONE, stored_ms=self.clock.now_ms(), **vars(stored)).where(
                Image.id == image
            ).execute()
            self.tell(
                ImageStored(
                    batch=origin.batch,
                    image=image,
                    index=origin.position,
                    size=size,
                    note="a further picture of the same job",
                )
            )

    def failed(
        self, image: ImageCard, number: int | None, cause: Cause, title: str, details: str, size: int
    ) -> bool:
        """An image came to nothing; paid ones that are no longer to be had are lost."""
        is_lost = cause in (Cause.EXPIRED, Cause.NO_IMAGE)
        state = ImageState.LOST if is_lost else ImageState.FAILED
        with self.writing():
            if not self._end(image, number, state, cause, title, details):
                return False
            self.tell(
                ImageFailed(
                    batch=image.batch,
                    image=image.id,
                    index=image.position,
                    size=size,
                    title=title,
                    is_lost=is_lost,
                )
            )
        return True

    def cancelled(self, image: ImageCard, number: int | None, size: int, title: str = "") -> bool:
        """An image was cancelled before it came."""
        with self.writing():
            if not self._end(image, number, ImageState.CANCELLED, None, title, ""):
                return False
            self.tell(ImageCancelled(batch=image.batch, image=image.id, index=image.position, size=size))
        return True

    def note_limit(self, image: ImageId, title: str) -> None:
        """Write down that podtui asks for a job's end, so that it is not taken for a person's wish."""
        with self.writing():
            Image.update(title=title).where(Image.id == image).execute()

    def pause(self, batch: BatchId, title: str, next_step: str) -> None:
        """A batch cannot go on by itself: say why; what is left stays resumable."""
        with self.writing():
            changed = (
                Batch.update(state=BatchState.PAUSED, pause_title=title, pause_next=next_step)
                .where(Batch.id == batch, Batch.state << [BatchState.WAITING, BatchState.RUNNING])
                .execute()
            )
            if changed:
                self.tell(BatchPaused(batch=batch, title=title, next_step=next_step))

    def end_batch(self, card: BatchCard) -> None:
        """Write a batch's end: completed with at least one image, else failed; cancelled on a wish."""
        counts = card.counts
        if card.cancel_wished and (counts.cancelled or not counts.done):
            state = BatchState.CANCELLED
        else:
            state = BatchState.COMPLETED if counts.done else BatchState.FAILED
        with self.writing():
            Batch.update(
                state=state,
                ended_ms=self.clock.now_ms(),
                stop_wished=False,
                cancel_wished=False,
                pause_title="",
                pause_next="",
            ).where(Batch.id == card.id).execute()
            self.tell(
                BatchEnded(
                    batch=card.id,
                    success_count=counts.done,
                    size=counts.total,
                    is_cancelled=state is BatchState.CANCELLED,
                )
            )

    def recover(self) -> list[ImageCard]:
        """After a restart: what was being sent when the last runner died is unsure. Returns those images."""
        with telling():
            rows = list(Image.select().where(Image.state == ImageState.SUBMITTING))
        cards = [image_card(row) for row in rows]
        for card in cards:
            number = self.newest_number(card.id)
            size = Image.select().where(Image.batch == card.batch, Image.origin != "extra").count()
            self.unsure(
                card,
                number,
                size,
                "podtui was stopped while this job was being sent; it may be running.",
                "Look at the endpoint's job list; send it again or give it up.",
            )
        return cards

    def newest_number(self, image: ImageId) -> int:
        """The number of the newest attempt at an image; 0 where there is none."""
        with telling():
            return int(Attempt.select(pw.fn.MAX(Attempt.number)).where(Attempt.image == image).scalar() or 0)

    # --- print files ------------------------------------------------------------------------------------

    def wanted_prints(self, limit: int = 10) -> list[ImageCard]:
        """Approved images whose print file is still to be made, oldest first."""
        with telling():
            query = (
                Image.select()
                .where(Image.print_state == "wanted", Image.state == ImageState.DONE)
                .order_by(Image.n)
                .limit(limit)
            )
            return [image_card(row) for row in query]

    def printed(self, image: ImageCard, sha256: str, size_bytes: int, event: Event) -> None:
        """A print file is on disk."""
        with self.writing():
            Image.update(
                print_state="made", print_sha256=sha256, print_bytes=size_bytes, print_title=""
            ).where(Image.id == image.id).execute()
            self.tell(event)

    def print_failed(self, image: ImageCard, title: str, event: Event) -> None:
        """A print file could not be made."""
        with self.writing():
            Image.update(print_state="failed", print_title=title).where(Image.id == image.id).execute()
            self.tell(event)

    # --- inside -----------------------------------------------------------------------------------------

    def _move(
        self, image: ImageId, before: Sequence[ImageState], after: ImageState, *, is_wanted: bool = False
    ) -> bool:
        where = (Image.id == image) & (Image.state << list(before))
        if is_wanted:
            where &= Image.cancel_wished == False  # noqa: E712
        return bool(Image.update(state=after).where(where).execute())

    def _attempt(self, image: ImageId, number: int, **values: object) -> None:
        Attempt.update(**values).where(Attempt.image == image, Attempt.number == number).execute()

    def _end(
        self,
        image: ImageCard,
        number: int | None,
        state: ImageState,
        cause: Cause | None,
        title: str,
        details: str,
    ) -> bool:
        before = [at for at in ImageState if not at.is_final]
        if not self._move(image.id, before, state):
            return False
        Image.update(cause=cause or "", title=title, details=details).where(Image.id == image.id).execute()
        if number is not None:
            self._attempt(
                image.id, number, state=state, title=title, details=details, ended_ms=self.clock.now_ms()
            )
        return True


_OUT = tuple(state for state in ImageState if state.is_out)
