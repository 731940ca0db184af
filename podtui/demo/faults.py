"""Which fault meets which request: a book that tests and the control routes write in."""

from dataclasses import dataclass, field
from typing import Any

from podtui.demo import fates, http_faults
from podtui.demo.jobs import Fate
from podtui.demo.queue import Ailment

FOREVER = 0
"""``times`` of a fault that does not end by itself."""
KINDS = frozenset(
    (
        *(
            "connection",
            "run",
            "status",
            "cancel",
            "health",
            "retry",
            "purge",
            "account",
            "workers",
            "catalog",
        ),
        *("take", "done", "stop", "ping", "bucket", "any"),
        *("prompt", "history", "queue", "interrupt", "view", "object_info", "system_stats"),
    )
)
"""What a fault on requests may be set on."""

AILMENTS = {
    "scaled_to_zero": Ailment(max_workers=0),
    "no_workers": Ailment(),
    "throttled": Ailment(throttled=1),
    "unhealthy": Ailment(unhealthy=1),
    "always_initializing": Ailment(initializing=1),
}
"""States of the endpoint in which no job is taken (R20, R40)."""


@dataclass
class Fault:
    """One entry of the book."""

    name: str
    on: str
    """A kind of ``KINDS``, ``job`` or ``endpoint``."""
    nth: int = 1
    """The first request that it meets, counted from when it was set."""
    times: int = 1
    """How many requests in a row it meets; 0 is for ever."""
    job: int | None = None
    """Only requests about the job with this number (from 1, in the order of acceptance)."""
    args: dict[str, Any] = field(default_factory=dict)
    met: int = 0
    """Requests that fitted so far."""

    def meets(self, kind: str, job: int | None) -> bool:
        """Count a request and tell whether this one is hit."""
        if self.on not in (kind, "any") or (self.on == "any" and kind in ("job", "connection")):
            return False
        if self.job is not None and self.job != job:
            return False
        self.met += 1
        is_over = self.times != FOREVER and self.met >= self.nth + self.times
        return self.met >= self.nth and not is_over


class FaultBook:
    """All faults that are set."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self.ailment: Ailment | None = None

    def add(
        self,
        name: str,
        *,
        on: str = "",
        nth: int = 1,
        times: int = 1,
        job: int | None = None,
        args: dict[str, Any] | None = None,
    ) -> Fault:
        """Set a fault.

        Raises:
            ValueError: an unknown name, or a kind that the name does not fit.
        """
        if name in AILMENTS:
            self.ailment = AILMENTS[name]
            return Fault(name, "endpoint")
        if name in fates.NAMES:
            on = on or "job"
        if (on == "job") != (name in fates.NAMES) or (on != "job" and name not in http_faults.FAULTS):
            raise ValueError(f"no fault {name!r} on {on!r}")
        if on != "job" and on not in KINDS:
            raise ValueError(f"no kind of request {on!r}")
        if nth < 1 or times < 0:
            raise ValueError("nth counts from 1, times from 0 (for ever)")
        fault = Fault(name, on, nth, times, job, dict(args or {}))
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Take all faults back."""
        self._faults.clear()
        self.ailment = None

    def take(self, kind: str, job: int | None = None) -> Fault | None:
        """The first fault that meets this request; every fault that fits counts it."""
        hit = [fault for fault in self._faults if fault.meets(kind, job)]
        return hit[0] if hit else None

    def fate(self) -> Fate | None:
        """What is to become of the job that is being accepted."""
        fault = self.take("job")
        return Fate(fault.name, fault.args) if fault else None
