"""The painter and the picture in a pty that plays kitty or a Sixel terminal: what really reaches it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

PROGRAM = """
import sys
from pathlib import Path
from textual.app import App
from textual.widgets import Label
from textual.screen import ModalScreen
from podtui import terminal
graphics = terminal.choose(terminal.probe(0, 2, 5))
terminal.prepare_environment(graphics)
from screens.graphics import answers
from screens.widgets.picture import Picture
answers.install()
first, second = Path(sys.argv[1]), Path(sys.argv[2])

class Dialog(ModalScreen):
    def compose(self):
        yield Label("DIALOG")

class Small(App):
    BINDINGS = [("a", "show(0)", ""), ("b", "show(1)", ""), ("m", "dialog", ""), ("q", "quit", "")]
    def __init__(self):
        super().__init__()
        self.graphics = graphics
    def compose(self):
        yield Picture(first)
        yield Label("status", id="status")
    def action_show(self, n):
        self.query_one(Picture).show((first, second)[n])
    def action_dialog(self):
        self.push_screen(Dialog())
    def on_picture_seen(self, message):
        self.query_one("#status").update("SEEN-" + message.source.stem)
    def on_key(self, event):
        self.query_one("#status").update("KEY-" + event.key)

Small().run()
"""


class Screen:
    """Runs the program in a pty and answers its questions as a terminal would."""

    def __init__(self, name: str, attributes: str, arguments: list[str], env: dict[str, str]) -> None:
        self.heard = b""
        self._answered = 0
        self._name, self._attributes = name, attributes
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 80, 640, 480))
        self.process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *arguments], stdin=slave, stdout=slave, stderr=slave, env=env
        )
        os.close(slave)

    def wait_for(self, is_there: Callable[[bytes], object], limit_s: float = 30) -> bytes:
        """Read and answer until the condition holds."""
        until = time.monotonic() + limit_s
        while not is_there(self.heard):
            assert time.monotonic() < until, self.heard[-2000:]
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.heard += os.read(self.master, 65_536)
                except OSError:
                    break
                self._answer()
        return self.heard

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def _answer(self) -> None:
        """Answer in order what was asked since the last time."""
        for question in re.finditer(rb"\x1b\[>q|\x1b\[c|\x1b\[5n", self.heard):
            if question.end() > self._answered:
                self._answered = question.end()
                answers = {
                    "q": f"\x1bP>|{self._name}\x1b\\",
                    "c": f"\x1b[?{self._attributes}c",
                    "n": "\x1b[0n",
                }
                self.press(answers[chr(question[0][-1])])

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self.master)


Starter = Callable[[str, str], Screen]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    sources = []
    for number, name in enumerate(("first", "second")):
        path = tmp_path / f"{name}.webp"
        Image.radial_gradient("L").resize((640, 768)).rotate(90 * number).save(path)
        sources.append(str(path))
    made: list[Screen] = []

    def begin(name: str, attributes: str) -> Screen:
        env = {"TERM": "xterm-256color", "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}
        env["PYTHONPATH"] = str(Path(__file__).parent.parent)
        made.append(Screen(name, attributes, sources, env))
        return made[-1]

    yield begin
    for screen in made:
        screen.close()


def test_kitty_is_sent_a_picture_once_and_forgets_all_at_the_end(start: Starter) -> None:
    screen = start("kitty(0.41.1)", "62")
    screen.wait_for(lambda heard: b"SEEN-first" in heard)
    screen.press("b")
    screen.wait_for(lambda heard: b"SEEN-second" in heard)
    before = len(screen.heard)
    screen.press("a")
    screen.wait_for(lambda heard: b"SEEN-first" in heard[before:])
    again = screen.heard[before:]
    assert b"\x1b_G" not in again
    assert "\U0010eeee".encode() in again
    assert len(again) <= 20_000
    screen.press("q")
    screen.wait_for(lambda heard: heard.rfind(b"\x1b[?1049l") > 0)
    ids = set(re.findall(rb"a=T[^;]*,i=(\d+)", screen.heard))
    ended = screen.heard.rindex(b"\x1b[?1049l")
    gone = set(re.findall(rb"a=d,d=I,i=(\d+)", screen.heard[:ended]))
    assert len(ids) == 2 and gone == ids
    assert all(b"q=2" in head or b"a=q" in head for head in re.findall(rb"\x1b_G([^;\x1b]*)", screen.heard))


def test_going_back_while_the_next_picture_is_under_way_shows_the_first_again(start: Starter) -> None:
    screen = start("kitty(0.41.1)", "62")
    screen.wait_for(lambda heard: b"SEEN-first" in heard)
    before = len(screen.heard)
    for _ in range(5):
        screen.press("ba")
    screen.press("b")
    screen.wait_for(lambda heard: b"SEEN-second" in heard[before:])
    before = len(screen.heard)
    screen.press("a")
    screen.wait_for(lambda heard: b"SEEN-first" in heard[before:] and "\U0010eeee".encode() in heard[before:])


def test_a_late_answer_types_nothing(start: Starter) -> None:
    screen = start("kitty(0.41.1)", "62")
    screen.wait_for(lambda heard: b"SEEN-first" in heard)
    screen.press("\x1b[?62;4c\x1bP>|kitty(0.41.1)\x1b\\\x1b_Gi=31;OK\x1b\\")
    screen.press("x")
    screen.wait_for(lambda heard: b"KEY-x" in heard)
    assert re.findall(rb"KEY-(\w+)", screen.heard) == [b"x"]


def test_p18_bytes_that_are_no_text_do_not_end_the_program(start: Starter) -> None:
    screen = start("none", "62")
    screen.wait_for(lambda heard: b"SEEN-first" in heard)
    os.write(screen.master, b"\xe9\xff\xfe")
    screen.press("x")
    screen.wait_for(lambda heard: b"KEY-x" in heard)
    assert screen.process.poll() is None


def test_sixel_is_blanked_below_a_dialog(start: Starter) -> None:
    screen = start("XTerm(379)", "63;4")
    heard = screen.wait_for(lambda heard: b"SEEN-first" in heard)
    assert heard.count(b"\x1bP0;1q") >= 10
    before = len(heard)
    screen.press("m")
    screen.wait_for(lambda heard: b"DIALOG" in heard[before:])
    screen.press("x")
    assert b"\x1bP" not in screen.heard[before:]


def test_a_terminal_without_pictures_gets_half_blocks_and_no_graphics(start: Starter) -> None:
    screen = start("plain", "62")
    heard = screen.wait_for(lambda heard: b"SEEN-first" in heard)
    assert "▀".encode() in heard
    assert b"\x1bP0" not in heard and b"a=T" not in heard
