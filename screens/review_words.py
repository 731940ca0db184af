"""What the review screen says of a picture, worked out without a widget in sight."""

import difflib
from collections.abc import Sequence
from pathlib import Path

from podtui.paths import Library
from podtui.store import BatchCard
from podtui.store.cards import AttemptCard, ImageCard
from podtui.text import clean, duration, money
from podtui.words import Decision
from screens.widgets.state_words import of_decision, of_image

_PRINTS = {"": "none", "wanted": "being made", "made": "made", "failed": "failed"}


def heading_counts(images: Sequence[ImageCard]) -> str:
    """Count decisions: ``9 ✓ 6 ✕ · 10 left``."""
    pictures = [image for image in images if image.has_picture]
    yes, no, left = (
        sum(image.decision is decision for image in pictures)
        for decision in (Decision.APPROVED, Decision.REJECTED, Decision.UNDECIDED)
    )
    return f"{yes} ✓ {no} ✕ · {left} left"


def decision_words(image: ImageCard) -> str:
    """Say what is thought of an image, else how far it has come: ``✓ approved``, ``● running``."""
    if not image.has_picture:
        return of_image(image.state).text
    return "undecided" if image.decision is Decision.UNDECIDED else of_decision(image.decision).text


def summary_lines(image: ImageCard, card: BatchCard, attempt: AttemptCard | None, total: int) -> list[str]:
    """Tell of an image in two lines: place and seed; then decision, cost, time and sizes."""
    first = f"{image.position + 1} of {total} · seed {image.seed}"
    if image.origin != "slot":
        first += f" · {image.origin}"
    facts = [decision_words(image)]
    if not image.has_picture:
        return [first, " · ".join([*facts, image.title] if image.title else facts)]
    if attempt is not None and attempt.cost_microdollars is not None:
        facts.append(money(attempt.cost_microdollars))
    if attempt is not None and attempt.execution_ms is not None:
        facts.append(duration(attempt.execution_ms / 1000))
    facts.append(f"{image.width}x{image.height} → {card.width}x{card.height}")
    return [first, " · ".join(facts)]


def difference(prompt: str, neighbour: str) -> str:
    """Say what differs from the neighbour's prompt: ``+pastel -neon``; empty where nothing does."""
    ours, theirs = prompt.split()[:400], neighbour.split()[:400]
    parts: list[str] = []
    for act, i1, i2, j1, j2 in difflib.SequenceMatcher(None, theirs, ours, autojunk=False).get_opcodes():
        if act in ("replace", "delete"):
            parts.append("−" + " ".join(theirs[i1:i2]))
        if act in ("replace", "insert"):
            parts.append("+" + " ".join(ours[j1:j2]))
    return "  ".join(parts)


def no_decision_words(image: ImageCard) -> str:
    """Say why an image cannot be decided."""
    state = of_image(image.state)
    number = image.position + 1
    cause = f": {image.title}" if image.title else ""
    if image.state.is_final:
        return f"{number} is {state.word}{cause}; there is no picture to decide"
    return f"{number} is {state.word}; its picture is not here yet"


def end_words(images: Sequence[ImageCard], library: Library) -> str:
    """Say what is next, at the end of the walk."""
    pictures = [image for image in images if image.has_picture]
    decided = [image for image in pictures if image.decision is not Decision.UNDECIDED]
    approved = [image for image in pictures if image.decision is Decision.APPROVED]
    made = sum(image.print_state == "made" for image in approved)
    words = f"{len(decided)} of {len(pictures)} decided"
    if len(decided) < len(pictures):
        return f"{words} · no undecided one further on"
    if not approved:
        return f"{words} · none approved"
    folder = str(library.prints / approved[0].batch).replace(str(Path.home()), "~", 1)
    return f"{words} · print files: {made} of {len(approved)} made in {folder}"


def info_rows(
    image: ImageCard,
    card: BatchCard,
    attempt: AttemptCard | None,
    neighbour: ImageCard | None,
    library: Library,
) -> list[tuple[str, str]]:
    """Everything worth knowing of an image: labels and texts, cleaned; long prompts are cut."""
    shown = image.prompt[:1500]
    left = len(image.prompt) - len(shown)
    rows = [("prompt", shown + (f" … {left:,} more characters, y p copies all" if left > 0 else ""))]
    if neighbour is not None:
        differs = difference(image.prompt, neighbour.prompt)
        rows.append((f"unlike {neighbour.position + 1}", differs or "same prompt, another seed"))
    if card.negative:
        rows.append(("negative", card.negative[:500]))
    guidance = f"{card.steps} steps · guidance {card.cfg_scale:g} · {card.workflow}"
    rows += [("seed", str(image.seed)), ("made with", guidance)]
    if image.has_picture:
        rows.append(("size", f"{image.width}x{image.height} draft → {card.width}x{card.height} print"))
    if attempt is not None:
        rows += _job_rows(attempt)
    rows += _file_rows(image, library)
    if image.title:
        rows.append(("cause", " ".join(part for part in (image.title, image.details) if part)))
    if image.note:
        rows.append(("note", image.note))
    rows.append(("id", image.id))
    return [(label, clean(text, 2000)) for label, text in rows]


def _job_rows(attempt: AttemptCard) -> list[tuple[str, str]]:
    times = []
    if attempt.delay_ms is not None:
        times.append(f"{duration(attempt.delay_ms / 1000)} queued")
    if attempt.execution_ms is not None:
        times.append(f"{duration(attempt.execution_ms / 1000)} running")
    if attempt.worker:
        times.append(f"worker {attempt.worker}")
    rows = [("cost", money(attempt.cost_microdollars))]
    if times:
        rows.append(("time", " · ".join(times)))
    if attempt.number > 1:
        rows.append(("attempts", str(attempt.number)))
    return rows


def _file_rows(image: ImageCard, library: Library) -> list[tuple[str, str]]:
    if not image.has_picture:
        return []
    draft = library.draft(image.batch, image.id, image.ending)
    rows = [("file", str(draft))]
    printed = _PRINTS.get(image.print_state, image.print_state)
    if image.print_state == "made":
        printed = f"{image.print_bytes / 1e6:.1f} MB · {library.print_file(image.batch, image.id)}"
    elif image.print_title:
        printed = f"{printed}: {image.print_title}"
    rows += [("print file", printed), ("sha256", image.sha256)]
    return rows
