"""Takes one batch to its end: what to send next, when to wait, when to stop."""

import asyncio
import contextlib
import shutil

from podtui.clients.backend import EndpointFacts, Health, Order
from podtui.engine.caps import check_caps
from podtui.engine.desk import Desk, Limits
from podtui.engine.ingest import Ingest
from podtui.engine.outlook import RAISE_IT, SCALED_TO_ZERO, is_cold
from podtui.engine.watch import Verdict, Watch
from podtui.errors import Ambiguous, NotSent, PodtuiError, Refused, Rejected, ServiceError, SlowDown
from podtui.estimate import expected_s
from podtui.events import Noted
from podtui.failpoints import fp
from podtui.store import BatchCard, ImageCard, Likeness
from podtui.text import clean, money
from podtui.words import BatchState, Cause, ImageId, ImageState, JobId
from podtui.workflow import Workflow

__all__ = ["Engine", "Limits"]

_EXPECTED_BYTES = 12_000_000
"""What one image may need on disk while it is stored: answer, draft, previews, print file aside."""


class Engine:
    """The making of one batch. ``run`` returns when nothing more happens by itself."""

    def __init__(self, desk: Desk, batch: BatchCard, facts: EndpointFacts | None) -> None:
        self._desk = desk
        self._store = desk.store
        self._batch = batch
        self._facts = facts
        self._ingest = Ingest(desk.store, desk.backend)
        self._workflow = Workflow.from_document(desk.store.batches.document(batch.id))
        self._watches: dict[ImageId, asyncio.Task[Verdict]] = {}
        self._in_the_air: set[asyncio.Task[JobId | None]] = set()
        self._refused: Refused | None = None
        self._quick_failures = 0
        self._no_connection = 0
        self._is_cold = True
        self._is_preflown = False
        price = desk.settings.price_microdollars_per_s
        self._price = price if price is not None else (facts.price_microdollars_per_s if facts else None)

    async def run(self) -> None:
        """Take the batch as far as it goes: its end, a stop, a pause. Cancelling this task loses nothing."""
        try:
            self._take_up()
            while not await self._step():
                self._desk.wake.clear()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._desk.wake.wait(), 0.25)
        finally:
            await self.settle()

    async def settle(self) -> None:
        """Wait for submits in the air, so that none is paid for and forgotten; then let the watches go."""
        if self._in_the_air:
            await asyncio.gather(*self._in_the_air, return_exceptions=True)
        for task in self._watches.values():
            task.cancel()
        await asyncio.gather(*self._watches.values(), return_exceptions=True)

    # --- one round --------------------------------------------------------------------------------------

    def _take_up(self) -> None:
        if self._batch.started_ms is None:
            self._store.making.start_batch(self._batch, self._price)
        elif self._batch.state is BatchState.WAITING:
            counts = self._batch.counts
            self._store.batches.note_resumed(self._batch.id, counts.planned + counts.out)
        fp("batch.taken_up")
        self._learn()
        # What is out already comes first, nearest to its death first.
        attempts = self._store.images.latest_attempts(self._batch.id)
        out = [image for image in self._store.images.of_batch(self._batch.id) if image.state.is_out]
        for image in sorted(out, key=lambda image: attempts[image.id].submitted_ms):
            self._watch(image)

    async def _step(self) -> bool:
        """Do what can be done now; True when the batch has come as far as it goes."""
        self._harvest()
        batch = self._batch = self._store.batches.get(self._batch.id)
        images = self._store.images.of_batch(batch.id)
        planned = [image for image in images if image.state is ImageState.PLANNED]
        if batch.cancel_wished:
            for image in planned:
                self._store.making.cancelled(image, None, batch.counts.total)
            return not self._watches and self._end()
        if self._refused is not None:
            if self._desk_is_clear_of_submits():
                self._store.making.pause(batch.id, _title(self._refused), self._refused.next_step)
                return True
            return False
        if planned and not batch.stop_wished:
            if len(self._watches) < self._most_out(batch):
                await self._send(planned[0])
            return False
        if self._watches:
            return False
        return self._stop() if planned else self._end()

    def _desk_is_clear_of_submits(self) -> bool:
        return not self._in_the_air

    def _stop(self) -> bool:
        self._store.batches.note_stopped(self._batch.id)
        return True

    def _end(self) -> bool:
        batch = self._store.batches.get(self._batch.id)
        if batch.counts.unsure and not batch.cancel_wished:
            how_many = batch.counts.unsure
            self._store.making.pause(
                batch.id,
                f"{how_many} image{'s' if how_many > 1 else ''} unsure: RunPod did not answer clearly",
                "Send again (it may be paid twice) or give it up.",
            )
            return True
        fp("batch.before_end")
        self._store.making.end_batch(batch)
        fp("batch.ended")
        return True

    def _most_out(self, batch: BatchCard) -> int:
        """How many jobs may be out: the batch's own number, one more ahead where one worker does it all."""
        most = batch.in_flight
        has_one_worker = self._facts is not None and self._facts.max_workers == 1
        ahead = self._desk.settings.lookahead == "auto" and has_one_worker and most == 1
        return most + 1 if ahead else most

    def _harvest(self) -> None:
        """Collect ended watches: refusals pause the batch, quick failures in a row open the circuit."""
        for image, task in list(self._watches.items()):
            if not task.done():
                continue
            del self._watches[image]
            error = task.exception()
            if isinstance(error, Refused):
                self._refused = self._refused or error
            elif error is not None:
                raise error
            else:
                self._judge(task.result())

    def _judge(self, verdict: Verdict) -> None:
        self._learn()
        if verdict.is_done:
            self._is_cold = False
        self._quick_failures = self._quick_failures + 1 if verdict.is_quick_failure else 0
        if self._quick_failures >= self._desk.limits.failures_in_a_row:
            self._refused = Refused(
                f"{self._quick_failures} jobs failed at once, one after another.",
                "The endpoint's worker looks broken.",
                "See the causes, mend the endpoint, then go on.",
                kind="circuit",
            )

    def _learn(self) -> None:
        batch = self._batch
        alike = Likeness(
            batch.endpoint, batch.workflow_hash, batch.steps, batch.draft_width, batch.draft_height
        )
        past = self._store.costs.past_jobs(alike)
        self._desk.samples = len(past)
        self._desk.expected_s = expected_s(past)

    # --- sending ----------------------------------------------------------------------------------------

    async def _send(self, image: ImageCard) -> None:
        """Send one job, or write down why not; submits go one at a time."""
        try:
            if not self._is_preflown:
                await self._preflight()
                self._is_preflown = True
            check_caps(self._store, self._desk.settings, self._batch, self._price, self._desk.expected_s)
            if await self._submit(image):
                self._no_connection = 0
                self._watch(self._store.images.get(image.id))
        except Refused as error:
            self._refused = error
        except SlowDown as error:
            await self._wait_as_asked(error)
        except NotSent as error:
            await self._wait_for_connection(error)
        except Ambiguous:
            await self._after_unsure(image)
        except Rejected:
            pass  # its row says why; the next image may fare better

    async def _preflight(self) -> None:
        """Before paying: room on the disk, a key that is taken, an endpoint that can start something.

        Raises:
            Refused: something of this is missing.
        """
        library = self._store.library
        free = shutil.disk_usage(library.root).free
        needed = 3 * _EXPECTED_BYTES * max(1, self._batch.counts.planned)
        if free < needed:
            raise Refused(
                "Not enough room on the disk",
                f"The batch needs {needed // 1_000_000} MB, {free // 1_000_000} MB are free.",
                "Free some room, then go on.",
                kind="disk",
            )
        if self._facts is not None and self._facts.max_workers == 0:
            raise Refused(SCALED_TO_ZERO, RAISE_IT, "Then go on.", kind="scaled_to_zero")
        try:
            health: Health = await self._desk.backend.health()
        except (NotSent, SlowDown):
            raise
        except ServiceError as error:
            self._store.news.add(
                Noted(batch=self._batch.id, text=f"The endpoint's health is unknown: {error.title}")
            )
            return
        if health.max_workers == 0:
            raise Refused(SCALED_TO_ZERO, RAISE_IT, "Then go on.", kind="scaled_to_zero")
        self._is_cold = is_cold(health) is not False

    async def _submit(self, image: ImageCard) -> bool:
        """Send a job and write its id down; stopping cannot split the two."""
        step = asyncio.create_task(self._submit_and_record(image))
        self._in_the_air.add(step)
        step.add_done_callback(self._in_the_air.discard)
        return await asyncio.shield(step) is not None

    async def _submit_and_record(self, image: ImageCard) -> JobId | None:
        making, size = self._store.making, self._batch.counts.total
        fp("submit.before_intent")
        number = making.intend(image, self._batch, self._price)
        if number is None:
            return None
        fp("submit.intent")
        try:
            job = await self._desk.backend.submit(self._order(image, number))
        except Ambiguous as error:
            fp("submit.ambiguous")
            self._keep_raw(image, number, error.raw)
            making.unsure(image, number, size, self._unsure_title(error), error.cause)
            raise
        except Rejected as error:
            making.failed(image, number, Cause.REFUSED, _title(error), error.cause, size)
            raise
        except (NotSent, SlowDown, Refused) as error:
            making.not_sent(image, number, _title(error))
            raise
        fp("submit.accepted")
        making.accepted(image, number, job)
        fp("submit.recorded")
        return job

    def _order(self, image: ImageCard, number: int) -> Order:
        batch = self._batch
        graph = self._workflow.fill(
            prompt=image.prompt,
            negative=batch.negative,
            seed=image.seed,
            steps=batch.steps,
            guidance=batch.cfg_scale,
            width=batch.draft_width,
            height=batch.draft_height,
            prefix=image.id,
        )
        run_limit_s = self._run_limit_s
        ttl_s = self._desk.settings.queue_limit_s + run_limit_s + 1800
        return Order(image.id, number, graph, execution_timeout_s=run_limit_s, ttl_s=ttl_s)

    @property
    def _run_limit_s(self) -> int:
        """A cold endpoint's first job includes the worker's start."""
        settings = self._desk.settings
        return max(settings.cold_run_limit_s, settings.run_limit_s) if self._is_cold else settings.run_limit_s

    def _unsure_title(self, error: Ambiguous) -> str:
        price = ""
        if self._price is not None and self._desk.expected_s is not None:
            price = f" (about {money(round(self._price * self._desk.expected_s))})"
        return f"{_title(error)} It may be running{price}."

    def _keep_raw(self, image: ImageCard, number: int, raw: bytes) -> None:
        """Keep what came back, for a person to look at; best effort, as the row matters more."""
        if raw:
            with contextlib.suppress(OSError):
                self._store.library.answer(image.id, number).write_bytes(raw[:1_000_000])

    def _watch(self, image: ImageCard) -> None:
        attempt = self._store.images.latest_attempts(self._batch.id)[image.id]
        watch = Watch(self._desk, self._ingest, self._batch, image, attempt, self._run_limit_s)
        task = asyncio.create_task(watch.follow(), name=f"watch {image.id}")
        task.add_done_callback(lambda _: self._desk.wake.set())
        self._watches[image.id] = task

    # --- waiting ----------------------------------------------------------------------------------------

    async def _wait_as_asked(self, error: SlowDown) -> None:
        self._no_connection += 1
        wait_s = error.retry_after_s
        if wait_s is None:
            wait_s = self._desk.schedule.backoff_s(self._no_connection)
        wait_s = min(wait_s, self._desk.limits.longest_wait_s)
        asked = "(RunPod asked)" if error.retry_after_s is not None else f"(try {self._no_connection})"
        await self._wait(wait_s, f"waiting {wait_s:.0f} s {asked}")

    async def _wait_for_connection(self, error: NotSent) -> None:
        self._no_connection += 1
        if self._no_connection >= self._desk.limits.no_connection_tries:
            self._refused = Refused(
                _title(error), error.cause, "Check the network, then go on.", kind="connection"
            )
            return
        wait_s = self._desk.schedule.backoff_s(self._no_connection)
        await self._wait(wait_s, f"{_title(error)} · try {self._no_connection}")

    async def _after_unsure(self, image: ImageCard) -> None:
        """Let the others go on after a pause; a setting may have chosen for the person."""
        choice = self._desk.settings.unsure
        if choice == "resend" and self._store.making.newest_number(image.id) < 2:
            self._store.batches.resend(image.id)
        elif choice == "drop":
            self._store.batches.drop(image.id)
        await self._wait(self._desk.limits.after_unsure_s, "a submit was not answered clearly; a short pause")

    async def _wait(self, seconds: float, why: str) -> None:
        """Wait before the next submit, and let a wish of the person cut it short."""
        self._desk.waiting = clean(why, 200)
        await self._desk.rest(seconds, until=self._has_a_wish)
        self._desk.waiting = ""

    def _has_a_wish(self) -> bool:
        batch = self._store.batches.get(self._batch.id)
        return batch.cancel_wished or batch.stop_wished


def _title(error: PodtuiError) -> str:
    """An error's title as it is written down."""
    return clean(error.title, 300)
