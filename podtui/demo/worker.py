"""The endpoint's own workers: they start, take jobs, tell progress and answer."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from podtui.demo import fates, results
from podtui.demo.jobs import Ending, Job, JobState
from podtui.demo.options import Generation
from podtui.demo.queue import JobQueue
from podtui.demo.recipe import read_recipe
from podtui.demo.results import Made

T = TypeVar("T")

_TICK_S = 0.1
_LONG_S = 3600.0
_WARM_START = 0.15
"""A worker that was up before starts in this part of the first start's time."""


class WorkerState(StrEnum):
    """What ``/health`` tells of a worker (runpod.md, 4.4)."""

    DOWN = "down"
    INITIALIZING = "initializing"
    IDLE = "idle"
    RUNNING = "running"


@dataclass
class Worker:
    """One pretend GPU."""

    id: str
    state: WorkerState = WorkerState.DOWN
    was_up: bool = False
    up_since_s: float = 0.0


class Crew:
    """All workers of the endpoint; renders in threads, so that the answers stay quick."""

    def __init__(self, queue: JobQueue, link: Callable[[Job, int], str]) -> None:
        self.queue = queue
        self.workers: list[Worker] = []
        self._options = queue.options
        self._clock = queue.clock
        self._link = link
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="painter")
        self._tasks: list[asyncio.Task[None]] = []
        self._outside: dict[str, float] = {}

    def begin(self) -> None:
        """Let the workers wait for jobs."""
        if self._options.generation is Generation.OUTSIDE:
            return
        for number in range(self._options.workers):
            worker = Worker(f"w{number}demo")
            self.workers.append(worker)
            self._tasks.append(asyncio.create_task(self._serve(worker), name=worker.id))

    async def close(self) -> None:
        """Stop all workers where they are."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._threads.shutdown(wait=False, cancel_futures=True)

    def meet(self, worker: str) -> None:
        """An outside worker has called."""
        self._outside[worker] = self._clock.now_s()

    def counts(self) -> dict[str, int]:
        """Workers by state, as ``/health`` gives them."""
        ailment = self.queue.ailment
        found = dict.fromkeys(("idle", "initializing", "ready", "running", "throttled", "unhealthy"), 0)
        if ailment is not None:
            found |= {
                "initializing": ailment.initializing,
                "throttled": ailment.throttled,
                "unhealthy": ailment.unhealthy,
            }
            return found
        states = [worker.state for worker in self.workers] + self._outside_states()
        for name in ("idle", "initializing", "running"):
            found[name] = sum(state == name for state in states)
        found["ready"] = found["idle"]
        return found

    def _outside_states(self) -> list[WorkerState]:
        now = self._clock.now_s()
        busy = {job.worker for job in self.queue.ledger.accepted if job.state is JobState.IN_PROGRESS}
        alive = [worker for worker, met_s in self._outside.items() if now - met_s < 30 or worker in busy]
        return [WorkerState.RUNNING if worker in busy else WorkerState.IDLE for worker in alive]

    async def ending_of(self, job: Job) -> Ending:
        """A finished job's result, painted again where it is no longer held."""
        ending = self.queue.ending(job)
        if ending is None:
            ending = await self.threaded(self._make, job)
            self.queue.keep(job, ending)
        return ending

    async def _serve(self, worker: Worker) -> None:
        while True:
            if worker.state is WorkerState.DOWN:
                if not await self.queue.until_waiting(_LONG_S):
                    continue
                await self._start(worker)
            job = await self.queue.next_job(worker.id, self._options.idle_worker_s)
            if job is None:
                worker.state = WorkerState.DOWN
                continue
            worker.state = WorkerState.RUNNING
            await self._work(job)
            worker.state = WorkerState.IDLE

    async def _start(self, worker: Worker) -> None:
        worker.state = WorkerState.INITIALIZING
        start_s = self._options.cold_s * (_WARM_START if worker.was_up else 1)
        if start_s:
            await self._clock.sleep(start_s)
        worker.state, worker.was_up, worker.up_since_s = WorkerState.IDLE, True, self._clock.now_s()

    async def _work(self, job: Job) -> None:
        name = job.fate.name if job.fate else ""
        if name == "stuck_in_progress":
            while job.state is JobState.IN_PROGRESS:
                await self._clock.sleep(_TICK_S)
                self.queue.find(job.id)
            return
        painting = asyncio.ensure_future(self.threaded(self._make, job))
        try:
            if name not in fates.QUICK:
                await self._tell_progress(job, painting)
            ending = await painting
        except Exception as error:
            ending = Ending(JobState.FAILED, has_output=False, error=f"An unexpected error occurred: {error}")
        self.queue.settle(job)
        self.queue.finish(job, ending)

    async def _tell_progress(self, job: Job, painting: asyncio.Future[Ending]) -> None:
        """Take the pace's time, step by step; without a pace, as long as it paints."""
        recipe = read_recipe(job.graph)
        started, pace = self._clock.now_s(), self._options.pace_s
        while (passed := self._clock.now_s() - started) < pace or not painting.done():
            if job.state is not JobState.IN_PROGRESS and self._clock.now_s() - started >= pace:
                return
            part = min(0.99, passed / pace) if pace else min(0.9, passed / (passed + 0.3))
            value = min(recipe.steps, int(part * (recipe.steps + 1)))
            if self._options.has_progress:
                job.progress = {
                    "type": "progress",
                    "value": value,
                    "max": recipe.steps,
                    "percent": round(100 * value / recipe.steps, 1),
                    "node": recipe.sampler,
                }
            self.queue.settle(job)
            if passed >= pace:
                await asyncio.wait([painting], timeout=_TICK_S)
            else:
                await self._clock.sleep(min(_TICK_S, pace - passed))

    async def threaded(self, act: Callable[[Job], T], job: Job) -> T:
        """Do something that paints, off the loop."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, act, job)

    def _make(self, job: Job) -> Ending:
        refusal = results.refused(job)
        if refusal is not None:
            return refusal
        made = Made(job, self._options.generation, self._link)
        fate = fates.ENDINGS.get(job.fate.name) if job.fate else None
        if fate is not None and job.fate is not None:
            return fate(made, job.fate.args)
        ending = made.plain()
        size = sum(len(entry["data"]) for entry in (ending.output or {}).get("images", ()))
        if size > self._options.max_result_bytes:
            return Ending(has_output=False)
        return ending
