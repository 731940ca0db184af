"""Budget caps that hold: asked before every job, counted with what is still open."""

import math
from datetime import datetime

from podtui.errors import Refused
from podtui.settings import Settings
from podtui.store import BatchCard, Store
from podtui.text import money

UNKNOWN_S = 90.0
"""What one image is taken to need before there is history: the guide's upper figure, in seconds."""


def cost_of(execution_ms: int | None, price_microdollars_per_s: int | None) -> int | None:
    """What a job cost, in microdollars: whole seconds, rounded up (RunPod's pricing page)."""
    if execution_ms is None or price_microdollars_per_s is None:
        return None
    return math.ceil(execution_ms / 1000) * price_microdollars_per_s


def check_caps(
    store: Store, settings: Settings, batch: BatchCard, price_per_s: int | None, expected_s: float | None
) -> None:
    """Refuse the next job where it could go over a cap.

    Raises:
        Refused: a cap would be passed, or cannot be held because the price is unknown.
    """
    caps = [cap for cap in (batch.budget_microdollars, settings.batch_cap_microdollars) if cap is not None]
    batch_cap = min(caps, default=None)
    day_cap = settings.day_cap_microdollars
    if batch_cap is None and day_cap is None:
        return
    if price_per_s is None:
        raise Refused(
            "The budget cannot be held",
            "The price of this endpoint is not known.",
            "Set price_per_second in the settings, or remove the budget.",
            kind="budget",
        )
    next_cost = math.ceil(expected_s or UNKNOWN_S) * price_per_s
    if batch_cap is not None:
        spent = store.costs.spent_by(batch.id)
        _hold("this batch", batch_cap, spent.microdollars, (spent.open_jobs + 1) * next_cost)
    if day_cap is not None:
        spent = store.costs.spent_since(start_of_day_ms(store.news.clock.now_ms()))
        _hold("today", day_cap, spent.microdollars, (spent.open_jobs + 1) * next_cost)


def start_of_day_ms(now_ms: int) -> int:
    """The last local midnight, in UTC milliseconds."""
    now = datetime.fromtimestamp(now_ms / 1000).astimezone()
    return round(now.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)


def _hold(what: str, cap: int, spent: int, coming: int) -> None:
    if spent + coming <= cap:
        return
    raise Refused(
        f"The budget of {what} is reached",
        f"{money(spent)} of {money(cap)} are spent; the next image could cost {money(coming)}.",
        "Raise the budget and go on, or leave it.",
        kind="budget",
    )
