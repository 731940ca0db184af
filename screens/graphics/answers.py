"""The filter before Textual's parser: the terminal's answers never become keys.

Textual 8.2.8 types DA1, XTVERSION, sizes and kitty's OK as keys, one a character. Its Linux driver builds the
parser by its module's name, so a subclass put there sees all input first. The same module's UTF-8 decoder
ends the app on a byte that is no UTF-8 (Textualize/textual#6456); it is given ``errors="replace"``.
"""

import asyncio
import codecs
import re
import threading
from collections import deque
from collections.abc import Callable, Iterable
from time import monotonic
from typing import ClassVar

from textual import constants
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.message import Message

from podtui.terminal import ANSWER

STATUS_QUERY = "\x1b[5n"
"""Asks whether the terminal is well; its answer comes when everything before it was drawn."""
_STATUS = re.compile(r"\x1b\[\??[03]n")
_CUT = re.compile(
    r"\x1b(?:\[(?:[?>][\d;]*|[0468]?|[468];\d*|[468];\d+;\d*)"
    r"|P(?:>(?:\|[^\x1b\x07]{0,256}\x1b?)?)?|\](?:1(?:[01](?:;[^\x1b\x07]{0,64}\x1b?)?)?)?"
    r"|_(?:G[^\x1b]{0,512}\x1b?)?)?\Z"
)
"""The beginning of what may yet become an answer, at the end of what was read."""

_was_answered = threading.Event()
_receipts: deque[tuple[asyncio.AbstractEventLoop, "asyncio.Future[bool]"]] = deque()


class TerminalAnswer(Message):
    """The terminal answered a question that was asked while the screens run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        """The answer as it came, one whole sequence."""


class AnswerFilter(XTermParser):
    """Textual's parser behind a sieve that takes answers out and holds back the cut ones."""

    typed_ahead: ClassVar[str] = ""
    """Keys from before the screens ran; the first parser types them."""

    def __init__(self, debug: bool = False) -> None:
        super().__init__(debug)
        self._held = ""
        self._held_until = 0.0

    def feed(self, data: str) -> Iterable[Message]:
        """Parse what was read, without the answers in it; an empty text ends the input.

        Args:
            data: what was read.
        """
        if not data:
            yield from self._release()
            yield from super().feed("")
            return
        data = self._held + data
        self._held = ""
        for answer in ANSWER.findall(data):
            if _STATUS.fullmatch(answer):
                _receive()
            yield TerminalAnswer(answer)
        data = ANSWER.sub("", data)
        if (cut := _CUT.search(data)) is not None:
            self._held, data = data[cut.start() :], data[: cut.start()]
            self._held_until = monotonic() + constants.ESCAPE_DELAY
        if data:
            yield from super().feed(data)

    def tick(self) -> Iterable[Message]:
        """Let go of what was held for an answer that did not come."""
        early, AnswerFilter.typed_ahead = AnswerFilter.typed_ahead, ""
        if early:
            yield from self.feed(early)
        if self._held and monotonic() >= self._held_until:
            yield from self._release()
        yield from super().tick()

    def _release(self) -> Iterable[Message]:
        """Hand what was held to the parser as the keys it was; it has waited long enough already."""
        held, self._held = self._held, ""
        if held:
            yield from super().feed(held)
            self._timeout_time = 0.0 if self._timeout_time is not None else None
            yield from super().tick()


def install(typed_ahead: str = "") -> None:
    """Put the filter and the patient decoder into Textual's Linux driver.

    Args:
        typed_ahead: keys that were typed while the terminal was probed; they are typed first.
    """
    AnswerFilter.typed_ahead = typed_ahead
    vars(linux_driver).update(XTermParser=AnswerFilter, getincrementaldecoder=patient_decoder)


def patient_decoder(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    """Stand in for ``codecs.getincrementaldecoder``: bytes that are no text become U+FFFD.

    Args:
        encoding: the name of the encoding.
    """

    def build() -> codecs.IncrementalDecoder:
        return codecs.getincrementaldecoder(encoding)(errors="replace")

    return build


def is_installed() -> bool:
    """Tell whether answers are taken out before they become keys."""
    return vars(linux_driver).get("XTermParser") is AnswerFilter


def has_receipts() -> bool:
    """Tell whether a status query was ever answered."""
    return _was_answered.is_set()


def expect_receipt() -> "asyncio.Future[bool]":
    """Note that a status query is about to be written; answers come in order, so the oldest gets the next."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[bool] = loop.create_future()
    _receipts.append((loop, future))
    return future


def _receive() -> None:
    """Hand the oldest query its answer; runs in the driver's input thread."""
    _was_answered.set()
    if _receipts:
        loop, future = _receipts.popleft()
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, future)


def _settle(future: "asyncio.Future[bool]") -> None:
    if not future.done():
        future.set_result(True)
