"""Addresses of pictures: which are opened, which are not, and where the connection then goes."""

# ruff: noqa: ASYNC240 - a test may wait for its own small files

from pathlib import Path

import httpx
import pytest

from podtui.clients import links
from podtui.clients.http import Deadlines
from podtui.errors import BadLink, NotSent, ServiceError, SlowDown
from tests.raw_server import Talk, answering, http, raw_server

SHORT = Deadlines(connect_s=1, read_s=0.5, download_s=0.8)
LINK = "https://s3.example.com/11-26/j/b0.png?X-Amz-Credential=K%2F2026&X-Amz-Signature=00"

BAD = [
    "",
    "http://s3.example.com/a.png",
    "ftp://s3.example.com/a.png",
    "file:///etc/passwd",
    "data:image/png;base64,QUJD",
    "javascript:alert(1)",
    "//s3.example.com/a.png",
    "s3.example.com/a.png",
    "https:///a.png",
    "https://",
    "https://localhost/a.png",
    "https://localhost./a.png",
    "https://a.localhost/a.png",
    "https://intranet/a.png",
    "https://printer.local/a.png",
    "https://metadata.google.internal/a.png",
    "https://127.0.0.1/a.png",
    "https://127.1/a.png",
    "https://2130706433/a.png",
    "https://0x7f000001/a.png",
    "https://0x7f.0.0.1/a.png",
    "https://0177.0.0.1/a.png",
    "https://169.254.169.254/latest/meta-data/",
    "https://10.0.0.1/a.png",
    "https://8.8.8.8/a.png",
    "https://[::1]/a.png",
    "https://[::ffff:127.0.0.1]/a.png",
    "https://user@s3.example.com/a.png",
    "https://s3.example.com:pw@evil.example/a.png",
    "https://s3.example.com:8443/a.png",
    "https://s3.example.com:80/a.png",
    "https://s3.example.com:99999/a.png",
    "https://s3.example.com\\@evil.example/a.png",
    "https://s3.example.com/a b.png",
    "https://s3.example.com/a\r\nHost: evil",
    "https://１２７.０.０.１/a.png",
    "https://127。0。0。1/a.png",
    "https://s3%2eexample.com/a.png",
    "https://-s3.example.com/a.png",
    "https://s3..example.com/a.png",
    "https://s3.example.com/" + "a" * 9000,
]
GOOD = [
    LINK,
    "https://s3.example.com:443/a.png",
    "https://bucket.s3.eu-central-1.amazonaws.com/a.png",
    "https://pub-0123.r2.dev/a%20b.png",
    "HTTPS://S3.Example.Com/a.png",
]


@pytest.mark.parametrize("url", BAD)
def test_r32_an_address_that_hides_or_leads_inside_is_not_opened(url: str) -> None:
    with pytest.raises(BadLink) as caught:
        links.check_address(url, frozenset())
    assert caught.value.is_refused
    assert caught.value.title == "the worker sent an address podtui will not open"


@pytest.mark.parametrize("url", GOOD)
def test_r32_a_public_https_address_is_opened(url: str) -> None:
    assert not links.check_address(url, frozenset()).is_trusted


INSIDE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
]


@pytest.mark.parametrize("address", INSIDE)
async def test_r32_a_name_that_resolves_inside_is_not_opened(address: str, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34", address]

    def never(request: httpx.Request) -> httpx.Response:
        raise AssertionError("a request was sent")

    with pytest.raises(BadLink) as caught:
        await links.download(
            LINK, tmp_path / "a", allowed=frozenset(), resolver=resolve, transport=httpx.MockTransport(never)
        )
    assert caught.value.is_refused


async def public(host: str, port: int) -> list[str]:
    return ["2606:2800:220:1::1", "93.184.216.34"]


async def test_r32_the_connection_goes_to_the_checked_address_under_the_names_certificate(
    tmp_path: Path,
) -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host != "93.184.216.34":
            raise httpx.ConnectError("no such road")
        return httpx.Response(200, stream=httpx.ByteStream(b"picture"))

    into = tmp_path / "a.picture"
    await links.download(
        LINK, into, allowed=frozenset(), resolver=public, transport=httpx.MockTransport(answer)
    )
    assert into.read_bytes() == b"picture"
    last = asked[-1]
    assert [request.url.host for request in asked] == ["2606:2800:220:1::1", "93.184.216.34"]
    assert (last.headers["Host"], last.extensions["sni_hostname"]) == ("s3.example.com", "s3.example.com")
    assert str(last.url).partition("?")[2] == LINK.partition("?")[2]
    assert not {"authorization", "cookie", "origin", "referer"} & {name.lower() for name in last.headers}


async def test_a_name_without_an_address_is_no_answer_this_time(tmp_path: Path) -> None:
    async def unknown(host: str, port: int) -> list[str]:
        raise OSError("unknown")

    with pytest.raises(NotSent):
        await links.download(LINK, tmp_path / "a", allowed=frozenset(), resolver=unknown)


@pytest.mark.parametrize("named", ["127.0.0.1", "127.0.0.1:{port}"])
async def test_r32_a_host_that_the_settings_name_may_be_plain_and_private(named: str, tmp_path: Path) -> None:
    async with raw_server(answering(http("200 OK", b"picture"))) as server:
        allowed = frozenset({named.format(port=server.port)})
        await links.download(f"{server.url}/a.png", tmp_path / "a", allowed=allowed)
        with pytest.raises(BadLink):
            await links.download(f"http://127.0.0.2:{server.port}/a.png", tmp_path / "b", allowed=allowed)
    assert (tmp_path / "a").read_bytes() == b"picture"


async def fetch(tmp_path: Path, data: bytes) -> None:
    async with raw_server(answering(data)) as server:
        query = "X-Amz-Date=20200101T000000Z&X-Amz-Expires=604800"
        await links.download(
            f"{server.url}/a.png?{query}", tmp_path / "a", allowed=frozenset({"127.0.0.1"}), deadlines=SHORT
        )


@pytest.mark.parametrize("code", [400, 401, 403, 404, 410])
async def test_r31_a_link_that_is_refused_says_its_age(code: int, tmp_path: Path) -> None:
    with pytest.raises(BadLink) as caught:
        await fetch(tmp_path, http(f"{code} No", b"<Error>"))
    assert not caught.value.is_refused
    assert "days ago" in caught.value.cause


@pytest.mark.parametrize("code", [301, 302, 307, 308])
async def test_r32_a_redirect_is_not_followed(code: int, tmp_path: Path) -> None:
    with pytest.raises(BadLink) as caught:
        await fetch(tmp_path, http(f"{code} There", b"", "Location: http://169.254.169.254/"))
    assert caught.value.is_refused


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (http("500 Oh"), ServiceError),
        (http("429 Slow"), SlowDown),
        (http("204 None"), ServiceError),
        (http("200 OK", b"cut", length=99), ServiceError),
        (http("200 OK", b"", length=99_000_000), ServiceError),
        (b"nonsense\r\n\r\n", ServiceError),
    ],
)
async def test_a_download_that_breaks_off_leaves_nothing(
    data: bytes, kind: type[Exception], tmp_path: Path
) -> None:
    with pytest.raises(kind):
        await fetch(tmp_path, data)
    assert not list(tmp_path.glob("*a*"))


async def test_r15_a_slow_download_is_cut_by_its_deadline(tmp_path: Path) -> None:
    async def silence(talk: Talk) -> None:
        await talk.read_request()
        await talk.send(http("200 OK", b"x", length=50))
        await talk.reader.read()

    async with raw_server(silence) as server:
        with pytest.raises(ServiceError):
            await links.download(
                f"{server.url}/a", tmp_path / "a", allowed=frozenset({"127.0.0.1"}), deadlines=SHORT
            )
    assert not list(tmp_path.glob("*a*"))


def test_a_presigned_address_tells_its_end() -> None:
    ends = links.expiry(LINK + "&X-Amz-Date=20261122T075702Z&X-Amz-Expires=604800")
    assert ends is not None
    assert ends.isoformat() == "2026-11-29T07:57:02+00:00"
    for odd in ("X-Amz-Date=x&X-Amz-Expires=1", "X-Amz-Date=20261122T075702Z&X-Amz-Expires=9" + "9" * 30, ""):
        assert links.expiry(f"https://a.example/?{odd}") is None
