"""The detached process that works for one library: lease, loop, graceful stop.

It is started by whoever opens podtui, holds the lease as long as it lives, goes on when every terminal is
gone, and leaves a minute after the last work. ``python -m podtui.runner LIBRARY`` runs it.
"""

import asyncio
import contextlib
import ctypes
import fcntl
import logging
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from podtui import __version__, picture_store, redact
from podtui.clients.backend import Backend, Endpoint
from podtui.clients.comfyui import open_comfyui
from podtui.clients.runpod import open_runpod
from podtui.clock import Clock, SystemClock
from podtui.engine import Engine, Limits
from podtui.engine.desk import Desk
from podtui.engine.schedule import Schedule
from podtui.errors import LibraryError, PodtuiError, Refused, SettingsError
from podtui.failpoints import fp
from podtui.finisher import Finisher
from podtui.looker import Looker
from podtui.paths import Library
from podtui.pulse import Pulse, write_pulse
from podtui.settings import Settings, load
from podtui.store import BatchCard, Store, open_store
from podtui.text import clean
from podtui.words import BackendKind, ImageState

_log = logging.getLogger("podtui.runner")

IDLE_S = 60.0
"""How long the runner stays after its last work, in seconds."""
NAP_S = 0.25
"""How often it looks for new wishes, in seconds."""

OpenBackend = Callable[[BackendKind, str, Settings], AbstractAsyncContextManager[Backend]]


@contextlib.contextmanager
def lease(library: Library) -> Iterator[None]:
    """Hold the one lease of a library; it frees itself when the process ends, however that happens.

    Raises:
        LibraryError: another runner holds it.
    """
    library.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(library.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LibraryError(
                "A runner works for this library already", str(library.root), "podtui runner status shows it."
            ) from None
        yield
    finally:
        os.close(handle)


def open_backend(
    kind: BackendKind, endpoint: str, settings: Settings
) -> AbstractAsyncContextManager[Backend]:
    """Open whoever makes a batch's images, with the settings as they are now.

    Raises:
        Refused: a key is missing.
    """
    if kind is BackendKind.COMFYUI:
        return open_comfyui(endpoint)
    if settings.runpod_api_key is None:
        raise Refused(
            "No RunPod key is set",
            "",
            "Set RUNPOD_API_KEY, or write it in the settings, then go on.",
            kind="key",
        )
    where = Endpoint(settings.runpod_url, endpoint, frozenset(settings.picture_hosts))
    return open_runpod(where, settings.runpod_api_key)


class Runner:
    """The work of one library, for as long as there is any."""

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        read_settings: Callable[[], Settings] = load,
        backends: OpenBackend = open_backend,
        schedule: Schedule | None = None,
        limits: Limits | None = None,
        idle_s: float = IDLE_S,
    ) -> None:
        self._store = store
        self._clock = clock or SystemClock()
        self._read_settings = read_settings
        self._backends = backends
        self._schedule = schedule or Schedule()
        self._limits = limits or Limits()
        self._idle_s = idle_s
        self._desk: Desk | None = None
        self._batch: BatchCard | None = None
        self._leaving = asyncio.Event()
        self._started_ms = self._clock.now_ms()
        self._settings_words: dict[str, str] = {}
        self._finisher = Finisher(store)
        self._looker = Looker(store, self._clock, backends)

    def leave(self) -> None:
        """Take no new work, finish the write in hand, and go; nothing is cancelled."""
        self._leaving.set()

    async def run(self) -> None:
        """Recover what the last runner left, then work until nothing is left for a minute."""
        self._recover()
        pulse = asyncio.create_task(self._beat(), name="pulse")
        side = asyncio.create_task(self._side_work(), name="side work")
        main = asyncio.create_task(self._batches(), name="batches")
        leaving = asyncio.create_task(self._leaving.wait(), name="leaving")
        tasks: set[asyncio.Task[Any]] = {main, side, pulse, leaving}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            if not task.cancelled() and (error := task.exception()) is not None:
                raise error

    def _recover(self) -> None:
        fp("recover.begin")
        picture_store.remove_dead_temp_files(self._store.library.root)
        fp("recover.temp_files")
        self._store.making.recover()
        fp("recover.unsure")
        self._store.check()
        fp("recover.checked")

    # --- batches ----------------------------------------------------------------------------------------

    async def _batches(self) -> None:
        """One batch after another, oldest first; then wait a minute for more."""
        idle_since = self._clock.boot_s()
        while self._clock.boot_s() - idle_since < self._idle_s:
            waiting = self._store.batches.unfinished()
            if waiting:
                await self._make(waiting[0])
                idle_since = self._clock.boot_s()
                continue
            if self._finisher.is_busy or self._store.looks.pending():
                idle_since = self._clock.boot_s()
            await asyncio.sleep(NAP_S)

    async def _make(self, batch: BatchCard) -> None:
        """Take one batch as far as it goes; what stops it is written into its row."""
        self._batch = batch
        try:
            settings = self._settings()
            async with self._backends(batch.backend, batch.endpoint, settings) as backend:
                facts = await self._looker.facts(backend, batch.endpoint)
                self._desk = Desk(self._store, backend, settings, self._clock, self._schedule, self._limits)
                await Engine(self._desk, batch, facts).run()
        except (Refused, SettingsError) as error:
            if not self._end_cancelled(batch):
                self._store.making.pause(batch.id, clean(error.title, 300), error.next_step or error.cause)
        except LibraryError as error:
            # A full disk or a busy library is no fault of the batch: wait, then take it up again.
            _log.warning("library trouble: %s", error)
            await asyncio.sleep(self._limits.disk_wait_s)
        except PodtuiError as error:
            self._store.making.pause(batch.id, clean(error.title, 300), error.next_step)
        finally:
            self._desk = None
            self._batch = None

    def _end_cancelled(self, batch: BatchCard) -> bool:
        """A cancelled batch with nothing out needs no service to end."""
        now = self._store.batches.get(batch.id)
        if not now.cancel_wished or now.counts.out:
            return False
        for image in self._store.images.of_batch(batch.id):
            if image.state is ImageState.PLANNED:
                self._store.making.cancelled(image, None, now.counts.total)
        self._store.making.end_batch(self._store.batches.get(batch.id))
        return True

    def _settings(self) -> Settings:
        settings = self._read_settings()
        self._settings_words = settings.public()
        if settings.runpod_api_key is not None:
            redact.register(settings.runpod_api_key.get_secret_value())
        return settings

    # --- beside the batches -----------------------------------------------------------------------------

    async def _side_work(self) -> None:
        """Print files and looks at the endpoint, whatever the batches do."""
        version = -1
        while True:
            now = self._store.news.version()
            # Our own writes do not move data_version, so a wish of ours is looked for every round.
            if now != version or self._finisher.is_busy or self._batch is not None:
                version = now
                await self._finisher.work()
                with contextlib.suppress(SettingsError):
                    await self._looker.work(self._settings())
            await asyncio.sleep(NAP_S)

    async def _beat(self) -> None:
        """Show what is being done, once a second."""
        while True:
            desk, batch = self._desk, self._batch
            pulse = Pulse(
                pid=os.getpid(),
                started_ms=self._started_ms,
                beat_boot_s=self._clock.boot_s(),
                version=__version__,
                settings=self._settings_words,
                batch=batch.id if batch else None,
                waiting=desk.waiting if desk else "",
                images=dict(desk.pulses) if desk else {},
                endpoint_words=self._looker.words,
            )
            write_pulse(self._store.library.root, pulse)
            await asyncio.sleep(0.5 if desk else 2.0)


def harden() -> None:
    """Leave no core dump and no way for others to read this process: it holds a key."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


async def work(library: Library, idle_s: float) -> None:
    """Open the library and run until there is nothing to do or somebody says stop."""
    store = open_store(library)
    runner = Runner(store, idle_s=idle_s)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, runner.leave)
    try:
        await runner.run()
    finally:
        store.close()


def main(argv: list[str]) -> int:
    """Run the runner of one library; 1 where another one works already."""
    if len(argv) != 1:
        sys.stderr.write("usage: python -m podtui.runner LIBRARY\n")
        return 2
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    harden()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    redact.install()
    library = Library(Path(argv[0]))
    idle_s = float(os.environ.get("PODTUI_RUNNER_IDLE_S", IDLE_S))
    try:
        with lease(library):
            asyncio.run(work(library, idle_s))
    except PodtuiError as error:
        _log.error("%s", error)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
