"""The app: one frame of screens over one library, and one follower of its news."""

import asyncio
import contextlib
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.signal import Signal
from textual.worker import Worker, WorkerState

from podtui.errors import LibraryError, PodtuiError, SettingsError
from podtui.fault_log import write_down
from podtui.words import BatchId
from screens.alive import NOTHING, Alive, read_alive
from screens.base import Room, keymap_for
from screens.first import First, choose_first, remember_seen
from screens.hall import Hall
from screens.keys import EVERYWHERE, KEYS_EVERYWHERE, Key, KeyMap, rebind
from screens.messages import Went
from screens.parts import Parts
from screens.rooms import ROUND, every_key, room_class
from screens.themes import DARK, DEFAULTS, OURS

if TYPE_CHECKING:
    import sqlite3

    from podtui.plan import Fields
    from podtui.settings import Settings
    from podtui.store import Store
    from screens.graphics.answers import TerminalAnswer
    from screens.graphics.probe import Probe

FOLLOW_S = 0.25
"""How often the follower asks whether the library has changed, in seconds."""
ROUSE_S = 15.0
"""How often a runner is looked for while a batch should be moving, in seconds."""
SEEN_S = 30.0
"""How often what was seen is written down, in seconds."""
WARNED = "warned.logout"
"""Under this name the store remembers that a person was told what a logout ends."""
QUIT_S = 4.0
"""How long the second key that quits is waited for, in seconds."""

_NO_COMMANDS = frozenset({"palette", "escape", "back"})


class PodtuiApp(App[str], inherit_bindings=False):
    """The screens of one library."""

    CSS_PATH = "app.tcss"
    TITLE = "podtui"
    ENABLE_COMMAND_PALETTE = True
    COMMAND_PALETTE_BINDING = "ctrl+p"
    AUTO_FOCUS = ""
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+c", "leave('ctrl+c')", "quit")]

    def __init__(
        self, parts: Parts, *, start: str = "auto", batch: BatchId | None = None, theme: str = DARK.name
    ) -> None:
        super().__init__()
        for ours in OURS:
            self.register_theme(ours)
        self.parts = parts
        self.graphics = parts.graphics
        """How pictures are drawn; the painter reads it."""
        self.news: Signal[int] = Signal(self, "news")
        self.alive: Alive = NOTHING
        self._start = First(start, batch)
        self._rebound: tuple[Key, ...] | None = None
        self._keymaps: dict[type[Room], KeyMap] = {}
        self._probe: Probe | None = None
        self._quit_asked = ""
        self._is_leaving = False
        self.HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]
        self.VERTICAL_BREAKPOINTS = [(0, "-short"), (32, "-tall")]
        self.theme = theme if theme in self.available_themes else DARK.name

    # --- coming in --------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """An empty frame, painted at once."""
        return Hall()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own variables, for themes that do not know them."""
        return DEFAULTS

    def on_mount(self) -> None:
        """Look where a person comes in, and begin to follow the news."""
        # After the first frame: what is read now loads more than the frame needed.
        self.call_after_refresh(
            lambda: self.run_worker(self._come_in(), name="coming in", group="shell", exit_on_error=False)
        )

    async def _come_in(self) -> None:
        settings, trouble = await self._read_settings()
        is_set_up = self.parts.is_demo or (settings is not None and not settings.missing)
        first = self._start
        try:
            if first.room == "auto":
                first = await self.parts.desk.ask(lambda store: choose_first(store, is_set_up=is_set_up))
            self.alive = await self.parts.desk.ask(read_alive)
        except PodtuiError as error:
            if isinstance(error, LibraryError):
                # Without a library there is nothing to show and nothing to save.
                self.exit(return_code=error.exit_code, message=Text(str(error)))
                return
            raise
        if trouble is not None and first.room == "setup":
            first = First("settings")
        await self.open_room(first.room, first.batch)
        if trouble is not None and isinstance(self.screen, Room):
            self.screen.report(trouble)
        elif first.words and isinstance(self.screen, Room):
            self.screen.say(first.words)
        self.run_worker(self._follow(), name="news", group="shell", exit_on_error=False)
        if not self.parts.is_readonly:
            await self._warn_of_logout()

    async def _warn_of_logout(self) -> None:
        """Say once, before the first batch, that this system would end the runner with the session."""
        desk = self.parts.desk
        if await desk.ask(
            lambda store: store.news.recall(WARNED) is not None or bool(store.batches.page(limit=1))
        ):
            return
        if await asyncio.to_thread(self.parts.logout_kills):
            from podtui.logout import KILLS

            await desk.ask(lambda store: store.news.remember(WARNED, "logout"))
            self.notify(KILLS, severity="warning", markup=False, timeout=20)

    async def _read_settings(self) -> "tuple[Settings | None, SettingsError | None]":
        """Read the settings and bind the keys as they say."""
        try:
            settings = await asyncio.to_thread(self.parts.load_settings)
            if settings.keys:
                self._rebound = rebind(every_key(), settings.keys)
        except SettingsError as error:
            return None, error
        return settings, None

    # --- following --------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Ask four times a second whether the library has changed, and tell the screen that is shown."""
        desk = self.parts.desk
        version: tuple[int, int] | None = None
        since_rouse = ROUSE_S
        since_seen = 0.0
        while not self._is_leaving:
            if since_rouse >= ROUSE_S:
                since_rouse = 0.0
                await self._rouse(is_first=version is None)
            try:
                now = await desk.ask(_version)
                if now != version:
                    version = now
                    self.alive = await desk.ask(read_alive)
                    self.news.publish(now[0])
                    self._retitle()
                if since_seen >= SEEN_S and not self.parts.is_readonly:
                    since_seen = 0.0
                    await desk.ask(remember_seen)
            except PodtuiError as error:
                self._report(error)
                await asyncio.sleep(5.0)
            await asyncio.sleep(FOLLOW_S)
            since_rouse += FOLLOW_S
            since_seen += FOLLOW_S

    async def _rouse(self, *, is_first: bool) -> None:
        """Make sure that somebody works, where there is work or a person has just come."""
        if self.parts.is_readonly or not (is_first or self.alive.state in ("running", "waiting")):
            return
        try:
            await asyncio.to_thread(self.parts.wake)
        except OSError as error:
            self._report(
                PodtuiError("No runner could be started", str(error.strerror), "podtui doctor tells more.")
            )

    def _retitle(self) -> None:
        if isinstance(self.screen, Room):
            self.screen.retitle()

    # --- going ------------------------------------------------------------------------------------------

    async def on_went(self, message: Went) -> None:
        """Go where a screen wants to go."""
        await self.open_room(message.room, message.batch, message.fields)

    async def open_room(
        self, name: str, batch: BatchId | None = None, fields: "Fields | None" = None
    ) -> None:
        """Show a room; each is there once, and what was opened above it is left.

        Args:
            name: as in ``screens.rooms``.
            batch: the batch it shall show; None leaves it as it is, or the choice to it.
            fields: what compose shall start with.
        """
        stack = self.screen_stack
        at = next((n for n, one in enumerate(stack) if isinstance(one, Room) and name == one.NAME), None)
        if at is None:
            await self.push_screen(room_class(name)(self.parts, batch=batch, fields=fields))
            return
        known = stack[at]
        assert isinstance(known, Room)
        with self.batch_update():
            for _ in range(len(stack) - 1 - at):
                await self.pop_screen()
            if fields is not None or (batch is not None and batch != known.batch_id):
                await self.switch_screen(room_class(name)(self.parts, batch=batch, fields=fields))

    async def action_go(self, name: str) -> None:
        """Go to a room, with the batch that is looked at."""
        here = self.screen
        batch = here.batch_id if isinstance(here, Room) and name in ("progress", "review") else None
        await self.open_room(name, batch)

    async def action_step(self, by: int) -> None:
        """Go to the room before or after this one; there is no way round the ends."""
        here = self.screen
        if isinstance(here, Room) and here.NAME in ROUND:
            at = ROUND.index(here.NAME) + by
            if 0 <= at < len(ROUND):
                await self.open_room(ROUND[at])

    async def action_back(self) -> None:
        """Leave this screen; at the top, ask for the key once more and quit."""
        if len(self.screen_stack) > 2:
            await self.pop_screen()
        else:
            self.action_leave("q")

    # --- leaving ----------------------------------------------------------------------------------------

    def action_leave(self, key: str = "q") -> None:
        """Quit at the second time; what was started goes on."""
        if self._quit_asked:
            self._is_leaving = True
            self.run_worker(self._leave(), name="leaving", group="shell", exit_on_error=False)
            return
        self._quit_asked = key
        self.set_timer(QUIT_S, self._forget_quit)
        alive = self.alive
        work = f"; work goes on: {alive.ended} of {alive.total}" if alive.state else ""
        self.notify(f"{key} again quits{work}", markup=False, timeout=QUIT_S)

    async def action_quit(self) -> None:
        """Quit at once, as the command palette does."""
        await self._leave()

    def leave_by_signal(self, number: int) -> None:
        """Ask the loop to leave with 128 + ``number``; called in a signal's handler."""
        loop = self._loop
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(partial(self.exit, return_code=128 + number))

    def _forget_quit(self) -> None:
        self._quit_asked = ""

    async def _leave(self) -> None:
        self._is_leaving = True
        if not self.parts.is_readonly:
            # What was seen is a courtesy; leaving is not held up for it.
            with contextlib.suppress(PodtuiError, TimeoutError):
                await asyncio.wait_for(self.parts.desk.ask(remember_seen), 1.0)
        self.exit()

    # --- what everybody shares --------------------------------------------------------------------------

    def keymap_of(self, room: type[Room]) -> KeyMap:
        """The keys of a screen as a person has bound them."""
        keymap = self._keymaps.get(room)
        if keymap is None or (self._rebound and self._keymaps.get(Room) is None):
            keymap = keymap_for(room, self._rebound or (*room.KEYS, *KEYS_EVERYWHERE))
            self._keymaps[room] = keymap
        return keymap

    def action_show_keys(self) -> None:
        """Show the keys that work now."""
        from screens.help import Help

        if isinstance(self.screen, Room):
            self.push_screen(Help(self.screen.NAME, self.screen.keymap.keys))

    def action_show_commands(self) -> None:
        """Open the command palette."""
        self.action_command_palette()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the keys of the footer and the ways between the screens do, by name."""
        if isinstance(screen, Room):
            for key in screen.keymap.keys:
                if key.action and (key.is_shown or key.scope == EVERYWHERE) and key.id not in _NO_COMMANDS:
                    name = f"go to {key.label}" if key.id.startswith("go.") else key.label
                    yield SystemCommand(f"{name} ({key.shown})", key.tooltip, partial(screen.do, key))
        yield SystemCommand("theme", "Change the colours until podtui is left.", self.action_change_theme)
        yield SystemCommand("quit", "Leave podtui; work goes on.", self.action_quit)

    async def action_repaint(self) -> None:
        """Ask the terminal again what it can, and draw everything anew."""
        from screens.graphics.painter import painter_of
        from screens.graphics.probe import Probe

        self._probe = Probe(self)
        try:
            self.graphics = self.parts.graphics = await self._probe.ask()
        finally:
            self._probe = None
        painter_of(self).forget()
        self.refresh(layout=True)

    def on_terminal_answer(self, answer: "TerminalAnswer") -> None:
        """Pass an answer on to whoever asked."""
        if self._probe is not None:
            self._probe.hear(answer)

    # --- faults -----------------------------------------------------------------------------------------

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Whatever fails in a worker without words of its own is a fault of ours, told in one place."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            if isinstance(error, PodtuiError):
                self._report(error)
            elif isinstance(error, Exception):
                self._handle_exception(error)

    def _report(self, error: PodtuiError) -> None:
        if isinstance(self.screen, Room):
            self.screen.report(error)
        else:
            self.notify(str(error), severity="error", markup=False)

    def _fatal_error(self) -> None:
        """Leave with one sentence and no value of any variable (Textual would print locals)."""
        error = self._exception or RuntimeError("unknown")
        path = write_down(error, self.parts.library)
        name = type(error).__name__
        said = f"podtui has a fault: {name}. Work that was started goes on. Details are in {path}"
        self._exit_renderables.append(Text(said))
        self._close_messages_no_wait()

    def panic(self, *renderables: object) -> None:
        """Textual's own failures end in the same sentence."""
        self._fatal_error()


def _version(store: "Store") -> tuple[int, int]:
    """A pair that changes with every write: the first number with others' writes, the second with ours."""
    connection: sqlite3.Connection = store.database.connection()  # type: ignore[no-untyped-call]
    return store.news.version(), connection.total_changes
