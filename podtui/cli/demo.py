"""``podtui demo``: the whole program on a pretend cloud of its own, without any key."""

import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from podtui.answers import ApprovedImage, DemoAnswer, generate_answer
from podtui.cli.follow import follow, wait_for_prints
from podtui.cli.show import FAILED, OK, json_of, opened_store, tell
from podtui.composing import compose, create, workflows_folder
from podtui.errors import BadInput
from podtui.paths import library
from podtui.plan import Fields, defaults
from podtui.settings import load
from podtui.spawn import ensure_runner, stop_runner
from podtui.words import BatchState, Decision
from podtui.workflow import load as load_workflow

DEMO_PROMPT = "{neon|pastel} cat, cyberpunk, sticker"
DEMO_APPROVED = 3
"""How many pictures the headless demo approves."""


def add_to(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        home: Annotated[str, typer.Option(help="Keep the demo's library in this folder.")] = "",
        pace: Annotated[
            float | None, typer.Option(help="Seconds per image; 0 = as fast as it renders.")
        ] = None,
        headless: Annotated[
            bool, typer.Option("--headless", help="No screen: make a batch, print one JSON document.")
        ] = False,
    ) -> None:
        """Try podtui without any key: a pretend cloud on this machine, everything else is real."""
        if pace is not None and not 0 <= pace <= 3600:
            raise BadInput("pace: 0 to 3600 seconds", field="pace")
        root = Path(home).expanduser().absolute() if home else Path(tempfile.mkdtemp(prefix="podtui-demo-"))
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        set_up(root, pace if pace is not None else (0.0 if headless else 8.0))
        code = run_headless() if headless else _with_screens()
        if not home and not headless:
            _throw_away(root)
        raise typer.Exit(code)


def set_up(root: Path, pace: float | None) -> None:
    """Start the pretend cloud of this folder, or find it alive, and point this process at it."""
    from podtui.demo import launch

    for name in ("COMFYUI_API_URL", "PODTUI_BACKEND"):
        os.environ.pop(name, None)
    cloud = launch.start(root, pace)
    os.environ.update(
        PODTUI_HOME=str(root),
        PODTUI_RUNPOD_URL=cloud.url,
        RUNPOD_API_KEY=cloud.key,
        RUNPOD_ENDPOINT_ID=cloud.endpoint,
        PODTUI_PICTURE_HOSTS=cloud.url.split("//", 1)[1].split("/", 1)[0],
        PODTUI_PRICE_PER_SECOND=os.environ.get("PODTUI_PRICE_PER_SECOND", "0.00031"),
    )


def run_headless() -> int:
    """Compose a batch of 5, generate it, approve some, wait for their print files, print one document."""
    settings = load()
    fields = defaults(load_workflow(settings.workflow, workflows_folder()))
    fields = _demo_fields(fields)
    with opened_store() as store:
        batch = create(store, compose(fields, settings, note="demo"))
        ensure_runner(store.library)
        state = follow(store, batch)
        pictures = [image.id for image in store.images.of_batch(batch) if image.has_picture]
        store.decisions.decide(pictures[:DEMO_APPROVED], Decision.APPROVED, "demo")
        store.decisions.decide(pictures[DEMO_APPROVED:], Decision.REJECTED, "demo")
        is_printed = wait_for_prints(store, batch)
        card = store.batches.get(batch)
        approved = [
            ApprovedImage(
                id=image.id,
                print_file=str(store.library.print_file(batch, image.id)),
                width=card.width,
                height=card.height,
            )
            for image in store.images.of_batch(batch)
            if image.print_state == "made"
        ]
        answer = generate_answer(store, batch)
        json_of(DemoAnswer(**answer.model_dump(), approved=approved))
    stop_runner(library())
    _stop_cloud()
    is_well = state is BatchState.COMPLETED and is_printed and len(approved) == DEMO_APPROVED
    return OK if is_well else FAILED


def _demo_fields(fields: Fields) -> Fields:
    return replace(fields, prompt=DEMO_PROMPT, style="digital art", genre="futuristic", batch_size="5")


def _with_screens() -> int:
    from podtui.cli.screens import open_screens

    return open_screens(is_demo=True)


def _stop_cloud() -> None:
    from podtui.demo import launch

    launch.stop(library().root)


def _throw_away(root: Path) -> None:
    """The demo's library goes with it, but never while something still works in it."""
    stop_runner(library())
    _stop_cloud()
    shutil.rmtree(root, ignore_errors=True)
    if sys.stderr.isatty():
        tell("The demo's library was thrown away; podtui demo --home DIR keeps one.")
