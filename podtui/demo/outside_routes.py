"""The worker's side of the queue, as the ``runpod`` SDK's loop uses it (runpod.md, 7.2)."""

import asyncio
import json
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from podtui.demo.jobs import Ending, Job, JobState
from podtui.demo.queue import JobQueue
from podtui.demo.worker import Crew

TAKE_WAIT_S = 5.0
STOP_WAIT_S = 20.0


class OutsideWorkers:
    """Hands jobs to workers that are not ours and takes what they post."""

    def __init__(self, queue: JobQueue, crew: Crew) -> None:
        self._queue = queue
        self._crew = crew
        self._told_to_stop: dict[str, set[str]] = {}
        self.pings = 0
        self.progress: list[Any] = []
        """Every progress that was posted."""

    def routes(self) -> list[Route]:
        """All routes below ``/v2/{endpoint}``."""
        base = "/v2/{endpoint}"
        return [
            Route(f"{base}/job-take/{{worker}}", self.take),
            Route(f"{base}/job-take-batch/{{worker}}", self.take_batch),
            Route(f"{base}/job-done/{{worker}}/{{job}}", self.done, methods=["POST"]),
            Route(f"{base}/job-stream/{{worker}}/{{job}}", self.stream, methods=["POST"]),
            Route(f"{base}/job-stop/{{worker}}", self.stop),
            Route(f"{base}/ping/{{worker}}", self.ping),
        ]

    async def take(self, request: Request) -> Response:
        """Hand out the oldest waiting job; 204 where none came for a while."""
        job = await self._next(request, TAKE_WAIT_S)
        return Response(status_code=204) if job is None else JSONResponse({"id": job.id, "input": job.input})

    async def take_batch(self, request: Request) -> Response:
        """Hand out one job as a list, for a worker that asks for several."""
        job = await self._next(request, TAKE_WAIT_S)
        return (
            Response(status_code=204) if job is None else JSONResponse([{"id": job.id, "input": job.input}])
        )

    async def _next(self, request: Request, patience_s: float) -> Job | None:
        worker = str(request.path_params["worker"])
        self._crew.meet(worker)
        until = self._queue.clock.now_s() + patience_s
        while self._queue.clock.now_s() < until:
            if await request.is_disconnected():
                return None  # nobody is there to be given a job
            if (job := await self._queue.next_job(worker, 0.2)) is not None:
                return job
        return None

    async def done(self, request: Request) -> Response:
        """Take a result or a progress: JSON text, whatever its Content-Type says."""
        self._crew.meet(request.path_params["worker"])
        raw = await request.body()
        try:
            posted = json.loads(raw)
        except ValueError:
            return JSONResponse({"error": "invalid JSON"}, 400)
        job = self._queue.ledger.jobs.get(request.path_params["job"])
        if job is None or not isinstance(posted, dict):
            return JSONResponse({"error": "job not found"}, 404)
        if posted.get("status") == "IN_PROGRESS":
            self.progress.append(posted.get("output"))
            if job.state is JobState.IN_PROGRESS:
                job.progress = posted.get("output")
            return Response()
        if len(raw) > self._queue.options.max_result_bytes:
            self._queue.finish(job, Ending(has_output=False))
            return JSONResponse({"error": "payload too large"}, 400)
        state = JobState.FAILED if "error" in posted else JobState.COMPLETED
        error = posted.get("error")
        ending = Ending(
            state,
            posted.get("output"),
            has_output=posted.get("output") is not None,
            error=error if error is None or isinstance(error, str) else json.dumps(error),
        )
        was_running = job.state is JobState.IN_PROGRESS
        self._queue.finish(job, ending)
        if was_running:
            self._queue.store(job, ending)
        return Response()

    async def stream(self, _: Request) -> Response:
        """Take a part of a generator's output; nobody reads it here."""
        return Response()

    async def stop(self, request: Request) -> Response:
        """Tell a worker which of its jobs were cancelled; a long poll."""
        worker = str(request.path_params["worker"])
        told = self._told_to_stop.setdefault(worker, set())
        until = self._queue.clock.now_s() + STOP_WAIT_S
        while self._queue.clock.now_s() < until and not await request.is_disconnected():
            cancelled = [
                job.id
                for job in self._queue.ledger.accepted
                if job.worker == worker and job.state is JobState.CANCELLED and job.id not in told
            ]
            if cancelled:
                told.update(cancelled)
                return JSONResponse({"jobsToStop": cancelled})
            await asyncio.sleep(0.2)
        return Response(status_code=204)

    async def ping(self, request: Request) -> Response:
        """Count the worker's heartbeats."""
        self.pings += 1
        self._crew.meet(request.path_params["worker"])
        return Response()
