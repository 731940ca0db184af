"""The terminal: asked through a real pty, chosen for, refused, restored."""

import io
import os
import pty
import subprocess
import sys
import termios
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from podtui import terminal
from podtui.terminal import ANSWER, Graphics, Terminal, Tmux, choose, probe, read_answers, unusable_reason

DA1 = b"\x1b[?62;4c"
KITTY = b"\x1b_Gi=31;OK\x1b\\\x1bP>|kitty(0.41.1)\x1b\\\x1b[6;17;8t\x1b]11;rgb:1111/2222/3333\x1b\\\x1b[?62;c"
ENV = {"TERM": "xterm-256color"}


class Player:
    """Plays a terminal: waits for the question's end and answers with what it was given."""

    def __init__(self, answer: bytes) -> None:
        self.master, self.slave = pty.openpty()
        self.heard = b""
        self._answer = answer
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()

    def _play(self) -> None:
        while not self.heard.endswith(b"\x1b[c"):
            try:
                self.heard += os.read(self.master, 4096)
            except OSError:
                return
        for at in range(0, len(self._answer), 7):
            os.write(self.master, self._answer[at : at + 7])

    def close(self) -> None:
        os.close(self.slave)
        os.close(self.master)


@pytest.fixture
def play() -> Iterator[type[Player]]:
    made: list[Player] = []

    class Kept(Player):
        def __init__(self, answer: bytes) -> None:
            super().__init__(answer)
            made.append(self)

    yield Kept
    for player in made:
        player.close()


def test_a_kitty_is_recognised_by_its_name(play: type[Player]) -> None:
    player = play(KITTY)
    found = probe(player.slave, player.slave, 5, ENV)
    assert (found.name, found.cell_px, found.attributes) == ("kitty(0.41.1)", (8, 17), (62,))
    assert found.takes_kitty and found.answered
    assert found.background == (0x11, 0x22, 0x33)
    assert found.typed_ahead == ""
    assert choose(found).protocol == "kitty"


def test_keys_typed_meanwhile_are_kept_and_answers_are_not_among_them(play: type[Player]) -> None:
    player = play(b"jj" + KITTY[:40] + KITTY[40:].replace(b"\x1b[?62;c", b"f\x1b[?62;c"))
    found = probe(player.slave, player.slave, 5, ENV)
    assert found.typed_ahead == "jjf"


def test_a_silent_terminal_is_plain_and_what_was_cut_is_no_key(play: type[Player]) -> None:
    player = play(b"k\x1b_Gi=31;O")
    found = probe(player.slave, player.slave, 0.3, ENV)
    assert not found.answered
    assert found.typed_ahead == "k"
    assert choose(found).protocol == "halfblock"


def test_the_modes_of_the_tty_are_as_before(play: type[Player]) -> None:
    player = play(DA1)
    before = termios.tcgetattr(player.slave)
    probe(player.slave, player.slave, 5, ENV)
    assert termios.tcgetattr(player.slave) == before


def test_the_pixel_size_of_the_tty_comes_first(play: type[Player]) -> None:
    player = play(KITTY)
    termios.tcsetwinsize(player.slave, (24, 80))
    import fcntl
    import struct

    fcntl.ioctl(player.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 800, 480))
    found = probe(player.slave, player.slave, 5, ENV)
    assert (found.columns, found.rows, found.cell_px) == (80, 24, (10, 20))


def test_p14_a_terminal_of_no_columns_is_survived(play: type[Player]) -> None:
    player = play(DA1)
    found = probe(player.slave, player.slave, 5, ENV)
    assert (found.columns, found.cell_px) == (0, None)
    assert choose(found).cell_px == terminal.GUESSED_CELL_PX


def test_what_is_no_tty_is_not_asked(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"")
    with path.open("r+b") as file:
        found = probe(file.fileno(), file.fileno(), 5, ENV)
    assert not found.answered
    assert path.read_bytes() == b""


def test_no_kitty_query_where_it_would_be_printed(play: type[Player]) -> None:
    for env in ({"TERM": "screen", "STY": "1"}, {"TERM": "linux"}, ENV | {"TERM_PROGRAM": "Apple_Terminal"}):
        player = play(DA1)
        probe(player.slave, player.slave, 5, env)
        assert player.heard and b"\x1b_G" not in player.heard


def test_p15_a_terminal_that_is_none_gets_not_one_escape(play: type[Player]) -> None:
    player = play(DA1)
    os.set_blocking(player.master, False)
    assert not probe(player.slave, player.slave, 5, {"TERM": "dumb"}).answered
    assert player.heard == b""


@pytest.mark.parametrize(
    ("said", "protocol"),
    [
        (Terminal(name="kitty(0.41.1)"), "kitty"),
        (Terminal(name="kitty(0.28.0)"), "kitty"),
        (Terminal(name="kitty(0.26.5)", takes_kitty=True), "halfblock"),
        (Terminal(name="ghostty 1.1.3"), "kitty"),
        (Terminal(name="iTerm2 3.5.10", attributes=(62, 4)), "iterm2"),
        (Terminal(is_iterm=True), "iterm2"),
        (Terminal(name="WezTerm 20240203", attributes=(65, 4), takes_kitty=True), "sixel"),
        (Terminal(name="Konsole 23", attributes=(62, 1, 4), takes_kitty=True), "sixel"),
        (Terminal(name="XTerm(379)", attributes=(63, 4)), "sixel"),
        (Terminal(attributes=(64,), takes_kitty=True), "halfblock"),
        (Terminal(name="kitty(0.41.1)", is_colourless=True), "halfblock"),
        (Terminal(name="kitty(0.41.1)", is_mosh=True), "halfblock"),
        (Terminal(attributes=(4,), is_screen=True), "halfblock"),
        (Terminal(tmux=Tmux("kitty(0.41.1)", ("RGB",), True)), "kitty"),
        (Terminal(tmux=Tmux("kitty(0.41.1)", ("RGB", "sixel"), False), attributes=(4,)), "halfblock"),
        (Terminal(tmux=Tmux("kitty(0.26.5)", ("sixel",), True), attributes=(4,)), "halfblock"),
        (Terminal(tmux=Tmux("XTerm(379)", ("RGB", "sixel"), True), attributes=(1, 2, 4)), "sixel"),
        (Terminal(tmux=Tmux("XTerm(379)", ("RGB",), True), attributes=(1, 2)), "halfblock"),
        (Terminal(tmux=Tmux()), "halfblock"),
        (Terminal(), "halfblock"),
    ],
)
def test_the_protocol_follows_from_what_is_known(said: Terminal, protocol: str) -> None:
    chosen = choose(replace(said, answered=True))
    assert chosen.protocol == protocol
    assert chosen.why


@pytest.mark.parametrize("wish", ["kitty", "sixel", "iterm2", "halfblock", "off"])
def test_the_setting_wins(wish: terminal.Wish) -> None:
    assert choose(Terminal(name="kitty(0.41.1)", is_mosh=True), wish).protocol == wish


def test_receipts_are_trusted_only_from_the_persons_own_terminal() -> None:
    assert choose(Terminal(answered=True)).has_receipts
    for other in (Terminal(), Terminal(answered=True, tmux=Tmux()), Terminal(answered=True, is_mosh=True)):
        assert not choose(other).has_receipts


def test_kitty_needs_true_colour_and_screen_must_not_have_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEXTUAL_ANIMATIONS", raising=False)
    for said, colours in ((Terminal(name="kitty(0.41.1)"), "truecolor"), (Terminal(is_screen=True), "256")):
        monkeypatch.setenv("TEXTUAL_COLOR_SYSTEM", "auto")
        monkeypatch.delenv("TEXTUAL_SMOOTH_SCROLL", raising=False)
        terminal.prepare_environment(choose(said))
        assert os.environ["TEXTUAL_COLOR_SYSTEM"] == colours
        assert os.environ["TEXTUAL_SMOOTH_SCROLL"] == "0"
        assert os.environ["TEXTUAL_ANIMATIONS"] == "none"


class FakeStream(io.StringIO):
    def __init__(self, is_tty: bool = True, encoding: str | None = "utf-8") -> None:
        super().__init__()
        self._is_tty, self._encoding = is_tty, encoding

    def isatty(self) -> bool:
        return self._is_tty

    @property
    def encoding(self) -> str | None:  # type: ignore[override]
        return self._encoding


@pytest.mark.parametrize("term", ["", "dumb", "unknown", None])
def test_p15_no_full_terminal_is_refused(term: str | None) -> None:
    reason = unusable_reason({} if term is None else {"TERM": term}, FakeStream(), FakeStream())
    assert reason is not None and "needs a full terminal" in reason.replace("need a", "needs a")


@pytest.mark.parametrize("encoding", ["ANSI_X3.4-1968", "iso8859-1", "latin-1", "cp1252", None, ""])
def test_p17_a_terminal_that_is_not_utf8_is_refused(encoding: str | None) -> None:
    reason = unusable_reason(ENV, FakeStream(), FakeStream(encoding=encoding))
    assert reason is not None and "not UTF-8" in reason


@pytest.mark.parametrize("streams", [(False, True), (True, False), (False, False)])
def test_p19_input_or_output_that_is_no_tty_is_refused(streams: tuple[bool, bool]) -> None:
    assert unusable_reason(ENV, FakeStream(streams[0]), FakeStream(streams[1])) is not None


def test_a_full_terminal_is_taken() -> None:
    for encoding in ("utf-8", "UTF-8", "utf8", "UTF8"):
        assert unusable_reason(ENV, FakeStream(), FakeStream(encoding=encoding)) is None


def test_resetting_never_waits_and_ends_every_mode(play: type[Player]) -> None:
    player = play(b"")
    terminal.reset_terminal(player.slave)
    os.write(player.slave, b"\x1b[c")
    player._thread.join(5)
    assert player.heard.startswith(terminal.RESET)
    os.set_blocking(player.slave, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(player.slave, b"x" * 4096)
    terminal.reset_terminal(player.slave)
    terminal.reset_terminal(-1)


def test_what_is_no_answer_is_left_alone() -> None:
    keys = "abc\x1b[A\x1b[6~\x1b[27u\x1b[97;5u\x1bOP\x1b[<0;3;4M\x1b[12;7R\x1b[?2026;2$y\x1b[I"
    assert ANSWER.sub("", keys) == keys
    assert read_answers(keys, Terminal()).typed_ahead == keys


def test_hostile_answers_are_survived() -> None:
    for heard in (
        "\x1b[6;0;0t",
        "\x1b[6;99999;99999t",
        "\x1bP>|" + "x" * 5000,
        "\x1b]11;rgb:/\x1b\\",
        "\x1b[?;;;c",
    ):
        assert choose(read_answers(heard, Terminal())).protocol == "halfblock"


def test_tmux_that_hangs_or_is_missing_says_nothing(tmp_path: Path) -> None:
    assert terminal.ask_tmux({"PATH": str(tmp_path)}, 1) == Tmux()


def test_neither_textual_nor_pillow_is_imported() -> None:
    words = (
        "import sys, podtui.terminal; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'textual', 'PIL', 'rich'}))"
    )
    run = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


def test_graphics_of_two_terminals_that_draw_alike_are_equal() -> None:
    assert Graphics("kitty", "a", asked=Terminal()) == Graphics("kitty", "a", asked=Terminal(columns=3))
