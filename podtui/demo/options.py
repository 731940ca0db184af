"""How a pretend cloud is to behave from its start."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Generation(StrEnum):
    """Which worker serves the endpoint (comfyui.md, section 3)."""

    IMAGES = "images"
    """worker-comfyui 5.x: ``images[]`` with base64."""
    BUCKET = "bucket"
    """worker-comfyui 5.x with a bucket: ``images[]`` with presigned addresses."""
    MESSAGE = "message"
    """Before 5.0: one ``message`` with base64."""
    OUTSIDE = "outside"
    """None of ours: somebody else takes jobs by the worker's routes."""


@dataclass(frozen=True)
class Options:
    """What is settled when a cloud starts."""

    home: Path | None = None
    """Where it remembers its jobs; None forgets them."""
    port: int = 0
    """Loopback port; 0 takes a free one."""
    pace_s: float = 0.0
    """Seconds per image; 0 is as fast as it renders."""
    cold_s: float = 0.0
    """Seconds in which a worker starts for the first time."""
    idle_worker_s: float = 5.0
    """Seconds that a worker stays up without a job (runpod.md, section 6)."""
    latency_s: float = 0.002
    """Seconds that every answer takes at least."""
    workers: int = 1
    """The endpoint's max workers."""
    key: str = ""
    """The key that is taken; empty takes any key that is not empty."""
    endpoint: str = "ep0demo"
    """The endpoint's id."""
    generation: Generation = Generation.IMAGES
    """Which worker answers."""
    has_progress: bool = True
    """Whether the worker posts progress, as worker-comfyui's open pull request 221 does."""
    quit_after_s: float | None = None
    """Seconds without any request after which the cloud ends by itself; None never does."""
    max_result_bytes: int = 10_000_000
    """A larger result is refused by the queue and the job ends without output (runpod.md, fact 1)."""
