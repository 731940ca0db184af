"""The painter of an app: keeps drawings, encodes in threads, and sends what the terminal must know.

Everything goes through the driver's writer and only while its queue is short: it holds 30 writes, and the
31st stops the event loop (textual 8.2.8).
"""

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakSet

from textual.app import App

from podtui.terminal import Graphics
from screens.graphics import kitty
from screens.graphics.choice import graphics_of
from screens.graphics.drawing import Colour, Drawing, Want
from screens.graphics.encode import draw

PIECE_BYTES = 16_384
"""The most that is handed to the driver at once."""
_SHORT_QUEUE = 2
"""How many writes may wait before more is handed over."""
_KEPT_CELLS = 120_000
"""How much is kept ready, in cells: about sixty large pictures."""
_KNOWN_LARGE = 60
_KNOWN_SMALL = 600
"""How many pictures kitty is let keep: 60 large ones are about 60 MB there, decoded."""
_SMALL_CELLS = 400

_painters: WeakKeyDictionary[App[Any], "Painter"] = WeakKeyDictionary()


def painter_of(app: App[Any]) -> "Painter":
    """Give the one painter of an app, made at the first call."""
    painter = _painters.get(app)
    if painter is None:
        painter = _painters[app] = Painter(app)
    return painter


class Follower(Protocol):
    """A widget that shows drawings."""

    def draw_again(self) -> None:
        """Take it that nothing of this stands on the screen any more."""
        ...


class Painter:
    """Drawings by want, newest last; and what the terminal has been told."""

    def __init__(self, app: App[Any]) -> None:
        self._app = app
        self._kept: OrderedDict[Want, Drawing | None] = OrderedDict()
        self._kept_cells = 0
        self._known: OrderedDict[int, bool] = OrderedDict()
        self._followers: WeakSet[Follower] = WeakSet()
        self._next_id = (secrets.randbelow(254) + 1) << 16
        self._hands = asyncio.Semaphore(2)
        self._sending = asyncio.Lock()
        self._is_mid_transfer = False
        self._waiting = 0
        self._ahead: list[Want] = []
        self._ahead_task: asyncio.Task[None] | None = None
        self._transfers: set[asyncio.Task[None]] = set()
        self._hooked: object = None

    @property
    def graphics(self) -> Graphics:
        """How this app draws."""
        return graphics_of(self._app)

    @property
    def queued(self) -> int:
        """How many writes wait in the driver's queue."""
        thread = getattr(self._app._driver, "_writer_thread", None)
        return 0 if thread is None else int(thread._queue.qsize())

    def want(
        self, path: Path, columns: int, rows: int, background: Colour, *, is_thumb: bool = False
    ) -> Want | None:
        """Name a picture at a size; None where it cannot be drawn at all."""
        graphics = self.graphics
        if graphics.protocol == "off" or columns < 1 or rows < 1:
            return None
        try:
            mtime_ns = path.stat().st_mtime_ns
        except OSError:
            return None
        protocol = graphics.protocol
        if is_thumb and protocol in ("sixel", "iterm2"):
            protocol = "halfblock"
        colors = {"kitty": 64 if is_thumb else 256, "sixel": 128}.get(protocol, 0)
        return Want(
            path, mtime_ns, columns, rows, graphics.cell_px, protocol, graphics.in_tmux, background, colors
        )

    def ready(self, want: Want) -> Drawing | None:
        """Give a drawing that can be put on the screen at once, or None."""
        drawing = self._kept.get(want)
        if drawing is None or not self.knows(drawing):
            return None
        self._kept.move_to_end(want)
        return drawing

    async def drawing(self, want: Want) -> Drawing | None:
        """Draw, or find what was drawn before; None where the file is no usable picture."""
        if want in self._kept:
            self._kept.move_to_end(want)
            return self._kept[want]
        self._waiting += 1
        try:
            return await self._draw(want)
        finally:
            self._waiting -= 1

    def prefetch(self, wants: Iterable[Want]) -> None:
        """Draw these when nothing else is asked for; what was to be prefetched before is forgotten."""
        self._ahead = [want for want in wants if want not in self._kept]
        if self._ahead and (self._ahead_task is None or self._ahead_task.done()):
            self._ahead_task = asyncio.create_task(self._work_ahead())

    def knows(self, drawing: Drawing) -> bool:
        """Tell whether the terminal can show a drawing's lines; it is then among the last to be forgotten."""
        if not drawing.transfer:
            return True
        if drawing.image_id in self._known:
            self._known.move_to_end(drawing.image_id)
            return True
        return False

    async def introduce(self, drawing: Drawing) -> None:
        """Make a picture known to the terminal before its lines are shown; what was begun is finished."""
        if self.knows(drawing):
            return
        task = asyncio.create_task(self._transfer(drawing))
        self._transfers.add(task)
        task.add_done_callback(self._transfers.discard)
        await asyncio.shield(task)

    async def drained(self, waiting: int = 0) -> None:
        """Wait until at most ``waiting`` writes are in the driver's queue."""
        while self.queued > waiting:  # noqa: ASYNC110 - the queue is a thread's, which tells nobody
            await asyncio.sleep(0.004)

    def write(self, text: str) -> None:
        """Hand a short sequence to the driver."""
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(text)

    def forget(self) -> None:
        """Take it that the terminal knows no picture any more, and have all drawn anew.

        Called when the terminal was reset, when it is another one, and when ``app.graphics`` has changed.
        """
        self._known.clear()
        for follower in tuple(self._followers):
            follower.draw_again()

    def follow(self, follower: Follower) -> None:
        """Tell a widget when it must draw again."""
        self._followers.add(follower)

    def leave(self) -> None:
        """Have the terminal delete every picture it was sent."""
        if self._known and self.queued < 20:
            in_tmux = self.graphics.in_tmux
            end = kitty.wrapped("\x1b_Gm=0,q=2;\x1b\\", in_tmux) if self._is_mid_transfer else ""
            self.write(end + "".join(kitty.delete(image_id, in_tmux) for image_id in self._known))
        self._known.clear()

    async def _draw(self, want: Want) -> Drawing | None:
        async with self._hands:
            if want not in self._kept:
                self._next_id = (self._next_id & 0xFF0000) | ((self._next_id + 1) & 0xFFFF)
                self._keep(want, await asyncio.to_thread(draw, want, self._next_id))
            return self._kept.get(want)

    def _keep(self, want: Want, drawing: Drawing | None) -> None:
        self._kept[want] = drawing
        self._kept_cells += want.columns * want.rows
        while self._kept_cells > _KEPT_CELLS and len(self._kept) > 1:
            old, _ = self._kept.popitem(last=False)
            self._kept_cells -= old.columns * old.rows

    async def _work_ahead(self) -> None:
        while self._ahead:
            if self._waiting:
                await asyncio.sleep(0.02)
            else:
                await self._draw(self._ahead.pop(0))

    async def _transfer(self, drawing: Drawing) -> None:
        async with self._sending:
            if self.knows(drawing):
                return
            self._hook()
            is_small = drawing.columns * drawing.rows <= _SMALL_CELLS
            self._known[drawing.image_id] = is_small
            self._is_mid_transfer = True
            for piece in _pieces(drawing.transfer):
                await self.drained(_SHORT_QUEUE)
                self.write(piece)
            self._is_mid_transfer = False
            self._make_room(is_small, _KNOWN_SMALL if is_small else _KNOWN_LARGE)

    def _make_room(self, is_small: bool, most: int) -> None:
        """Have the terminal forget the pictures of one kind that were not shown for longest."""
        kind = [image_id for image_id, small in self._known.items() if small == is_small]
        for image_id in kind[: max(0, len(kind) - most)]:
            del self._known[image_id]
            self.write(kitty.delete(image_id, self.graphics.in_tmux))

    def _hook(self) -> None:
        """Delete the pictures before the driver leaves the screen, whichever way it is left.

        Quitting, a failure and ``ctrl+z`` all pass ``stop_application_mode``; after it kitty would look for
        the pictures on its other screen.
        """
        driver = self._app._driver
        if driver is None or driver is self._hooked:
            return
        self._hooked, stop = driver, driver.stop_application_mode

        def stop_without_pictures() -> None:
            self.leave()
            stop()

        driver.stop_application_mode = stop_without_pictures  # type: ignore[method-assign]


def _pieces(parts: Sequence[str]) -> Iterable[str]:
    """Join commands into pieces of at most ``PIECE_BYTES``."""
    piece = ""
    for part in parts:
        if piece and len(piece) + len(part) > PIECE_BYTES:
            yield piece
            piece = ""
        piece += part
    if piece:
        yield piece
