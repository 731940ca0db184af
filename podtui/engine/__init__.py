"""Takes a batch's images to their end, one state machine per image."""

from podtui.engine.engine import Engine, Limits

__all__ = ["Engine", "Limits"]
