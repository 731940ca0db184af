"""When to look at a job again: rarely while its end is far, often when it is near, seldom in vain.

The figures come from the project's own measurements: while nothing has been learned every 2 s is as good
as it gets; with an estimate, waiting most of it out and then looking every half second finds the end after
0.4 s on average with a third of the calls.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

NEAR_S = 0.5
STEADY_S = 2.0
FAR_S = 10.0
QUEUE_MAX_S = 5.0
TRUSTED_SAMPLES = 2


@dataclass(frozen=True)
class Schedule:
    """How long to wait before the next look; all in seconds."""

    pace: float = 1.0
    """Stretches every wait; tests make it small."""
    jitter: Callable[[], float] = field(default=random.random)
    """Draws from 0 to 1."""

    def queued_s(self, waited_s: float) -> float:
        """The wait while a job is in the queue: 2 s growing to 5 s."""
        return self._shaken(min(QUEUE_MAX_S, max(self._early(waited_s), waited_s / 10)))

    def running_s(self, ran_s: float, expected_s: float | None, samples: int) -> float:
        """The wait while a job runs: most of the expected rest, at most 10 s, half a second near the end."""
        if expected_s is None or samples < TRUSTED_SAMPLES:
            return self._shaken(self._early(ran_s))
        # The last fifth of what is expected is the near end; long after it, looking often is vain again.
        rest_s = 0.8 * expected_s - ran_s
        if rest_s > NEAR_S:
            return self._shaken(min(FAR_S, rest_s))
        overdue_s = ran_s - 1.5 * expected_s
        return self._shaken(NEAR_S if overdue_s <= 0 else min(STEADY_S, NEAR_S + overdue_s / 20))

    def backoff_s(self, tries: int, *, most_s: float = 60.0) -> float:
        """The wait after the n-th failure in a row: full jitter under a doubling bound."""
        bound_s = min(most_s, float(1 << min(tries, 10)))
        return self.pace * max(0.2, bound_s * self.jitter())

    def _early(self, age_s: float) -> float:
        """The first looks come quickly, so that a short job is not overslept."""
        return min(STEADY_S, max(0.3, age_s))

    def _shaken(self, wait_s: float) -> float:
        return self.pace * wait_s * (0.9 + 0.2 * self.jitter())
