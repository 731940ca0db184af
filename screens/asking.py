"""Asking the runner to look at the endpoint, and reading what it saw."""

import asyncio
from time import monotonic

from podtui.look import Look
from screens.parts import Parts

PATIENCE_S = 30.0
"""How long the answer is waited for, in seconds: a runner may have to start first."""


async def look_at_endpoint(parts: Parts, patience_s: float = PATIENCE_S) -> Look | None:
    """Wish a look, make sure somebody works, and wait; None where no answer came.

    Raises:
        PodtuiError: the library cannot be used.
    """
    number = await parts.desk.ask(lambda store: store.looks.wish())
    await asyncio.to_thread(parts.wake)
    until = monotonic() + patience_s
    while monotonic() < until:
        look = await parts.desk.ask(lambda store: store.looks.latest())
        if look is not None and look.wish >= number:
            return look
        await asyncio.sleep(0.2)
    return None


def look_words(look: Look | None) -> tuple[str, bool]:
    """What a look says, in words, and whether all is well."""
    if look is None:
        return "✗ No answer: the runner does not start. The log (g l) and podtui doctor tell more.", False
    sign = "✓" if look.is_well else "✗"
    said = [look.title, look.words if look.is_well else "", look.cause, look.next_step]
    return f"{sign} " + " · ".join(part.rstrip(".") for part in said if part), look.is_well
