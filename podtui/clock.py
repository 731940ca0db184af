"""What time it is: wall time for people, boot time for deadlines; tests bring a clock of their own."""

import time
from typing import Protocol


class Clock(Protocol):
    """Two clocks in one."""

    def now_ms(self) -> int:
        """Wall time, UTC, in milliseconds; only shown and recorded, never waited by."""
        ...

    def boot_s(self) -> float:
        """Seconds that have passed, a suspended machine's sleep included; never jumps."""
        ...


class SystemClock:
    """The machine's clocks."""

    def now_ms(self) -> int:
        """Wall time, UTC, in milliseconds."""
        return time.time_ns() // 1_000_000

    def boot_s(self) -> float:
        """Seconds since the machine started (CLOCK_BOOTTIME), where the system has it."""
        clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
        return time.clock_gettime(clock)
