"""The cloud as a process of its own: ``python -m podtui.demo.cloud --home DIR``."""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import signal
import time
from dataclasses import dataclass, replace
from pathlib import Path

from podtui.demo.app import Cloud
from podtui.demo.options import Generation, Options
from podtui.demo.serving import serving

IDLE_S = 900.0
"""Without a request for so long the cloud ends by itself."""
COLD_START_PART = 0.4
"""A first start takes this part of the pace, so that newcomers see one without waiting long."""
_LOOK_S = 0.5


@dataclass(frozen=True)
class CloudFile:
    """What ``cloud.json`` in the home says."""

    port: int
    pid: int
    key: str
    endpoint: str
    pace_s: float


def read_cloud_file(home: Path) -> CloudFile | None:
    """Read where the home's cloud listens, or listened; None where there was none."""
    try:
        found = json.loads((home / "cloud.json").read_text())
        return CloudFile(
            int(found["port"]),
            int(found["pid"]),
            str(found["key"]),
            str(found["endpoint"]),
            float(found["pace_s"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write_cloud_file(home: Path, found: CloudFile) -> None:
    """Say where the cloud listens; nobody else may read the key."""
    fresh = home / f".cloud.json.{os.getpid()}.tmp"
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "w") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(vars(found), file)
    fresh.replace(home / "cloud.json")


async def run(options: Options) -> None:
    """Serve until SIGTERM, until nobody has asked for long, or until the home is gone."""
    assert options.home is not None
    is_over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, is_over.set)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    async with serving(options) as cloud:
        port = int(cloud.base.rsplit(":", 1)[1])
        mine = CloudFile(port, os.getpid(), options.key, options.endpoint, options.pace_s)
        write_cloud_file(options.home, mine)
        while not is_over.is_set() and not _is_done(cloud, options.home):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_S):
                    await is_over.wait()


def _is_done(cloud: Cloud, home: Path) -> bool:
    found = read_cloud_file(home)
    if found is None or found.pid != os.getpid():
        return True
    idle_s = cloud.options.quit_after_s
    return idle_s is not None and time.monotonic() - cloud.last_asked_s > idle_s


def options_of(arguments: list[str] | None = None) -> Options:
    """Read the command line; port, key and endpoint are those of the home's last cloud."""
    parser = argparse.ArgumentParser(prog="python -m podtui.demo.cloud", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="where it keeps its jobs and cloud.json")
    parser.add_argument("--port", type=int, default=0, help="loopback port; 0 takes a free one")
    parser.add_argument(
        "--pace", type=float, default=0.0, help="seconds per image; 0 = as fast as it renders"
    )
    parser.add_argument("--workers", type=int, default=1, help="the endpoint's max workers")
    parser.add_argument("--cold", type=float, default=None, help="seconds of the first worker's start")
    parser.add_argument("--worker", choices=[str(one) for one in Generation], default=Generation.IMAGES)
    parser.add_argument(
        "--quit-after", type=float, default=IDLE_S, help="seconds without a request; then it ends"
    )
    given = parser.parse_args(arguments)
    home: Path = given.home.absolute()
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    before = read_cloud_file(home)
    found = Options(
        home=home,
        port=given.port,
        pace_s=given.pace,
        cold_s=given.cold if given.cold is not None else given.pace * COLD_START_PART,
        workers=given.workers,
        generation=Generation(given.worker),
        quit_after_s=given.quit_after,
        latency_s=0.01,
        key=f"rpa_demo_{secrets.token_hex(16)}",
    )
    if before is not None:
        # Whoever was told the old address and key may still be at work.
        found = replace(found, port=given.port or before.port, key=before.key, endpoint=before.endpoint)
    return found


def main() -> None:
    """Serve from the command line."""
    asyncio.run(run(options_of()))


if __name__ == "__main__":
    main()
