"""Whether a runner lives, starting one and ending one; a stand-in takes the runner's place."""

import fcntl
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from podtui import spawn
from podtui.logout import is_over_ssh, logout_kills
from podtui.paths import Library
from podtui.pulse import Pulse, write_pulse


def hold(library: Library) -> int:
    library.root.mkdir(parents=True, exist_ok=True)
    handle = os.open(library.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle


def test_a_held_lease_means_that_a_runner_lives(library: Library) -> None:
    assert not spawn.runner_alive(library)
    handle = hold(library)
    assert spawn.runner_alive(library)
    os.close(handle)


def test_p12_a_lock_file_left_behind_means_nothing(library: Library) -> None:
    os.close(hold(library))
    assert library.lock.exists()
    assert not spawn.runner_alive(library)


def test_asking_does_not_take_the_lease(library: Library) -> None:
    os.close(hold(library))
    spawn.runner_alive(library)
    handle = os.open(library.lock, os.O_RDWR | os.O_CLOEXEC)
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(handle)


def test_no_second_runner_is_started(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a second runner was started"))
    handle = hold(library)
    assert spawn.ensure_runner(library) is False
    os.close(handle)


def test_p22_a_runner_gets_a_session_of_its_own_and_nothing_of_ours(
    library: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[object, dict[str, object]]] = []
    monkeypatch.setattr(subprocess, "Popen", lambda command, **how: seen.append((command, how)))
    monkeypatch.setenv("RUNPOD_API_KEY", "rpa_ABCDEFGHIJKLMNOP")
    assert spawn.ensure_runner(library) is True
    [(command, how)] = seen
    assert command == [sys.executable, "-m", "podtui.runner", str(library.root)]
    assert how["start_new_session"] is True
    assert how["close_fds"] is True
    assert how["stdin"] == subprocess.DEVNULL
    assert "rpa_ABCDEFGHIJKLMNOP" not in str(command)
    log = library.logs / "runner.log"
    assert log.stat().st_mode & 0o777 == 0o600


def test_stop_ends_only_a_runner_that_holds_the_lease(library: Library) -> None:
    library.root.mkdir(parents=True)
    write_pulse(library.root, Pulse(pid=os.getpid(), started_ms=1, beat_boot_s=1.0))
    # Were the pulse believed by itself, this very test would be ended.
    assert spawn.stop_runner(library) is False


def test_stop_asks_the_runner_to_leave(library: Library, tmp_path: Path) -> None:
    library.root.mkdir(parents=True)
    script = (
        "import fcntl,os,sys,time\n"
        f"h=os.open({str(library.lock)!r}, os.O_RDWR|os.O_CREAT)\n"
        "fcntl.flock(h, fcntl.LOCK_EX)\nprint('held', flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as stand_in:
        assert stand_in.stdout is not None
        assert stand_in.stdout.readline() == b"held\n"
        write_pulse(library.root, Pulse(pid=stand_in.pid, started_ms=1, beat_boot_s=time.monotonic()))
        assert spawn.stop_runner(library) is True
        assert stand_in.wait(10) == -15
    assert not spawn.runner_alive(library)


@pytest.mark.parametrize(
    ("texts", "linger", "kills"),
    [
        (["[Login]\nKillUserProcesses=yes\n"], "Linger=no", True),
        (["[Login]\nKillUserProcesses=yes\n"], "Linger=yes", False),
        (["[Login]\n#KillUserProcesses=yes\n"], "Linger=no", False),
        (["[Login]\nKillUserProcesses=yes\n", "[Login]\nKillUserProcesses = no\n"], "Linger=no", False),
        (["[Login]\nKillUserProcesses=no\n", "[Login]\nKillUserProcesses=1\n"], "Linger=no", True),
        ([], "Linger=no", False),
        (["[Login]\nKillUserProcesses=yes\n"], None, False),
    ],
)
def test_p23_a_logout_that_ends_the_runner_is_known(
    texts: list[str], linger: str | None, kills: bool
) -> None:
    assert logout_kills(lambda: linger, lambda: texts) is kills


def test_a_session_over_ssh_is_known_by_its_environment() -> None:
    assert is_over_ssh({"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22"})
    assert not is_over_ssh({})
