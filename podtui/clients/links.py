"""Addresses of pictures that a worker sends: which are opened, and how, without credentials."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from podtui.clients.http import Link, Silence
from podtui.errors import BadLink, NotSent, Unreadable
from podtui.text import clean, duration

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Turns host and port into addresses."""

_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+", re.ASCII)
_WILL_NOT = "the worker sent an address podtui will not open"


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def check_address(url: str, allowed: frozenset[str]) -> httpx.URL:
    """Decide whether an address may be opened at all; ``allowed`` hosts may be plain http or private.

    Raises:
        BadLink: it is not https on port 443 of a public name, or it tries to hide where it leads.
    """
    if (
        any(ord(character) <= 32 or ord(character) >= 127 for character in url)
        or "\\" in url
        or len(url) > 8000
    ):
        raise _refused("It holds characters that no address has.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused("It cannot be read.") from None
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc or not host:
        raise _refused("It names a user, or no host.")
    if host in allowed or f"{host}:{port}" in allowed:
        if parts.scheme not in ("http", "https"):
            raise _refused("It is neither http nor https.")
        return httpx.URL(url)
    if parts.scheme != "https":
        raise _refused("It is not https.")
    if port not in (None, 443):
        raise _refused(f"It uses port {port}.")
    last = host.rstrip(".").rsplit(".", 1)[-1]
    if (
        not _NAME.fullmatch(host)
        or last.isdigit()
        or last in ("local", "localhost", "internal", "lan", "home")
    ):
        raise _refused("Its host is no public name.")
    return httpx.URL(url)


def check_resolved(addresses: list[str]) -> str:
    """Choose an address of a name, where all of them are public.

    Raises:
        BadLink: one leads inside.
    """
    for address in addresses:
        found = ipaddress.ip_address(address.partition("%")[0])
        mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
        if not found.is_global or found.is_multicast or (mapped is not None and not mapped.is_global):
            raise _refused("Its name leads to an address that is not public.")
    if not addresses:
        raise BadLink("the picture's host is not known", "Its name has no address.")
    return addresses[0]


def expiry(url: str) -> datetime | None:
    """When a presigned address ends (``X-Amz-Date`` + ``X-Amz-Expires``; comfyui.md, 3.2)."""
    query = parse_qs(urlsplit(url).query)
    try:
        made = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return made + timedelta(seconds=int(query["X-Amz-Expires"][0]))
    except (KeyError, ValueError, OverflowError):
        return None


async def download(
    url: str,
    into: Path,
    *,
    allowed: frozenset[str],
    resolver: Resolve = resolve,
    transport: httpx.AsyncBaseTransport | None = None,
) -> None:
    """Fetch a picture into a file: no key, no cookie, no redirect, at most 64 MB.

    Raises:
        BadLink: an address that podtui will not open, or a host that refused it.
        NotSent, Silence: no answer this time.
    """
    address = check_address(url, allowed)
    link = Link("the picture's host", transport=transport)
    headers, target = {}, str(address)
    if not {address.host, f"{address.host}:{address.port}"} & allowed:
        try:
            ip = check_resolved(await resolver(address.host, 443))
        except OSError:
            raise NotSent("the picture's host is not known", "Its name cannot be resolved.") from None
        # The connection goes to the address that was checked: a name may lead elsewhere the next time.
        target = str(address.copy_with(host=ip))
        headers = {"Host": address.host}
    try:
        answer = await link.ask(
            "GET", target, into=into, is_fresh=True, deadline_s=120, headers=headers, sni=address.host
        )
    except (NotSent, Silence, Unreadable):
        await asyncio.to_thread(into.unlink, missing_ok=True)
        raise
    if answer.status != 200:
        raise BadLink("link refused", _why(answer.status, url))


def _why(status: int, url: str) -> str:
    ends = expiry(url)
    if ends is not None and ends < (now := datetime.now(UTC)):
        return f"It expired {duration((now - ends).total_seconds())} ago (HTTP {status})."
    if 300 <= status < 400:
        return f"The host sends elsewhere (HTTP {status}), which podtui does not follow."
    return f"The host answered HTTP {status}."


def _refused(cause: str) -> BadLink:
    return BadLink(_WILL_NOT, clean(cause, 200), is_refused=True)
