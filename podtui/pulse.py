"""The runner's pulse: a small file beside the database that says what it is doing right now.

For display only: it may be lost or stale, nobody takes over by it, and it costs no flush of the disk.
"""

import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from podtui.words import BatchId, ImageId


class ImagePulse(BaseModel):
    """What is known of one image that is being made."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    percent: float | None = None
    note: str = ""
    """``step 19/30`` where the worker tells."""
    why: str = ""
    """Why it waits, in words."""
    since_boot_s: float = 0.0
    """When its present state began, by the boot clock."""
    expected_s: float | None = None
    """How long it is expected to run, in seconds."""
    worker: str = ""


class Pulse(BaseModel):
    """What the runner is doing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    started_ms: int
    beat_boot_s: float
    """The last sign of life, by the boot clock."""
    version: str = ""
    settings: dict[str, str] = {}
    """The settings it works with, secrets cut to their last four characters."""
    batch: BatchId | None = None
    waiting: str = ""
    """Why nothing moves, in words."""
    images: dict[ImageId, ImagePulse] = {}
    endpoint_words: str = ""
    """How the endpoint is, in words."""


def pulse_file(root: Path) -> Path:
    """Where the pulse of this library lies."""
    return root / "runner.json"


def write_pulse(root: Path, pulse: Pulse) -> None:
    """Replace the pulse; a failure to do so is nobody's problem."""
    fresh = root / f".runner.json.{os.getpid()}.tmp"
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(pulse.model_dump_json())
        fresh.replace(pulse_file(root))
    except OSError:
        fresh.unlink(missing_ok=True)


def read_pulse(root: Path) -> Pulse | None:
    """Read the pulse, or None where there is none that can be read."""
    try:
        return Pulse.model_validate_json(pulse_file(root).read_bytes())
    except (OSError, ValidationError, ValueError):
        return None
