"""Named places where a test may kill the process, to prove that nothing is lost there.

Nothing happens unless ``PODTUI_FAILPOINTS`` is set: ``submit.intent`` kills at the first passage of that
place, ``submit.intent:3`` at the third; several are separated by commas. ``PODTUI_FAILPOINTS_TRACE`` names
a file to which every place that is passed is appended, so that a test can enumerate them.
"""

import os
import signal

_seen: dict[str, int] = {}


def fp(name: str) -> None:
    """Pass a named place; in a test that asked for it, the process ends here as if by power cut."""
    wanted = os.environ.get("PODTUI_FAILPOINTS")
    trace = os.environ.get("PODTUI_FAILPOINTS_TRACE")
    if not wanted and not trace:
        return
    _seen[name] = _seen.get(name, 0) + 1
    if trace:
        handle = os.open(trace, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        os.write(handle, f"{name}:{_seen[name]}\n".encode())
        os.close(handle)
    for one in (wanted or "").split(","):
        place, _, passage = one.strip().partition(":")
        if place == name and _seen[name] == int(passage or 1):
            os.kill(os.getpid(), signal.SIGKILL)
