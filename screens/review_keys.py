"""The keys of the review: the left hand alone culls everything, and so does the right."""

from screens.keys import Key


def _key(name: str, keys: tuple[str, ...], action: str, label: str, tooltip: str) -> Key:
    return Key(f"review.{name}", keys, action, label, tooltip, "review")


REVIEW_KEYS = (
    _key("approve", ("f", "p"), "approve", "yes", "Approve, and go to the next undecided."),
    _key("reject", ("d", "x"), "reject", "no", "Reject, and go to the next undecided."),
    _key("undo", ("z", "backspace"), "undo", "undo", "Undo the last decision of this podtui, and say which."),
    _key("redo", ("Z",), "redo", "redo", "Redo what was undone last."),
    _key("reset", ("u",), "reset", "take back", "Take this image's decision back."),
    _key("loupe", ("w", "enter"), "loupe", "loupe", "The picture alone, and back to the grid."),
    _key("mark", ("space",), "mark", "mark", "Mark the image, or take its mark, and move on."),
    _key("range", ("v",), "range", "range", "Begin a range; again: mark everything in between."),
    _key("invert", ("asterisk",), "invert", "invert", "Mark what is not marked, and the other way round."),
    _key("info", ("i",), "info", "info", "Show everything known of the image, or the thumbnails again."),
    _key("remix", ("e",), "remix", "remix", "Take all settings of the image into compose."),
    _key("remix_prompt", ("E",), "remix_prompt", "remix prompt", "Take the prompt alone into compose."),
    _key("reroll", ("r",), "reroll", "re-roll", "Make the image once more with a new seed; asks: it costs."),
    _key("stop", ("S",), "stop", "stop", "Stop the batch after the current image; again: go on."),
    _key("cancel", ("X",), "cancel", "cancel", "Cancel the batch now; asks."),
    _key("left", ("h", "left"), "cursor_left", "left", "Go to the image before."),
    _key("right", ("l", "right"), "cursor_right", "right", "Go to the next image."),
    _key("up", ("k", "up"), "cursor_up", "up", "Go to the image above."),
    _key("down", ("j", "down"), "cursor_down", "down", "Go to the image below."),
    _key("next", ("pagedown", "ctrl+d"), "cursor_right", "next image", "Go to the next image."),
    _key("previous", ("pageup", "ctrl+u"), "cursor_left", "previous image", "Go to the image before."),
    _key("first", ("g g", "home"), "cursor_first", "first", "Go to the first image."),
    _key("last", ("G", "end"), "cursor_last", "last", "Go to the last image."),
    _key("copy_id", ("y i",), "copy_id", "copy id", "Copy the image's id."),
    _key("copy_prompt", ("y p",), "copy_prompt", "copy prompt", "Copy the image's whole prompt."),
    _key("copy_file", ("y f",), "copy_file", "copy path", "Copy where the picture lies."),
)
