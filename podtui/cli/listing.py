"""``podtui batches``, ``batch``, ``images``: what is in the library."""

from datetime import datetime
from typing import Annotated

import typer

from podtui.answers import batch_answer, batch_line, image_line
from podtui.cli.show import json_list, json_of, opened_store, out, table
from podtui.errors import BadInput
from podtui.store import BatchCard, ImageCard
from podtui.text import clean, money
from podtui.words import Decision

_STATUSES = {"pending": Decision.UNDECIDED, "approved": Decision.APPROVED, "rejected": Decision.REJECTED}


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def batches(
        search: Annotated[str, typer.Option(help="Words of prompt, style, genre or id.")] = "",
        limit: Annotated[int, typer.Option(min=1, max=5000)] = 50,
        as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """List the batches, newest first."""
        with opened_store() as store:
            cards = store.batches.page(search=search, limit=limit)
            if as_json:
                json_list([batch_line(card) for card in cards])
                return
            if not cards:
                out('No batches yet. podtui generate "a prompt" makes the first one.')
                return
            headers = ["when", "batch", "state", "images", "✓", "✕", "cost", "prompt"]
            table([_batch_row(card) for card in cards], headers, right=(3, 4, 5, 6))

    @app.command()
    def batch(
        batch_id: str,
        as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """Show one batch with its images."""
        with opened_store() as store:
            card = store.batches.get(batch_id)
            if as_json:
                json_of(batch_answer(store, card))
                return
            out(f"{card.id}  {card.state}  {card.message}")
            out(clean(card.full_prompt, 400))
            size = f"{card.draft_width}x{card.draft_height} -> {card.width}x{card.height}"
            cost = money(card.cost_microdollars)
            out(f"{size}  {card.steps} steps  {card.cfg_scale:g}  {card.workflow}  {cost}")
            if card.pause_title:
                out(clean(f"paused: {card.pause_title} {card.pause_next}", 400))
            _image_table(store.images.of_batch(card.id))

    @app.command()
    def images(
        batch_id: Annotated[str, typer.Option("--batch", help="Only of this batch.")] = "",
        status: Annotated[str, typer.Option(help="pending, approved or rejected.")] = "",
        search: Annotated[str, typer.Option(help="Words of the prompt, ids or seed.")] = "",
        limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
        as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """List the images, newest first."""
        if status and status not in _STATUSES:
            raise BadInput("status: pending, approved or rejected", field="status")
        with opened_store() as store:
            found = store.images.page(
                batch=batch_id or None, decision=_STATUSES.get(status), search=search, limit=limit
            )
            if as_json:
                json_list([image_line(image, store.library) for image in found])
            elif found:
                _image_table(found)
            else:
                out("No images.")


def _batch_row(card: BatchCard) -> list[str]:
    when = datetime.fromtimestamp(card.created_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M")
    counts = card.counts
    return [
        when,
        card.id,
        card.state.value,
        f"{counts.done}/{counts.total}",
        str(counts.approved),
        str(counts.rejected),
        money(card.cost_microdollars),
        clean(card.prompt, 60),
    ]


def _image_table(found: list[ImageCard]) -> None:
    rows = [
        [
            str(image.position + 1),
            image.id,
            image.state.value,
            image.decision.value,
            str(image.seed),
            clean(image.title or image.prompt, 70),
        ]
        for image in found
    ]
    table(rows, ["#", "image", "state", "decision", "seed", "prompt or cause"], right=(0, 4))
