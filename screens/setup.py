"""The first run: who makes the images, what that needs, and a test."""

import asyncio
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from podtui.errors import BadInput, SettingsError
from podtui.paths import settings_file
from podtui.settings import write_file
from podtui.text import clean
from screens.asking import look_at_endpoint, look_words
from screens.base import Room
from screens.keys import Key
from screens.safe import safe

_WAYS = (
    ("runpod", "RunPod serverless", "a key and an endpoint; 1 to 25 images a batch"),
    ("comfyui", "A ComfyUI of your own", "its address; one image at a time"),
    ("demo", "The demo", "no key, nothing to pay: a pretend cloud on this machine"),
)
_ASKS = {
    "runpod": (
        "1. Make a key: runpod.io → Settings → API Keys. It is stored in a file that only you can read.\n"
        "2. Take the id of your serverless endpoint, or paste any address of it.",
        ("Key", "rpa_…"),
        ("Endpoint", "the id, or https://api.runpod.ai/v2/…"),
    ),
    "comfyui": ("Where does your ComfyUI listen?", ("Address", "http://127.0.0.1:8188"), None),
}


class SetupScreen(Room):
    """Three choices, at most two fields, one test."""

    NAME = "setup"
    CSS_PATH = "setup.tcss"
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("setup.take", ("enter",), "take", "choose", "Take what is marked, or go on.", "setup", True),
        Key("setup.down", ("j", "down"), "move(1)", "down", "Mark the next.", "setup", True),
        Key("setup.up", ("k", "up"), "move(-1)", "up", "Mark the one before.", "setup", True),
        Key("setup.first", ("1",), "pick(0)", "RunPod", "Set up RunPod.", "setup"),
        Key("setup.second", ("2",), "pick(1)", "ComfyUI", "Set up a ComfyUI.", "setup"),
        Key("setup.third", ("3",), "pick(2)", "demo", "Leave, and start the demo.", "setup"),
        Key("setup.again", ("e",), "again", "correct", "Correct what was typed.", "setup"),
    )

    _at = 0
    _step = "choose"
    """``choose``, ``type``, ``test`` or ``done``."""

    def heading(self) -> str:
        """Where one is."""
        return "Set-up"

    def compose_body(self) -> ComposeResult:
        """One text, two fields, one line about how it went."""
        with Vertical(classes="page"):
            yield Static(classes="intro")
            for name in ("first", "second"):
                yield Static(classes=f"label {name}")
                yield Input(classes=name)
            yield Static(classes="outcome")

    async def read(self) -> None:
        """Nothing here comes from the library."""
        self._draw()

    @property
    def way(self) -> str:
        """Who is being set up."""
        return _WAYS[self._at][0]

    def _draw(self) -> None:
        is_typing = self._step != "choose"
        self.set_class(is_typing, "-typing")
        self.set_class(is_typing and self.way == "runpod", "-two")
        self.query_one(".intro", Static).update(self._asked() if is_typing else self._choices())

    def _choices(self) -> Content:
        parts: list[tuple[str, str]] = [
            ("Welcome to podtui.\n", "bold $text-primary"),
            ("From one prompt to pictures you can print. Who makes the images?\n\n", ""),
        ]
        for at, (_, title, words) in enumerate(_WAYS):
            is_here = at == self._at
            parts.append(
                (f"{'▸' if is_here else ' '} {at + 1}  {title}\n", "bold $text-accent" if is_here else "")
            )
            parts.append((f"     {words}\n\n", "$muted"))
        parts.append(
            (
                "The environment works too: RUNPOD_API_KEY and RUNPOD_ENDPOINT_ID, or COMFYUI_API_URL.\n",
                "$muted",
            )
        )
        parts.append((f"What you choose is written to {clean(str(settings_file()), 200)}", "$muted"))
        return Content.assemble(*parts)

    def _asked(self) -> Content:
        intro, first, second = _ASKS[self.way]
        for name, asked in (("first", first), ("second", second)):
            if asked is not None:
                self.query_one(f"Static.{name}", Static).update(safe(asked[0]))
                self.query_one(f"Input.{name}", Input).placeholder = asked[1]
        return Content.assemble((f"{_WAYS[self._at][1]}\n\n", "bold $text-primary"), intro)

    # --- choosing ---------------------------------------------------------------------------------------

    def action_move(self, by: int) -> None:
        """Mark another."""
        if self._step == "choose":
            self._at = max(0, min(self._at + by, len(_WAYS) - 1))
            self._draw()

    def action_pick(self, at: int) -> None:
        """Take one by its number."""
        if self._step == "choose":
            self._at = at
            self.action_take()

    def action_take(self) -> None:
        """Take what is marked; after the test, go on to compose."""
        if self._step == "done":
            self.go("compose")
        elif self._step == "choose":
            if self.way == "demo":
                self.app.exit("demo")
                return
            self._step = "type"
            self._draw()
            self.query_one("Input.first", Input).password = self.way == "runpod"
            self.query_one("Input.first", Input).focus()

    def action_again(self) -> None:
        """Back into the fields."""
        if self._step == "done":
            self._step = "type"
            self.query_one("Input.first", Input).focus()

    def action_escape(self) -> None:
        """Back to the choice, else out."""
        if self._step in ("type", "done"):
            self._step = "choose"
            self.query_one(".outcome", Static).update("")
            self.set_focus(None)
            self._draw()
        elif self._step == "choose":
            super().action_escape()

    # --- typing and testing -----------------------------------------------------------------------------

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        """From the first field to the second, from the last to the test."""
        event.stop()
        if event.input.has_class("first") and self.way == "runpod":
            self.query_one("Input.second", Input).focus()
            return
        self.app.run_worker(self._keep_and_test(), name="set-up", group="keys", exit_on_error=False)

    async def _keep_and_test(self) -> None:
        try:
            await asyncio.to_thread(write_file, self._typed())
        except (SettingsError, BadInput) as error:
            self._outcome(f"✗ {error}", "$text-error")
            return
        self._step = "test"
        self.set_focus(None)
        self._outcome("◔ Written. Asking how it is …", "$muted")
        with self.telling():
            words, is_well = look_words(await look_at_endpoint(self.parts))
            self._step = "done"
            self._outcome(
                f"{words}\n\nenter composes the first batch     e corrects what was typed",
                "$text-success" if is_well else "$text-error",
            )

    def _typed(self) -> dict[str, str | int | float | dict[str, str] | None]:
        """What is written into the file.

        Raises:
            BadInput: a field is empty.
        """
        first = self.query_one("Input.first", Input).value.strip()
        second = self.query_one("Input.second", Input).value.strip()
        if self.way == "comfyui":
            if not first:
                raise BadInput("The address is needed", "", "As in http://127.0.0.1:8188")
            return {"comfyui_api_url": first, "backend": "comfyui"}
        if not (first and second):
            raise BadInput("Both are needed: the key and the endpoint")
        return {"runpod_api_key": first, "runpod_endpoint_id": second, "backend": None}

    def _outcome(self, words: str, style: str) -> None:
        lines = "\n".join(clean(line, 400) for line in words.split("\n"))
        self.query_one(".outcome", Static).update(Content.styled(lines, style))
