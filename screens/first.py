"""Where a person comes in: the screen that is shown first, and what came while nobody looked."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podtui.words import BatchId, BatchState

if TYPE_CHECKING:
    from podtui.store import Store

SEEN = "seen"
"""Under this name the store remembers what the screens have shown: event number and wall time."""
_LOOKED_BACK = 2000
"""At most so many events are counted on coming back."""
_AWAY_S = 60.0
"""Whoever was away for less has missed nothing worth a word, in seconds."""


@dataclass(frozen=True)
class First:
    """The screen to begin with."""

    room: str
    batch: BatchId | None = None
    words: str = ""
    """What came meanwhile; empty where nothing did."""


def choose_first(store: "Store", *, is_set_up: bool) -> First:
    """Choose the screen to begin with; runs on the desk.

    A living batch comes first, then one that got pictures while nobody looked, then what is needed next:
    the set-up, an empty compose, or the library.
    """
    batch, words = _meanwhile(store)
    live = (BatchState.RUNNING, BatchState.WAITING, BatchState.PAUSED)
    for state in live:
        if found := store.batches.page(limit=1, states=(state,)):
            return First("progress", found[0].id, words)
    if batch is not None:
        return First("progress", batch, words)
    if not is_set_up:
        return First("setup")
    return First("library" if store.batches.page(limit=1) else "compose")


def remember_seen(store: "Store") -> None:
    """Write down that everything until now was on the screen; runs on the desk."""
    now = f"{store.news.last()} {store.news.clock.now_ms()}"
    before = store.news.recall(SEEN)
    if before is None or before.split()[0] != now.split()[0] or _age_s(store, before) > _AWAY_S:
        store.news.remember(SEEN, now)


def _meanwhile(store: "Store") -> tuple[BatchId | None, str]:
    """The newest batch that got pictures since somebody last looked, and the sentence about it."""
    seen = store.news.recall(SEEN)
    if seen is None:
        return None, ""
    told = store.news.since(int(seen.split()[0]), limit=_LOOKED_BACK)
    came = [one for one in told if one.kind == "ImageStored"]
    away_s = _age_s(store, seen)
    if not came or away_s < _AWAY_S:
        return None, ""
    batch = came[-1].event.batch if came[-1].event else None
    return (
        batch,
        f"away {_long(away_s)}, {len(came)} {'image' if len(came) == 1 else 'images'} came meanwhile",
    )


def _age_s(store: "Store", seen: str) -> float:
    return max(0.0, (store.news.clock.now_ms() - int(seen.split()[1])) / 1000)


def _long(seconds: float) -> str:
    """Read a long time roughly: ``14 min``, ``3 h``, ``2 days``."""
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours = round(minutes / 60)
    return f"{hours} h" if hours < 48 else f"{round(hours / 24)} days"
