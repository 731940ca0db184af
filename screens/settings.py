"""The settings: what is set, from where, what is missing, and a test of the connection."""

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, Static

from podtui.errors import SettingsError
from podtui.paths import settings_file
from podtui.pulse import read_pulse
from podtui.settings import Origin, Settings, origins, write_file
from podtui.spawn import runner_alive
from podtui.text import clean, shorten
from screens.asking import look_at_endpoint, look_words
from screens.base import Room
from screens.keys import Key
from screens.safe import safe
from screens.settings_table import (
    GROUPS,
    Item,
    differing,
    git_folder,
    typed,
    value_words,
    variable_of,
)


class SettingsScreen(Room):
    """Groups on the left, on the right each value with where it came from."""

    NAME = "settings"
    CSS_PATH = "settings.tcss"
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key(
            "settings.edit",
            ("enter", "e"),
            "edit",
            "change",
            "Change the value; it goes into the file.",
            "settings",
            True,
        ),
        Key(
            "settings.unset", ("u",), "unset", "default", "Take the value out of the file.", "settings", True
        ),
        Key(
            "settings.test",
            ("t",),
            "test",
            "test connection",
            "Ask the endpoint how it is.",
            "settings",
            True,
        ),
        Key(
            "settings.setup",
            ("s",),
            "setup",
            "set-up",
            "Go through the guided set-up again.",
            "settings",
            True,
        ),
        Key("settings.down", ("j", "down"), "move(1)", "down", "Go to the next value.", "settings"),
        Key("settings.up", ("k", "up"), "move(-1)", "up", "Go to the value before.", "settings"),
        Key(
            "settings.right",
            ("l", "right", "tab"),
            "group(1)",
            "next group",
            "Go to the next group.",
            "settings",
        ),
        Key(
            "settings.left",
            ("h", "left", "shift+tab"),
            "group(-1)",
            "group before",
            "Go to the group before.",
            "settings",
        ),
    )

    _settings: Settings | None = None
    _origins: Mapping[str, Origin] = MappingProxyType({})
    _others: tuple[str, ...] = ()
    """Settings with which the runner works otherwise."""
    _trouble = ""
    _group = 0
    _row = 0
    _test: tuple[str, str] = ("", "")
    """What the test says, and its class."""

    def compose_body(self) -> ComposeResult:
        """Groups, values, and what there is to say about the one under the cursor."""
        yield Static(classes="notices")
        with Horizontal(classes="columns"):
            yield Static(classes="groups")
            yield Static(classes="values")
        with Vertical(classes="about"):
            yield Static(classes="words")
            yield Input(classes="edit", select_on_focus=False)
            yield Static(classes="wrong")
            yield Static(classes="test")

    async def read(self) -> None:
        """Read the settings anew, and what the runner works with."""
        try:
            self._settings = await asyncio.to_thread(self.parts.load_settings)
            self._origins = await asyncio.to_thread(origins, self._settings)
            self._trouble = ""
        except SettingsError as error:
            self._settings, self._trouble = None, str(error)
        pulse = await asyncio.to_thread(read_pulse, self.parts.library.root)
        alive = await asyncio.to_thread(runner_alive, self.parts.library)
        self._others = differing(self._settings, pulse if alive else None) if self._settings else ()
        self._draw()

    @property
    def item(self) -> Item:
        """The setting under the cursor."""
        return GROUPS[self._group][1][self._row]

    # --- drawing ----------------------------------------------------------------------------------------

    def _draw(self) -> None:
        self.query_one(".notices", Static).update(self._notices())
        self.query_one(".groups", Static).update(self._groups())
        self.query_one(".values", Static).update(self._values())
        about = Content.assemble(
            f"{self.item.words}\n",
            (f"{variable_of(self.item.name)} in the environment wins over the file.", "$muted"),
        )
        self.query_one(".words", Static).update(about)
        words, style = self._test
        self.query_one(".test", Static).update(Content.styled(clean(words, 600), style) if words else "")

    def _notices(self) -> Content:
        lines: list[tuple[str, str]] = []
        path = settings_file()
        if self._trouble:
            lines.append((f"✗ {clean(self._trouble, 600)}\n", "$text-error"))
        if self._settings is not None and not self.parts.is_demo:
            lines += [(f"! missing  {words}\n", "$text-warning") for words in self._settings.missing]
        if self._others:
            names = ", ".join(self._others)
            said = f"! The runner works with other settings than this session: {names}."
            lines.append((f"{said} podtui runner stop, then come back.\n", "$text-warning"))
        if folder := git_folder(path):
            said = f"! The settings lie in a git repository ({clean(str(folder), 200)})"
            lines.append((f"{said}: keep the key out of commits.\n", "$text-warning"))
        lines.append((clean(str(path), 300), "$muted"))
        return Content.assemble(*lines)

    def _groups(self) -> Content:
        parts = []
        for at, (title, _) in enumerate(GROUPS):
            is_here = at == self._group
            parts.append((f"{'▸' if is_here else ' '} {title}\n", "bold $text-accent" if is_here else ""))
        return Content.assemble(*parts)

    def _values(self) -> Content:
        width = max(20, self.query_one(".values", Static).content_size.width)
        parts: list[tuple[str, str]] = []
        for at, item in enumerate(GROUPS[self._group][1]):
            value = value_words(self._settings, item) if self._settings else ""
            origin = self._origins[item.name].value if self._settings else ""
            is_here = at == self._row
            shown = shorten(value, width - 24) if value else "not set"
            style = "bold" if is_here else ""
            parts.append(
                (f"{'▸' if is_here else ' '} {item.label:<12}", f"{style} $text-accent" if is_here else "")
            )
            parts.append((shown, style if value else "$muted"))
            parts.append((" " * max(1, width - 22 - len(shown)) + f"{origin:>7}\n", "$muted"))
        return Content.assemble(*parts)

    # --- moving -----------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Go to another value."""
        self._row = max(0, min(self._row + by, len(GROUPS[self._group][1]) - 1))
        self._draw()

    def action_group(self, by: int) -> None:
        """Go to another group."""
        at = max(0, min(self._group + by, len(GROUPS) - 1))
        if at != self._group:
            self._group, self._row = at, 0
            self._draw()

    # --- changing ---------------------------------------------------------------------------------------

    def action_edit(self) -> None:
        """Open the value under the cursor for typing."""
        if not self._may_change():
            return
        if self.item.name == "keys":
            self.say('Keys are written in the file: [keys] then review.approve = "f,p". ? lists the names.')
            return
        field = self.query_one(Input)
        field.password = self.item.is_secret
        field.value = (
            "" if self.item.is_secret or not self._settings else value_words(self._settings, self.item)
        )
        field.cursor_position = len(field.value)
        field.placeholder = (
            "paste the key; enter keeps it, esc leaves" if self.item.is_secret else "empty: as it comes"
        )
        self.query_one("Static.wrong", Static).update("")
        self.add_class("-editing")
        field.focus()

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """Write the value into the file, unless it is wrong."""
        event.stop()
        if self.item.is_secret and not event.value.strip():
            self._stop_editing()
            return
        try:
            await self._write(typed(self.item, event.value))
        except SettingsError as error:
            self.query_one("Static.wrong", Static).update(safe(f"✗ {error}", 400))
            return
        self._stop_editing()

    async def action_unset(self) -> None:
        """Take the value out of the file."""
        if self._may_change():
            await self._write(None)

    def action_escape(self) -> None:
        """Leave the field without a change, else go back."""
        if self.has_class("-editing"):
            self._stop_editing()
        else:
            super().action_escape()

    def _may_change(self) -> bool:
        """Say why a value cannot be changed here, where that is so."""
        if self.parts.is_readonly:
            self.say("This podtui only looks (--readonly).", "warning")
        elif self._settings is not None and self._origins[self.item.name] is Origin.ENV:
            self.say(f"It comes from the environment: change {variable_of(self.item.name)} there.", "warning")
        else:
            return True
        return False

    async def _write(self, value: str | int | None) -> None:
        await asyncio.to_thread(write_file, {self.item.name: value})
        if self.item.name == "theme":
            self.app.theme = str(value) if value in self.app.available_themes else self.app.theme
        self._test = ("", "")
        self.read_again()

    def _stop_editing(self) -> None:
        self.remove_class("-editing")
        field = self.query_one(Input)
        field.value = ""
        self.set_focus(None)

    # --- testing ----------------------------------------------------------------------------------------

    def action_test(self) -> None:
        """Have the runner ask the endpoint how it is, and show the answer when it comes."""
        self._test = ("◔ asking …", "$muted")
        self._draw()
        # Beside the other keys: the answer may take half a minute.
        self.app.run_worker(self._ask(), name="look", group="look", exclusive=True, exit_on_error=False)

    async def _ask(self) -> None:
        with self.telling():
            words, is_well = look_words(await look_at_endpoint(self.parts))
            self._test = (words, "$text-success" if is_well else "$text-error")
            self._draw()

    def action_setup(self) -> None:
        """Go to the guided set-up."""
        self.go("setup")
