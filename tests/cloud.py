"""A pretend cloud for tests: served on a loopback port by a thread, steered from the test.

cloud.fault("bad_gateway", on="run", nth=2)          the second POST of /run from now
cloud.fault("slow_down", on="status", times=3, retry_after="12")
cloud.fault("failed", nth=2, error="boom")           what becomes of the second job accepted from now
cloud.fault("not_found", on="status", job=1)         only status calls about the first job ever accepted
cloud.fault("scaled_to_zero")                        the endpoint, until clear_faults()
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from podtui.demo.app import Cloud
from podtui.demo.jobs import Job
from podtui.demo.ledger import Seen
from podtui.demo.options import Options
from podtui.demo.serving import serving

KEY = "rpa_0123456789abcdefCANARY"
T = TypeVar("T")


@dataclass
class TestCloud:
    """A running cloud, from the outside."""

    __test__ = False

    cloud: Cloud
    loop: asyncio.AbstractEventLoop

    @property
    def base(self) -> str:
        """``http://127.0.0.1:port``; also the address of its ComfyUI."""
        return self.cloud.base

    @property
    def url(self) -> str:
        """The job API's base."""
        return f"{self.cloud.base}/v2"

    @property
    def comfyui_url(self) -> str:
        return self.cloud.base

    @property
    def host(self) -> str:
        """``127.0.0.1:port``: what the settings must allow pictures to come from."""
        return self.cloud.base.removeprefix("http://")

    @property
    def endpoint(self) -> str:
        return self.cloud.options.endpoint

    @property
    def key(self) -> str:
        return self.cloud.options.key

    def call(self, act: Callable[[], T]) -> T:
        """Do something on the cloud's own loop; a cloud that has ended can still be read."""
        if self.loop.is_closed():
            return act()

        async def on_loop() -> T:
            return act()

        return asyncio.run_coroutine_threadsafe(on_loop(), self.loop).result(30)

    def fault(
        self, name: str, /, *, on: str = "", nth: int = 1, times: int = 1, job: int | None = None, **args: Any
    ) -> None:
        """Set a fault; ``times=0`` is for ever, ``args`` are the fault's own."""
        self.call(lambda: self.cloud.add_fault(name, on=on, nth=nth, times=times, job=job, args=args))

    def clear_faults(self) -> None:
        self.call(self.cloud.clear_faults)

    def advance(self, seconds: float) -> None:
        """Put the cloud's clock forward."""
        self.call(lambda: self.cloud.clock.advance(seconds))

    @property
    def runs(self) -> int:
        """POSTs of ``/run`` that reached the cloud."""
        return self.call(lambda: self.cloud.ledger.runs)

    @property
    def jobs(self) -> list[Job]:
        """Everything that was accepted."""
        return self.call(lambda: self.cloud.ledger.accepted)

    @property
    def cancels(self) -> list[str]:
        """Ids that ``/cancel`` was called with."""
        return self.call(lambda: list(self.cloud.ledger.cancels))

    @property
    def seen(self) -> list[Seen]:
        """Every request in order."""
        return self.call(lambda: list(self.cloud.ledger.seen))

    def count(self, kind: str) -> int:
        """How many requests of a kind have come."""
        return self.call(lambda: self.cloud.ledger.requests[kind])

    def facts(self) -> dict[str, Any]:
        """The whole ledger, as ``/_control/ledger`` shows it."""
        return self.call(self.cloud.facts)


@contextlib.contextmanager
def running_cloud(**options: Any) -> Iterator[TestCloud]:
    """Serve a cloud in a thread of its own; ``options`` are those of ``Options``."""
    made: list[TestCloud] = []
    errors: list[BaseException] = []
    is_up = threading.Event()

    async def serve() -> None:
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        async with serving(Options(**{"key": KEY, **options})) as cloud:
            made.append(TestCloud(cloud, loop))
            ends.append(lambda: loop.call_soon_threadsafe(over.set))
            is_up.set()
            await over.wait()

    def run() -> None:
        try:
            asyncio.run(serve())
        except BaseException as error:
            errors.append(error)
        finally:
            is_up.set()

    ends: list[Callable[[], object]] = []
    thread = threading.Thread(target=run, name="pretend cloud", daemon=True)
    thread.start()
    is_up.wait(30)
    try:
        if not made:
            raise RuntimeError("the pretend cloud did not start") from (errors[0] if errors else None)
        yield made[0]
    finally:
        for end in ends:
            end()
        thread.join(30)
        assert not thread.is_alive(), "the pretend cloud does not end"
    if errors:
        raise errors[0]
