"""The cloud's time, which a test can move."""

import asyncio
import time


class CloudClock:
    """Wall time that runs evenly and can be put forward; what sleeps by it wakes up then."""

    def __init__(self) -> None:
        self._origin_s = time.time() - time.monotonic()
        self._ahead_s = 0.0
        self._moved = asyncio.Event()

    def now_s(self) -> float:
        """Seconds since 1970, as the cloud sees them."""
        return self._origin_s + time.monotonic() + self._ahead_s

    def advance(self, seconds: float) -> None:
        """Put the clock forward; call it on the cloud's own loop."""
        self._ahead_s += seconds
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    async def sleep(self, seconds: float) -> None:
        """Sleep until the clock has gone this far."""
        until = self.now_s() + seconds
        while (left := until - self.now_s()) > 0:
            try:
                async with asyncio.timeout(left):
                    await self._moved.wait()
            except TimeoutError:
                continue
