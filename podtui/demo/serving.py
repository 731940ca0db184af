"""Puts a cloud on a loopback port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn

from podtui.demo.app import Cloud
from podtui.demo.options import Options
from podtui.demo.wire import protocol_of

_GRACE_S = 0.3


def listen(port: int) -> socket.socket:
    """Take a loopback port: the wished one where it is free, else any."""
    # With the protocol named, asyncio turns Nagle's algorithm off, which would cost 40 ms an answer.
    found = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
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
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    # Not ``serve``: it takes the process's signals, and looks for its end ten times a second only.
    await server.startup(sockets=[sock])
    cloud.begin()
    try:
        yield cloud
    finally:
        await cloud.close()
        for listener in server.servers:
            listener.close()
        sock.close()
        await _let_go(server)


async def _let_go(server: uvicorn.Server) -> None:
    """Let answers go out that are nearly ready, then break off: a silent request would hang for ever."""
    if server.server_state.tasks:
        await asyncio.wait(server.server_state.tasks, timeout=_GRACE_S)
    for connection in list(server.server_state.connections):
        transport = getattr(connection, "transport", None)
        if transport is not None:
            transport.abort()
    tasks = list(server.server_state.tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
