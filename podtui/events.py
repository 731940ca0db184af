"""What can happen, one frozen model each, and how each reads as a log line.

The first lines are the old service's, word for word (the guide's "Progress Tracking"), because people's
eyes and scripts know them.
"""

from enum import StrEnum
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from podtui.words import BackendKind, BatchId, ImageId


class Level(StrEnum):
    """How much an event matters to whoever reads the log."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


class Event(BaseModel):
    """Something that happened; written down before it is told."""

    model_config = ConfigDict(frozen=True, extra="ignore")
    level: ClassVar[Level] = Level.INFO

    batch: BatchId | None = None
    image: ImageId | None = None

    def line(self) -> str:
        """Read as one log line; may quote a service, so it passes ``text.clean`` before it is drawn."""
        raise NotImplementedError


class BatchStarted(Event):
    """The runner has taken a batch up for the first time."""

    size: int

    def line(self) -> str:
        """Read as the guide has it."""
        return f"Starting batch generation: {self.size} images (batch_id: {self.batch})"


class BatchResumed(Event):
    """The runner goes on with a batch after a stop, a pause or a restart."""

    left: int

    def line(self) -> str:
        """Read as one line."""
        return f"Going on with {self.batch}: {self.left} image(s) left"


class ImageStarted(Event):
    """It is this image's turn."""

    index: int
    size: int

    def line(self) -> str:
        """Read as the guide has it."""
        return f"Generating image {self.index + 1}/{self.size}..."


class JobSubmitting(Event):
    """A job is about to be sent."""

    backend: BackendKind

    def line(self) -> str:
        """Read as the guide has it."""
        where = "RunPod serverless" if self.backend is BackendKind.RUNPOD else "ComfyUI"
        return f"Submitting workflow to {where}..."


class JobSubmitted(Event):
    """The service has taken a job."""

    level: ClassVar[Level] = Level.DEBUG
    job: str

    def line(self) -> str:
        """Read as one line."""
        return f"Job {self.job} accepted"


class JobWaiting(Event):
    """A job waits, and this is why."""

    index: int
    size: int
    why: str

    def line(self) -> str:
        """Read as one line."""
        return f"Image {self.index + 1}/{self.size} waits: {self.why}"


class JobRunning(Event):
    """A worker has taken a job up."""

    level: ClassVar[Level] = Level.DEBUG
    index: int
    size: int
    worker: str = ""

    def line(self) -> str:
        """Read as one line."""
        return f"Image {self.index + 1}/{self.size} is running" + (
            f" on worker {self.worker}" if self.worker else ""
        )


class JobEnded(Event):
    """The service has said how a job ended."""

    backend: BackendKind
    status: str

    def line(self) -> str:
        """Read as the guide has it."""
        name = "RunPod" if self.backend is BackendKind.RUNPOD else "ComfyUI"
        return f"{name} result status: {self.status}"


class ImageStored(Event):
    """A picture is on disk, whole and checked."""

    index: int
    size: int
    note: str = ""

    def line(self) -> str:
        """Read as the guide has it."""
        return f"✓ Image {self.index + 1}/{self.size} downloaded" + (f" ({self.note})" if self.note else "")


class ImageFailed(Event):
    """An image came to nothing, and this is why."""

    level: ClassVar[Level] = Level.ERROR
    index: int
    size: int
    title: str
    is_lost: bool = False

    def line(self) -> str:
        """Read as one line."""
        word = "lost" if self.is_lost else "failed"
        return f"{'⌀' if self.is_lost else '✗'} Image {self.index + 1}/{self.size} {word}: {self.title}"


class ImageUnsure(Event):
    """A submit was never answered clearly: a person decides."""

    level: ClassVar[Level] = Level.WARNING
    index: int
    size: int
    title: str

    def line(self) -> str:
        """Read as one line."""
        return f"? Image {self.index + 1}/{self.size} unsure: {self.title}"


class ImageCancelled(Event):
    """An image was cancelled before it came."""

    index: int
    size: int

    def line(self) -> str:
        """Read as one line."""
        return f"Image {self.index + 1}/{self.size} cancelled"


class BatchPaused(Event):
    """A batch cannot go on by itself; it stays resumable."""

    level: ClassVar[Level] = Level.WARNING
    title: str
    next_step: str = ""

    def line(self) -> str:
        """Read as one line."""
        return f"Batch paused: {self.title}" + (f" {self.next_step}" if self.next_step else "")


class BatchStopped(Event):
    """A person stopped a batch after its current image."""

    left: int

    def line(self) -> str:
        """Read as one line."""
        return f"Batch stopped: {self.left} image(s) not started"


class BatchEnded(Event):
    """A batch has come to its end."""

    success_count: int
    size: int
    is_cancelled: bool = False

    def line(self) -> str:
        """Read as the guide has it."""
        word = "cancelled" if self.is_cancelled else "complete"
        return f"Batch generation {word}: {self.success_count}/{self.size} images generated"


class PrintMade(Event):
    """A print file is on disk at its exact size."""

    width: int
    height: int

    def line(self) -> str:
        """Read as one line."""
        return f"Print file of {self.image}: {self.width}x{self.height} at 300 DPI"


class PrintFailed(Event):
    """A print file could not be made, and this is why."""

    level: ClassVar[Level] = Level.ERROR
    title: str

    def line(self) -> str:
        """Read as one line."""
        return f"Print file of {self.image} failed: {self.title}"


class Noted(Event):
    """Something worth a line in the log: the runner waits, tries again, or has seen something odd."""

    level: ClassVar[Level] = Level.WARNING
    text: str

    def line(self) -> str:
        """Read as one line."""
        return self.text


KINDS: dict[str, type[Event]] = {
    kind.__name__: kind
    for kind in (
        BatchStarted,
        BatchResumed,
        ImageStarted,
        JobSubmitting,
        JobSubmitted,
        JobWaiting,
        JobRunning,
        JobEnded,
        ImageStored,
        ImageFailed,
        ImageUnsure,
        ImageCancelled,
        BatchPaused,
        BatchStopped,
        BatchEnded,
        PrintMade,
        PrintFailed,
        Noted,
    )
}
"""Every kind of event by the name under which it is stored."""
