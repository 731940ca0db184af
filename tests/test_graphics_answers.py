"""The filter before Textual's parser, and what of Textual it leans on."""

import asyncio
import inspect
from collections.abc import Iterator
from time import monotonic

import pytest
from textual import constants, events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver
from textual.drivers._writer_thread import MAX_QUEUED_WRITES, WriterThread
from textual.message import Message

from screens.graphics import answers
from screens.graphics.answers import AnswerFilter, TerminalAnswer

ANSWERS = [
    "\x1b[?62;4;22c",
    "\x1b[>41;379;0c",
    "\x1bP>|kitty(0.41.1)\x1b\\",
    "\x1b[6;17;8t",
    "\x1b[4;600;800t",
    "\x1b]11;rgb:0000/1111/2222\x1b\\",
    "\x1b]11;rgb:0000/1111/2222\x07",
    "\x1b_Gi=31;OK\x1b\\",
    "\x1b_Gi=31;ENOTSUPPORTED:a long word of why it is not supported here\x1b\\",
    "\x1b[?2;0;800;600S",
    "\x1b[?5u",
    "\x1b[0n",
]


@pytest.fixture
def installed() -> Iterator[None]:
    before = {name: vars(linux_driver)[name] for name in ("XTermParser", "getincrementaldecoder")}
    answers.install()
    yield
    vars(linux_driver).update(before)


def keys(messages: list[Message]) -> list[str]:
    return [message.key for message in messages if isinstance(message, events.Key)]


def expire(parser: AnswerFilter) -> list[Message]:
    """Let the escape delay pass."""
    parser._held_until = 0.0
    if parser._timeout_time is not None:
        parser._timeout_time = 0.0
    return list(parser.tick())


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_is_told_and_never_typed(answer: str) -> None:
    parser = AnswerFilter()
    messages = list(parser.feed("a" + answer + "b"))
    assert keys(messages) == ["a", "b"]
    assert [m.text for m in messages if isinstance(m, TerminalAnswer)] == [answer]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_cut_anywhere_is_put_together(answer: str) -> None:
    for at in range(1, len(answer)):
        parser = AnswerFilter()
        messages = [*parser.feed("a" + answer[:at]), *parser.feed(answer[at:] + "b")]
        assert keys(messages) == ["a", "b"], at
        assert any(isinstance(message, TerminalAnswer) for message in messages)


def test_an_answer_that_comes_one_character_at_a_time_is_put_together() -> None:
    parser = AnswerFilter()
    messages = [message for character in "".join(ANSWERS) for message in parser.feed(character)]
    assert keys(messages) == []
    assert len(messages) == len(ANSWERS)


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("\x1b", ["escape"]),
        ("\x1b[A", ["up"]),
        ("\x1b[6~", ["pagedown"]),
        ("\x1b[4~", ["end"]),
        ("\x1bOP", ["f1"]),
        ("\x1b[27u", ["escape"]),
        ("fdz?;c", ["f", "d", "z", "question_mark", "semicolon", "c"]),
    ],
)
def test_keys_pass(typed: str, names: list[str]) -> None:
    parser = AnswerFilter()
    assert keys([*parser.feed(typed), *expire(parser), *expire(parser)]) == names
    for at in range(1, len(typed)):
        if typed.startswith("\x1b["):
            parser = AnswerFilter()
            assert keys([*parser.feed(typed[:at]), *parser.feed(typed[at:]), *expire(parser)]) == names


def test_a_lone_escape_waits_no_longer_than_without_the_filter() -> None:
    parser = AnswerFilter()
    assert keys(list(parser.feed("\x1b"))) == []
    assert parser._held_until - constants.ESCAPE_DELAY <= monotonic()
    assert keys(expire(parser)) == ["escape"]


def test_what_was_held_and_is_no_answer_is_let_go() -> None:
    parser = AnswerFilter()
    assert list(parser.feed("\x1b_Gi=31")) == []
    assert keys(expire(parser))
    assert keys(list(parser.feed("f"))) == ["f"]


def test_reports_that_textual_reads_itself_reach_it() -> None:
    messages = list(AnswerFilter().feed("\x1b[12;7R\x1b[?2026;2$y\x1b[<0;3;4M\x1b[200~pasted\x1b[201~"))
    names = [type(message).__name__ for message in messages]
    assert names == ["CursorPosition", "TerminalSupportsSynchronizedOutput", "MouseDown", "Paste"]


def test_keys_typed_before_the_screens_ran_are_typed_first(installed: None) -> None:
    answers.install("jj")
    parser = AnswerFilter()
    assert keys([*parser.tick(), *parser.feed("f"), *parser.tick()]) == ["j", "j", "f"]


async def test_receipts_go_to_the_oldest_query(installed: None) -> None:
    first, second = answers.expect_receipt(), answers.expect_receipt()
    parser = AnswerFilter()
    list(parser.feed("\x1b[0n"))
    assert await asyncio.wait_for(first, 5)
    assert not second.done()
    list(parser.feed("\x1b[0n"))
    assert await asyncio.wait_for(second, 5)


def test_p18_bytes_that_are_no_text_become_replacement_characters(installed: None) -> None:
    decode = vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode
    assert decode(b"a\xe9b\xff\xfe") == "a\ufffdb\ufffd\ufffd"
    assert decode("ä".encode()[:1]) == ""
    assert decode("ä".encode()[1:]) == "ä"


def test_textual_still_builds_its_parser_and_decoder_by_the_names_that_are_replaced(installed: None) -> None:
    assert answers.is_installed()
    source = inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    assert "parser = XTermParser(self._debug)" in source
    assert 'getincrementaldecoder("utf-8")().decode' in source
    assert "tick()" in source


def test_textual_still_types_answers_as_keys_without_the_filter() -> None:
    parser = XTermParser()
    messages = list(parser.feed("\x1b[?62;4c"))
    parser._timeout_time = 0.0
    assert keys([*messages, *parser.tick()])


def test_the_writers_queue_is_what_the_painter_counts() -> None:
    assert MAX_QUEUED_WRITES == 30
    with open("/dev/null", "w", encoding="utf-8") as file:
        assert WriterThread(file)._queue.qsize() == 0
    assert "_writer_thread" in inspect.getsource(linux_driver.LinuxDriver.__init__)
    assert "stop_application_mode" in inspect.getsource(linux_driver.LinuxDriver.suspend_application_mode)
