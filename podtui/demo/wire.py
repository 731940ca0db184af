"""Reaches below HTTP: the connection of a request, to send any bytes on it or to break it."""

import asyncio
import json
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

_LINGER_0 = struct.pack("ii", 1, 0)


def protocol_of(is_refused: Callable[[], bool]) -> type[H11Protocol]:
    """A protocol that hands its connection to the app, and resets a new one where ``is_refused`` says so."""

    class OpenProtocol(H11Protocol):
        """HTTP/1.1 with its transport in the scope's state."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            self.app_state = {**self.app_state, "transport": transport}
            super().connection_made(transport)
            if is_refused():
                reset(transport)

    return OpenProtocol


def reset(transport: asyncio.Transport) -> None:
    """End a connection with RST instead of FIN."""
    sock = transport.get_extra_info("socket")
    if sock is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_0)
    transport.abort()


@dataclass
class Answer:
    """What the cloud would have answered."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    def value(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def head(self, *, length: int | None = None) -> bytes:
        """Status line and headers, with a Content-Length that may lie; -1 leaves it out."""
        lines = [f"HTTP/1.1 {self.status} OK".encode()]
        lines += [name + b": " + value for name, value in self.headers if name.lower() != b"content-length"]
        if length != -1:
            lines.append(b"content-length: %d" % (len(self.body) if length is None else length))
        lines.append(b"connection: close")
        return b"\r\n".join(lines) + b"\r\n\r\n"


@dataclass
class Talk:
    """One request, and the connection it came on."""

    scope: Scope
    receive: Receive
    send: Send

    @property
    def transport(self) -> asyncio.Transport:
        """The connection."""
        transport: asyncio.Transport = self.scope["state"]["transport"]
        return transport

    async def run(self, app: ASGIApp) -> Answer:
        """Let the app answer, and keep the answer back."""
        answer = Answer()

        async def hold(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer.status, answer.headers = message["status"], list(message["headers"])
            elif message["type"] == "http.response.body":
                answer.body += message.get("body", b"")

        await app(self.scope, self.receive, hold)
        return answer

    async def read(self) -> bytes:
        """Read the whole request."""
        body = b""
        while (message := await self.receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        return body

    async def reply(self, status: int, body: bytes, headers: list[tuple[str, str]]) -> None:
        """Answer by the rules of HTTP."""
        raw = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        raw.append((b"content-length", str(len(body)).encode()))
        await self.send({"type": "http.response.start", "status": status, "headers": raw})
        await self.send({"type": "http.response.body", "body": body})

    async def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self.transport.is_closing():
            self.transport.write(data)

    async def end(self) -> None:
        """Close what was written raw, and wait until the connection is gone."""
        self.transport.close()
        await self.until_gone()

    async def reset(self) -> None:
        """Break the connection off."""
        reset(self.transport)
        await self.until_gone()

    async def until_gone(self) -> None:
        """Wait until the other side has left."""
        while (await self.receive())["type"] != "http.disconnect":
            continue
