"""What the engine asks of whoever makes images, in our words: RunPod and ComfyUI answer alike."""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from podtui.words import BackendKind, ImageId, JobId


@dataclass(frozen=True)
class Order:
    """One image, ready to be sent: a filled graph and the limits of the job."""

    image: ImageId
    attempt: int
    """1 for the first try; each retry or resend counts on."""
    graph: dict[str, Any]
    """A ComfyUI graph in API format."""
    execution_timeout_s: int = 120
    """How long the job may run at the service, in seconds (5 s to 7 days at RunPod)."""
    ttl_s: int = 3600
    """How long the job may live at the service, its time in the queue included, in seconds."""


class JobPhase(StrEnum):
    """How far a service says that a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    UNKNOWN = "unknown"
    """A word that we do not know: shown, and treated as not final."""

    @property
    def is_final(self) -> bool:
        """The service will not change its mind."""
        return self in (JobPhase.COMPLETED, JobPhase.FAILED, JobPhase.CANCELLED, JobPhase.TIMED_OUT)


@dataclass(frozen=True)
class RemotePicture:
    """One picture of an answer: its bytes, a link to them, or why there are none."""

    data: bytes | None = None
    url: str | None = None
    problem: str = ""
    """Why neither is there: garbage in the base64, a path on the worker, …"""
    name: str = ""
    """The worker's file name, sanitised; a note, never a path."""


@dataclass(frozen=True)
class Progress:
    """What a worker says while it runs; every part optional."""

    value: int | None = None
    max: int | None = None
    percent: float | None = None
    """0 to 100."""
    note: str = ""


@dataclass(frozen=True)
class JobView:
    """What one look at a job has told."""

    job: JobId
    phase: JobPhase
    said: str = ""
    """The service's own word for the state (``IN_QUEUE``), sanitised."""
    delay_ms: int | None = None
    """Time in the queue, cold start included."""
    execution_ms: int | None = None
    """Time on the worker, which is what is billed."""
    worker: str = ""
    progress: Progress | None = None
    pictures: tuple[RemotePicture, ...] = ()
    """Only for a completed job."""
    error: str = ""
    """The real cause of a failure in one sentence, sanitised."""
    details: str = ""
    notes: tuple[str, ...] = ()
    """What the worker said beside its pictures."""
    is_worker_broken: bool = False
    """The failure speaks of a poisoned worker (ComfyUI unreachable, websocket lost), not of this image."""
    answer: str = ""
    """The answer as JSON text without the pictures' data, for the log; at most 20,000 characters."""


@dataclass(frozen=True)
class Health:
    """How an endpoint is: None where it did not say."""

    in_queue: int | None = None
    in_progress: int | None = None
    completed: int | None = None
    failed: int | None = None
    retried: int | None = None
    idle: int | None = None
    initializing: int | None = None
    ready: int | None = None
    running: int | None = None
    throttled: int | None = None
    unhealthy: int | None = None
    max_workers: int | None = None
    """From the endpoint's settings; 0 means that nothing will ever start."""

    @property
    def workers(self) -> int | None:
        """How many workers there are in any state, where known."""
        counts = [self.idle, self.initializing, self.running, self.throttled, self.unhealthy]
        known = [count for count in counts if count is not None]
        return sum(known) if known else None


@dataclass(frozen=True)
class EndpointFacts:
    """What the account's second host tells of an endpoint: None where unknown, never assumed."""

    name: str = ""
    kind: str = ""
    """``QUEUE`` or ``LOAD_BALANCER``; the latter has no ``/run``."""
    min_workers: int | None = None
    max_workers: int | None = None
    idle_timeout_s: int | None = None
    execution_timeout_ms: int | None = None
    image: str = ""
    """The container image, which tells worker version and model."""
    has_bucket: bool | None = None
    price_microdollars_per_s: int | None = None
    """Price of one second on the dearest GPU that this endpoint may be given, times its GPU count."""


class Backend(Protocol):
    """Whoever makes images. One object per piece of work; its methods may run side by side.

    Every call ends within its own deadline and raises only errors of ``podtui.errors``.
    """

    kind: BackendKind
    endpoint: str
    """Endpoint id, or address of the ComfyUI server: what history and prices are learned by."""

    async def submit(self, order: Order) -> JobId:
        """Send one job; exactly one request on a fresh connection, never repeated.

        Raises:
            NotSent: surely free; may be tried again.
            SlowDown: 429; free.
            Rejected: turned away (400, 413, 415, 422); free.
            Refused: the key or the endpoint (401, 403, 404, 405); free.
            Ambiguous: everything else; may have been accepted.
        """
        ...

    async def look(self, job: JobId, spool: Path) -> JobView:
        """Ask for a job's state; a final answer's bytes are in ``spool`` before they are parsed.

        Raises:
            NotSent, SlowDown, ServiceError: no answer this time; look again later.
            Vanished: the service knows no such job.
            Unreadable: a complete answer that cannot be understood; its bytes are kept in ``spool``.
            Refused: the key was refused.
        """
        ...

    async def read(self, job: JobId, spool: Path) -> JobView:
        """Parse an answer that lies in the spool, as ``look`` would have.

        Raises:
            Unreadable: it cannot be understood.
        """
        ...

    async def cancel(self, job: JobId) -> None:
        """Ask the service to cancel; running work may still be billed.

        Raises:
            ServiceError: it did not take the wish this time.
            Vanished: the service knows no such job.
        """
        ...

    async def health(self) -> Health:
        """Ask how the endpoint is.

        Raises:
            Refused: the key or the endpoint was refused.
            ServiceError: no answer this time.
        """
        ...

    async def facts(self) -> EndpointFacts | None:
        """Tell the endpoint's settings and price, or None where they cannot be had."""
        ...

    async def download(self, url: str, into: Path) -> None:
        """Fetch a picture without credentials into a file (created 0600, at most 64 MB).

        Raises:
            BadLink: an address that podtui will not open, or a host that refused it.
            ServiceError: no answer this time.
        """
        ...


@dataclass(frozen=True)
class Endpoint:
    """Where RunPod's jobs go and what opens them; built by the runner from the settings."""

    url: str
    """Base address of the job API, ``https://api.runpod.ai/v2`` by default."""
    endpoint: str
    allowed_picture_hosts: frozenset[str] = field(default_factory=frozenset)
    """``host`` or ``host:port`` that may be opened though plain http or private."""
