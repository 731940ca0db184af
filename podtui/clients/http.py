"""The one way out: deadlines, fresh connections, counted bodies, and every failure in our words."""

import asyncio
import contextlib
import email.utils
import http.cookiejar
import json
import math
import re
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import httpx
from pydantic import SecretStr

from podtui import __version__
from podtui.clients.spool import SpoolFile
from podtui.errors import NotSent, PodtuiError, Refused, Rejected, ServiceError, SettingsError, Unreadable
from podtui.redact import redact
from podtui.text import clean

MAX_ANSWER_BYTES = 64_000_000
"""The largest answer that is read, in bytes."""
MAX_SMALL_BYTES = 4_000_000
"""The largest answer that is read into memory, in bytes."""
LONGEST_WAIT_S = 120.0
"""The most that a Retry-After is taken for, in seconds."""
_SURELY_FREE = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
    httpx.LocalProtocolError,
    httpx.InvalidURL,
)
"""What httpx raises before a byte of the request has left for the service."""


@dataclass(frozen=True)
class Deadlines:
    """How long a call may take in all, in seconds; tests make them short."""

    connect_s: float = 10.0
    read_s: float = 60.0
    submit_s: float = 90.0
    status_s: float = 120.0
    small_s: float = 30.0
    download_s: float = 120.0


@dataclass(frozen=True)
class Answer:
    """A whole answer, or as much of a refusal's body as came."""

    status: int
    headers: httpx.Headers
    body: bytes = b""
    is_in_file: bool = False
    """The body went into the file that was named, and ``body`` is empty."""

    @property
    def is_ok(self) -> bool:
        """A 2xx."""
        return 200 <= self.status < 300


class Silence(ServiceError):
    """The request was sent, or may have been, and no whole answer came; ``raw`` is what did come."""

    def __init__(self, title: str, cause: str = "", *, raw: bytes = b"") -> None:
        super().__init__(title, cause)
        self.raw = raw


class BoundKey:
    """A secret and the only hosts that may ever see it."""

    def __init__(self, secret: SecretStr, *addresses: str) -> None:
        self._secret = secret
        self._origins = frozenset(_origin(httpx.URL(address)) for address in addresses)

    @property
    def tail(self) -> str:
        """The last four characters, which is all that may be shown; empty for a short key."""
        value = self._secret.get_secret_value()
        return value[-4:] if len(value) >= 12 else ""

    def header(self, url: httpx.URL) -> dict[str, str]:
        """The header that opens ``url``.

        Raises:
            Refused: the key does not belong to that host, or no header can carry it.
        """
        value = self._secret.get_secret_value()
        if _origin(url) not in self._origins:
            raise Refused("podtui sends the key to its own service only", clean(url.host, 100))
        if not value.isascii() or not value.isprintable():
            raise Refused("The key holds characters that no key has", "", "Set it again in the settings.")
        return {"Authorization": f"Bearer {value}"}


@cache
def tls() -> ssl.SSLContext:
    """The TLS context that all clients share: making one costs more than a request."""
    return httpx.create_ssl_context()


class Link:
    """Speaks to one service; never follows a redirect, keeps no cookie, sends each request once."""

    def __init__(
        self,
        name: str,
        *,
        key: BoundKey | None = None,
        deadlines: Deadlines | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        uses_proxy: bool = True,
    ) -> None:
        self.name = name
        self.deadlines = deadlines or Deadlines()
        self.key = key
        self._transport = transport
        self._uses_proxy = uses_proxy
        self._client: httpx.AsyncClient | None = None

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
        small_bytes: int = 0,
        headers: dict[str, str] | None = None,
        sni: str = "",
    ) -> Answer:
        """Send one request, once, and read the whole answer.

        Args:
            method: the HTTP method.
            url: the whole address.
            body: sent as JSON where it is not None; bytes are JSON already.
            deadline_s: the most the whole exchange may take, in seconds.
            is_fresh: use a connection of its own, as a stale kept one would make every failure ambiguous.
            into: a file (0600) that a 200's body is streamed into; it appears whole and flushed, or not.
            small_bytes: a body up to this size stays in memory and makes no file.
            headers: further headers of this request alone.
            sni: the name that the host's certificate must carry, where the address holds none.

        Raises:
            NotSent: surely nothing was sent.
            Silence: something may have been sent, and no whole answer came.
            Unreadable: the answer is too large, or compressed though we asked for none of it.
            LibraryError: the file could not be written.
        """
        content = body if body is None or isinstance(body, bytes) else json_bytes(body)
        reading = _Reading(self.name, into, small_bytes)
        try:
            async with asyncio.timeout(deadline_s or self.deadlines.small_s):
                address = httpx.URL(url)
                sent = {"Content-Type": "application/json"} if content is not None else {}
                sent |= (headers or {}) | (self.key.header(address) if self.key else {})
                more = {"sni_hostname": sni} if sni else {}
                async with (
                    self._for_one_call(is_fresh) as client,
                    client.stream(method, address, content=content, headers=sent, extensions=more) as found,
                ):
                    await reading.read(found)
            return reading.answer()
        except PodtuiError:
            raise
        except _SURELY_FREE as error:
            raise NotSent(f"no connection to {self.name}", _in_words(error), "podtui tries again.") from None
        except Exception as error:  # whatever else happens, the request may have been taken
            if (known := reading.refusal()) is not None:
                return known
            title = "in time" if isinstance(error, TimeoutError | httpx.TimeoutException) else "clearly"
            raise Silence(
                f"{self.name} did not answer {title}", _in_words(error), raw=bytes(reading.body)
            ) from None
        finally:
            reading.drop()

    @contextlib.asynccontextmanager
    async def _for_one_call(self, is_fresh: bool) -> AsyncIterator[httpx.AsyncClient]:
        if is_fresh:
            async with self._new_client() as client:
                yield client
            return
        if self._client is None:
            self._client = self._new_client()
        yield self._client

    def _new_client(self) -> httpx.AsyncClient:
        try:
            client = httpx.AsyncClient(
                headers={"User-Agent": f"podtui/{__version__}", "Accept-Encoding": "identity"},
                timeout=httpx.Timeout(self.deadlines.read_s, connect=self.deadlines.connect_s),
                verify=tls(),
                follow_redirects=False,
                transport=self._transport,
                trust_env=self._uses_proxy,
                limits=httpx.Limits(max_connections=20, max_keepalive_connections=5, keepalive_expiry=5),
            )
        except (ImportError, ValueError):  # the environment names a proxy that httpx cannot speak to
            raise SettingsError(
                "The proxy of the environment cannot be used",
                "Only http and https proxies are known here.",
                "Unset ALL_PROXY, or name an http proxy in HTTPS_PROXY.",
            ) from None
        client.cookies.jar.set_policy(http.cookiejar.DefaultCookiePolicy(allowed_domains=[]))
        return client


class _Reading:
    """The reading of one body: counted, and into a file where it is a large success."""

    def __init__(self, name: str, into: Path | None, small_bytes: int) -> None:
        self._name = name
        self._into = into
        self._small_bytes = small_bytes
        self._file: SpoolFile | None = None
        self._is_finished = False
        self._found: httpx.Response | None = None
        self.body = bytearray()

    async def read(self, found: httpx.Response) -> None:
        """Read it all: what is too large is cut off, whatever its headers say."""
        self._found = found
        into = self._into if found.status_code == 200 else None
        most, total = (MAX_ANSWER_BYTES if into else MAX_SMALL_BYTES), 0
        stated = found.headers.get("Content-Length", "")
        if found.is_success and stated.isdigit() and int(stated) > most:
            raise self._too_large(most)
        if into is not None and not self._small_bytes:
            self._file = await asyncio.to_thread(SpoolFile, into)
        async for chunk in found.aiter_raw():
            total += len(chunk)
            if total > most:
                if not found.is_success:
                    return
                raise self._too_large(most)
            if self._file is not None:
                await asyncio.to_thread(self._file.write, chunk)
                continue
            self.body += chunk
            if into is not None and total > self._small_bytes:
                self._file = await asyncio.to_thread(SpoolFile, into)
                await asyncio.to_thread(self._file.write, self.body)
                self.body.clear()
        coding = found.headers.get("Content-Encoding", "").strip().lower()
        if found.is_success and coding not in ("", "identity"):
            raise Unreadable("unreadable answer", f"{self._name} compressed it though it was asked not to.")
        if self._file is not None:
            await asyncio.to_thread(self._file.finish)
            self._is_finished = True

    def answer(self) -> Answer:
        """What was read."""
        assert self._found is not None
        return Answer(self._found.status_code, self._found.headers, bytes(self.body), self._is_finished)

    def refusal(self) -> Answer | None:
        """A refusal is one by its first line, even where its body broke off."""
        if self._found is None or self._found.status_code not in _FREE:
            return None
        return self.answer()

    def drop(self) -> None:
        """Remove a file that was not finished."""
        if self._file is not None:
            self._file.drop()

    def _too_large(self, most: int) -> Unreadable:
        return Unreadable(
            f"answer larger than {most // 1_000_000} MB refused",
            f"{self._name} sent more than any picture of a job needs.",
        )


_FREE = frozenset({400, 401, 403, 404, 405, 413, 415, 422, 429})
"""What a service answers before it takes anything on."""


def json_bytes(body: object) -> bytes:
    """Write a body as JSON text, in ASCII.

    Raises:
        Rejected: it holds a number that JSON does not have, or something that is no JSON at all.
    """
    try:
        return json.dumps(body, allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
        raise Rejected("The request cannot be written as JSON", clean(str(error), 160)) from None


def retry_after_s(headers: httpx.Headers, now_s: float | None = None) -> float | None:
    """Read Retry-After: seconds or an HTTP date; garbage is as good as none; 0 to 120 s.

    A date is measured against the service's own ``Date`` where it sends one, so a wrong clock here
    does no harm.
    """
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        date = _http_date(said)
        if date is None:
            return None
        now = _http_date(headers.get("Date", ""))
        seconds = date - (now if now is not None else time.time() if now_s is None else now_s)
    if math.isnan(seconds):
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT_S)


def _http_date(text: str) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp()
    except (TypeError, ValueError, IndexError, OverflowError):
        return None


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
                return clean(redact(value.strip()), limit)
    if "<html" in text.lower():
        title = re.search(r"<title>([^<]{1,120})", text, re.IGNORECASE)
        return f"an HTML page ({clean(title[1].strip(), 80)})" if title else "an HTML page"
    return clean(redact(text.strip()), limit)


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine's own; such a one never goes through a proxy."""
    with contextlib.suppress(httpx.InvalidURL):
        host = httpx.URL(url).host
        return host in ("localhost", "::1") or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None
    return False


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    default = {"http": 80, "https": 443}.get(url.scheme)
    return url.scheme, url.host, url.port or default


def _in_words(error: Exception) -> str:
    """An exception without the address that it may quote."""
    said = clean(redact(str(error)), 160)
    return f"{type(error).__name__}: {said}" if said and "://" not in said else type(error).__name__
