from hypothesis import given
from hypothesis import strategies as st

from podtui.text import clean, duration, has_surrogate, money, short_id, shorten


@given(st.text(max_size=300))
def test_nothing_that_steers_a_terminal_survives(text: str) -> None:
    cleaned = clean(text)
    assert all(character >= " " and character != "\x7f" for character in cleaned)
    assert not any("\x80" <= character <= "\x9f" for character in cleaned)
    assert not has_surrogate(cleaned)
    assert "\U0010eeee" not in cleaned


@given(st.text(max_size=300))
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_escape_bidi_and_hidden_characters_are_shown_or_replaced() -> None:
    assert clean("\x1b]52;c;AAAA\x07") == "␛]52;c;AAAA␇"
    assert clean("a\nb\tc\x7f") == "a⏎b c␡"
    assert clean("\u202egnp.exe\u2066x\ufeff") == "\ufffdgnp.exe\ufffdx\ufffd"
    assert clean("ok\U000e0041") == "ok"


def test_long_text_is_cut_with_an_ellipsis() -> None:
    assert clean("x" * 50, 10) == "x" * 9 + "…"
    assert shorten("abcdef", 4) == "abc…"
    assert shorten("abcd", 4) == "abcd"


def test_ids_money_and_time_read_well() -> None:
    assert short_id("batch_3f9a12345678") == "batch_3f9a…"
    assert [money(value) for value in (None, 0, 60_000, 11_000, 1_234_567)] == [
        "unknown",
        "$0.00",
        "$0.06",
        "$0.011",
        "$1.23",
    ]
    assert [duration(value) for value in (0, 41, 160, 3725)] == ["0:00", "0:41", "2:40", "1:02:05"]
