"""A queue that the real SDK worker loop can serve: the client's routes and the worker's (runpod.md, 7.2)."""

# ruff: noqa: ASYNC110 - uvicorn tells that it has started by a flag

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route


@dataclass
class WorkerQueue:
    """What was posted, and how far it has come."""

    url: str = ""
    runs: int = 0
    jobs: dict[str, dict[str, Any]] = field(default_factory=dict)
    waiting: list[str] = field(default_factory=list)
    progress: list[Any] = field(default_factory=list)
    pings: int = 0

    async def run(self, request: Request) -> Response:
        """Take a job from the client."""
        self.runs += 1
        job = f"job-{self.runs}-e1"
        self.jobs[job] = {"id": job, "status": "IN_QUEUE", "input": (await request.json())["input"]}
        self.waiting.append(job)
        return JSONResponse({"id": job, "status": "IN_QUEUE"})

    async def status(self, request: Request) -> Response:
        """Tell the client how far a job has come."""
        job = self.jobs.get(request.path_params["job"])
        if job is None:
            return JSONResponse({"error": "job not found"}, 404)
        return JSONResponse({key: value for key, value in job.items() if key != "input"})

    async def take(self, request: Request) -> Response:
        """Hand a job to the worker."""
        if not self.waiting:
            await asyncio.sleep(0.05)
            return Response(status_code=204)
        job = self.jobs[self.waiting.pop(0)]
        job |= {"status": "IN_PROGRESS", "workerId": request.path_params["worker"], "delayTime": 1}
        return JSONResponse({"id": job["id"], "input": job["input"]})

    async def done(self, request: Request) -> Response:
        """Take what the worker posts: JSON text, whatever its Content-Type says."""
        posted = json.loads(await request.body())
        job = self.jobs[request.path_params["job"]]
        if posted.get("status") == "IN_PROGRESS":
            self.progress.append(posted["output"])
            if job["status"] == "IN_PROGRESS":
                job["output"] = posted["output"]
            return Response()
        job.pop("output", None)
        job |= {key: posted[key] for key in ("output", "error") if key in posted}
        job |= {"status": "FAILED" if "error" in posted else "COMPLETED", "executionTime": 1}
        return Response()

    async def stop(self, request: Request) -> Response:
        """Nothing is ever to be stopped here."""
        await asyncio.sleep(0.5)
        return Response(status_code=204)

    async def ping(self, request: Request) -> Response:
        """Count the worker's heartbeats."""
        self.pings += 1
        return Response()


@contextlib.asynccontextmanager
async def worker_queue() -> AsyncIterator[WorkerQueue]:
    """Serve a queue on a loopback port."""
    queue = WorkerQueue()
    app = Starlette(
        routes=[
            Route("/v2/ep0sdk/run", queue.run, methods=["POST"]),
            Route("/v2/ep0sdk/status/{job}", queue.status),
            Route("/v2/ep0sdk/job-take/{worker}", queue.take),
            Route("/v2/ep0sdk/job-stop/{worker}", queue.stop),
            Route("/v2/ep0sdk/job-done/{worker}/{job}", queue.done, methods=["POST"]),
            Route("/v2/ep0sdk/ping/{worker}", queue.ping),
        ]
    )
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:
            await asyncio.sleep(0.01)
    queue.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/v2"
    try:
        yield queue
    finally:
        server.should_exit = server.force_exit = True
        await task
