"""Follows one job from its acceptance to a stored picture or an honest end."""

from dataclasses import dataclass

from podtui.clients.backend import Health, JobPhase, JobView
from podtui.engine.caps import cost_of
from podtui.engine.desk import Desk
from podtui.engine.ingest import Ingest, Problem
from podtui.engine.outlook import why_it_waits
from podtui.errors import DiskFull, LibraryBusy, Refused, ServiceError, SlowDown, Unreadable, Vanished
from podtui.events import JobWaiting, Noted
from podtui.failpoints import fp
from podtui.store import AttemptCard, BatchCard, ImageCard
from podtui.store.making import Outcome
from podtui.text import clean, duration
from podtui.words import Cause, ImageState

_ENDS = {JobPhase.FAILED: Cause.WORKER, JobPhase.TIMED_OUT: Cause.TIMED_OUT}


@dataclass(frozen=True)
class Verdict:
    """How a job ended, for the circuit breaker."""

    is_done: bool = False
    is_quick_failure: bool = False


class Watch:
    """One job's way, from wherever its row stands."""

    def __init__(
        self,
        desk: Desk,
        ingest: Ingest,
        batch: BatchCard,
        image: ImageCard,
        attempt: AttemptCard,
        run_limit_s: int,
    ) -> None:
        if attempt.job is None:
            raise ValueError("only a job that was accepted can be followed")
        self._desk = desk
        self._ingest = ingest
        self._batch = batch
        self._image = image
        self._attempt = attempt
        self._job = attempt.job
        self._run_limit_s = run_limit_s
        self._spool = desk.store.library.answer(image.id, attempt.number)
        self._phase: JobPhase | None = None
        self._since = desk.clock.boot_s()
        self._begun = self._since
        self._is_cancel_sent = False
        self._unreadable = 0
        self._unknown = 0
        self._troubles = 0
        self._health_at = 0.0
        self._why = ""
        self._problem: Problem | None = None

    async def follow(self) -> Verdict:
        """Look until the job has ended and its picture is stored, or it is honestly named.

        Raises:
            Refused: the key was refused; the rows stay as they are.
        """
        self._desk.touch(
            self._image.id,
            since_boot_s=self._since,
            expected_s=self._desk.expected_s,
            worker=self._attempt.worker,
        )
        view = await self._from_spool()
        while True:
            if view is None:
                view = await self._look()
            if view is None:
                if self._is_settled():
                    return Verdict()
                await self._pause_between()
                continue
            if view.phase.is_final:
                verdict = await self._finish(view)
                if verdict is not None:
                    self._desk.forget(self._image.id)
                    return verdict
            else:
                await self._note_phase(view)
            view = None
            await self._pause_between()

    # --- looking ----------------------------------------------------------------------------------------

    async def _from_spool(self) -> JobView | None:
        """A job that had ended before a restart: its answer lies in the spool, if it was written whole."""
        if self._image.state is not ImageState.FETCHING or not self._spool.exists():
            return None
        try:
            view = await self._desk.backend.read(self._job, self._spool)
        except ServiceError:
            return None
        return view if view.phase.is_final else None

    async def _look(self) -> JobView | None:
        """Ask once; None where there is nothing to act on yet."""
        fp("watch.before_look")
        try:
            async with self._desk.looks:
                view = await self._desk.backend.look(self._job, self._spool)
        except Vanished as error:
            await self._vanished(error)
            return None
        except Unreadable as error:
            self._unreadable += 1
            if self._unreadable >= self._desk.limits.unreadable_tries:
                self._fail(Cause.UNREADABLE, error.title, f"{error.cause} The answer is kept in the spool.")
            return None
        except SlowDown as error:
            await self._slow_down(error)
            return None
        except ServiceError as error:
            self._troubles += 1
            self._desk.touch(self._image.id, why=f"retrying: {clean(error.title, 120)}")
            await self._desk.rest(self._desk.schedule.backoff_s(self._troubles, most_s=15))
            return None
        fp("watch.looked")
        self._troubles = self._unknown = self._unreadable = 0
        return view

    async def _vanished(self, error: Vanished) -> None:
        age_s = (self._desk.clock.now_ms() - self._attempt.submitted_ms) / 1000
        limits = self._desk.limits
        self._unknown += 1
        if age_s < limits.young_s and self._unknown <= limits.young_tries:
            await self._desk.rest(limits.young_wait_s)
            return
        self._fail(
            Cause.EXPIRED,
            "expired at RunPod: not fetched within 30 min",
            f"{error.title} Submitted {duration(age_s)} before.",
        )

    async def _slow_down(self, error: SlowDown) -> None:
        wait_s = error.retry_after_s
        self._troubles += 1
        if wait_s is None:
            wait_s = self._desk.schedule.backoff_s(self._troubles)
        wait_s = min(wait_s, self._desk.limits.longest_wait_s)
        self._desk.touch(self._image.id, why=f"waiting {wait_s:.0f} s (RunPod asked)")
        await self._desk.rest(wait_s)

    async def _pause_between(self) -> None:
        """Wait until the next look is due; a wish to cancel cuts the wait short."""
        desk, age_s = self._desk, self._desk.clock.boot_s() - self._since
        if self._phase is JobPhase.RUNNING:
            wait_s = desk.schedule.running_s(age_s, desk.expected_s, desk.samples)
        else:
            wait_s = desk.schedule.queued_s(age_s)
        await desk.rest(wait_s, until=self._wants_cancel)
        await self._mind_limits()

    def _wants_cancel(self) -> bool:
        if self._is_cancel_sent:
            return False
        return self._desk.store.images.get(self._image.id).cancel_wished

    # --- what a look tells ------------------------------------------------------------------------------

    async def _note_phase(self, view: JobView) -> None:
        if view.phase is not self._phase and view.phase in (JobPhase.QUEUED, JobPhase.RUNNING):
            self._phase, self._since = view.phase, self._desk.clock.boot_s()
            state = ImageState.QUEUED if view.phase is JobPhase.QUEUED else ImageState.RUNNING
            size = self._batch.counts.total
            self._desk.store.making.seen(self._image, self._attempt.number, state, size, view.worker)
            fp("watch.seen")
            self._why = ""
            self._desk.touch(self._image.id, since_boot_s=self._since, worker=view.worker, why="")
        if view.progress is not None:
            note = clean(view.progress.note, 60)
            if view.progress.value is not None and view.progress.max:
                note = f"step {view.progress.value}/{view.progress.max}"
            self._desk.touch(self._image.id, percent=view.progress.percent, note=note)
        if view.phase is JobPhase.UNKNOWN:
            self._desk.touch(self._image.id, why=f"RunPod says {clean(view.said, 60)}")
        elif view.phase is JobPhase.QUEUED:
            await self._say_why()

    async def _say_why(self) -> None:
        """After a while in the queue ask the endpoint why, at most every quarter of a minute."""
        desk, now = self._desk, self._desk.clock.boot_s()
        if now - self._since < desk.limits.why_after_s or now - self._health_at < desk.limits.why_every_s:
            return
        self._health_at = now
        try:
            health: Health = await desk.backend.health()
        except ServiceError:
            return
        why = why_it_waits(health)
        desk.touch(self._image.id, why=why)
        if why != self._why:
            self._why = why
            desk.store.news.add(
                JobWaiting(
                    batch=self._batch.id,
                    image=self._image.id,
                    index=self._image.position,
                    size=self._batch.counts.total,
                    why=why,
                )
            )

    async def _mind_limits(self) -> None:
        """Ask for the job's end where a person wishes it or its time is over; go on looking either way."""
        if self._is_cancel_sent:
            return
        age_s = self._desk.clock.boot_s() - self._since
        if self._desk.store.images.get(self._image.id).cancel_wished:
            await self._send_cancel("")
        elif self._phase is JobPhase.RUNNING and age_s > self._run_limit_s + self._desk.limits.grace_s:
            await self._send_cancel(f"ran longer than its limit of {self._run_limit_s} s")
        elif self._phase is not JobPhase.RUNNING and age_s > self._desk.settings.queue_limit_s:
            minutes = duration(self._desk.settings.queue_limit_s)
            await self._send_cancel(f"waited longer than its limit of {minutes} in the queue")

    async def _send_cancel(self, title: str) -> None:
        if title:
            self._desk.store.making.note_limit(self._image.id, title)
        fp("cancel.before_post")
        try:
            await self._desk.backend.cancel(self._job)
        except (ServiceError, Refused) as error:
            self._desk.touch(self._image.id, why=f"cancel not taken yet: {clean(error.title, 100)}")
            return
        fp("cancel.posted")
        self._is_cancel_sent = True
        self._desk.touch(self._image.id, why="cancel asked; running work may still be billed")

    # --- the end ----------------------------------------------------------------------------------------

    async def _finish(self, view: JobView) -> Verdict | None:
        """Act on a final answer; None where another look is worth it."""
        price = self._attempt.price_microdollars_per_s
        outcome = Outcome(
            status=view.said or view.phase.value.upper(),
            delay_ms=view.delay_ms,
            execution_ms=view.execution_ms,
            worker=view.worker,
            cost_microdollars=cost_of(view.execution_ms, price),
            answer=view.answer,
        )
        self._desk.store.making.answered(self._image, self._attempt.number, outcome, self._batch)
        fp("fetch.answered")
        if view.phase is JobPhase.COMPLETED:
            return await self._take(view)
        if view.phase is JobPhase.CANCELLED:
            self._cancelled()
        else:
            title = view.error or f"RunPod says {view.said}"
            self._fail(_ENDS[view.phase], title, view.details)
        self._spool.unlink(missing_ok=True)
        quick_ms = self._desk.limits.quick_failure_ms
        is_quick = view.execution_ms is None or view.execution_ms < quick_ms
        is_failure = view.phase is JobPhase.FAILED
        return Verdict(is_quick_failure=is_failure and (view.is_worker_broken or is_quick))

    async def _take(self, view: JobView) -> Verdict | None:
        while True:
            try:
                problem = await self._ingest.take(self._image, self._attempt.number, view, self._batch)
                break
            except (DiskFull, LibraryBusy) as error:
                # The answer stays at RunPod for 30 minutes and in the spool: try again, do not lose it.
                self._desk.waiting = f"{error.title}: {error.cause}"
                self._desk.touch(self._image.id, why=error.title)
                await self._desk.rest(self._desk.limits.disk_wait_s)
                self._desk.waiting = ""
            except ServiceError as error:
                problem = Problem(Cause.LINK, error.title, error.cause, is_worth_another_look=True)
                break
        if problem is None:
            return Verdict(is_done=True)
        if problem.is_worth_another_look and self._problem is None:
            self._problem = problem
            self._desk.store.news.add(
                Noted(batch=self._batch.id, image=self._image.id, text=f"{problem.title}; fetching again")
            )
            await self._desk.rest(self._desk.limits.link_wait_s)
            return None
        self._fail(problem.cause, problem.title, problem.details)
        return Verdict()

    def _cancelled(self) -> None:
        image = self._desk.store.images.get(self._image.id)
        if image.title and not image.cancel_wished:
            self._fail(
                Cause.TIMED_OUT, image.title, "podtui asked RunPod to cancel it; it may have been billed."
            )
            return
        size = self._batch.counts.total
        title = "" if image.cancel_wished else "cancelled at RunPod, not by podtui"
        self._desk.store.making.cancelled(self._image, self._attempt.number, size, title)

    def _fail(self, cause: Cause, title: str, details: str) -> None:
        self._desk.store.making.failed(
            self._image,
            self._attempt.number,
            cause,
            clean(title, 300),
            details[:4000],
            self._batch.counts.total,
        )
        fp("fetch.failed")

    def _is_settled(self) -> bool:
        if self._desk.store.images.get(self._image.id).state.is_final:
            self._desk.forget(self._image.id)
            return True
        return False
