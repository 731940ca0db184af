"""Leaving in a real terminal: by signal, over a stalled link, after a fault; and where no screen is shown."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from pathlib import Path

import pytest

DA1 = b"\x1b[?62;22c"
"""What a plain terminal answers."""
RUN = "import sys; from podtui.app import run_app; sys.exit(run_app(is_readonly=True))"
FAULT = (
    "import sys\nfrom podtui import app\nfrom podtui.shell import PodtuiApp\n"
    "def fail(self):\n    canary = 'rpa_CANARYCANARY1234'\n    raise ValueError('broke')\n"
    "PodtuiApp._retitle = fail\nsys.exit(app.run_app(is_readonly=True))"
)
PATIENCE_S = 40.0


class Terminal:
    """A pseudo terminal with podtui in it."""

    def __init__(self, home: Path, code: str = RUN, **changes: str) -> None:
        self.tty, inner = pty.openpty()
        fcntl.ioctl(self.tty, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        kept = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        surroundings = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "PODTUI_HOME": str(home)}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=inner,
            stdout=inner,
            stderr=inner,
            start_new_session=True,
            env=kept | surroundings | changes,
        )
        os.close(inner)
        self.said = b""

    @property
    def code(self) -> int | None:
        """How it has left."""
        return self.process.returncode

    def read(self, until: Callable[[], bool]) -> bool:
        """Read, and answer what a terminal answers, until a condition holds; False where it never does."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            if until():
                return True
            if select.select([self.tty], [], [], 0.05)[0]:
                try:
                    piece = os.read(self.tty, 65_536)
                except OSError:  # the other end is closed
                    return self.wait() and until()
                if b"\x1b[c" in piece:
                    os.write(self.tty, DA1)
                self.said += piece
            else:
                self.look()
        return until()

    def look(self) -> bool:
        """Tell whether it has left."""
        return self.process.poll() is not None

    def wait(self) -> bool:
        """Wait, without reading, until it has left."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end and not self.look():
            select.select([], [], [], 0.02)
        return self.look()

    def close(self) -> None:
        """End it whatever it does."""
        self.process.kill()
        self.process.wait()
        os.close(self.tty)


def opened(home: Path, code: str = RUN) -> Terminal:
    terminal = Terminal(home, code)
    assert terminal.read(lambda: b"Set-up" in terminal.said), terminal.said[-2000:]
    return terminal


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT])
def test_p2_a_signal_restores_the_terminal_and_leaves_with_128_and_its_number(
    tmp_path: Path, number: signal.Signals
) -> None:
    terminal = opened(tmp_path)
    try:
        os.kill(terminal.process.pid, number)
        assert terminal.read(terminal.look)
        assert terminal.code == 128 + number
        left = terminal.said.rfind(b"\x1b[?1049l")
        assert left > terminal.said.rfind(b"\x1b[?1049h")
        for mode in (b"?1000", b"?1003", b"?1006", b"?2004", b"?1004"):
            assert terminal.said.rfind(b"\x1b[" + mode + b"l") > terminal.said.rfind(
                b"\x1b[" + mode + b"h"
            ), mode
        assert terminal.said.rfind(b"\x1b[?25h") > terminal.said.rfind(b"\x1b[?25l")
    finally:
        terminal.close()


def test_p4_over_a_stalled_link_sigterm_still_leaves(tmp_path: Path) -> None:
    terminal = opened(tmp_path)
    try:
        # Nobody reads from here on: resizing makes it draw until the pseudo terminal is full.
        for columns in (200, 199) * 40:
            fcntl.ioctl(terminal.tty, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
            select.select([], [], [], 0.02)
        os.kill(terminal.process.pid, signal.SIGTERM)
        assert terminal.wait()
        assert terminal.code == 128 + signal.SIGTERM
    finally:
        terminal.close()


def test_p20_s7_a_fault_in_the_app_says_one_sentence_and_exits_1(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, FAULT)
    try:
        assert terminal.read(terminal.look)
        assert terminal.code == 1
        after = terminal.said[terminal.said.rfind(b"\x1b[?1049l") :]
        assert b"podtui has a fault: ValueError" in after
        assert b"CANARY" not in terminal.said and b"Traceback" not in terminal.said
        assert b"CANARY" not in (tmp_path / "logs" / "podtui.log").read_bytes()
    finally:
        terminal.close()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TERM": "dumb"}, b"full terminal"),
        ({"TERM": ""}, b"full terminal"),
        ({"PYTHONIOENCODING": "latin-1"}, b"UTF-8"),
    ],
)
def test_p15_p17_where_no_screen_can_be_shown_nothing_is_drawn(
    tmp_path: Path, changes: dict[str, str], words: bytes
) -> None:
    terminal = Terminal(tmp_path, **changes)
    try:
        assert terminal.read(terminal.look)
        assert terminal.code == 2
        assert words in terminal.said
        assert b"\x1b" not in terminal.said
    finally:
        terminal.close()


def test_an_idle_app_writes_nothing_to_the_terminal(tmp_path: Path) -> None:
    terminal = opened(tmp_path)
    try:
        terminal.read(lambda: not select.select([terminal.tty], [], [], 1.0)[0])
        quiet_from = time.monotonic()
        terminal.read(
            lambda: bool(select.select([terminal.tty], [], [], 0)[0]) or time.monotonic() - quiet_from > 3
        )
        assert not select.select([terminal.tty], [], [], 0)[0]
    finally:
        terminal.close()
