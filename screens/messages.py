"""What screens tell the app."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

from podtui.words import BatchId

if TYPE_CHECKING:
    from podtui.plan import Fields


@dataclass
class Went(Message):
    """A person goes to another screen."""

    room: str
    """``compose``, ``progress``, ``review``, ``library``, ``settings`` or ``log``."""
    batch: BatchId | None = None
    """The batch it shall show; None leaves it the choice."""
    fields: "Fields | None" = None
    """What compose shall start with."""
