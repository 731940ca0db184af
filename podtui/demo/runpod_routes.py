"""RunPod's job API as its clients see it (runpod.md, sections 2 to 5)."""

import json
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from podtui.demo.fates import VIEWS
from podtui.demo.faults import FaultBook
from podtui.demo.jobs import Job, JobState
from podtui.demo.queue import JobQueue
from podtui.demo.results import bucket_path, pictures_of
from podtui.demo.worker import Crew

MAX_RUN_BYTES = 10_000_000


class JobApi:
    """The routes of one endpoint."""

    def __init__(self, queue: JobQueue, crew: Crew, book: FaultBook) -> None:
        self._queue = queue
        self._crew = crew
        self._book = book

    def routes(self) -> list[Route]:
        """All routes below ``/v2``."""
        base = "/v2/{endpoint}"
        return [
            Route(f"{base}/run", self.run, methods=["POST"]),
            Route(f"{base}/status/{{job}}", self.status),
            Route(f"{base}/cancel/{{job}}", self.cancel, methods=["POST"]),
            Route(f"{base}/retry/{{job}}", self.retry, methods=["POST"]),
            Route(f"{base}/purge-queue", self.purge, methods=["POST"]),
            Route(f"{base}/health", self.health),
        ]

    async def run(self, request: Request) -> Response:
        """Accept a job."""
        raw = await request.body()
        if len(raw) > MAX_RUN_BYTES:
            return JSONResponse({"error": "request body too large"}, 413)
        try:
            given = json.loads(raw)
        except (ValueError, RecursionError):
            return JSONResponse({"error": "invalid JSON"}, 400)
        if not isinstance(given, dict) or "input" not in given:
            return JSONResponse({"error": "input is required"}, 400)
        policy = given.get("policy")
        job = self._queue.accept(
            given["input"], policy if isinstance(policy, dict) else {}, self._book.fate()
        )
        return JSONResponse({"id": job.id, "status": "IN_QUEUE"})

    async def status(self, request: Request) -> Response:
        """Tell how far a job has come."""
        job = self._queue.find(request.path_params["job"])
        if job is None:
            return _no_job()
        job.looks += 1
        return JSONResponse(await self._told(job))

    async def _told(self, job: Job) -> dict[str, Any]:
        body: dict[str, Any] = {"id": job.id, "status": str(job.state)}
        if job.started_s:
            body["delayTime"] = max(0, round((job.started_s - job.accepted_s) * 1000))
            body["workerId"] = job.worker
            if job.state.is_final:
                body["executionTime"] = max(0, round((job.ended_s - job.started_s) * 1000))
        if job.progress is not None and job.state is JobState.IN_PROGRESS:
            body["output"] = job.progress
        if job.state.is_final:
            ending = await self._crew.ending_of(job)
            if ending.has_output:
                body["output"] = ending.output
            if ending.error is not None:
                body["error"] = ending.error
        if job.state in (JobState.CANCELLED, JobState.TIMED_OUT):
            body = {"id": job.id, "status": str(job.state)}
        if job.fate is not None and job.fate.name in VIEWS:
            return VIEWS[job.fate.name](body, job, job.fate.args)
        return body

    async def cancel(self, request: Request) -> Response:
        """End a job for its client; the GPU goes on until its picture is done."""
        job = self._queue.find(request.path_params["job"])
        self._queue.ledger.note_cancel(request.path_params["job"])
        if job is None:
            return _no_job()
        if job.fate is not None and job.fate.name == "ignores_cancel":
            return JSONResponse({"id": job.id, "status": "CANCELLED"})
        return JSONResponse({"id": job.id, "status": str(self._queue.cancel(job))})

    async def retry(self, request: Request) -> Response:
        """Run a failed job again under its id."""
        job = self._queue.find(request.path_params["job"])
        if job is None:
            return _no_job()
        if not self._queue.retry(job):
            return JSONResponse({"error": "only FAILED or TIMED_OUT jobs can be retried"}, 400)
        return JSONResponse({"id": job.id, "status": "IN_QUEUE"})

    async def purge(self, _: Request) -> Response:
        """Remove all waiting jobs."""
        return JSONResponse({"removed": self._queue.purge(), "status": "completed"})

    async def health(self, _: Request) -> Response:
        """Count jobs and workers."""
        count = self._queue.count
        jobs = {
            "completed": count(JobState.COMPLETED),
            "failed": count(JobState.FAILED),
            "inProgress": count(JobState.IN_PROGRESS),
            "inQueue": count(JobState.IN_QUEUE),
            "retried": self._queue.retried,
        }
        workers = self._crew.counts()
        if self._queue.max_workers == 0:
            # The real answer has no such key; without the account API nobody could tell why nothing moves.
            workers["max"] = 0
        return JSONResponse({"jobs": jobs, "workers": workers})


class Bucket:
    """The bucket that a worker of 5.x uploads to."""

    def __init__(self, queue: JobQueue, crew: Crew) -> None:
        self._queue = queue
        self._crew = crew

    def routes(self) -> list[Route]:
        """The one route."""
        return [Route("/bucket/{month}/{job}/{name}", self.get)]

    async def get(self, request: Request) -> Response:
        """Hand a picture out while its address is good; nobody is asked for a key here."""
        made, life = request.query_params.get("X-Amz-Date"), request.query_params.get("X-Amz-Expires")
        if not made or not life or "X-Amz-Signature" not in request.query_params:
            return _xml(403, "AccessDenied", "Access Denied")
        if _signed_s(made) + float(life) <= self._queue.clock.now_s():
            return _xml(403, "AccessDenied", "Request has expired")
        job = self._queue.ledger.jobs.get(request.path_params["job"])
        if job is None:
            return _xml(404, "NoSuchKey", "The specified key does not exist.")
        pictures = await self._crew.threaded(pictures_of, job)
        for index, picture in enumerate(pictures):
            if bucket_path(job, index).rsplit("/", 1)[-1] == request.path_params["name"]:
                return Response(picture.data, media_type="image/png")
        return _xml(404, "NoSuchKey", "The specified key does not exist.")


def _signed_s(made: str) -> float:
    try:
        return datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0


def _no_job() -> Response:
    return JSONResponse({"error": "job not found"}, 404)


def _xml(status: int, code: str, message: str) -> Response:
    head = '<?xml version="1.0" encoding="UTF-8"?>'
    body = f"{head}<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    return Response(body, status, media_type="application/xml")
