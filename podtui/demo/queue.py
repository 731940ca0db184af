"""The endpoint's queue: states, life times and counters as RunPod documents them (runpod.md, 2 to 4)."""

import asyncio
import json
import secrets
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podtui.demo.clock import CloudClock
from podtui.demo.jobs import RESULT_LIFE_S, Ending, Fate, Job, JobState
from podtui.demo.ledger import Ledger
from podtui.demo.options import Options

MAX_KEPT_ENDINGS = 64
"""How many results are held in memory; the others are painted again when they are asked for."""


@dataclass
class Ailment:
    """What keeps the endpoint's workers from working, as ``/health`` and the account API show it."""

    throttled: int = 0
    unhealthy: int = 0
    initializing: int = 0
    max_workers: int | None = None
    """Replaces the endpoint's own number; 0 is an endpoint that was scaled down (runpod.md, fact 7)."""


class JobQueue:
    """All jobs of one endpoint."""

    def __init__(self, options: Options, ledger: Ledger, clock: CloudClock) -> None:
        self.options = options
        self.ledger = ledger
        self.clock = clock
        self.ailment: Ailment | None = None
        self.retried = 0
        self._changed = asyncio.Event()
        self._endings: OrderedDict[str, Ending] = OrderedDict()
        self._results = options.home / "cloud" / "results" if options.home else None
        for job in ledger.jobs.values():
            if job.state is JobState.IN_PROGRESS:  # its worker died with the cloud: the queue tries again
                job.state = JobState.IN_QUEUE
                job.retries += 1
                self.retried += 1

    @property
    def max_workers(self) -> int:
        """How many workers may run."""
        if self.ailment is not None and self.ailment.max_workers is not None:
            return self.ailment.max_workers
        return self.options.workers

    def accept(self, given: Any, policy: dict[str, Any], fate: Fate | None) -> Job:
        """Take a job in."""
        number = len(self.ledger.jobs) + 1
        job = Job(
            f"{uuid.UUID(bytes=secrets.token_bytes(16))}-e1", number, given, policy, self.clock.now_s(), fate
        )
        self.ledger.note_accepted(job)
        self._announce()
        return job

    def find(self, job_id: str) -> Job | None:
        """Look a job up; None where it is unknown, expired, or past its whole life."""
        job = self.ledger.jobs.get(job_id)
        if job is None:
            return None
        now = self.clock.now_s()
        self.settle(job)
        if job.accepted_s + job.ttl_s <= now:
            if not job.state.is_final:
                self._end(job, Ending(JobState.TIMED_OUT, has_output=False))
            return None
        if job.state.is_final and job.ended_s + RESULT_LIFE_S <= now:
            self._endings.pop(job_id, None)
            return None
        return job

    def settle(self, job: Job) -> None:
        """End a job that has run for longer than it may."""
        if job.state is JobState.IN_PROGRESS:
            ran_s = self.clock.now_s() - job.started_s
            if ran_s >= job.execution_timeout_s:
                self.finish(job, Ending(JobState.TIMED_OUT, has_output=False))

    async def next_job(self, worker: str, patience_s: float) -> Job | None:
        """Hand the oldest waiting job to a worker, or wait for one this long."""
        while await self.until_waiting(patience_s):
            if (job := self.take(worker)) is not None:
                return job
        return None

    async def until_waiting(self, patience_s: float) -> bool:
        """Wait until a job could be taken; False where none came for so long."""
        until = self.clock.now_s() + patience_s
        while self._first_waiting() is None:
            changed = self._changed
            left = until - self.clock.now_s()
            if left <= 0:
                return False
            waits = [asyncio.ensure_future(changed.wait()), asyncio.ensure_future(self.clock.sleep(left))]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        return True

    def take(self, worker: str) -> Job | None:
        """Start the oldest waiting job on a worker."""
        job = self._first_waiting()
        if job is None:
            return None
        job.state, job.worker, job.progress = JobState.IN_PROGRESS, worker, None
        job.started_s = self.clock.now_s()
        self.ledger.note_state(job)
        return job

    def _first_waiting(self) -> Job | None:
        if self.ailment is not None:
            return None
        now = self.clock.now_s()
        for job in self.ledger.jobs.values():
            is_held = job.fate is not None and job.fate.name == "stuck_in_queue"
            if job.state is JobState.IN_QUEUE and not is_held and job.accepted_s + job.ttl_s > now:
                return job
        return None

    def finish(self, job: Job, ending: Ending) -> None:
        """A worker is through with a job; a late result of a cancelled one is discarded but billed."""
        if job.started_s:
            job.billed_ms += max(0, round((self.clock.now_s() - job.started_s) * 1000))
        is_late = job.fate is not None and job.fate.name == "late_completion"
        if job.state is JobState.IN_PROGRESS or (is_late and job.state is JobState.CANCELLED):
            self._end(job, ending)
        else:
            self.ledger.note_state(job)

    def _end(self, job: Job, ending: Ending) -> None:
        job.state, job.ended_s, job.progress = ending.state, self.clock.now_s(), None
        self.keep(job, ending)
        self.ledger.note_state(job)
        self._announce()

    def keep(self, job: Job, ending: Ending) -> None:
        """Hold a result for those who ask."""
        self._endings[job.id] = ending
        self._endings.move_to_end(job.id)
        while len(self._endings) > MAX_KEPT_ENDINGS:
            self._endings.popitem(last=False)

    def ending(self, job: Job) -> Ending | None:
        """The result that is held; None where it must be made again."""
        if job.state in (JobState.CANCELLED, JobState.TIMED_OUT):
            return Ending(job.state, has_output=False)
        return self._endings.get(job.id) or self._stored(job)

    def store(self, job: Job, ending: Ending) -> None:
        """Write a result down that cannot be painted again: an outside worker's."""
        if self._results is None:
            return
        self._results.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._results / f"{job.id}.json"
        path.write_text(
            json.dumps({"output": ending.output, "has": ending.has_output, "error": ending.error})
        )

    def _stored(self, job: Job) -> Ending | None:
        path: Path | None = self._results / f"{job.id}.json" if self._results else None
        if path is None or not path.exists():
            return None
        found = json.loads(path.read_text())
        return Ending(job.state, found["output"], found["has"], found["error"])

    def cancel(self, job: Job) -> JobState:
        """End a job for its client at once; a worker that runs it goes on (runpod.md, fact 9)."""
        if not job.state.is_final:
            self._end(job, Ending(JobState.CANCELLED, has_output=False))
        return job.state

    def retry(self, job: Job) -> bool:
        """Run a failed job again under its id; False where it has not failed."""
        if job.state not in (JobState.FAILED, JobState.TIMED_OUT):
            return False
        self._endings.pop(job.id, None)
        job.state, job.fate, job.ended_s = JobState.IN_QUEUE, None, 0.0
        job.retries += 1
        self.retried += 1
        self.ledger.note_state(job)
        self._announce()
        return True

    def purge(self) -> int:
        """Remove all waiting jobs."""
        waiting = [job for job in self.ledger.jobs.values() if job.state is JobState.IN_QUEUE]
        for job in waiting:
            self.cancel(job)
        return len(waiting)

    def count(self, state: JobState) -> int:
        """How many jobs are in a state."""
        for job in self.ledger.jobs.values():
            self.settle(job)
        return sum(job.state is state for job in self.ledger.jobs.values())

    def _announce(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def wake(self) -> None:
        """Let waiting workers look again."""
        self._announce()
