"""What every screen shares: one frame, one way to read, one way to act, one way to tell."""

import asyncio
import contextlib
import inspect
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol, cast

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import Screen
from textual.signal import Signal
from textual.widgets import Input, Static, TextArea

from podtui.errors import PodtuiError
from podtui.text import clean
from podtui.words import BatchId
from screens.alive import Alive
from screens.dialogs import Confirm
from screens.keys import EVERYWHERE, KEYS_EVERYWHERE, Key, KeyMap, is_text, shown
from screens.messages import Went
from screens.parts import Parts
from screens.widgets.foot import Foot
from screens.widgets.title_line import TitleLine

if TYPE_CHECKING:
    from podtui.plan import Fields
    from screens.widgets.log_panel import LogPanel

Severity = Literal["information", "warning", "error"]
NARROWEST, SHORTEST = 40, 10
"""The least columns and rows that a screen is drawn on."""
_HELP = next(key for key in KEYS_EVERYWHERE if key.id == "help")
_ESCAPE = next(key for key in KEYS_EVERYWHERE if key.id == "escape")


class House(Protocol):
    """What a screen may ask of the app."""

    news: Signal[int]
    """Published with the number of the newest event whenever the library has changed."""
    alive: Alive
    """What is alive everywhere."""

    def keymap_of(self, room: type["Room"]) -> KeyMap:
        """The keys of a screen as a person has bound them."""
        ...


class Room(Screen[None]):
    """A screen: a title line, a body, a line of keys.

    It shows what is in the store and nothing else: ``read`` re-reads it when the screen comes up and whenever
    the library has changed while it is the one that is shown.
    """

    NAME: ClassVar[str] = ""
    """Under which name it is gone to."""
    KEYS: ClassVar[tuple[Key, ...]] = ()
    """What works here besides what works everywhere."""
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    Room { layout: vertical; overflow: hidden; }
    Room > .room-body { height: 1fr; width: 1fr; }
    Room > .too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; }
    Room.-too-small > * { display: none; }
    Room.-too-small > .too-small { display: block; }
    """

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: "Fields | None" = None) -> None:
        super().__init__()
        self.parts = parts
        self.batch_id = batch
        """The batch it was opened for; None leaves the choice to the screen."""
        self.fields = fields
        """What compose shall start with."""
        self._pending = ""
        self._turn = asyncio.Lock()
        self._is_reading = False
        self._is_stale = False

    # --- for the screens to fill ------------------------------------------------------------------------

    def heading(self) -> str:
        """Where one is, for the title line; any text."""
        return self.NAME.capitalize()

    def compose_body(self) -> ComposeResult:
        """The widgets between the title line and the keys."""
        yield from ()

    async def read(self) -> None:
        """Re-read the rows that are drawn, and draw them."""

    def foot_keys(self) -> Sequence[Key]:
        """The keys that matter now, the most important first; help is added."""
        return [key for key in self.keymap.keys if key.is_shown]

    # --- for the screens to use -------------------------------------------------------------------------

    @property
    def house(self) -> House:
        """The app, as far as screens know it."""
        return cast(House, self.app)

    @property
    def keymap(self) -> KeyMap:
        """The keys that work here."""
        return self.house.keymap_of(type(self))

    def say(self, message: str, severity: Severity = "information", *, title: str = "") -> None:
        """Tell something in passing; any text."""
        self.app.notify(
            clean(message, 600), title=clean(title, 120), severity=severity, markup=False, timeout=6
        )

    def report(self, error: PodtuiError) -> None:
        """Tell a failure: title, cause, next step."""
        rest = " ".join(part for part in (error.cause, error.next_step) if part)
        if rest:
            self.say(rest, "error", title=error.title)
        else:
            self.say(error.title, "error")

    async def confirm(self, sentence: str, verb: str) -> bool:
        """Ask before something that costs or cannot be undone; ``y`` alone says yes.

        Args:
            sentence: says what will happen, with the count and the sum.
            verb: what ``y`` does, in one or two words.
        """
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()

        def note(said: bool | None) -> None:
            if not answer.done():
                answer.set_result(bool(said))

        await self.app.push_screen(Confirm(sentence, verb), note)
        return await answer

    def go(self, room: str, *, batch: BatchId | None = None, fields: "Fields | None" = None) -> None:
        """Go to another screen."""
        self.post_message(Went(room, batch, fields))

    def retitle(self) -> None:
        """Draw the title line and the keys anew; called after every ``read``."""
        if not self.is_mounted or self.is_left:
            return
        title = self.query_one(TitleLine)
        title.heading = self.heading()
        flags = [
            flag
            for flag, holds in (("DEMO", self.parts.is_demo), ("READONLY", self.parts.is_readonly))
            if holds
        ]
        title.alive = " · ".join(part for part in (self.house.alive.words, *flags) if part)
        foot = self.query_one(Foot)
        foot.pending = self._pending
        foot.keys = self._keys_now()

    def read_again(self) -> None:
        """Have ``read`` run soon; wishes that come while it runs are met by one more run."""
        if self._is_reading:
            self._is_stale = True
            return
        self._is_reading = True
        self.app.run_worker(self._read(), name=f"read {self.NAME}", group="read", exit_on_error=False)

    @contextlib.contextmanager
    def telling(self) -> Iterator[None]:
        """Tell a failure that has words; one without is none where the screen has been left meanwhile.

        Whoever waited for an answer and comes back to a screen that is gone finds its widgets gone.
        """
        try:
            yield
        except PodtuiError as error:
            self.report(error)
        except Exception:
            if not self.is_left:
                raise

    @property
    def is_left(self) -> bool:
        """The screen is gone, or about to be."""
        return not (self.is_attached and self.is_running and self.app.is_running) or self._pruning

    # --- the frame --------------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        """The frame."""
        yield TitleLine()
        with Vertical(classes="room-body"):
            yield from self.compose_body()
        yield Static(classes="too-small")
        yield Foot()

    def _on_mount(self, _: events.Mount) -> None:
        # Textual calls the handlers of each class of the family by itself.
        self.house.news.subscribe(self, self._on_news)
        self.retitle()

    def _on_screen_resume(self, _: events.ScreenResume) -> None:
        self.retitle()
        self.read_again()

    def _on_news(self, _: int) -> None:
        # A hidden screen would repaint the shown one in full; it reads when it comes up.
        if self.app.screen is self:
            self.read_again()

    def on_resize(self, event: events.Resize) -> None:
        """Under the least size say so instead of drawing."""
        width, height = event.size
        is_small = width < NARROWEST or height < SHORTEST
        self.set_class(is_small, "-too-small")
        if is_small:
            words = f"Terminal too small: {width}x{height}; {NARROWEST}x{SHORTEST} is the least."
            self.query_one("Room > .too-small", Static).update(words)

    def _on_descendant_focus(self, _: events.DescendantFocus) -> None:
        self.retitle()

    def _on_descendant_blur(self, _: events.DescendantBlur) -> None:
        self.retitle()

    def _keys_now(self) -> Sequence[Key]:
        """What the line of keys shows: what may follow a begun chord, or the keys that matter now."""
        if self._pending:
            return self.keymap.after(self._pending)
        keys = list(self.foot_keys())
        if self._is_typing:
            return [*(key for key in keys if not is_text(key.keys[0])), _ESCAPE]
        return [*keys[:5], _HELP]

    async def _act(self, action: str, turn: AbstractAsyncContextManager[None]) -> None:
        """Run one action after those before it; a failure that has words is told."""
        async with turn:
            with self.telling():
                await self.run_action(action)

    async def _read(self) -> None:
        try:
            while True:
                self._is_stale = False
                await self._read_once()
                if not self._is_stale or self.is_left:
                    return
        finally:
            self._is_reading = False

    async def _read_once(self) -> None:
        with self.telling():
            await self.read()
            for panel in self.query(".log-panel").results():
                await cast("LogPanel", panel).read(self.parts)
            self.retitle()

    # --- keys -------------------------------------------------------------------------------------------

    def on_key(self, event: events.Key) -> None:
        """Look the key up in the table; letters are text while a text field has the focus."""
        if self._is_typing and (is_text(event.key) or self._field_wants(event.key)):
            return
        pending, self._pending = self._pending, ""
        keymap = self.keymap
        found = keymap.find(event.key, pending)
        if found is None and not pending and keymap.begins(event.key):
            self._pending = event.key
        elif found is None and pending:
            if event.key != "escape":
                self.say(f"{shown(pending)} {shown(event.key)} does nothing here.")
        elif found is None:
            return
        event.stop()
        event.prevent_default()
        if pending or self._pending:
            self.retitle()
        if found is not None:
            self.do(found)

    def on_foot_pressed(self, event: Foot.Pressed) -> None:
        """Do what was clicked."""
        event.stop()
        self._pending = ""
        self.retitle()
        self.do(event.key)

    def do(self, key: Key) -> None:
        """Do what a key does; a slow action does not hold the screen up, and the next one waits for it."""
        name = key.action.partition("(")[0]
        method = getattr(self, f"action_{name}", None) or getattr(self.app, f"action_{name}", None)
        action = key.action if hasattr(self, f"action_{name}") else f"app.{key.action}"
        if method is None:
            return
        # Going elsewhere never waits for what this screen still does.
        turn = self._turn if key.scope != EVERYWHERE else contextlib.nullcontext()
        is_held = key.scope != EVERYWHERE and self._turn.locked()
        if not (inspect.iscoroutinefunction(method) or is_held or "(" in key.action):
            with self.telling():
                method()
            return
        self.app.run_worker(self._act(action, turn), name=key.id, group="keys", exit_on_error=False)

    @property
    def _is_typing(self) -> bool:
        return isinstance(self.focused, Input | TextArea)

    def _field_wants(self, key: str) -> bool:
        """Tell whether the text field edits with this key."""
        field = self.focused
        return field is not None and key in field._bindings.key_to_bindings and key != "escape"

    # --- actions of every screen ------------------------------------------------------------------------

    def action_toggle_log(self) -> None:
        """Show or hide the live log under this screen."""
        panels = self.query(".log-panel")
        if panels:
            panels.remove()
            return
        # Late: events bring more along than the first frame has time for.
        from screens.widgets.log_panel import LogPanel

        self.mount(LogPanel(classes="log-panel"), before=".too-small")
        self.read_again()

    def action_escape(self) -> None:
        """Leave the text field, else go back."""
        if self._is_typing:
            self.set_focus(None)
        else:
            self.do(next(key for key in self.keymap.keys if key.id == "back"))


def keymap_for(room: type[Room], rebound: Sequence[Key]) -> KeyMap:
    """Pick the keys of one screen out of the whole rebound table, its own first."""
    own = {key.id for key in room.KEYS}
    return KeyMap(
        [
            *(key for key in rebound if key.id in own),
            *(key for key in rebound if key.scope == EVERYWHERE and key.id not in own),
        ]
    )
