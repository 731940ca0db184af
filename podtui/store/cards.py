"""What the store hands out: frozen cards, so that nobody changes a row behind its back."""

from dataclasses import dataclass, field

from podtui.words import BackendKind, BatchId, BatchState, Cause, Decision, ImageId, ImageState, JobId


@dataclass(frozen=True)
class Counts:
    """How many images of a batch stand where; extra images are not counted."""

    total: int = 0
    done: int = 0
    failed: int = 0
    """Failed and lost together: slots that have no picture and could be retried."""
    unsure: int = 0
    cancelled: int = 0
    out: int = 0
    """At the service right now."""
    planned: int = 0
    approved: int = 0
    rejected: int = 0

    @property
    def undecided(self) -> int:
        """Pictures that wait for a decision."""
        return self.done - self.approved - self.rejected

    @property
    def ended(self) -> int:
        """Slots that will not change by themselves."""
        return self.done + self.failed + self.unsure + self.cancelled


@dataclass(frozen=True)
class BatchCard:
    """One batch with its counts."""

    n: int
    id: BatchId
    created_ms: int
    started_ms: int | None
    ended_ms: int | None
    state: BatchState
    pause_title: str
    pause_next: str
    stop_wished: bool
    cancel_wished: bool
    prompt: str
    style: str
    genre: str
    negative: str
    suffix: str
    full_prompt: str
    batch_size: int
    width: int
    height: int
    draft_width: int
    draft_height: int
    steps: int
    cfg_scale: float
    seed: int | None
    seed_policy: str
    backend: BackendKind
    endpoint: str
    workflow: str
    workflow_hash: str
    in_flight: int
    budget_microdollars: int | None
    price_microdollars_per_s: int | None
    note: str
    parent: str | None
    counts: Counts = field(default_factory=Counts)
    cost_microdollars: int | None = None
    """What its jobs have cost so far; None where no price is known."""

    @property
    def message(self) -> str:
        """The old service's sentence."""
        return f"Generated {self.counts.done} of {self.counts.total} image(s)"


@dataclass(frozen=True)
class ImageCard:
    """One image."""

    n: int
    id: ImageId
    batch: BatchId
    position: int
    """Its place in the batch, from 0."""
    origin: str
    """``slot``, ``reroll``, or ``extra`` (a further picture that a job returned)."""
    origin_image: ImageId | None
    prompt: str
    seed: int
    state: ImageState
    cancel_wished: bool
    cause: Cause | None
    title: str
    details: str
    note: str
    ending: str
    sha256: str
    bytes: int
    width: int
    height: int
    phash: str
    has_alpha: bool
    stored_ms: int | None
    decision: Decision
    rating: int
    print_state: str
    """Empty, ``wanted``, ``made`` or ``failed``."""
    print_title: str
    print_bytes: int
    publication: str

    @property
    def has_picture(self) -> bool:
        """A draft is on disk."""
        return self.state is ImageState.DONE

    @property
    def filename(self) -> str:
        """Its file name as the old service shows it."""
        return f"{self.id}.{self.ending or 'png'}"

    @property
    def status(self) -> str:
        """The old service's one word: pending, approved, rejected, publishing, published, failed."""
        if self.publication:
            return self.publication
        if self.state in (ImageState.FAILED, ImageState.LOST, ImageState.CANCELLED):
            return "failed"
        return "pending" if self.decision is Decision.UNDECIDED else self.decision.value


@dataclass(frozen=True)
class AttemptCard:
    """One try at an image."""

    image: ImageId
    number: int
    backend: BackendKind
    endpoint: str
    job: JobId | None
    state: str
    submitted_ms: int
    running_ms: int | None
    ended_ms: int | None
    delay_ms: int | None
    execution_ms: int | None
    worker: str
    price_microdollars_per_s: int | None
    cost_microdollars: int | None
    title: str
    details: str


@dataclass(frozen=True)
class StepCard:
    """One step of undo, as it is named to the person."""

    n: int
    made_ms: int
    who: str
    words: str
    changed: tuple[ImageId, ...] = ()
    """The images that were changed by making, undoing or redoing it."""
    left_alone: int = 0
    """Images that somebody has decided otherwise meanwhile; they were not touched."""
