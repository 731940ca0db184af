"""``podtui approve``, ``reject``, ``reset``, ``undo``, ``redo``: decisions without a screen."""

from typing import Annotated

import typer
from pydantic import BaseModel

from podtui.cli.show import json_of, opened_store, out
from podtui.errors import BadInput
from podtui.spawn import ensure_runner
from podtui.store import StepCard
from podtui.words import BatchId, Decision, ImageId

WHO = "command line"
"""Under which name decisions of commands stand in the journal."""


class DecideAnswer(BaseModel):
    """What a decision changed."""

    success: bool
    status: str
    """The decision: approved, rejected, or pending after a reset."""
    changed: list[str]
    """Ids of the images that were decided otherwise before."""
    message: str


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    words = {
        Decision.APPROVED: ("approve", "Approve images; their print files are made at once."),
        Decision.REJECTED: ("reject", "Reject images."),
        Decision.UNDECIDED: ("reset", "Take decisions back."),
    }
    for decision, (name, text) in words.items():
        app.command(name=name, help=text)(_command(decision))

    @app.command()
    def undo(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Take the last decision back."""
        with opened_store() as store:
            _turned(store.decisions.undo(WHO), "undone", as_json)

    @app.command()
    def redo(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Make the decision again that was undone last."""
        with opened_store() as store:
            _turned(store.decisions.redo(WHO), "redone", as_json)


def _turned(step: StepCard | None, word: str, as_json: bool) -> None:
    message = f"{word}: {step.words}" if step else f"nothing to be {word}"
    if step and step.left_alone:
        message += f"; {step.left_alone} decided otherwise since, left alone"
    if as_json:
        changed = list(step.changed) if step else []
        json_of(DecideAnswer(success=step is not None, status=word, changed=list(changed), message=message))
    else:
        out(message)


def _command(decision: Decision):  # type: ignore[no-untyped-def]
    def command(
        image_ids: Annotated[list[str] | None, typer.Argument()] = None,
        batch: Annotated[str, typer.Option("--batch", help="Every picture of this batch.")] = "",
        as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        decide(image_ids or [], batch, decision, as_json)

    return command


def decide(image_ids: list[str], batch: str, decision: Decision, as_json: bool) -> None:
    """Decide images by id, or all pictures of a batch, in one step of undo; all ids are checked first."""
    with opened_store() as store:
        wanted = [ImageId(image) for image in image_ids]
        if batch:
            card = store.batches.get(batch)
            wanted += [image.id for image in store.images.of_batch(BatchId(card.id)) if image.has_picture]
        if not wanted:
            raise BadInput("Name images, or a batch with --batch", field="image_ids")
        for image in wanted:
            if not store.images.get(image).has_picture:
                raise BadInput(f"{image} has no picture to decide on", field="image_ids")
        step = store.decisions.decide(wanted, decision, WHO)
        if decision is Decision.APPROVED:
            ensure_runner(store.library)
        status = "pending" if decision is Decision.UNDECIDED else decision.value
        changed = list(step.changed) if step else []
        message = f"{step.words} · podtui undo takes it back" if step else f"already {status}"
        if as_json:
            json_of(DecideAnswer(success=True, status=status, changed=list(changed), message=message))
        else:
            out(message)
