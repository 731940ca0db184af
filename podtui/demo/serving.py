"""Puts a cloud on a loopback port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn

from podtui.demo.app import Cloud
from podtui.demo.options import Options
from podtui.demo.wire import protocol_of


def listen(port: int) -> socket.socket:
    """Take a loopback port: the wished one where it is free, else any."""
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind(("127.0.0.1", port))
    except OSError:
        found.bind(("127.0.0.1", 0))
    found.set_inheritable(False)
    return found


@contextlib.asynccontextmanager
async def serving(options: Options) -> AsyncIterator[Cloud]:
    """Serve a cloud as long as the block runs."""
    sock = listen(options.port)
    cloud = Cloud(options)
    cloud.base = f"http://127.0.0.1:{sock.getsockname()[1]}"
    config = uvicorn.Config(
        cloud,
        http=protocol_of(cloud.refuses_connection),
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    # The signals are the process's affair (see ``cloud``), and a test has none to give.
    task = asyncio.create_task(server._serve([sock]), name="uvicorn")
    cloud.begin()
    try:
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn tells it by a flag
            await asyncio.sleep(0.005)
        yield cloud
    finally:
        server.should_exit = server.force_exit = True
        await cloud.close()
        await task
        sock.close()
