"""What the engine's parts share while they work on one batch."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from podtui.clients.backend import Backend
from podtui.clock import Clock
from podtui.engine.schedule import Schedule
from podtui.pulse import ImagePulse
from podtui.settings import Settings
from podtui.store import Store
from podtui.words import ImageId


@dataclass(frozen=True)
class Limits:
    """Patience, all in seconds; tests make it short."""

    young_s: float = 60.0
    """A job younger than this may not be known to the service yet."""
    young_tries: int = 3
    young_wait_s: float = 10.0
    unreadable_tries: int = 3
    why_after_s: float = 20.0
    """From when on a person is told why a job waits in the queue."""
    why_every_s: float = 15.0
    grace_s: float = 60.0
    """How long after its limit a running job may take to be ended by the service itself."""
    after_unsure_s: float = 5.0
    """The pause before the next submit after an unclear one."""
    disk_wait_s: float = 30.0
    link_wait_s: float = 5.0
    no_connection_tries: int = 8
    """How many submits in a row may find no connection before the batch pauses."""
    longest_wait_s: float = 120.0
    """The most that a service's Retry-After is obeyed."""
    quick_failure_ms: int = 5000
    """A failure faster than this speaks of the worker, not of the image."""
    failures_in_a_row: int = 3


@dataclass
class Desk:
    """The shared things of one batch's making."""

    store: Store
    backend: Backend
    settings: Settings
    clock: Clock
    schedule: Schedule = field(default_factory=Schedule)
    limits: Limits = field(default_factory=Limits)
    pulses: dict[ImageId, ImagePulse] = field(default_factory=dict)
    """What is known of each image right now, for the screens."""
    waiting: str = ""
    """Why nothing moves, in words."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when something has happened that the batch's loop should look at."""
    looks: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(3))
    """At most three answers are in memory at once."""
    expected_s: float | None = None
    """How long a job like these is expected to run."""
    samples: int = 0
    """How many jobs that expectation was learned from."""

    def touch(self, image: ImageId, **changes: object) -> None:
        """Change what is shown of an image."""
        before = self.pulses.get(image) or ImagePulse(since_boot_s=self.clock.boot_s())
        self.pulses[image] = before.model_copy(update=changes)

    def forget(self, image: ImageId) -> None:
        """Nothing more is shown of an image."""
        self.pulses.pop(image, None)

    async def rest(self, seconds: float, *, until: Callable[[], bool] | None = None) -> None:
        """Wait by the boot clock, in short naps, so that a suspended machine does not oversleep."""
        end = self.clock.boot_s() + seconds
        for _ in range(round(seconds * 1000) + 1):  # bounded even where a test's clock stands still
            left = end - self.clock.boot_s()
            if left <= 0 or (until and until()):
                return
            await asyncio.sleep(min(left, 0.25))
