"""The cloud as one ASGI app: who asks what, which fault it meets, what the ledger keeps."""

import asyncio
import hmac
import time
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from podtui.demo.account_routes import AccountApi
from podtui.demo.clock import CloudClock
from podtui.demo.comfyui import ComfyServer
from podtui.demo.comfyui_routes import ComfyRoutes
from podtui.demo.faults import Fault, FaultBook
from podtui.demo.http_faults import FAULTS
from podtui.demo.jobs import Job
from podtui.demo.ledger import Ledger, Seen, fingerprint
from podtui.demo.options import Options
from podtui.demo.outside_routes import OutsideWorkers
from podtui.demo.queue import JobQueue
from podtui.demo.results import bucket_path, presigned
from podtui.demo.runpod_routes import Bucket, JobApi
from podtui.demo.wire import Answer, Talk
from podtui.demo.worker import Crew

_WORKER_CALLS = {
    "job-take": "take",
    "job-take-batch": "take",
    "job-done": "done",
    "job-stop": "stop",
    "ping": "ping",
}
_COMFY = {"prompt", "history", "queue", "interrupt", "view", "object_info", "system_stats", "ws"}


class Cloud:
    """One pretend cloud; made and used on the loop that serves it."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.clock = CloudClock()
        self.book = FaultBook()
        self.ledger = Ledger(options.home)
        self.queue = JobQueue(options, self.ledger, self.clock)
        self.base = ""
        """``http://127.0.0.1:port``, known once it listens."""
        self.last_asked_s = time.monotonic()
        self.crew = Crew(self.queue, self._link)
        self.outside = OutsideWorkers(self.queue, self.crew)
        comfy_routes = ComfyRoutes(self.book)
        self.comfyui = ComfyServer(options, self.clock, self.crew, comfy_routes.tell)
        comfy_routes.server = self.comfyui
        routes: list[BaseRoute] = [
            *AccountApi(self.queue, self.crew).routes(),
            *self.outside.routes(),
            *JobApi(self.queue, self.crew, self.book).routes(),
            *Bucket(self.queue, self.crew).routes(),
            *comfy_routes.routes(),
            *_Control(self).routes(),
        ]
        self._router = Starlette(routes=routes)

    def begin(self) -> None:
        """Let the workers work."""
        self.crew.begin()
        self.comfyui.begin()

    async def close(self) -> None:
        """Stop everything that runs."""
        await self.crew.close()
        await self.comfyui.close()

    def add_fault(self, name: str, **how: Any) -> Fault:
        """Set a fault; see ``FaultBook.add``."""
        fault = self.book.add(name, **how)
        self._apply_ailment()
        return fault

    def clear_faults(self) -> None:
        """Take all faults back; jobs keep the fate they were accepted with."""
        self.book.clear()
        self._apply_ailment()

    def facts(self) -> dict[str, Any]:
        """The ledger with what ComfyUI was sent."""
        prompts = [
            {"prompt_id": one.id, "client_id": one.client, "graph": one.graph}
            for one in self.comfyui.accepted
        ]
        return {**self.ledger.facts(), "prompts": prompts}

    def refuses_connection(self) -> bool:
        """Tell whether a new connection is to be reset at once."""
        return self.book.take("connection") is not None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take a request in."""
        self.last_asked_s = time.monotonic()
        if scope["type"] not in ("http", "websocket"):
            return
        kind, job_id = classify(scope.get("method", "GET"), scope["path"])
        if kind == "control" or scope["type"] == "websocket":
            await self._guarded(kind, scope, receive, send)
            return
        known = self.ledger.jobs.get(job_id)
        fault = self.book.take(kind, known.number if known else None)
        self.ledger.note_request(_seen(scope, kind, fault))
        await asyncio.sleep(self.options.latency_s)
        if fault is None:
            await self._guarded(kind, scope, receive, send)
            return
        talk, way = Talk(scope, receive, send), FAULTS[fault.name]
        answer = Answer()
        if bool(fault.args.get("accepted", way.runs_first)):
            answer = await talk.run(lambda *asked: self._guarded(kind, *asked))
        await way.act(talk, answer, fault.args)

    async def _guarded(self, kind: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Check key and endpoint before the routes."""
        if scope["type"] == "http":
            refusal = self._refusal(kind, Request(scope))
            if refusal is not None:
                await refusal(scope, receive, send)
                return
        await self._router(scope, receive, send)

    def _refusal(self, kind: str, request: Request) -> Response | None:
        if kind in _COMFY or kind in ("bucket", "other"):
            return None
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        is_worker = kind in _WORKER_CALLS.values()
        wanted = self.options.key
        is_right = bool(given) and (
            not wanted or is_worker or hmac.compare_digest(given.encode(), wanted.encode())
        )
        if kind == "control" and not wanted:
            is_right = True
        if not is_right:
            return JSONResponse({"error": "unauthorized"}, 401)
        is_job_api = kind not in ("control", "account", "workers", "catalog")
        if is_job_api and request.url.path.split("/")[2] != self.options.endpoint:
            return JSONResponse({"error": "endpoint not found"}, 404)
        return None

    def _apply_ailment(self) -> None:
        self.queue.ailment = self.book.ailment
        self.queue.wake()

    def _link(self, job: Job, index: int) -> str:
        return presigned(self.base, bucket_path(job, index), self.clock.now_s())


class _Control:
    """Routes by which a test in another process steers the cloud."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def routes(self) -> list[Route]:
        """All below ``/_control``."""
        return [
            Route("/_control/hello", self.hello),
            Route("/_control/faults", self.faults, methods=["POST", "DELETE"]),
            Route("/_control/ledger", self.ledger),
            Route("/_control/clock", self.clock, methods=["GET", "POST"]),
        ]

    async def hello(self, _: Request) -> Response:
        """Tell who serves here."""
        return JSONResponse({"endpoint": self._cloud.options.endpoint, "demo": "podtui"})

    async def faults(self, request: Request) -> Response:
        """Set a fault (``name``, ``on``, ``nth``, ``times``, ``job``, ``args``), or take all back."""
        if request.method == "DELETE":
            self._cloud.clear_faults()
            return Response(status_code=204)
        given = await request.json()
        try:
            self._cloud.add_fault(**given)
        except (TypeError, ValueError) as error:
            return JSONResponse({"error": str(error)}, 400)
        return Response(status_code=204)

    async def ledger(self, _: Request) -> Response:
        """Show everything that was asked and accepted."""
        return JSONResponse(self._cloud.facts())

    async def clock(self, request: Request) -> Response:
        """Tell the time, or put it forward by ``advance_s``."""
        if request.method == "POST":
            self._cloud.clock.advance(float((await request.json())["advance_s"]))
        return JSONResponse({"now_s": self._cloud.clock.now_s()})


def classify(method: str, path: str) -> tuple[str, str]:
    """The kind of a request, and the job's id in it."""
    parts = [part for part in path.split("/") if part]
    first = parts[0] if parts else ""
    if first == "_control":
        return "control", ""
    if first == "v2":
        return _classify_v2(parts)
    if first == "bucket":
        return "bucket", parts[2] if len(parts) > 2 else ""
    if first == "api":
        first = parts[1] if len(parts) > 1 else ""
    if first == "prompt" and method == "GET":
        return "queue", ""
    return (first if first in _COMFY else "other"), ""


def _classify_v2(parts: list[str]) -> tuple[str, str]:
    if len(parts) > 1 and parts[1] == "catalog":
        return "catalog", ""
    if len(parts) > 1 and parts[1] == "serverless":
        return ("workers" if parts[-1] == "workers" else "account"), ""
    call = parts[2] if len(parts) > 2 else ""
    job = parts[3] if len(parts) > 3 else ""
    if call in _WORKER_CALLS:
        return _WORKER_CALLS[call], parts[4] if len(parts) > 4 else ""
    names: dict[str, str] = {"run": "run", "status": "status", "cancel": "cancel", "retry": "retry"}
    names |= {"purge-queue": "purge", "health": "health"}
    return names.get(call, "account"), job


def _seen(scope: Scope, kind: str, fault: Fault | None) -> Seen:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    authorization = headers.get("authorization", "")
    return Seen(
        kind=kind,
        method=scope["method"],
        path=scope["path"],
        has_authorization="authorization" in headers,
        authorization_sha256=fingerprint(authorization),
        has_cookie="cookie" in headers,
        fault=fault.name if fault else "",
    )
