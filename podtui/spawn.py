"""Starts the detached runner, and asks whether one lives: a subprocess, never an import."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys

from podtui.paths import Library
from podtui.pulse import read_pulse


def runner_alive(library: Library) -> bool:
    """Tell whether somebody holds the lease; the kernel knows, no clock is asked."""
    try:
        handle = os.open(library.lock, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def ensure_runner(library: Library) -> bool:
    """Make sure that a runner works for the library; True where one had to be started.

    It gets a session of its own, so that a dropped terminal does not end it, and no descriptor of ours.
    """
    if runner_alive(library):
        return False
    library.logs.mkdir(parents=True, exist_ok=True, mode=0o700)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    log = os.open(library.logs / "runner.log", flags, 0o600)
    try:
        subprocess.Popen(
            [sys.executable, "-m", "podtui.runner", str(library.root)],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            cwd="/",
        )
    finally:
        os.close(log)
    return True


def stop_runner(library: Library) -> bool:
    """Ask the runner to leave after the write in hand; nothing is cancelled. False where none lives."""
    pulse = read_pulse(library.root)
    if pulse is None or not runner_alive(library):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pulse.pid, signal.SIGTERM)
        return True
    return False
