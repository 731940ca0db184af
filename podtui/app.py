"""The door to the screens: looks at the terminal, builds the parts, runs the app, and leaves cleanly.

Textual reads its environment at import, so nothing here imports it before the terminal has been asked.
"""

import asyncio
import os
import secrets
import signal
import sys
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Any, cast, get_args

from podtui.paths import library, settings_file
from podtui.terminal import (
    Graphics,
    Wish,
    choose,
    prepare_environment,
    probe,
    reset_terminal,
    unusable_reason,
)

if TYPE_CHECKING:
    from podtui.settings import Settings
    from podtui.shell import PodtuiApp
    from podtui.words import BatchId
    from screens.parts import Parts

LEAVE_S = 2.0
"""How long the app may take to leave after a signal, in seconds."""
WANTS_DEMO = 64
"""What ``run_app`` returns where a person chose the demo in the set-up."""
_SIGNALS = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT)


def build_app(
    parts: "Parts", *, start: str = "auto", batch: "BatchId | None" = None, theme: str = "podtui-dark"
) -> "PodtuiApp":
    """Build the app: the one builder for the command, the tests and the pictures.

    Args:
        parts: what the screens work with.
        start: a room's name, or ``auto`` for the one that fits what is going on.
        batch: the batch that the first room shows.
        theme: by name; an unknown one leaves ours.
    """
    from podtui.shell import PodtuiApp

    return PodtuiApp(parts, start=start, batch=batch, theme=theme)


def run_app(
    *,
    is_readonly: bool = False,
    is_demo: bool = False,
    start: str = "auto",
    batch: "BatchId | None" = None,
) -> int:
    """Run the screens until they are left.

    Returns:
        The exit code: 0, 1 after a fault, 2 where the terminal cannot show screens, 128 + n after signal n,
        or ``WANTS_DEMO``.
    """
    if reason := unusable_reason(os.environ, sys.stdin, sys.stdout):
        sys.stderr.write(f"podtui: {reason}\n")
        return 2
    theme, wish = _early_settings()
    graphics = choose(probe(sys.stdin.fileno(), sys.stdout.fileno()), wish)
    prepare_environment(graphics)

    from screens.graphics import answers

    answers.install(graphics.asked.typed_ahead)
    parts = _parts(graphics, is_readonly=is_readonly, is_demo=is_demo)
    app = build_app(parts, start=start, batch=batch, theme=theme)
    with _leaving_by_signal(app):
        wished = app.run()
    _close(parts)
    return WANTS_DEMO if wished == "demo" else app.return_code or 0


def _parts(graphics: Graphics, *, is_readonly: bool, is_demo: bool) -> "Parts":
    from podtui.logout import is_over_ssh, logout_kills
    from podtui.spawn import ensure_runner
    from screens.parts import Desk, Parts

    home = library()
    return Parts(
        desk=Desk(home),
        library=home,
        load_settings=_load_settings,
        graphics=graphics,
        who=f"screens-{secrets.token_hex(3)}",
        is_readonly=is_readonly,
        is_demo=is_demo,
        wake=partial(ensure_runner, home),
        logout_kills=lambda: is_over_ssh() and logout_kills(),
    )


def _load_settings() -> "Settings":
    """Read the settings; late, as checking them loads more than the first frame needs."""
    from podtui.settings import load

    return load()


def _early_settings() -> tuple[str, Wish]:
    """Theme and graphics, needed before anything is drawn: read here roughly, checked in full later."""
    try:
        found: dict[str, Any] = tomllib.loads(settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = {}
    theme = os.environ.get("PODTUI_THEME") or found.get("theme") or "podtui-dark"
    wish = os.environ.get("PODTUI_GRAPHICS") or found.get("graphics") or "auto"
    return str(theme), cast(Wish, wish) if wish in get_args(Wish) else "auto"


def _close(parts: "Parts") -> None:
    """Close the store; a disk that hangs does not keep the shell waiting for long."""
    closing = threading.Thread(target=partial(asyncio.run, parts.desk.close()), daemon=True)
    closing.start()
    closing.join(1.0)


@contextmanager
def _leaving_by_signal(app: "PodtuiApp") -> Iterator[None]:
    """Leave on SIGTERM, SIGHUP, SIGQUIT and SIGINT within two seconds, a stalled terminal included.

    The loop's own handlers would hang with it, so these are the process's, and a thread sees to the end.
    """
    has_left = threading.Event()

    def on_signal(number: int, _: FrameType | None) -> None:
        threading.Thread(target=_see_to_the_end, args=(number, has_left), daemon=True).start()
        app.leave_by_signal(number)

    before = {number: signal.signal(number, on_signal) for number in _SIGNALS}
    try:
        yield
    finally:
        has_left.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _see_to_the_end(number: int, has_left: threading.Event) -> None:
    if not has_left.wait(LEAVE_S):
        reset_terminal()
        os._exit(128 + number)
