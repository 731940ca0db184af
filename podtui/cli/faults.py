"""Writes down what should never happen, without a secret and without anybody's home path."""

import os
import time
import traceback
from pathlib import Path

from podtui.paths import library
from podtui.redact import redact


def write_down(error: BaseException) -> Path:
    """Append a fault's trace (no values of variables) to the library's log; returns the log's path."""
    path = library().logs / "podtui.log"
    text = "".join(traceback.format_exception(error))
    text = redact(text).replace(str(Path.home()), "~")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as file:
            file.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    except OSError:
        pass  # the disk may be the very trouble; the sentence on the screen still stands
    return path
