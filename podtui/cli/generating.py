"""``podtui generate``: compose a batch, follow it, answer in the old service's words."""

import sys
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Annotated

import typer

from podtui.answers import generate_answer
from podtui.cli.follow import follow
from podtui.cli.show import FAILED, OK, PARTLY, json_of, opened_store, out, tell
from podtui.composing import (
    compose,
    create,
    estimate_for,
    presets_folder,
    whole_number,
    workflows_folder,
)
from podtui.errors import BadInput
from podtui.plan import Fields, cap_batch_size, defaults
from podtui.presets import find_preset
from podtui.settings import Settings, load
from podtui.spawn import ensure_runner
from podtui.store import Store
from podtui.words import BatchId, BatchState
from podtui.workflow import load as load_workflow


def exit_code(store: Store, batch: BatchId) -> int:
    """0 all well, 1 nothing was made, 3 partly failed or something waits for a person."""
    card = store.batches.get(batch)
    if card.state is BatchState.COMPLETED and not card.counts.failed and not card.counts.unsure:
        return OK
    if card.state in (BatchState.WAITING, BatchState.RUNNING):
        return OK
    return PARTLY if card.counts.done or card.counts.unsure else FAILED


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def generate(
        prompt: Annotated[str, typer.Argument(help="{a|b} and __wildcard__ are expanded per image.")],
        style: Annotated[str, typer.Option(help="Style, such as 'digital art'.")] = "",
        genre: Annotated[str, typer.Option(help="Genre, such as 'futuristic'.")] = "",
        negative: Annotated[str, typer.Option(help="Negative prompt, where the workflow has one.")] = "",
        batch_size: Annotated[
            str, typer.Option("-n", "--batch-size", help="How many images, 1 to 25 (default 1).")
        ] = "",
        width: Annotated[str, typer.Option(help="Width of the print file in pixels (4500).")] = "",
        height: Annotated[str, typer.Option(help="Height of the print file in pixels (5400).")] = "",
        steps: Annotated[str, typer.Option(help="Sampling steps (30 for flux1-dev).")] = "",
        cfg_scale: Annotated[str, typer.Option(help="Guidance for Flux, cfg for others (2.0).")] = "",
        seed: Annotated[str, typer.Option(help="Seed of the first image; random without.")] = "",
        seed_policy: Annotated[str, typer.Option(help="first, or sequence: seed, seed+1, …")] = "",
        preset: Annotated[str, typer.Option(help="fast, quality, or one of yours.")] = "",
        workflow: Annotated[str, typer.Option(help="A shipped workflow, yours, or a file.")] = "",
        backend: Annotated[str, typer.Option(help="runpod or comfyui.")] = "",
        in_flight: Annotated[str, typer.Option(help="How many jobs may be out at once (1).")] = "",
        budget: Annotated[str, typer.Option(help="The most this batch may cost, in dollars.")] = "",
        wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the batch's end.")] = True,
        as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
    ) -> None:
        """Generate a batch of 1 to 25 images.

        Example: podtui generate "cyberpunk cat neon lights" -n 5 --style "digital art" --json
        """
        settings = _settings(backend)
        typed = {
            "style": style,
            "genre": genre,
            "negative": negative,
            "width": width,
            "height": height,
            "steps": steps,
            "cfg_scale": cfg_scale,
            "seed": seed,
            "seed_policy": seed_policy,
        }
        fields, note = _fields(prompt, preset, workflow or settings.workflow, batch_size, typed)
        composed = compose(
            fields,
            settings,
            in_flight=whole_number(in_flight, "in_flight") if in_flight else None,
            budget_microdollars=_dollars(budget) if budget else None,
        )
        with opened_store() as store:
            if not as_json or sys.stderr.isatty():
                expected = estimate_for(store, settings, composed.plan)
                tell(f"{composed.plan.batch_size} image(s): {expected.words}")
            if note:
                tell(note)
            batch = create(store, composed)
            ensure_runner(store.library)
            if wait:
                follow(store, batch)
            answer = generate_answer(store, batch, note)
            if as_json:
                json_of(answer)
            else:
                out(answer.message if wait else batch)
                for image in answer.images:
                    out(image)
                if answer.error:
                    tell(" ".join(part for part in (answer.error, answer.next_step) if part))
            raise typer.Exit(exit_code(store, batch))


def _settings(backend: str) -> Settings:
    settings = load()
    if not backend:
        return settings
    if backend not in ("runpod", "comfyui"):
        raise BadInput("backend: runpod or comfyui", field="backend")
    return settings.model_copy(update={"backend": backend})


def _fields(
    prompt: str, preset: str, workflow: str, batch_size: str, typed: dict[str, str]
) -> tuple[Fields, str]:
    """Put the fields together: the model's defaults, then the preset, then what was typed."""
    fields = replace(defaults(load_workflow(workflow, workflows_folder())), workflow=workflow, prompt=prompt)
    if preset:
        fields = find_preset(preset, presets_folder()).apply(fields)
    fields = replace(fields, **{name: value for name, value in typed.items() if value})
    note = ""
    if batch_size:
        wished, note = cap_batch_size(whole_number(batch_size, "batch_size"))
        fields = replace(fields, batch_size=str(wished))
    return fields, note


def _dollars(text: str) -> int:
    """Read an amount of dollars as microdollars."""
    try:
        value = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        value = Decimal(-1)
    if not 0 < value <= 100_000:
        raise BadInput("budget: an amount of dollars such as 2.50", field="budget")
    return round(value * 1_000_000)
