"""RunPod's account API, REST v2: endpoints, their workers, what a GPU costs (runpod.md, section 6)."""

from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from podtui.demo.options import Generation
from podtui.demo.queue import JobQueue
from podtui.demo.worker import Crew, WorkerState

_SHOWN = {
    WorkerState.DOWN: "IDLE",
    WorkerState.IDLE: "RUNNING",  # waiting for its idle timeout, which is billed
    WorkerState.INITIALIZING: "INITIALIZING",
    WorkerState.RUNNING: "RUNNING",
}


class Gpu(NamedTuple):
    """A row of the catalog."""

    id: str
    name: str
    pool: str
    memory_gb: int
    dollars_per_hour: float
    availability: str


GPUS = (
    Gpu("NVIDIA RTX A4000", "RTX A4000", "AMPERE_16", 16, 0.58, "MEDIUM"),
    Gpu("NVIDIA GeForce RTX 3090", "RTX 3090", "AMPERE_24", 24, 0.69, "HIGH"),
    Gpu("NVIDIA GeForce RTX 4090", "RTX 4090", "ADA_24", 24, 1.1, "HIGH"),
    Gpu("NVIDIA L40S", "L40S", "ADA_48_PRO", 48, 1.9, "MEDIUM"),
    Gpu("NVIDIA A100 80GB PCIe", "A100 PCIe", "AMPERE_80", 80, 2.72, "LOW"),
    Gpu("NVIDIA H100 PCIe", "H100 PCIe", "HOPPER_80", 80, 4.18, "NONE"),
)


class AccountApi:
    """The account's one endpoint and the price list."""

    def __init__(self, queue: JobQueue, crew: Crew) -> None:
        self._queue = queue
        self._crew = crew

    def routes(self) -> list[Route]:
        """The routes; they stand before the job API's, whose paths would match them."""
        return [
            Route("/v2/serverless", self.endpoints),
            Route("/v2/serverless/{endpoint}", self.endpoint),
            Route("/v2/serverless/{endpoint}/workers", self.workers),
            Route("/v2/catalog/gpus", self.gpus),
        ]

    async def endpoints(self, request: Request) -> Response:
        """List the account's endpoints."""
        return JSONResponse({"endpoints": [self._described(request)]})

    async def endpoint(self, request: Request) -> Response:
        """Describe one endpoint."""
        if request.path_params["endpoint"] != self._queue.options.endpoint:
            return _problem(404, "Not Found", "endpoint not found")
        return JSONResponse(self._described(request))

    async def workers(self, request: Request) -> Response:
        """List the endpoint's workers."""
        if request.path_params["endpoint"] != self._queue.options.endpoint:
            return _problem(404, "Not Found", "endpoint not found")
        counts = self._crew.counts()
        summary = {
            name: counts[name] for name in ("running", "idle", "initializing", "throttled", "unhealthy")
        }
        states = [_SHOWN[worker.state] for worker in self._crew.workers]
        if self._queue.ailment is not None:
            sick = ("initializing", "throttled", "unhealthy")
            states = [name.upper() for name in sick for _ in range(counts[name])]
        now = self._queue.clock.now_s()
        listed = [
            {
                "id": worker.id,
                "status": state,
                "gpuTypeId": "NVIDIA GeForce RTX 4090",
                "uptimeSeconds": max(0, round(now - worker.up_since_s)) if worker.up_since_s else 0,
                "isStale": False,
                "image": self._image(),
            }
            for worker, state in zip(self._crew.workers, states, strict=False)
        ]
        return JSONResponse({"workers": listed, "summary": {**summary, "total": len(listed)}})

    async def gpus(self, _: Request) -> Response:
        """List what a GPU costs; ``price.serverless`` is dollars per hour."""
        listed = [
            {
                "id": gpu.id,
                "name": gpu.name,
                "pool": gpu.pool,
                "memory": gpu.memory_gb,
                "price": {
                    "secure": round(gpu.dollars_per_hour * 0.63, 2),
                    "community": round(gpu.dollars_per_hour * 0.31, 2),
                    "serverless": gpu.dollars_per_hour,
                },
                "availability": gpu.availability,
            }
            for gpu in GPUS
        ]
        return JSONResponse({"gpus": listed})

    def _image(self) -> str:
        is_old = self._queue.options.generation is Generation.MESSAGE
        return f"runpod/worker-comfyui:{'4.1.0' if is_old else '5.8.5'}-flux1-dev-fp8"

    def _described(self, request: Request) -> dict[str, Any]:
        options = self._queue.options
        base = f"{request.base_url}v2/{options.endpoint}"
        calls = ("run", "runSync", "status", "stream", "cancel", "retry", "purgeQueue", "health")
        paths = ("run", "runsync", "status", "stream", "cancel", "retry", "purge-queue", "health")
        has_bucket = options.generation is Generation.BUCKET
        return {
            "id": options.endpoint,
            "name": "podtui demo",
            "type": "QUEUE",
            "requestUrls": {call: f"{base}/{path}" for call, path in zip(calls, paths, strict=True)},
            "image": self._image(),
            "env": {"BUCKET_ENDPOINT_URL": f"{request.base_url}bucket"} if has_bucket else {},
            "gpu": {"pools": ["ADA_24"], "count": 1},
            "workers": {
                "min": 0,
                "max": self._queue.max_workers,
                "idleTimeout": round(options.idle_worker_s),
            },
            "scaling": {"type": "QUEUE_DELAY", "value": 4},
            "timeout": 600_000,
            "flashboot": True,
            "dataCenterIds": ["EU-RO-1"],
            "networkVolumes": [],
            "createdAt": "2026-11-01T08:00:00Z",
        }


def _problem(status: int, title: str, detail: str) -> Response:
    body = {"title": title, "status": status, "detail": detail}
    return JSONResponse(body, status, media_type="application/problem+json")
