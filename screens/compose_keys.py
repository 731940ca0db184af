"""The keys of compose: plain Ctrl keys only, as letters are text here."""

from screens.keys import Key


def _key(name: str, key: str, action: str, label: str, tooltip: str, *, is_shown: bool = True) -> Key:
    return Key(f"compose.{name}", (key,), action, label, tooltip, "compose", is_shown)


COMPOSE_KEYS = (
    _key("generate", "ctrl+g", "generate", "generate", "Generate; asks with count, sum and time."),
    _key("history", "ctrl+r", "history", "history", "Search the prompts of the past, and take one."),
    _key("save_preset", "ctrl+o", "save_preset", "save preset", "Keep the fields as your own preset."),
    _key("take_back", "ctrl+t", "take_back", "draft back", "Take the form back that a remix replaced."),
    _key("next", "tab", "", "next field", "Go to the next field; shift+tab goes back.", is_shown=False),
    _key("prompts", "pagedown", "", "prompts", "Scroll the list of prompts; pgup back.", is_shown=False),
)
