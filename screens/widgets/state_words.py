"""How states look everywhere: a glyph, a word and a class, so that colour is never the only sign."""

from dataclasses import dataclass

from podtui.words import BatchState, Decision, ImageState


@dataclass(frozen=True)
class StateWords:
    """One state, as it is shown."""

    glyph: str
    """One cell wide."""
    word: str
    kind: str
    """The class that colours it: waiting, running, done, failed, unsure, approved or rejected."""

    @property
    def text(self) -> str:
        """Glyph and word together: ``● running``."""
        return f"{self.glyph} {self.word}"


_IMAGES = {
    ImageState.PLANNED: StateWords("○", "waiting", "waiting"),
    ImageState.SUBMITTING: StateWords("◔", "sending", "running"),
    ImageState.SUBMITTED: StateWords("◔", "queued", "running"),
    ImageState.QUEUED: StateWords("◔", "queued", "running"),
    ImageState.RUNNING: StateWords("●", "running", "running"),
    ImageState.FETCHING: StateWords("●", "fetching", "running"),
    ImageState.DONE: StateWords("✓", "done", "done"),
    ImageState.FAILED: StateWords("✗", "failed", "failed"),
    ImageState.LOST: StateWords("⌀", "lost", "failed"),
    ImageState.UNSURE: StateWords("?", "unsure", "unsure"),
    ImageState.CANCELLED: StateWords("–", "cancelled", "waiting"),
}
_BATCHES = {
    BatchState.WAITING: StateWords("○", "waiting", "waiting"),
    BatchState.RUNNING: StateWords("●", "running", "running"),
    BatchState.PAUSED: StateWords("?", "paused", "unsure"),
    BatchState.STOPPED: StateWords("○", "stopped", "waiting"),
    BatchState.COMPLETED: StateWords("✓", "completed", "done"),
    BatchState.FAILED: StateWords("✗", "failed", "failed"),
    BatchState.CANCELLED: StateWords("–", "cancelled", "waiting"),
}
_DECISIONS = {
    Decision.APPROVED: StateWords("✓", "approved", "approved"),
    Decision.REJECTED: StateWords("✕", "rejected", "rejected"),
    Decision.UNDECIDED: StateWords("·", "undecided", "waiting"),
}


def of_image(state: ImageState) -> StateWords:
    """Show how far an image has come."""
    return _IMAGES[state]


def of_batch(state: BatchState) -> StateWords:
    """Show how far a batch has come."""
    return _BATCHES[state]


def of_decision(decision: Decision) -> StateWords:
    """Show what a person thinks of an image."""
    return _DECISIONS[decision]
