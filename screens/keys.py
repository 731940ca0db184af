"""The table of keys: footer, help, command palette and README are made from it."""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from podtui.errors import SettingsError
from podtui.text import clean

EVERYWHERE = "everywhere"
"""The scope of keys that work on every screen."""


@dataclass(frozen=True)
class Key:
    """One thing a person can do by key."""

    id: str
    """``review.approve``: under this name it is rebound in the settings."""
    keys: tuple[str, ...]
    """Textual's key names; two with a blank between are a chord, ``g c``."""
    action: str
    """What is called on the screen, else on the app: ``approve`` is ``action_approve``.

    Empty where the focused widget does it by itself.
    """
    label: str
    """One or two words, for the footer."""
    tooltip: str
    """One sentence, for the help."""
    scope: str = EVERYWHERE
    is_shown: bool = False
    """It may stand in the footer."""

    @property
    def shown(self) -> str:
        """The first key as people read it: ``?``, ``^g``, ``g c``."""
        return shown(self.keys[0]) if self.keys else ""

    @property
    def all_shown(self) -> str:
        """Every key as people read it."""
        return "  ".join(shown(key) for key in self.keys)


KEYS_EVERYWHERE: tuple[Key, ...] = (
    Key("help", ("question_mark",), "show_keys", "keys", "Show the keys that work now."),
    Key("palette", ("colon", "ctrl+p"), "show_commands", "commands", "Open the command palette."),
    Key("go.compose", ("g c",), "go('compose')", "compose", "Go to compose."),
    Key("go.progress", ("g w",), "go('progress')", "watch", "Watch the running batch, or the newest."),
    Key("go.review", ("g r",), "go('review')", "review", "Go to the review."),
    Key("go.library", ("g b",), "go('library')", "batches", "Go to all batches."),
    Key("go.settings", ("g s",), "go('settings')", "settings", "Go to the settings."),
    Key("go.log", ("g l",), "go('log')", "log", "Go to the log."),
    Key("screen.previous", ("left_square_bracket",), "step(-1)", "previous", "Go to the previous screen."),
    Key("screen.next", ("right_square_bracket",), "step(1)", "next", "Go to the next screen."),
    Key("back", ("q",), "back", "back", "Go back; at the top, q again quits."),
    Key("escape", ("escape",), "escape", "leave", "Leave the text field, what is open, the screen."),
    Key("log.panel", ("L",), "toggle_log", "log", "Show or hide the live log."),
    Key("repaint", ("ctrl+l",), "repaint", "repaint", "Repaint, and ask the terminal again what it can."),
    Key("suspend", ("ctrl+z",), "suspend_process", "suspend", "Suspend podtui; fg brings it back."),
)
"""What works on every screen."""

_WORDS = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "at": "@",
    "asterisk": "*",
    "semicolon": ";",
    "full_stop": ".",
    "comma": ",",
    "apostrophe": "'",
    "equals_sign": "=",
    "plus": "+",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "space": "space",
    "escape": "esc",
    "enter": "enter",
    "backspace": "bksp",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left": "←",
    "right": "→",
    "up": "↑",
    "down": "↓",
}
_SIGNS = {sign: name for name, sign in _WORDS.items() if len(sign) == 1 and sign.isascii()}
_NAMED = frozenset(_WORDS) | {"tab", "shift+tab", "home", "end", "delete", "insert"}
_PLAIN = re.compile(r"[A-Za-z0-9]|ctrl\+[a-z]|f([1-9]|1[0-2])")
_NEVER = frozenset({"ctrl+a", "ctrl+b", "ctrl+c", "ctrl+q", "ctrl+s"})
"""tmux, screen and flow control take these away."""


def shown(key: str) -> str:
    """Write a key as people read it."""
    return " ".join(
        _WORDS.get(part, f"^{part[5:]}" if part.startswith("ctrl+") else part) for part in key.split()
    )


def is_text(key: str) -> bool:
    """Tell whether a text field takes this key for itself; then it never acts."""
    return not (key.startswith("ctrl+") or key in ("escape", "f1"))


class KeyMap:
    """The keys of one screen, rebound and ready to be looked up."""

    def __init__(self, keys: Sequence[Key]) -> None:
        self.keys = tuple(keys)
        self._by_key = {key: entry for entry in reversed(self.keys) for key in entry.keys if entry.action}
        self._firsts = {key.split()[0] for key in self._by_key if " " in key}

    def find(self, key: str, pending: str = "") -> Key | None:
        """What a key does, after ``pending`` where a chord was begun."""
        return self._by_key.get(f"{pending} {key}" if pending else key)

    def begins(self, key: str) -> bool:
        """Tell whether a key begins a chord."""
        return key in self._firsts

    def after(self, pending: str) -> tuple[Key, ...]:
        """What may follow the begun chord."""
        found = {
            id(entry): entry
            for key, entry in self._by_key.items()
            if key.split()[0] == pending and " " in key
        }
        return tuple(entry for entry in self.keys if id(entry) in found)


def rebind(keys: Iterable[Key], wishes: Mapping[str, str]) -> tuple[Key, ...]:
    """Apply the settings' ``keys`` to every key of the program.

    Args:
        keys: every key of every screen.
        wishes: action id to key; several keys with commas between.

    Raises:
        SettingsError: an unknown id or key, or a clash, which is told with both names.
    """
    table = tuple(keys)
    known = {key.id: key for key in table}
    for name in wishes:
        if name not in known or not known[name].action:
            near = difflib.get_close_matches(name, [key.id for key in table if key.action], n=1)
            hint = f"Did you mean {near[0]}?" if near else "The help (?) lists every action."
            raise SettingsError(
                f"keys: there is no action {clean(name, 60)}", "It stands in the settings file.", hint
            )
    rebound = tuple(
        replace(key, keys=_read(wishes[key.id], key.id)) if key.id in wishes else key for key in table
    )
    if wishes:
        refuse_clashes(rebound)
    return rebound


def refuse_clashes(keys: Sequence[Key]) -> None:
    """Look for two actions on one key where both would work.

    Raises:
        SettingsError: names both.
    """
    for at, first in enumerate(keys):
        for second in keys[at + 1 :]:
            if first.id == second.id or not _share_a_screen(first, second):
                continue
            if clash := _clash(first, second):
                raise SettingsError(
                    f"keys: {first.id} and {second.id} are both on {shown(clash)}",
                    f"Both would work on the same screen ({_narrower(first, second)}).",
                    "Give one of them another key in the settings file.",
                )


def _share_a_screen(first: Key, second: Key) -> bool:
    return EVERYWHERE in (first.scope, second.scope) or first.scope == second.scope


def _narrower(first: Key, second: Key) -> str:
    return second.scope if first.scope == EVERYWHERE else first.scope


def _clash(first: Key, second: Key) -> str:
    """The key on which two actions meet; a chord's first key alone meets the chord."""
    for one in first.keys:
        for other in second.keys:
            if one == other or one == other.split()[0] or other == one.split()[0]:
                return one
    return ""


def _read(wish: str, name: str) -> tuple[str, ...]:
    """Read what a person wrote: ``f``, ``ctrl+g``, ``?``, ``g x``, several with commas between."""
    keys = tuple(
        " ".join(_name(part, name) for part in key.split()) for key in wish.split(",") if key.strip()
    )
    if not keys or any(len(key.split()) > 2 for key in keys):
        raise SettingsError(f"keys: {name} needs one key, or a chord of two", "", 'As in "f" or "g x".')
    return keys


def _name(part: str, name: str) -> str:
    key = _SIGNS.get(part, part)
    if key in _NEVER:
        raise SettingsError(f"keys: {key} cannot be given to {name}", "The terminal takes it away.")
    if key not in _NAMED and not _PLAIN.fullmatch(key):
        raise SettingsError(
            f"keys: {clean(part, 20)} is no key that survives SSH",
            f"It was given to {name}.",
            "Letters, digits, ctrl+letter and names such as space, enter, slash do.",
        )
    return key
