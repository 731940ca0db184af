"""Texts that want to be more than text: every screen shows them as they are and lives on."""

from typing import Any

from textual.app import App
from textual.content import Content

MARKUP = (
    "[/red]",
    "[0]",
    "[/",
    "[@click=app.quit]x[/]",
    "[#gg0000]",
    "x\\",
    "[bold",
    "[/]",
    "[nope]y[/nope]",
    "[b]bold[/b]",
    "[link='https://example.com']x[/link]",
    "[@click='screen.dismiss(True)']y[/]",
    "[red on",
    "[[]]",
    "\\[b]",
    "{a|b} [masterpiece:1.2]",
    "[on #fff]x",
    "$primary [$primary]",
    "[/@click][@]",
)
"""What the markup of Textual and Rich would read (fault I1)."""

ESCAPES = (
    "\x1b[31mred",
    "\x1b[2J",
    "\x1b[6n",
    "\x1b]0;title\x07",
    "\x1b]8;;https://example.com\x1b\\link",
    "\x1b]52;c;ZWNobw==\x1b\\",
    "\x1bPq#0;2;0;0;0\x1b\\",
    "\x1b_Gi=1,a=d\x1b\\",
    "\x9b31m",
    "\x9d0;title\x9c",
    "bell\x07",
    "back\x08\x08",
    "over\rwritten",
    "shift\x0eout\x0f",
    "nul\x00",
    "del\x7f",
    "\x1b[?1049l\x1bc",
)
"""What a terminal would obey (fault I2)."""

HIDDEN = (
    "\u202eright to left",
    "\u2066isolated\u2069",
    "\ufeffmark",
    "line\u2028line",
    "tag\U000e0041",
    "\U0010eeee\u0305",
)
"""What the eye would not see, or see wrongly (fault I3); a lone surrogate no store takes."""

LONG = "very long prompt " * 588
"""10,000 characters (fault I4)."""

ALL = (*MARKUP, *ESCAPES, *HIDDEN, LONG[:10_000])

BUNDLES = (*MARKUP[:4], *(" ".join(part) for part in (MARKUP[4:], ESCAPES, HIDDEN)), LONG[:10_000])
"""The same in fewer texts, where each costs a walk through a screen."""

_RAW = frozenset(chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))) | frozenset(
    "\u202e\u2066\u2069\ufeff\u2028\U000e0041\U0010eeee"
)


def raw_characters(app: App[Any]) -> set[str]:
    """The characters on the screen that a terminal or the eye would obey; empty where all is well."""
    drawn = "".join(
        segment.text
        for strip in app.screen._compositor.render_strips()
        for segment in strip
        if not segment.control
    )
    return set(drawn) & _RAW


def is_plain(content: Content) -> bool:
    """Tell whether a content holds nothing but text: no style, no link, no action."""
    return not content.spans
