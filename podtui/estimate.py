"""How long a batch may take and what it may cost: learned from this library, or the guide's figures."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from podtui.text import money

GUIDE_LOW_S = 60.0
GUIDE_HIGH_S = 90.0
"""What one image takes by the old guide (4500x5400, 30 steps), in seconds."""
LEARNED_FROM = 2
"""From how many comparable jobs on the past is trusted."""


@dataclass(frozen=True)
class PastJob:
    """One comparable job of the past."""

    execution_ms: int
    """Time on the worker, which is billed."""
    delay_ms: int
    """Time in the queue, a cold start included."""
    is_first: bool
    """It opened its batch, so it may have paid for a cold start."""


@dataclass(frozen=True)
class Estimate:
    """What a batch may take and cost, from a low to a high figure."""

    low_s: float
    high_s: float
    low_microdollars: int | None
    high_microdollars: int | None
    is_learned: bool
    samples: int

    @property
    def time_words(self) -> str:
        """``about 10–15 min``, ``about 40 s``."""
        return f"about {_span(self.low_s, self.high_s)}"

    @property
    def cost_words(self) -> str:
        """``$0.12–0.18``, or ``cost unknown``."""
        if self.low_microdollars is None or self.high_microdollars is None:
            return "cost unknown"
        low, high = money(self.low_microdollars), money(self.high_microdollars)
        return low if low == high else f"{low}–{high.removeprefix('$')}"

    @property
    def words(self) -> str:
        """Both, and whether they were learned."""
        source = f"learned from {self.samples} jobs" if self.is_learned else "an estimate: no history yet"
        return f"{self.time_words} · {self.cost_words} · {source}"


def expected_s(past: Sequence[PastJob]) -> float | None:
    """How long one job runs, in seconds, or None before enough is known."""
    warm = [job.execution_ms for job in past if not job.is_first] or [job.execution_ms for job in past]
    return statistics.median(warm) / 1000 if len(past) >= LEARNED_FROM else None


def estimate(
    images: int,
    past: Sequence[PastJob],
    *,
    in_flight: int = 1,
    price_microdollars_per_s: int | None = None,
    idle_timeout_s: int | None = None,
) -> Estimate:
    """Estimate a batch of ``images`` from comparable jobs, newest first."""
    is_learned = len(past) >= LEARNED_FROM
    if is_learned:
        low, high = _spread([job.execution_ms / 1000 for job in past])
        waits = [job.delay_ms / 1000 for job in past if job.is_first]
        start_s = statistics.median(waits) if waits else 0.0
    else:
        low, high, start_s = GUIDE_LOW_S, GUIDE_HIGH_S, 0.0
    rounds = math.ceil(images / max(1, in_flight))
    low_cost = high_cost = None
    if price_microdollars_per_s is not None:
        workers = max(1, min(images, in_flight))
        # Seconds are billed whole; each worker's start, and its idle time after the last job, are billed
        # as well (RunPod's pricing page).
        low_cost = images * math.ceil(low) * price_microdollars_per_s
        high_cost = (
            images * math.ceil(high) + workers * math.ceil((idle_timeout_s or 0) + start_s)
        ) * price_microdollars_per_s
    return Estimate(
        low_s=rounds * low,
        high_s=rounds * high + start_s,
        low_microdollars=low_cost,
        high_microdollars=high_cost,
        is_learned=is_learned,
        samples=len(past),
    )


def _spread(seconds: Sequence[float]) -> tuple[float, float]:
    """The middle half of what was seen, never narrower than a tenth to either side of the median."""
    middle = statistics.median(seconds)
    if len(seconds) < 4:
        return min(*seconds, middle * 0.9), max(*seconds, middle * 1.1)
    low, _, high = statistics.quantiles(seconds, n=4)
    return min(low, middle * 0.9), max(high, middle * 1.1)


def _span(low_s: float, high_s: float) -> str:
    if high_s < 120:
        low, high = math.floor(low_s), math.ceil(high_s)
        return f"{low}–{high} s" if low != high else f"{high} s"
    low, high = max(1, round(low_s / 60)), math.ceil(high_s / 60)
    if high >= 120:
        return f"{low_s / 3600:.1f}–{high_s / 3600:.1f} h"
    return f"{low}–{high} min" if low != high else f"{high} min"
