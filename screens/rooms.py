"""The map of the screens: what is where, imported when it is first gone to."""

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from screens.keys import KEYS_EVERYWHERE, Key

if TYPE_CHECKING:
    from screens.base import Room

ROOMS: Mapping[str, tuple[str, str]] = {
    "compose": ("screens.compose", "ComposeScreen"),
    "progress": ("screens.progress", "ProgressScreen"),
    "review": ("screens.review", "ReviewScreen"),
    "library": ("screens.library", "LibraryScreen"),
    "settings": ("screens.settings", "SettingsScreen"),
    "log": ("screens.log", "LogScreen"),
    "setup": ("screens.setup", "SetupScreen"),
}
"""Room to module and class; the order is that of ``[`` and ``]``, the set-up left out."""
ROUND = tuple(name for name in ROOMS if name != "setup")
"""The rooms that are gone through one after another."""


def room_class(name: str) -> "type[Room]":
    """Import the screen of a room."""
    module, class_name = ROOMS[name]
    found: type[Room] = getattr(import_module(module), class_name)
    return found


def every_key() -> tuple[Key, ...]:
    """Every key of every screen, once: for the help, the README and the check of clashes."""
    keys = list(KEYS_EVERYWHERE)
    for name in ROOMS:
        keys.extend(room_class(name).KEYS)
    return tuple(keys)
