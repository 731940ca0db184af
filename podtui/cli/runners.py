"""``podtui runner status|run|stop``: the process that does the work."""

import subprocess
import sys
from typing import Annotated

import typer
from pydantic import BaseModel

from podtui.cli.show import json_of, opened_store, out
from podtui.clock import SystemClock
from podtui.paths import library
from podtui.pulse import read_pulse
from podtui.spawn import runner_alive, stop_runner
from podtui.text import duration

SILENT_S = 30.0
"""After how many seconds without a sign of life a living runner is called silent."""


class RunnerAnswer(BaseModel):
    """How the runner is."""

    is_alive: bool
    pid: int | None
    batch_id: str | None
    waiting: str
    silent_s: float | None
    library: str
    message: str


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    runner = typer.Typer(help="The process that does the work.", no_args_is_help=True, rich_markup_mode=None)
    app.add_typer(runner, name="runner")

    @runner.command()
    def status(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
        """Say whether a runner works for this library, and on what."""
        answer = status_now()
        if as_json:
            json_of(answer)
        else:
            out(answer.message)

    @runner.command()
    def run() -> None:
        """Run the runner here, in the foreground, until there is nothing to do."""
        with opened_store():
            pass
        command = [sys.executable, "-m", "podtui.runner", str(library().root)]
        raise typer.Exit(subprocess.run(command, check=False).returncode)

    @runner.command()
    def stop() -> None:
        """Ask the runner to leave after the write in hand; nothing is cancelled at RunPod."""
        out("The runner leaves." if stop_runner(library()) else "No runner works for this library.")


def status_now() -> RunnerAnswer:
    """How the runner of this library is."""
    home = library()
    alive, pulse = runner_alive(home), read_pulse(home.root)
    if not alive or pulse is None:
        message = "No runner works for this library; it starts when there is something to do."
        return RunnerAnswer(
            is_alive=alive,
            pid=None,
            batch_id=None,
            waiting="",
            silent_s=None,
            library=str(home.root),
            message="A runner is starting." if alive else message,
        )
    silent = max(0.0, SystemClock().boot_s() - pulse.beat_boot_s)
    doing = f"works on {pulse.batch}" if pulse.batch else "has nothing to do and leaves soon"
    message = f"The runner (pid {pulse.pid}) {doing}." + (f" {pulse.waiting}" if pulse.waiting else "")
    if silent > SILENT_S:
        message = (
            f"The runner (pid {pulse.pid}) is silent for {duration(silent)}: podtui runner stop ends it."
        )
    return RunnerAnswer(
        is_alive=True,
        pid=pulse.pid,
        batch_id=pulse.batch,
        waiting=pulse.waiting,
        silent_s=round(silent, 1),
        library=str(home.root),
        message=message,
    )
