"""The sanitising door: untrusted text in, safe plain text out.

Prompts, worker errors, HTTP bodies, file names and everything else that a person or a service wrote
passes ``clean`` before it is drawn. The door knows nothing of Textual; markup is the screens' affair.
"""

import re

_CUT = "…"

# C1 controls, bidirectional controls, line and paragraph separators, byte order mark, lone surrogates,
# zero-width characters that hide text, and the placeholder character of the kitty graphics protocol,
# which could show another picture.
_REPLACED = re.compile(
    "[\u0080-\u009f\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2064\u2066-\u2069"
    "\ufeff\ufff9-\ufffb\ud800-\udfff\U0010eeee]"
)
_DROPPED = re.compile("[\U000e0000-\U000e007f]")
_STACKED = re.compile(
    r"([\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe20-\ufe2f]{4})[\u0300-\u036f\u1ab0-\u1aff\u20d0-\u20ff\ufe20-\ufe2f]+"
)
_C0 = {code: chr(0x2400 + code) for code in range(0x20)} | {0x0A: "⏎", 0x09: " ", 0x7F: "\u2421"}


def clean(text: str, limit: int = 2000) -> str:
    """Return ``text`` as one safe line: no control, bidi or hidden character survives.

    Args:
        text: anything a person or a service wrote.
        limit: the longest result in characters; what is longer is cut with an ellipsis.
    """
    if len(text) > limit:
        text = text[: max(0, limit - 1)] + _CUT
    text = text.replace("\r\n", "\n").translate(_C0)
    text = _DROPPED.sub("", _REPLACED.sub("\ufffd", text))
    return _STACKED.sub(r"\1", text)


def clean_lines(text: str, limit: int = 20_000) -> str:
    """Clean a text of several lines and keep its line breaks."""
    return "\n".join(clean(line, limit) for line in text[:limit].splitlines())


def has_surrogate(text: str) -> bool:
    """Tell whether the text holds a lone surrogate, which no database takes."""
    return any("\ud800" <= character <= "\udfff" for character in text)


def shorten(text: str, width: int) -> str:
    """Cut a cleaned text to ``width`` characters, with an ellipsis where something is missing."""
    text = clean(text, max(width, 1))
    return text if len(text) <= width else text[: width - 1] + _CUT


def short_id(value: str) -> str:
    """Show an id by its kind and first digits: ``batch_3f9a…``."""
    value = clean(value, 64)
    kind, _, digits = value.partition("_")
    return f"{kind}_{digits[:4]}{_CUT}" if len(digits) > 5 else value


def money(microdollars: int | None) -> str:
    """Read an amount with its currency: ``$0.06``, ``$0.011``, ``unknown``."""
    if microdollars is None:
        return "unknown"
    dollars = microdollars / 1_000_000
    return f"${dollars:.3f}" if 0 < dollars < 0.1 and round(dollars, 2) != dollars else f"${dollars:.2f}"


def duration(seconds: float) -> str:
    """Read a length of time: ``0:41``, ``2:40``, ``1:02:05``."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, rest = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
