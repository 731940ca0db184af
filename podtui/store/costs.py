"""What images took and cost: the past that estimates learn from, and the sums that caps are held by."""

from dataclasses import dataclass

import peewee as pw

from podtui.estimate import PastJob
from podtui.store.database import telling
from podtui.store.models import Attempt, Batch, Image
from podtui.store.room import Room
from podtui.store.sql import tuples
from podtui.words import BatchId, ImageState

_OPEN = [ImageState.SUBMITTING, *(state for state in ImageState if state.is_out), ImageState.UNSURE]


@dataclass(frozen=True)
class Likeness:
    """What makes two jobs comparable."""

    endpoint: str
    workflow_hash: str
    steps: int
    draft_width: int
    draft_height: int


@dataclass(frozen=True)
class Spending:
    """Money that is gone, and money that may be."""

    microdollars: int
    """What ended jobs have cost, in microdollars."""
    open_jobs: int
    """Jobs whose cost is not known yet: at the service, or unsure."""


class Costs(Room):
    """Time and money."""

    def past_jobs(self, alike: Likeness, limit: int = 50) -> list[PastJob]:
        """The newest comparable jobs that made a picture, newest first."""
        query = (
            Attempt.select(Attempt.execution_ms, Attempt.delay_ms, Image.position)
            .join(Image, on=(Image.id == Attempt.image))
            .join(Batch, on=(Batch.id == Image.batch))
            .where(
                Batch.endpoint == alike.endpoint,
                Batch.workflow_hash == alike.workflow_hash,
                Batch.steps == alike.steps,
                Batch.draft_width == alike.draft_width,
                Batch.draft_height == alike.draft_height,
                Attempt.state == ImageState.DONE,
                Attempt.execution_ms.is_null(False),
            )
            .order_by(Attempt.n.desc())
            .limit(limit)
        )
        with telling():
            return [
                PastJob(execution_ms=int(execution), delay_ms=int(delay or 0), is_first=position == 0)
                for execution, delay, position in tuples(query)
            ]

    def last_price(self, endpoint: str) -> int | None:
        """The newest price of a second that was known for an endpoint, in microdollars."""
        with telling():
            row = (
                Batch.select(Batch.price_microdollars_per_s)
                .where(Batch.endpoint == endpoint, Batch.price_microdollars_per_s.is_null(False))
                .order_by(Batch.n.desc())
                .first()
            )
        return int(row.price_microdollars_per_s) if row else None

    def spent_since(self, since_ms: int) -> Spending:
        """What jobs submitted since a moment (UTC, in milliseconds) have cost."""
        return self._spent(Attempt.select().where(Attempt.submitted_ms >= since_ms))

    def spent_by(self, batch: BatchId) -> Spending:
        """What the jobs of a batch have cost."""
        return self._spent(
            Attempt.select().join(Image, on=(Image.id == Attempt.image)).where(Image.batch == batch)
        )

    def _spent(self, attempts: "pw.ModelSelect[Attempt]") -> Spending:
        cost = pw.fn.COALESCE(pw.fn.SUM(Attempt.cost_microdollars), 0)
        open_jobs = pw.fn.COALESCE(pw.fn.SUM(Attempt.state << _OPEN), 0)
        with telling():
            row = next(iter(tuples(attempts.select(cost, open_jobs))), (0, 0))
        return Spending(int(row[0]), int(row[1]))
