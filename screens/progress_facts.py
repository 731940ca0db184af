"""What the progress screen tells, worked out from rows and pulse without a widget in sight."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from podtui.pulse import ImagePulse, Pulse
from podtui.store import BatchCard
from podtui.store.cards import AttemptCard, ImageCard
from podtui.text import duration, money
from podtui.words import BatchState, ImageId, ImageState
from screens.widgets.batch_bar import Progress
from screens.widgets.job_lines import JobLine
from screens.widgets.state_words import of_image

_IN_QUEUE = (ImageState.SUBMITTING, ImageState.SUBMITTED, ImageState.QUEUED)
_ON_WORKER = (ImageState.RUNNING, ImageState.FETCHING)
_TROUBLE = (ImageState.UNSURE, ImageState.FAILED, ImageState.LOST)


@dataclass(frozen=True)
class Facts:
    """One batch as the store and the runner's pulse tell it."""

    card: BatchCard
    images: Sequence[ImageCard] = ()
    attempts: Mapping[ImageId, AttemptCard] = field(default_factory=dict)
    pulse: Pulse | None = None
    """None where no runner lives."""

    def pulse_of(self, image: ImageId) -> ImagePulse | None:
        """What the runner knows of an image right now."""
        return self.pulse.images.get(image) if self.pulse else None

    @property
    def is_moving(self) -> bool:
        """Times on the screen change by themselves."""
        return self.card.state is BatchState.RUNNING or any(
            image.state.is_out or image.state is ImageState.SUBMITTING for image in self.images
        )


def ran_s(attempt: AttemptCard | None, now_ms: int) -> float | None:
    """How long a job has run on its worker, in seconds; None where it has not."""
    if attempt is None or (attempt.running_ms is None and attempt.execution_ms is None):
        return None
    if attempt.execution_ms is not None:
        return attempt.execution_ms / 1000
    begun = attempt.running_ms or 0
    return max(0.0, ((attempt.ended_ms or now_ms) - begun) / 1000)


def usual_s(facts: Facts) -> float | None:
    """How long an image of this batch takes: what is expected, else what the others took."""
    if facts.pulse:
        for pulse in facts.pulse.images.values():
            if pulse.expected_s:
                return pulse.expected_s
    took = [
        seconds
        for image in facts.images
        if image.state is ImageState.DONE and (seconds := ran_s(facts.attempts.get(image.id), 0))
    ]
    return sum(took) / len(took) if took else None


def progress(facts: Facts, now_ms: int) -> Progress:
    """How the batch stands."""
    card, counts = facts.card, facts.card.counts
    each_s = usual_s(facts)
    under_way = 0.0
    out_left_s = 0.0
    for image in facts.images:
        if image.state not in _ON_WORKER:
            if image.state in _IN_QUEUE and each_s:
                out_left_s = max(out_left_s, each_s)
            continue
        so_far = ran_s(facts.attempts.get(image.id), now_ms) or 0.0
        pulse = facts.pulse_of(image.id)
        share = pulse.percent / 100 if pulse and pulse.percent is not None else so_far / (each_s or 60.0)
        under_way += min(share, 0.95)
        if each_s:
            out_left_s = max(out_left_s, each_s - so_far)
    left_s = None
    if each_s and facts.is_moving:
        left_s = out_left_s + counts.planned * each_s / max(1, card.in_flight)
    ends_at = ""
    if left_s is not None:
        ends_at = datetime.fromtimestamp(now_ms / 1000 + left_s).astimezone().strftime("%H:%M")
    begun = card.started_ms
    elapsed = None if begun is None else max(0.0, ((card.ended_ms or now_ms) - begun) / 1000)
    if card.state in (BatchState.STOPPED, BatchState.PAUSED) and not facts.is_moving:
        elapsed = None
    return Progress(
        total=counts.total,
        done=counts.done,
        failed=counts.failed + counts.cancelled,
        unsure=counts.unsure,
        under_way=under_way,
        elapsed_s=elapsed,
        left_s=left_s,
        ends_at=ends_at,
        cost_microdollars=card.cost_microdollars,
        is_over=card.state.is_over,
    )


def why(facts: Facts, *, is_runner_alive: bool = True) -> str:
    """Say why nothing moves, or how the batch ended; empty while it simply runs."""
    card = facts.card
    if card.state is BatchState.PAUSED:
        return " ".join(part for part in ("paused:", card.pause_title, card.pause_next) if part)
    if card.state is BatchState.STOPPED:
        return f"stopped: {card.counts.planned} not started. S goes on."
    if card.state.is_over:
        return f"{card.message}." + (f" {_what_next(card)}" if card.counts.total else "")
    if card.cancel_wished:
        return "cancelling: what runs may still be billed"
    parts = ["stops after the images that are out; S goes on"] if card.stop_wished else []
    if not is_runner_alive:
        parts.append("no runner works on it right now; one is being started")
    elif facts.pulse and facts.pulse.batch not in (None, card.id) and card.state is BatchState.WAITING:
        parts.append("waits: another batch is being made first")
    elif facts.pulse and facts.pulse.waiting:
        parts.append(facts.pulse.waiting)
    return " · ".join(parts)


def _what_next(card: BatchCard) -> str:
    counts = card.counts
    if counts.undecided:
        return f"g r reviews {counts.undecided}."
    if counts.failed or (card.state is BatchState.CANCELLED and counts.cancelled):
        return "R makes what is missing again."
    return ""


def job_lines(facts: Facts, now_ms: int, at: ImageId | None = None) -> list[JobLine]:
    """One line for each image that is being made, unsure or failed, and first the one under the cursor."""
    shown = [image for image in facts.images if image.state in (*_IN_QUEUE, *_ON_WORKER)]
    for state in _TROUBLE:
        shown += [image for image in facts.images if image.state is state]
    here = [image for image in facts.images if image.id == at]
    rest = [image for image in shown if image.id != at]
    return [_line(facts, image, now_ms, is_here=image.id == at) for image in (*here, *rest)]


def _line(facts: Facts, image: ImageCard, now_ms: int, *, is_here: bool) -> JobLine:
    attempt, pulse = facts.attempts.get(image.id), facts.pulse_of(image.id)
    words = of_image(image.state)
    if image.state in _ON_WORKER:
        text = _running_text(attempt, pulse, now_ms, usual_s(facts))
    elif image.state in _IN_QUEUE:
        text = _queue_text(attempt, pulse, now_ms)
    elif image.state is ImageState.UNSURE:
        text = f"U decides · {image.title or 'its submit was never answered'}"
    elif image.state in _TROUBLE:
        text = _joined(image.title, _cost(attempt), image.details)
    elif image.state is ImageState.DONE:
        took = ran_s(attempt, now_ms)
        seconds = duration(took) if took is not None else ""
        text = _joined(seconds, _cost(attempt), f"seed {image.seed}", image.note)
    else:
        text = _joined(image.title, f"seed {image.seed}")
    return JobLine(image.position + 1, words.glyph, words.word, words.kind, text, is_here)


def _running_text(
    attempt: AttemptCard | None, pulse: ImagePulse | None, now_ms: int, each_s: float | None
) -> str:
    took = ran_s(attempt, now_ms) or 0.0
    expected_s = (pulse.expected_s if pulse else None) or each_s
    expected = f" of about {duration(expected_s)}" if expected_s else ""
    price = attempt.price_microdollars_per_s if attempt else None
    cost = f"≈ {money(round(took * price))}" if price else ""
    worker = (pulse.worker if pulse else "") or (attempt.worker if attempt else "")
    return _joined(
        f"{duration(took)}{expected}",
        cost,
        pulse.note if pulse else "",
        pulse.why if pulse else "",
        f"worker {worker}" if worker else "",
    )


def _queue_text(attempt: AttemptCard | None, pulse: ImagePulse | None, now_ms: int) -> str:
    waited = f"{duration((now_ms - attempt.submitted_ms) / 1000)} in the queue" if attempt else ""
    return _joined(waited, pulse.why if pulse else "", pulse.note if pulse else "")


def _cost(attempt: AttemptCard | None) -> str:
    if attempt is None or attempt.cost_microdollars is None:
        return ""
    return money(attempt.cost_microdollars)


def _joined(*parts: str) -> str:
    return " · ".join(part for part in parts if part)
