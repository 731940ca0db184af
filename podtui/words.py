"""The words of the house: ids and states, each spelled the same in code, database and REST."""

import re
import secrets
from enum import StrEnum
from typing import NewType

BatchId = NewType("BatchId", str)
"""``batch_`` and 12 lower-case hex digits."""
ImageId = NewType("ImageId", str)
"""``generated_`` and 12 lower-case hex digits."""
JobId = NewType("JobId", str)
"""What a service calls one job: opaque, 1 to 128 of ``[A-Za-z0-9_-]``."""

ID_PATTERN = re.compile(r"(batch|generated)_[0-9a-f]{12}")
JOB_ID_PATTERN = re.compile(r"[A-Za-z0-9_-]{1,128}")

MAX_BATCH = 25
"""The most images one batch may ask for (the guide's limit)."""
MAX_SEED = 2**64 - 1
"""The largest seed a sampler takes (ComfyUI ``/object_info``)."""
MAX_PROMPT = 20_000
"""The longest prompt that is stored, in characters."""


def new_batch_id() -> BatchId:
    """Draw the id of a new batch."""
    return BatchId("batch_" + secrets.token_hex(6))


def new_image_id() -> ImageId:
    """Draw the id of a new image."""
    return ImageId("generated_" + secrets.token_hex(6))


class ImageState(StrEnum):
    """How far the making of one image has come."""

    PLANNED = "planned"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    QUEUED = "queued"
    RUNNING = "running"
    FETCHING = "fetching"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    UNSURE = "unsure"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Nothing more happens to the image by itself."""
        return self in _FINAL

    @property
    def is_out(self) -> bool:
        """A job is out at the service whose end we have not seen."""
        return self in _OUT


_FINAL = frozenset(
    {ImageState.DONE, ImageState.FAILED, ImageState.LOST, ImageState.UNSURE, ImageState.CANCELLED}
)
_OUT = frozenset({ImageState.SUBMITTED, ImageState.QUEUED, ImageState.RUNNING, ImageState.FETCHING})


class Cause(StrEnum):
    """Why an image ended as failed or lost."""

    REFUSED = "refused"
    WORKER = "worker"
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    LINK = "link"
    EXPIRED = "expired"
    NO_IMAGE = "no_image"


class BatchState(StrEnum):
    """How far a batch has come."""

    WAITING = "waiting"
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_over(self) -> bool:
        """Nothing more happens unless a person asks for it."""
        return self in _OVER


_OVER = frozenset({BatchState.COMPLETED, BatchState.FAILED, BatchState.CANCELLED})


class Decision(StrEnum):
    """What a person thinks of an image."""

    UNDECIDED = "undecided"
    APPROVED = "approved"
    REJECTED = "rejected"


class SeedPolicy(StrEnum):
    """How a batch draws its seeds."""

    FIRST = "first"
    """The first image takes the given seed, the others are random (the guide's way)."""
    SEQUENCE = "sequence"
    """Seed, seed + 1, seed + 2, …"""


class BackendKind(StrEnum):
    """Who makes the images."""

    RUNPOD = "runpod"
    COMFYUI = "comfyui"
