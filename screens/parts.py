"""What every screen is given: the store on a thread of its own, and how things are here."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from podtui.clock import Clock, SystemClock
from podtui.paths import Library
from podtui.terminal import Graphics

if TYPE_CHECKING:
    from podtui.settings import Settings
    from podtui.store import Store

T = TypeVar("T")


class Desk:
    """The store, used by one thread that nobody else uses; questions are answered in order."""

    def __init__(self, library: Library, clock: Clock | None = None) -> None:
        self._library = library
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="desk")
        self._store: Store | None = None

    async def ask(self, question: "Callable[[Store], T]") -> T:
        """Ask the store something, or tell it something, without holding the screens up.

        Args:
            question: a function of the store; it runs in the desk's thread and touches no widget.

        Raises:
            PodtuiError: the library cannot be used, or the question was refused.
        """
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    async def close(self) -> None:
        """Close the store after the questions that are under way; nothing can be asked afterwards."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    def _answer(self, question: "Callable[[Store], T]") -> T:
        if self._store is None:
            # Late, so that the first frame does not wait for the database's libraries.
            from podtui.store import open_store

            self._store = open_store(self._library, self._clock)
        return question(self._store)

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None


@dataclass
class Parts:
    """What a screen works with; built once, by whoever opens the app."""

    desk: Desk
    library: Library
    load_settings: "Callable[[], Settings]"
    """Reads the settings as they are now; raises SettingsError."""
    graphics: Graphics
    who: str
    """Names this open podtui in the journal of decisions."""
    is_readonly: bool = False
    is_demo: bool = False
    wake: Callable[[], object] = field(default=lambda: None)
    """Makes sure that a runner is alive; called after every wish."""
    logout_kills: Callable[[], bool] = field(default=lambda: False)
    """Tells whether a logout would end the runner; asked once, in a thread."""
    clock: Clock = field(default_factory=SystemClock)
