"""The terminal, asked before anything is drawn on it: what it is, what pictures it takes, how to leave it.

This module runs before Textual is imported, because Textual reads its environment at import; it imports
neither Textual nor Pillow. Nothing here trusts an answer: a terminal may be silent, slow, cut off in the
middle of a word, or zero columns wide.
"""

import fcntl
import os
import re
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal, Protocol

Protocols = Literal["kitty", "sixel", "iterm2", "halfblock", "off"]
Wish = Literal["auto", "kitty", "sixel", "iterm2", "halfblock", "off"]
"""The setting ``graphics``."""

GUESSED_CELL_PX = (8, 16)
"""The cell that is assumed where a terminal does not tell its own, in pixels."""
KITTY_WITH_PLACEHOLDERS = (0, 28)
"""The first kitty that knows Unicode placeholders; older ones answer the query and draw boxes."""

RESET = (
    b"\x1b[?2026l\x1b[<u\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l"
    b"\x1b[?1004l\x1b[?2004l\x1b[?2048l\x1b[?7h\x1b[0m\x1b[?1049l\x1b[?25h"
)
"""Ends every mode that the screens may have switched on; harmless where they had not."""

ANSWER = re.compile(
    r"\x1b\[[?>][\d;]*c"  # DA1, DA2
    r"|\x1bP>\|[^\x1b\x07]{0,256}(?:\x1b\\|\x07)"  # XTVERSION
    r"|\x1b\[[468];\d+;\d+t"  # sizes in pixels and cells
    r"|\x1b\]1[01];[^\x1b\x07]{0,64}(?:\x1b\\|\x07)"  # colours
    r"|\x1b_G[^\x1b]{0,512}\x1b\\"  # kitty graphics
    r"|\x1b\[\?[\d;]*S"  # XTSMGRAPHICS
    r"|\x1b\[\?\d+u"  # kitty keyboard flags
    r"|\x1b\[\??[03]n"  # status: the receipt
)
"""Every answer a terminal may give to a question of ours; none of them is a key."""

_KITTY_QUERY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_QUERY = b"\x1b[>q\x1b[16t\x1b]11;?\x1b\\"
_FENCE = b"\x1b[c"
_DA1 = re.compile(r"\x1b\[\?([\d;]*)c")
_VERSION = re.compile(r"\x1bP>\|([^\x1b\x07]*)")
_CELL = re.compile(r"\x1b\[6;(\d+);(\d+)t")
_BACKGROUND = re.compile(r"\x1b\]11;rgb:([0-9a-fA-F]{2,4})/([0-9a-fA-F]{2,4})/([0-9a-fA-F]{2,4})")
_KITTY_OK = re.compile(r"\x1b_G[^;\x1b]*i=31[^;\x1b]*;OK\x1b\\")
_UNFINISHED = re.compile(r"\x1b(?:\[[?>\d][\d;]*|P>[^\x1b]*\x1b?|\]1[^\x1b\x07]*\x1b?|_G[^\x1b]*\x1b?)\Z")
_TRUE_COLOUR = frozenset(
    {"kitty", "ghostty", "xterm", "foot", "wezterm", "iterm2", "konsole", "contour", "mintty"}
)
_NUMBERS = re.compile(r"(\d+)\.(\d+)")


@dataclass(frozen=True)
class Tmux:
    """What tmux says of the terminal it is shown on."""

    client: str = ""
    """The outer terminal's name as it gave it, ``kitty(0.41.1)``."""
    features: tuple[str, ...] = ()
    lets_through: bool = False
    """``allow-passthrough`` is on."""


@dataclass(frozen=True)
class Terminal:
    """What was learnt of the terminal; everything may be missing."""

    columns: int = 0
    rows: int = 0
    cell_px: tuple[int, int] | None = None
    """Width and height of one cell in pixels."""
    name: str = ""
    """What XTVERSION said, ``kitty(0.41.1)``."""
    attributes: tuple[int, ...] = ()
    """DA1's numbers; 4 means Sixel."""
    takes_kitty: bool = False
    """It said OK to a kitty graphics query, which old versions do as well."""
    background: tuple[int, int, int] | None = None
    typed_ahead: str = ""
    """Keys that were typed while it was asked."""
    answered: bool = False
    answers: tuple[str, ...] = ()
    """What came back, as it came, for the page that explains the choice."""
    tmux: Tmux | None = None
    """Set inside tmux only."""
    is_screen: bool = False
    """Inside GNU screen, which knows neither pictures nor true colour."""
    is_mosh: bool = False
    """Behind mosh, which draws text only and answers status queries itself."""
    is_colourless: bool = False
    """``NO_COLOR`` is set."""
    is_iterm: bool = False
    """The environment names iTerm2; it sends that through ssh as well."""


@dataclass(frozen=True)
class Graphics:
    """How pictures are drawn, and why."""

    protocol: Protocols
    why: str
    cell_px: tuple[int, int] = GUESSED_CELL_PX
    """Width and height of one cell in pixels."""
    in_tmux: bool = False
    """Kitty's commands are wrapped for tmux, a Sixel picture is sent whole."""
    has_receipts: bool = False
    """A status query is answered by the person's own terminal, so its answer means: painted."""
    color_system: Literal["", "256", "truecolor"] = ""
    """What Textual is told of colours; empty leaves it to find out."""
    asked: Terminal = field(default_factory=Terminal, compare=False)
    """What the choice rests on."""


class Stream(Protocol):
    """The little that is asked of stdin and stdout."""

    def isatty(self) -> bool:
        """Tell whether it is a terminal."""
        ...

    @property
    def encoding(self) -> str | None:
        """The text encoding it was opened with."""
        ...


def unusable_reason(env: Mapping[str, str], stdin: Stream, stdout: Stream) -> str | None:
    """Say why the screens cannot be shown here, or None where they can; writes nothing.

    Args:
        env: the environment.
        stdin: where keys come from.
        stdout: where the program would draw.
    """
    if env.get("TERM", "") in ("", "dumb", "unknown"):
        return "The screens need a full terminal (TERM says there is none); use the commands."
    if not (stdin.isatty() and stdout.isatty()):
        return "The screens need a full terminal (input or output is not one); use the commands."
    encoding = (stdout.encoding or "").lower().replace("-", "").replace("_", "")
    if encoding not in ("utf8", "utf8sig"):
        return f"The terminal is not UTF-8 (it is {encoding or 'unknown'}); set LANG=C.UTF-8 and try again."
    return None


def probe(fd_in: int, fd_out: int, patience_s: float = 1.5, env: Mapping[str, str] = os.environ) -> Terminal:
    """Ask the terminal what it is; typed keys are kept, its modes restored.

    Args:
        fd_in: a descriptor of the terminal to read from.
        fd_out: a descriptor of the terminal to write to.
        patience_s: how long to wait for the answer to the last question, in seconds; once it came, the
            waiting ends. A slow link needs more than one round trip.
        env: the environment.
    """
    columns, rows, cell_px = measure(fd_out)
    found = Terminal(
        columns=columns,
        rows=rows,
        cell_px=cell_px,
        tmux=ask_tmux(env) if env.get("TMUX") else None,
        is_screen="STY" in env,
        is_mosh=_is_under_mosh(),
        is_colourless=bool(env.get("NO_COLOR")),
        is_iterm="iTerm2"
        in (env.get("LC_TERMINAL", ""), env.get("TERM_PROGRAM", "").removesuffix(".app") + "2"),
    )
    if env.get("TERM", "") in ("", "dumb"):
        return found
    return read_answers(_ask(fd_in, fd_out, question(found, env), patience_s), found)


def measure(descriptor: int) -> tuple[int, int, tuple[int, int] | None]:
    """Read columns, rows and the cell's size in pixels from the tty; zeros and None where it is silent."""
    try:
        packed = fcntl.ioctl(descriptor, termios.TIOCGWINSZ, b"\0" * 8)
    except OSError:
        return 0, 0, None
    rows, columns, width, height = struct.unpack("HHHH", packed)
    if not (rows and columns and width and height):
        return columns, rows, None
    return columns, rows, _sane_cell(width // columns, height // rows)


def question(found: Terminal, env: Mapping[str, str]) -> bytes:
    """Put together what is asked: a kitty query only where nobody prints it, and DA1 as the fence."""
    prints_it = found.tmux or found.is_screen or env.get("TERM") == "linux"
    prints_it = prints_it or env.get("TERM_PROGRAM") == "Apple_Terminal"
    if found.is_screen:
        return _FENCE
    return (b"" if prints_it else _KITTY_QUERY) + _QUERY + _FENCE


def read_answers(heard: str, found: Terminal) -> Terminal:
    """Add to ``found`` what the answers in ``heard`` say; what is no answer counts as typed."""
    attributes = _DA1.search(heard)
    version = _VERSION.search(heard)
    cell = _CELL.search(heard)
    ground = _BACKGROUND.search(heard)
    left = ANSWER.sub("", heard)
    return replace(
        found,
        answers=tuple(ANSWER.findall(heard)),
        answered=found.answered or attributes is not None,
        attributes=tuple(int(part) for part in attributes[1].split(";") if part)
        if attributes
        else found.attributes,
        name=version[1] if version else found.name,
        cell_px=found.cell_px or (_sane_cell(int(cell[2]), int(cell[1])) if cell else None),
        takes_kitty=found.takes_kitty or bool(_KITTY_OK.search(heard)),
        background=(int(ground[1][:2], 16), int(ground[2][:2], 16), int(ground[3][:2], 16))
        if ground
        else found.background,
        typed_ahead=found.typed_ahead + _UNFINISHED.sub("", left),
    )


def choose(terminal: Terminal, wish: Wish = "auto") -> Graphics:
    """Decide how pictures are drawn.

    The version decides about kitty, not its answer: Konsole, WezTerm and old kittys answer the query but
    lack the placeholders.

    Args:
        terminal: what the probe found.
        wish: the setting ``graphics``.
    """
    chosen, why = _protocol(terminal) if wish == "auto" else (wish, "the setting says so")
    color_system: Literal["", "256", "truecolor"] = ""
    if terminal.is_screen:
        color_system = "256"
    elif chosen == "kitty" or _has_true_colour(terminal):
        color_system = "truecolor"
    return Graphics(
        protocol=chosen,
        why=why,
        cell_px=terminal.cell_px or GUESSED_CELL_PX,
        in_tmux=terminal.tmux is not None,
        has_receipts=terminal.answered and not (terminal.tmux or terminal.is_screen or terminal.is_mosh),
        color_system=color_system,
        asked=terminal,
    )


def prepare_environment(graphics: Graphics) -> None:
    """Set what Textual reads at its import: colours as the pictures need them, and no animation."""
    if graphics.color_system:
        os.environ["TEXTUAL_COLOR_SYSTEM"] = graphics.color_system
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    os.environ.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")


def reset_terminal(descriptor: int = 2) -> None:
    """Bring a terminal back to its senses without ever waiting for it."""
    try:
        if os.isatty(descriptor) and select.select([], [descriptor], [], 0)[1]:
            os.write(descriptor, RESET)
    except (OSError, ValueError):
        return


def ask_tmux(env: Mapping[str, str], patience_s: float = 1.0) -> Tmux:
    """Ask tmux what it is shown on; an empty answer where it does not tell within ``patience_s`` seconds."""
    words = "#{client_termtype}\n#{client_termfeatures}\n#{allow-passthrough}\n"
    try:
        said = subprocess.run(
            ["tmux", "display-message", "-p", words],
            capture_output=True,
            timeout=patience_s,
            check=False,
            env=dict(env),
            stdin=subprocess.DEVNULL,
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError):
        return Tmux()
    lines = [*said.splitlines(), "", "", ""]
    return Tmux(lines[0].strip(), tuple(lines[1].split(",")), lines[2].strip() in ("on", "all", "1", "2"))


def _protocol(terminal: Terminal) -> tuple[Protocols, str]:
    """Choose by what is known, the surest first."""
    if terminal.is_screen:
        return "halfblock", "GNU screen shows text only"
    if terminal.is_mosh:
        return "halfblock", "mosh carries text only"
    name = _outer_name(terminal)
    program, version = _version(name)
    takes_placeholders = program == "ghostty" or (program == "kitty" and version >= KITTY_WITH_PLACEHOLDERS)
    if takes_placeholders and terminal.is_colourless:
        return "halfblock", "NO_COLOR is set, and kitty's pictures are placed by colour"
    if terminal.tmux is not None:
        return _protocol_in_tmux(terminal, terminal.tmux, takes_placeholders)
    if takes_placeholders:
        return "kitty", f"the terminal is {name}"
    if program == "kitty":
        return "halfblock", f"{name} is older than 0.28 and knows no placeholders"
    if program == "iterm2" or terminal.is_iterm:
        return "iterm2", "the terminal is iTerm2"
    if 4 in terminal.attributes:
        return "sixel", "the terminal says it takes Sixel"
    return "halfblock", "it named no picture protocol" if terminal.answered else "it did not answer"


def _protocol_in_tmux(terminal: Terminal, tmux: Tmux, takes_placeholders: bool) -> tuple[Protocols, str]:
    """Choose inside tmux: by the outer terminal's name, as its answers do not come through."""
    if takes_placeholders:
        if tmux.lets_through:
            return "kitty", f"tmux on {tmux.client}, passthrough is on"
        return "halfblock", f"tmux on {tmux.client}: 'set -g allow-passthrough on' gives full pictures"
    is_kitty = _version(tmux.client)[0] == "kitty"
    if "sixel" in tmux.features and 4 in terminal.attributes and not is_kitty:
        return "sixel", "tmux says it takes Sixel"
    return "halfblock", "inside tmux, which shows text only here"


def _has_true_colour(terminal: Terminal) -> bool:
    """Tell by its name whether the terminal has 24-bit colour: ssh does not carry COLORTERM."""
    if terminal.tmux is not None:
        return "RGB" in terminal.tmux.features
    program, _ = _version(terminal.name)
    return program in _TRUE_COLOUR or terminal.is_iterm


def _outer_name(terminal: Terminal) -> str:
    """Name the terminal the person looks at, through tmux."""
    return terminal.name if terminal.tmux is None else terminal.tmux.client


def _version(name: str) -> tuple[str, tuple[int, int]]:
    """Split ``kitty(0.41.1)`` or ``ghostty 1.1.3`` into a lower-case program and its version."""
    program = re.split(r"[(\s]", name.strip(), maxsplit=1)[0].lower()
    numbers = _NUMBERS.search(name)
    return program.removeprefix("xterm-"), (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _sane_cell(width: int, height: int) -> tuple[int, int] | None:
    """Believe a cell of 2 to 200 pixels."""
    return (width, height) if 2 <= width <= 200 and 2 <= height <= 200 else None


def _is_under_mosh(limit: int = 12) -> bool:
    """Look for mosh-server among the parents; it leaves no mark in the environment (Linux only)."""
    pid = os.getppid()
    for _ in range(limit):
        try:
            stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
        except OSError:
            return False
        if stat.partition("(")[2].rpartition(")")[0] == "mosh-server":
            return True
        parent = stat.rpartition(")")[2].split()
        pid = int(parent[1]) if len(parent) > 1 else 0
        if pid <= 1:
            return False
    return False


def _ask(fd_in: int, fd_out: int, words: bytes, patience_s: float) -> str:
    """Write the question and read until the fence's answer, in raw mode without losing a key."""
    try:
        before = termios.tcgetattr(fd_in)
    except termios.error:
        return ""
    raw = termios.tcgetattr(fd_in)
    raw[0] &= ~(termios.ICRNL | termios.INLCR | termios.IXON)
    raw[3] &= ~(termios.ICANON | termios.ECHO | termios.IEXTEN)
    raw[6][termios.VMIN], raw[6][termios.VTIME] = 1, 0
    until = time.monotonic() + patience_s
    heard = bytearray()
    try:
        termios.tcsetattr(fd_in, termios.TCSANOW, raw)
        if not select.select([], [fd_out], [], patience_s)[1]:
            return ""
        os.write(fd_out, words)
        while (left_s := until - time.monotonic()) > 0 and len(heard) < 65_536:
            if not select.select([fd_in], [], [], left_s)[0]:
                break
            piece = os.read(fd_in, 4096)
            if not piece:
                break
            heard += piece
            if _DA1.search(heard.decode("utf-8", "replace")):
                break
    except OSError:
        pass
    finally:
        termios.tcsetattr(fd_in, termios.TCSANOW, before)
    return heard.decode("utf-8", "replace")
