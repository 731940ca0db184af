"""``podtui doctor``: what is set, what is missing, how library, runner, endpoint and terminal are."""

import os
import shutil
import sqlite3
import sys
import time
from typing import Annotated

import typer
from pydantic import BaseModel

from podtui import __version__
from podtui.cli.runners import status_now
from podtui.cli.show import FAILED, OK, json_of, opened_store, out
from podtui.errors import PodtuiError
from podtui.look import Look
from podtui.paths import settings_file
from podtui.settings import Settings, load, origins
from podtui.spawn import ensure_runner
from podtui.store import Store
from podtui.text import clean

PATIENCE_S = 40.0
"""How long the endpoint's answer is waited for, in seconds."""


class Finding(BaseModel):
    """One thing that was looked at."""

    name: str
    is_well: bool
    words: str
    next_step: str = ""


class DoctorAnswer(BaseModel):
    """Everything that was looked at."""

    is_well: bool
    findings: list[Finding]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def doctor(
        test: Annotated[bool, typer.Option("--test/--no-test", help="Ask the endpoint how it is.")] = True,
        as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
    ) -> None:
        """Look whether everything is in order, and say what to do where it is not."""
        findings = examine(with_endpoint=test)
        is_well = all(finding.is_well for finding in findings)
        if as_json:
            json_of(DoctorAnswer(is_well=is_well, findings=findings))
        else:
            for finding in findings:
                out(f"{'✓' if finding.is_well else '✗'} {finding.name}: {clean(finding.words, 300)}")
                if finding.next_step and not finding.is_well:
                    out(f"  {clean(finding.next_step, 300)}")
        raise typer.Exit(OK if is_well else FAILED)

    @app.command(name="reset-terminal")
    def reset_terminal() -> None:
        """Put a terminal right that a killed program left in disorder."""
        from podtui.terminal import reset_terminal as reset

        reset()


def examine(*, with_endpoint: bool) -> list[Finding]:
    """Look at everything; nothing is changed but the endpoint's newest look."""
    findings = [
        Finding(name="podtui", is_well=True, words=f"{__version__} on Python {sys.version.split()[0]}")
    ]
    try:
        settings = load()
        findings.append(_about_settings(settings))
    except PodtuiError as error:
        settings = None
        findings.append(_problem("settings", error))
    try:
        with opened_store() as store:
            findings.append(_about_library(store))
            if settings is not None and with_endpoint and not settings.missing:
                findings.append(_about_endpoint(store))
    except PodtuiError as error:
        findings.append(_problem("library", error))
    findings.append(Finding(name="runner", is_well=True, words=status_now().message))
    findings.append(_about_terminal())
    return findings


def _problem(name: str, error: PodtuiError) -> Finding:
    words = " ".join(part for part in (error.title, error.cause) if part)
    return Finding(name=name, is_well=False, words=words, next_step=error.next_step)


def _about_settings(settings: Settings) -> Finding:
    where = origins(settings)
    set_ones = [f"{name} ({origin})" for name, origin in where.items() if origin != "default"]
    words = f"{settings_file()}; set: {', '.join(set_ones) or 'nothing'}"
    if settings.missing:
        return Finding(
            name="settings",
            is_well=False,
            words="missing " + "; ".join(settings.missing),
            next_step="Set them in the environment or with the settings screen; podtui demo works without.",
        )
    return Finding(name="settings", is_well=True, words=words)


def _about_library(store: Store) -> Finding:
    store.check()
    free = shutil.disk_usage(store.library.root).free // 1_000_000
    mode = store.journal_mode()
    words = f"{store.library.root}; {free:,} MB free; SQLite {sqlite3.sqlite_version}, {mode}"
    return Finding(
        name="library",
        is_well=free > 200,
        words=words,
        next_step="Free some room: a batch needs about 40 MB an image.",
    )


def _about_endpoint(store: Store) -> Finding:
    wish = store.looks.wish()
    ensure_runner(store.library)
    end = time.monotonic() + PATIENCE_S
    look: Look | None = None
    while time.monotonic() < end:
        look = store.looks.latest()
        if look is not None and look.wish >= wish:
            words = " · ".join(part for part in (look.title, look.words, look.cause) if part)
            return Finding(name="endpoint", is_well=look.is_well, words=words, next_step=look.next_step)
        time.sleep(0.1)
    return Finding(
        name="endpoint",
        is_well=False,
        words="no answer in time",
        next_step="See the runner's log in the library.",
    )


def _about_terminal() -> Finding:
    term = os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    words = f"TERM={term or '(unset)'}, {size.columns}x{size.lines}"
    return Finding(name="terminal", is_well=True, words=words)
