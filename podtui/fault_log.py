"""Writes down what should never happen, without a secret, a variable's value or anybody's home path."""

import os
import time
import traceback
from pathlib import Path

from podtui.paths import Library
from podtui.redact import redact


def write_down(error: BaseException, library: Library) -> Path:
    """Append a fault's trace to the library's log; returns the log's path."""
    path = library.logs / "podtui.log"
    text = redact("".join(traceback.format_exception(error))).replace(str(Path.home()), "~")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    except OSError:
        pass  # the disk may be the very trouble; the sentence on the screen still stands
    return path
