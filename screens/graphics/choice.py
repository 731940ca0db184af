"""Which way of drawing holds for an app: what the probe chose, half blocks where nothing was probed."""

from dataclasses import replace
from typing import Any

from textual.app import App

from podtui.terminal import Graphics

PLAIN = Graphics("halfblock", "nothing was asked")
"""What holds under tests and wherever there is no terminal."""


def graphics_of(app: App[Any]) -> Graphics:
    """Read ``app.graphics``; half blocks where it is not set or nobody can see the escape sequences."""
    chosen = getattr(app, "graphics", PLAIN)
    if not isinstance(chosen, Graphics):
        return PLAIN
    if app.is_headless and chosen.protocol != "off":
        return replace(chosen, protocol="halfblock")
    return chosen
