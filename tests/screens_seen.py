"""What a pilot sees, and how it waits: for a condition, never for a time."""

from collections.abc import Callable
from typing import Any

from textual.app import App
from textual.pilot import Pilot


def text_of(app: App[Any]) -> str:
    """The screen as rows of characters."""
    return "\n".join(strip.text for strip in app.screen._compositor.render_strips())


async def until(pilot: Pilot[Any], holds: Callable[[], object], rounds: int = 200) -> None:
    """Wait until something holds; fails with what is on the screen."""
    for _ in range(rounds):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"it never came true; the screen says:\n{text_of(pilot.app)}")
