"""Batches: written as composed, listed, searched, and steered by wishes that are columns of their rows."""

import re
from collections.abc import Sequence

import peewee as pw

from podtui.errors import BadInput
from podtui.events import BatchResumed, BatchStopped
from podtui.plan import Plan
from podtui.store.cards import BatchCard
from podtui.store.database import telling
from podtui.store.models import PROXY, Batch, Image, Workflow
from podtui.store.room import Room
from podtui.store.rows import batch_cards
from podtui.store.sql import run, tuples
from podtui.words import (
    BatchId,
    BatchState,
    ImageId,
    ImageState,
    new_batch_id,
    new_image_id,
)

_REVIVED = (ImageState.FAILED, ImageState.LOST)


class Batches(Room):
    """Every batch of the library."""

    def create(self, plan: Plan, document: str, *, parent: BatchId | None = None) -> BatchId:
        """Write a batch, its images with their seeds, and so the wish, in one transaction.

        Args:
            plan: the batch as checked.
            document: the workflow as it is now, as ``Workflow.document`` gives it.
            parent: the batch that this one is a remix or an expansion of.
        """
        batch = new_batch_id()
        now = self.clock.now_ms()
        with self.writing():
            Workflow.insert(
                hash=plan.workflow_hash, name=plan.workflow, document=document
            ).on_conflict_ignore().execute()
            row = Batch.create(
                id=batch,
                created_ms=now,
                state=BatchState.WAITING,
                prompt=plan.prompt,
                style=plan.style,
                genre=plan.genre,
                negative=plan.negative,
                suffix=plan.suffix,
                full_prompt=plan.full_prompt,
                batch_size=plan.batch_size,
                width=plan.width,
                height=plan.height,
                draft_width=plan.draft_width,
                draft_height=plan.draft_height,
                steps=plan.steps,
                cfg_scale=plan.cfg_scale,
                seed=None if plan.seed is None else str(plan.seed),
                seed_policy=plan.seed_policy,
                backend=plan.backend,
                endpoint=plan.endpoint,
                workflow=plan.workflow,
                workflow_hash=plan.workflow_hash,
                in_flight=plan.in_flight,
                budget_microdollars=plan.budget_microdollars,
                note=plan.note,
                parent=parent,
            )
            _index("batch_words", row.n, f"{batch} {plan.full_prompt} {plan.style} {plan.genre} {plan.note}")
            for planned in plan.images:
                add_image(batch, planned.index, planned.prompt, planned.seed)
        return batch

    def get(self, batch: str) -> BatchCard:
        """Return one batch.

        Raises:
            BadInput: there is none of this id.
        """
        with telling():
            cards = batch_cards(Batch.select().where(Batch.id == batch))
        if not cards:
            raise BadInput(f"There is no batch {batch}", "", "podtui batches lists them.", field="batch")
        return cards[0]

    def page(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        search: str = "",
        states: Sequence[BatchState] = (),
    ) -> list[BatchCard]:
        """A page of batches, newest first; ``before`` is the ``n`` of the last card of the page above."""
        query = Batch.select()
        if before is not None:
            query = query.where(Batch.n < before)
        if states:
            query = query.where(Batch.state.in_(list(states)))
        if wanted := match_words(search):
            query = query.where(pw.SQL("n IN (SELECT rowid FROM batch_words WHERE words MATCH ?)", (wanted,)))
        with telling():
            return batch_cards(query.order_by(Batch.n.desc()).limit(limit))

    def unfinished(self) -> list[BatchCard]:
        """Batches that the runner has something to do for, oldest first."""
        wanted = (Batch.state << [BatchState.WAITING, BatchState.RUNNING]) | (
            (Batch.state << [BatchState.PAUSED, BatchState.STOPPED]) & (Batch.cancel_wished == True)  # noqa: E712
        )
        with telling():
            return batch_cards(Batch.select().where(wanted).order_by(Batch.n))

    def open_jobs(self) -> int:
        """How many images of any batch are at a service right now."""
        out = [state for state in ImageState if state.is_out or state is ImageState.SUBMITTING]
        with telling():
            return int(Image.select().where(Image.state << out).count())

    def document(self, batch: BatchId) -> str:
        """The workflow of a batch as it was when it was composed."""
        with telling():
            row = Batch.get(Batch.id == batch)
            return str(Workflow.get(Workflow.hash == row.workflow_hash).document)

    def prompts(self, limit: int = 200) -> list[tuple[str, str, str]]:
        """The prompts of the past with style and genre, newest first, each once."""
        newest = pw.fn.MAX(Batch.n)
        query = (
            Batch.select(Batch.prompt, Batch.style, Batch.genre)
            .group_by(Batch.prompt, Batch.style, Batch.genre)
            .order_by(newest.desc())
            .limit(limit)
        )
        with telling():
            return [(str(prompt), str(style), str(genre)) for prompt, style, genre in tuples(query)]

    # --- wishes -----------------------------------------------------------------------------------------

    def stop(self, batch: BatchId) -> bool:
        """Wish that no further image is started; what is out is still fetched. False where it is over."""
        with self.writing():
            return bool(
                Batch.update(stop_wished=True)
                .where(
                    Batch.id == batch,
                    Batch.state.in_([BatchState.WAITING, BatchState.RUNNING, BatchState.PAUSED]),
                )
                .execute()
            )

    def go_on(self, batch: BatchId) -> bool:
        """Take up a stopped or paused batch again, or take a wish to stop back."""
        with self.writing():
            changed = (
                Batch.update(state=BatchState.WAITING, stop_wished=False, pause_title="", pause_next="")
                .where(Batch.id == batch, Batch.state << [BatchState.STOPPED, BatchState.PAUSED])
                .execute()
            )
            changed += (
                Batch.update(stop_wished=False)
                .where(
                    Batch.id == batch,
                    Batch.state << [BatchState.WAITING, BatchState.RUNNING],
                    Batch.stop_wished == True,  # noqa: E712
                )
                .execute()
            )
        return bool(changed)

    def cancel(self, batch: BatchId) -> int:
        """Wish that a batch ends now: unstarted images are free, running ones may still be billed.

        Returns:
            How many images are affected.
        """
        with self.writing():
            open_states = [state for state in ImageState if not state.is_final]
            affected = (
                Image.update(cancel_wished=True)
                .where(Image.batch == batch, Image.state << open_states)
                .execute()
            )
            live = [state for state in BatchState if not state.is_over]
            changed = Batch.update(cancel_wished=True).where(Batch.id == batch, Batch.state << live).execute()
        return int(affected) if changed else 0

    def retry(self, batch: BatchId) -> int:
        """Wish new jobs for what failed: same slot, same seed. Returns how many images that are."""
        with self.writing():
            row = Batch.get(Batch.id == batch)
            states = list(_REVIVED)
            if row.state == BatchState.CANCELLED:
                states.append(ImageState.CANCELLED)
            how_many = self._plan_again((Image.batch == batch) & (Image.state << states))
            if how_many:
                self._wait_again(batch)
        return how_many

    def resend(self, image: ImageId) -> bool:
        """Send an unsure image again, on a person's word: it may be paid for twice."""
        return self._settle_unsure(image, ImageState.PLANNED, "")

    def drop(self, image: ImageId) -> bool:
        """Give an unsure image up, on a person's word."""
        return self._settle_unsure(
            image, ImageState.CANCELLED, "given up by you: its submit was never answered"
        )

    def reroll(self, image: ImageId, seed: int) -> ImageId:
        """Wish one more image with the same prompt and a new seed, in the same batch."""
        with self.writing():
            row = Image.get(Image.id == image)
            last = Image.select(pw.fn.MAX(Image.position)).where(Image.batch == row.batch).scalar()
            fresh = add_image(BatchId(row.batch), int(last) + 1, row.prompt, seed, "reroll", image)
            self._wait_again(BatchId(row.batch))
        return fresh

    def _settle_unsure(self, image: ImageId, state: ImageState, title: str) -> bool:
        with self.writing():
            row = Image.get_or_none(Image.id == image)
            if row is None or row.state != ImageState.UNSURE:
                return False
            self._plan_again(Image.id == image)
            if state is not ImageState.PLANNED:
                Image.update(state=state, title=title).where(Image.id == image).execute()
            self._wait_again(BatchId(row.batch))
        return True

    def _plan_again(self, which: pw.Expression) -> int:
        return int(
            Image.update(state=ImageState.PLANNED, cause="", title="", details="", cancel_wished=False)
            .where(which)
            .execute()
        )

    def _wait_again(self, batch: BatchId) -> None:
        Batch.update(
            state=BatchState.WAITING,
            stop_wished=False,
            cancel_wished=False,
            pause_title="",
            pause_next="",
            ended_ms=None,
        ).where(Batch.id == batch, Batch.state != BatchState.RUNNING).execute()
        Batch.update(stop_wished=False).where(Batch.id == batch).execute()

    # --- the runner's side ------------------------------------------------------------------------------

    def note_stopped(self, batch: BatchId) -> None:
        """Write down that a wish to stop has been met."""
        with self.writing():
            left = Image.select().where(Image.batch == batch, Image.state == ImageState.PLANNED).count()
            Batch.update(state=BatchState.STOPPED, stop_wished=False).where(Batch.id == batch).execute()
            self.tell(BatchStopped(batch=batch, left=left))

    def note_resumed(self, batch: BatchId, left: int) -> None:
        """Write down that the runner goes on with a batch."""
        with self.writing():
            Batch.update(state=BatchState.RUNNING).where(Batch.id == batch).execute()
            self.tell(BatchResumed(batch=batch, left=left))


def add_image(
    batch: BatchId,
    position: int,
    prompt: str,
    seed: int,
    origin: str = "slot",
    origin_image: ImageId | None = None,
    *,
    image: ImageId | None = None,
) -> ImageId:
    """Write the row of a planned image, inside somebody's transaction."""
    image = image or new_image_id()
    row = Image.create(
        id=image,
        batch=batch,
        position=position,
        prompt=prompt,
        seed=str(seed),
        state=ImageState.PLANNED,
        origin=origin,
        origin_image=origin_image,
    )
    _index("image_words", row.n, f"{image} {batch} {prompt} {seed}")
    return image


def _index(table: str, n: int, words: str) -> None:
    """Put words into a full-text table."""
    run(PROXY, f"INSERT INTO {table} (rowid, words) VALUES (?, ?)", (n, words))


def match_words(search: str) -> str:
    """Turn what a person typed into an FTS5 query: every word, by its beginning; empty means no filter."""
    words = re.findall(r"\w+", search.replace("_", " "))[:20]
    return " ".join(f'"{word}"*' for word in words)
