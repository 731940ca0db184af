"""The one way out: deadlines, fresh connections, counted bodies, and every failure in our words."""

import asyncio
import contextlib
import email.utils
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx

from podtui import __version__
from podtui.errors import NotSent, ServiceError, Unreadable
from podtui.text import clean

MAX_ANSWER_BYTES = 64_000_000
"""The largest answer that is read, in bytes."""
LONGEST_WAIT_S = 120.0
"""The most that a Retry-After is taken for, in seconds."""
_SURELY_FREE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
"""What httpx raises before a byte of the request has left."""


@dataclass(frozen=True)
class Deadlines:
    """How long a call may take in all, in seconds; tests make them short."""

    connect_s: float = 10.0
    read_s: float = 60.0
    submit_s: float = 90.0
    status_s: float = 120.0
    small_s: float = 30.0


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    headers: httpx.Headers
    body: bytes
    """The first megabyte at most where the answer went into a file."""

    @property
    def is_ok(self) -> bool:
        """A 2xx."""
        return 200 <= self.status < 300


class Silence(ServiceError):
    """The request was sent, or may have been, and no whole answer came; ``raw`` is what did come."""

    def __init__(self, title: str, cause: str = "", *, raw: bytes = b"") -> None:
        super().__init__(title, cause)
        self.raw = raw


@cache
def tls() -> ssl.SSLContext:
    """The TLS context that all clients share: making one costs more than a request."""
    return httpx.create_ssl_context()


class Link:
    """Speaks to one service with one set of headers; never follows a redirect, keeps no cookie."""

    def __init__(
        self,
        name: str,
        headers: dict[str, str] | None = None,
        deadlines: Deadlines | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.name = name
        self.deadlines = deadlines or Deadlines()
        self._headers = {
            "User-Agent": f"podtui/{__version__}",
            "Accept-Encoding": "identity",
            **(headers or {}),
        }
        self._transport = transport
        self._client: httpx.AsyncClient | None = None

    def _new_client(self) -> httpx.AsyncClient:
        timeout = httpx.Timeout(self.deadlines.read_s, connect=self.deadlines.connect_s)
        return httpx.AsyncClient(
            headers=self._headers,
            timeout=timeout,
            verify=tls(),
            follow_redirects=False,
            transport=self._transport,
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=5),
        )

    async def close(self) -> None:
        """Close the kept connections."""
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def ask(
        self,
        method: str,
        url: str,
        *,
        body: object = None,
        deadline_s: float | None = None,
        is_fresh: bool = False,
        into: Path | None = None,
        headers: dict[str, str] | None = None,
        sni: str = "",
    ) -> Answer:
        """Send one request, once, and read the whole answer.

        Args:
            method: the HTTP method.
            url: the whole address.
            body: sent as JSON where it is not None.
            deadline_s: the most the whole exchange may take, in seconds.
            is_fresh: use a connection of its own, as a stale kept one would make every failure ambiguous.
            into: a file (0600) that a 200's body is streamed into and flushed.
            headers: further headers of this request alone.
            sni: the name that the host's certificate must carry, where the address holds none.

        Raises:
            NotSent: surely nothing was sent.
            Silence: something may have been sent, and no whole answer came.
        """
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        sent = {"Content-Type": "application/json"} if content is not None else {}
        sent |= headers or {}
        more = {"sni_hostname": sni} if sni else {}
        read = bytearray()
        try:
            async with (
                asyncio.timeout(deadline_s or self.deadlines.small_s),
                self._for_one_call(is_fresh) as client,
                client.stream(method, url, content=content, headers=sent, extensions=more) as response,
            ):
                with _file(into if response.status_code == 200 else None) as file:
                    await self._read(response, read, file)
                return Answer(response.status_code, response.headers, bytes(read))
        except _SURELY_FREE as error:
            raise NotSent(f"no connection to {self.name}", _in_words(error), "podtui tries again.") from None
        except TimeoutError:
            raise Silence(f"{self.name} did not answer in time", raw=bytes(read)) from None
        except (httpx.HTTPError, httpx.StreamError) as error:
            raise Silence(f"{self.name} did not answer clearly", _in_words(error), raw=bytes(read)) from None

    @contextlib.asynccontextmanager
    async def _for_one_call(self, is_fresh: bool) -> AsyncIterator[httpx.AsyncClient]:
        if is_fresh:
            async with self._new_client() as client:
                yield client
            return
        if self._client is None:
            self._client = self._new_client()
        yield self._client

    async def _read(self, response: httpx.Response, read: bytearray, file: int | None) -> None:
        """Read a counted body: what is too large is cut off, whatever its headers say."""
        total = 0
        async for chunk in response.aiter_raw(65_536):
            total += len(chunk)
            if total > MAX_ANSWER_BYTES:
                raise Unreadable(
                    f"answer larger than {MAX_ANSWER_BYTES // 1_000_000} MB refused",
                    f"{self.name} sent more than any picture of a job needs.",
                )
            if file is None:
                read += chunk
            else:
                await asyncio.to_thread(_write, file, chunk)
        if response.headers.get("Content-Encoding", "identity") not in ("", "identity"):
            raise Unreadable("unreadable answer", f"{self.name} compressed it though it was asked not to.")
        stated = response.headers.get("Content-Length", "")
        if stated.isdigit() and int(stated) != total:
            raise httpx.RemoteProtocolError(f"{total} of {stated} bytes came")
        if file is not None:
            await asyncio.to_thread(os.fsync, file)


@contextlib.contextmanager
def _file(path: Path | None) -> Iterator[int | None]:
    if path is None:
        yield None
        return
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(path, flags, 0o600)
    try:
        yield handle
    finally:
        os.close(handle)


def _write(file: int, chunk: bytes) -> None:
    view = memoryview(chunk)
    while view:
        view = view[os.write(file, view) :]


def retry_after_s(headers: httpx.Headers, now_s: float | None = None) -> float | None:
    """Read Retry-After: seconds or an HTTP date; garbage is as good as none; 0 to 120 s."""
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            date = email.utils.parsedate_to_datetime(said)
        except (TypeError, ValueError):
            return None
        seconds = date.timestamp() - (time.time() if now_s is None else now_s)
    if seconds != seconds:
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def reason(body: bytes, limit: int = 200) -> str:
    """What an error body says: ``error``, ``message``, ``detail`` or ``title``, else its beginning."""
    text = body[:100_000].decode("utf-8", "replace")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict):
        for key in ("error", "message", "detail", "title"):
            value = found.get(key)
            if isinstance(value, dict):
                value = value.get("message")
            if isinstance(value, str) and value.strip():
                return clean(value.strip(), limit)
    if "<html" in text.lower():
        return "an HTML page"
    return clean(text.strip(), limit)


def _in_words(error: Exception) -> str:
    """An exception without the address that it may quote."""
    said = clean(str(error), 160)
    return f"{type(error).__name__}: {said}" if said and "://" not in said else type(error).__name__
