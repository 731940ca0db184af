"""The keys of the progress screen."""

from screens.keys import Key


def _key(name: str, keys: tuple[str, ...], action: str, label: str, tooltip: str) -> Key:
    return Key(f"progress.{name}", keys, action, label, tooltip, "progress")


PROGRESS_KEYS = (
    _key("left", ("h", "left"), "tile_left", "image before", "Tell of the image before."),
    _key("right", ("l", "right"), "tile_right", "next image", "Tell of the next image."),
    _key("review", ("enter",), "review", "review", "Look at the pictures of this batch."),
    _key("settle", ("U",), "settle", "settle unsure", "Send an unsure image again, give it up, or wait."),
    _key("retry", ("R",), "retry", "retry failed", "Make what failed again: same slot, same seed; asks."),
    _key("stop", ("S",), "stop", "stop", "Stop after the image that is being made; again: go on."),
    _key("cancel", ("X",), "cancel", "cancel", "Cancel the batch now; asks."),
    _key("search", ("slash",), "search", "search", "Search the log."),
    _key("next_hit", ("n",), "hit(1)", "next hit", "Go to the next hit of the search."),
    _key("previous_hit", ("N",), "hit(-1)", "previous hit", "Go to the previous hit of the search."),
    _key("follow", ("o",), "follow", "follow", "Keep the newest line of the log in sight, or not."),
    _key("level", ("m",), "level", "level", "Show fewer lines of the log, then all again."),
    _key("down", ("j", "down"), "scroll_log(1)", "down", "Scroll the log down."),
    _key("up", ("k", "up"), "scroll_log(-1)", "up", "Scroll the log up."),
    _key("page_down", ("pagedown", "ctrl+d"), "page_log(1)", "page down", "Scroll the log by a page."),
    _key("page_up", ("pageup", "ctrl+u"), "page_log(-1)", "page up", "Scroll the log back by a page."),
    _key("end", ("G", "end"), "scroll_log(100000)", "newest", "Go to the newest line, and follow."),
    _key("top", ("g g", "home"), "scroll_log(-100000)", "oldest", "Go to the oldest line."),
    _key("older", ("comma",), "other(-1)", "older batch", "Show the batch before this one."),
    _key("newer", ("full_stop",), "other(1)", "newer batch", "Show the batch after this one."),
)
