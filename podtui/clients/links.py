"""Addresses of pictures that a worker sends: which are opened, and how, without credentials."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx

from podtui.clients.http import Answer, Deadlines, Link, retry_after_s
from podtui.errors import BadLink, NotSent, ServiceError, SlowDown
from podtui.text import clean, duration

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""Turns host and port into addresses."""

_NAME = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))+", re.ASCII)
_PLAIN = re.compile(r"[!-\[\]-~]+", re.ASCII)
_INSIDE = frozenset(
    {"local", "localhost", "localdomain", "internal", "intranet", "lan", "home", "corp", "arpa"}
)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_WILL_NOT = "the worker sent an address podtui will not open"


async def resolve(host: str, port: int) -> list[str]:
    """Ask the system for a host's addresses."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


@dataclass(frozen=True)
class Target:
    """An address that may be opened."""

    url: httpx.URL
    is_trusted: bool
    """The settings name its host: it may be plain http or private, and its name is not checked further."""


def check_address(url: str, allowed: frozenset[str]) -> Target:
    """Decide whether an address may be opened at all; ``allowed`` hosts may be plain http or private.

    Raises:
        BadLink: it is not https on port 443 of a public name, or it tries to hide where it leads.
    """
    if not _PLAIN.fullmatch(url) or len(url) > 8000:
        raise _refused("It holds characters that no address has.")
    try:
        parts, parsed = urlsplit(url), httpx.URL(url)
        port = parts.port
    except (ValueError, httpx.InvalidURL):
        raise _refused("It cannot be read.") from None
    host = (parts.hostname or "").lower()
    # Two parsers that disagree about the host are a trick.
    if "@" in parts.netloc or not host or parsed.host != host or "%" in parts.netloc:
        raise _refused("It names a user, or no clear host.")
    if parts.scheme not in ("http", "https"):
        raise _refused("It is neither http nor https.")
    named = f"[{host}]" if ":" in host else host
    if {host, f"{named}:{port or {'http': 80, 'https': 443}[parts.scheme]}"} & allowed:
        return Target(parsed, is_trusted=True)
    if parts.scheme != "https":
        raise _refused("It is not https.")
    if port not in (None, 443):
        raise _refused(f"It uses port {port}.")
    last = host.rsplit(".", 1)[-1]
    if not _NAME.fullmatch(host) or not last[:1].isalpha() or last in _INSIDE:
        raise _refused("Its host is no public name.")
    return Target(parsed, is_trusted=False)


def check_resolved(addresses: list[str]) -> list[str]:
    """Return a name's addresses where all of them are public.

    Raises:
        BadLink: one leads inside, or there is none.
    """
    for address in addresses:
        found = ipaddress.ip_address(address.partition("%")[0])
        hidden: list[ipaddress.IPv4Address | ipaddress.IPv6Address | None] = [found]
        if isinstance(found, ipaddress.IPv6Address):
            hidden += [found.ipv4_mapped, found.sixtofour]
            if found in _NAT64:
                hidden.append(ipaddress.IPv4Address(int(found) & 0xFFFFFFFF))
        if any(one is not None and (not one.is_global or one.is_multicast) for one in hidden):
            raise _refused("Its name leads to an address that is not public.")
    if not addresses:
        raise BadLink("the picture's host is not known", "Its name has no address.")
    return list(dict.fromkeys(addresses))


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
    deadlines: Deadlines | None = None,
) -> None:
    """Fetch a picture into a file: no key, no cookie, no redirect, at most 64 MB.

    Raises:
        BadLink: an address that podtui will not open, or a host that refused it.
        NotSent, SlowDown, ServiceError: no answer this time.
    """
    target = check_address(url, allowed)
    link = Link("the picture's host", deadlines=deadlines, transport=transport, uses_proxy=False)
    last: NotSent | None = None
    for address in await _addresses(target, resolver):
        try:
            answer = await _fetch(link, target, address, into)
        except NotSent as error:
            last = error
            continue
        _judge(answer, url)
        return
    raise last or NotSent("the picture's host is not known")


async def _addresses(target: Target, resolver: Resolve) -> list[str]:
    if target.is_trusted:
        return [target.url.host]
    try:
        return check_resolved(await resolver(target.url.host, 443))
    except (OSError, UnicodeError):
        raise NotSent("the picture's host is not known", "Its name cannot be resolved.") from None


async def _fetch(link: Link, target: Target, address: str, into: Path) -> Answer:
    """Connect to the address that was checked, as a name may lead elsewhere the next time."""
    url = target.url if target.is_trusted else target.url.copy_with(host=address)
    return await link.ask(
        "GET",
        str(url),
        into=into,
        is_fresh=True,
        deadline_s=link.deadlines.download_s,
        headers={} if target.is_trusted else {"Host": target.url.host},
        sni="" if target.is_trusted else target.url.host,
    )


def _judge(answer: Answer, url: str) -> None:
    if answer.status == 200:
        return
    if 300 <= answer.status < 400:
        raise _refused(f"The host sends elsewhere (HTTP {answer.status}), which podtui does not follow.")
    if answer.status == 429:
        raise SlowDown("the picture's host asks to wait", retry_after_s=retry_after_s(answer.headers))
    if answer.status >= 500 or answer.is_ok:
        raise ServiceError(f"the picture's host answered HTTP {answer.status}")
    raise BadLink("link refused", _why(answer.status, url))


def _why(status: int, url: str) -> str:
    ends = expiry(url)
    if ends is not None and ends < (now := datetime.now(UTC)):
        return f"It expired {_age((now - ends).total_seconds())} ago (HTTP {status})."
    return f"The host answered HTTP {status}."


def _age(seconds: float) -> str:
    days = int(seconds // 86_400)
    return duration(seconds) if days < 1 else f"{days} day{'s' if days > 1 else ''}"


def _refused(cause: str) -> BadLink:
    return BadLink(_WILL_NOT, clean(cause, 200), is_refused=True)
