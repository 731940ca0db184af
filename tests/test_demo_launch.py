"""A home's cloud is a process of its own: found again, stopped, and gone with its home."""

import os
import shutil
import signal
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from podtui.demo import launch
from podtui.demo.cloud import read_cloud_file
from tests.demo_calls import until


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "demo"
    launch.stop(tmp_path / "demo")


def is_alive(pid: int) -> bool:
    return launch._is_alive(pid)


def test_a_second_start_finds_the_first(home: Path) -> None:
    first = launch.start(home, 0)
    assert launch.start(home) == first
    answer = httpx.get(
        f"{first.url}/{first.endpoint}/health", headers={"Authorization": f"Bearer {first.key}"}
    )
    assert answer.status_code == 200
    file = home / "cloud.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert launch.stop(home)
    assert not is_alive(first.pid)
    assert not launch.stop(home)


def test_a_new_cloud_keeps_address_key_and_jobs(home: Path) -> None:
    first = launch.start(home, 0)
    headers = {"Authorization": f"Bearer {first.key}"}
    job = httpx.post(f"{first.url}/{first.endpoint}/run", json={"input": {}}, headers=headers).json()["id"]
    second = launch.start(home, 5.0)
    assert second.pid != first.pid
    assert (second.url, second.key, second.endpoint) == (first.url, first.key, first.endpoint)
    ledger = httpx.get(f"{second.comfyui_url}/_control/ledger", headers=headers).json()
    assert [one["id"] for one in ledger["jobs"]] == [job]
    assert httpx.get(f"{second.comfyui_url}/_control/ledger").status_code == 401


def test_it_has_a_session_of_its_own_and_outlives_a_hangup(home: Path) -> None:
    address = launch.start(home, 0)
    assert os.getsid(address.pid) == address.pid != os.getsid(0)
    os.kill(address.pid, signal.SIGHUP)
    assert launch.start(home, 0) == address


def test_it_ends_when_nobody_asks(home: Path) -> None:
    address = launch.start(home, 0, quit_after=0.2)
    until(lambda: not is_alive(address.pid))


def test_it_ends_when_its_home_vanishes(home: Path) -> None:
    address = launch.start(home, 0)
    shutil.rmtree(home)
    until(lambda: not is_alive(address.pid))


def test_a_stale_file_and_a_strangers_port_are_not_taken_for_a_cloud(home: Path) -> None:
    first = launch.start(home, 0)
    launch.stop(home)
    port = int(first.comfyui_url.rsplit(":", 1)[1])
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", port))
        stranger.listen()
        second = launch.start(home, 0)
    assert second.url != first.url
    found = read_cloud_file(home)
    assert found is not None
    assert found.pid == second.pid
