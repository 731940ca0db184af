"""Our two themes: calm grounds, one accent, and states that differ in lightness as well as in colour."""

from textual.theme import Theme

DARK = Theme(
    name="podtui-dark",
    primary="#7aa2d6",
    secondary="#8f9bb3",
    accent="#e0af68",
    foreground="#d5d9e2",
    background="#14161b",
    surface="#1a1d24",
    panel="#20242c",
    success="#8fbf7f",
    warning="#e0af68",
    error="#e07a78",
    dark=True,
    variables={
        "block-cursor-text-style": "none",
        "border": "#3a404d",
        "border-blurred": "#2a2f39",
        "muted": "#8a91a0",
    },
)
LIGHT = Theme(
    name="podtui-light",
    primary="#2f5f9e",
    secondary="#5b6472",
    accent="#96600a",
    foreground="#23272f",
    background="#f7f6f3",
    surface="#efeeea",
    panel="#e6e4df",
    success="#3b7a2e",
    warning="#96600a",
    error="#b3372f",
    dark=False,
    variables={
        "block-cursor-text-style": "none",
        "border": "#c9c6be",
        "border-blurred": "#dcd9d2",
        "muted": "#6a6f79",
    },
)
OURS = (DARK, LIGHT)
DEFAULTS = {"muted": "#8a8f98"}
"""Our own variables where a theme of Textual's does not set them.

``$muted`` is for quiet words inside a text: ``$text-muted`` is relative to its ground, which a span has not.
"""
