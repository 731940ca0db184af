"""Starts a home's cloud in a process of its own, finds a living one, and stops it."""

import contextlib
import fcntl
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from podtui.demo.cloud import CloudFile, read_cloud_file
from podtui.errors import ServiceError

START_S = 20.0
"""How long a start may take."""
STOP_S = 8.0
_LOOK_S = 0.03
_started: list[subprocess.Popen[bytes]] = []
"""Our own children, so that their ends are collected."""


@dataclass(frozen=True)
class CloudAddress:
    """Where a cloud is and what opens it."""

    url: str
    """The job API's base: a job is posted to ``{url}/{endpoint}/run``."""
    comfyui_url: str
    endpoint: str
    key: str
    pid: int


def start(
    home: Path,
    pace: float | None = None,
    *,
    workers: int = 1,
    cold: float | None = None,
    quit_after: float | None = None,
) -> CloudAddress:
    """Find the home's living cloud or start one, and wait until it listens.

    Args:
        home: the folder of the demo's library.
        pace: seconds per image; None is as fast as it renders. A living cloud of another pace is replaced;
            its jobs go on in the new one.
        workers: the endpoint's max workers.
        cold: seconds of the first worker's start; None follows the pace.
        quit_after: seconds without a request after which it ends; None is 15 minutes.

    Raises:
        ServiceError: it did not come up.
    """
    home = home.absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _only_one(home):
        found = _living(home)
        if found is not None and (pace is None or found.pace_s == pace):
            return _address(found)
        if found is not None:
            stop(home)
        arguments = ["--home", str(home), "--pace", str(pace or 0), "--workers", str(workers)]
        arguments += [] if cold is None else ["--cold", str(cold)]
        arguments += [] if quit_after is None else ["--quit-after", str(quit_after)]
        return _address(_spawn(home, arguments))


def stop(home: Path) -> bool:
    """End the home's cloud; False where none lives."""
    found = _living(home.absolute())
    if found is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_S
    while _is_alive(found.pid) and time.monotonic() < until:
        time.sleep(_LOOK_S)
    return True


def _spawn(home: Path, arguments: list[str]) -> CloudFile:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
    log = os.open(home / "cloud.log", flags, 0o600)
    # It needs nothing of the person's settings, least of all a key.
    surroundings = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PODTUI_", "RUNPOD_", "COMFYUI_"))
    }
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "podtui.demo.cloud", *arguments],
            start_new_session=True,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            close_fds=True,
            cwd="/",
            env=surroundings,
        )
    finally:
        os.close(log)
    _started.append(process)
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        found = _living(home)
        if found is not None and found.pid == process.pid:
            return found
        time.sleep(_LOOK_S)
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    raise ServiceError("The pretend cloud did not start", f"See {home / 'cloud.log'}.")


def _living(home: Path) -> CloudFile | None:
    """The home's cloud, if it answers to its key."""
    found = read_cloud_file(home)
    return found if found is not None and _is_alive(found.pid) and _answers(found) else None


def _answers(found: CloudFile) -> bool:
    talk = http.client.HTTPConnection("127.0.0.1", found.port, timeout=5)
    try:
        talk.request("GET", "/_control/hello", headers={"Authorization": f"Bearer {found.key}"})
        answer = talk.getresponse()
        said = json.loads(answer.read(10_000))
        return answer.status == 200 and said.get("endpoint") == found.endpoint
    except (OSError, ValueError, http.client.HTTPException, AttributeError):
        return False
    finally:
        talk.close()


def _is_alive(pid: int) -> bool:
    for process in list(_started):
        if process.poll() is not None:
            _started.remove(process)
            if process.pid == pid:
                return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False  # the number is somebody else's by now
    return True


def _address(found: CloudFile) -> CloudAddress:
    base = f"http://127.0.0.1:{found.port}"
    return CloudAddress(f"{base}/v2", base, found.endpoint, found.key, found.pid)


@contextlib.contextmanager
def _only_one(home: Path) -> Iterator[None]:
    """Two who start at once get the same cloud."""
    handle = os.open(home / "cloud.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
