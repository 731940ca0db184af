"""The one way out: Retry-After, reasons, the bound key, counted bodies, no proxy for one's own machine."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from podtui.clients.http import BoundKey, Link, Silence, is_loopback, json_bytes, reason, retry_after_s, tls
from podtui.errors import NotSent, Refused, Rejected, Unreadable
from tests.raw_server import answering, http, raw_server

KEY = SecretStr("rpa_CANARY0123456789abcd")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40))
def test_r6_any_retry_after_is_a_sane_wait_or_none(text: str) -> None:
    wait = retry_after_s(httpx.Headers({"Retry-After": text}))
    assert wait is None or 0 <= wait <= 120


@given(st.floats(allow_nan=True) | st.integers())
def test_r6_any_number_of_seconds_is_clamped(number: float) -> None:
    wait = retry_after_s(httpx.Headers({"Retry-After": str(number)}))
    assert wait is None or 0 <= wait <= 120


def test_r37_a_date_is_measured_by_the_services_own_clock() -> None:
    date = "Tue, 24 Nov 2026 10:00:07 GMT"
    assert retry_after_s(httpx.Headers({"Retry-After": date, "Date": "Tue, 24 Nov 2026 10:00:00 GMT"})) == 7
    assert retry_after_s(httpx.Headers({"Retry-After": date}), now_s=1_795_514_400) == 7
    assert retry_after_s(httpx.Headers({"Retry-After": "Tue, 99 Nov 2026 10:00:07 GMT"})) is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"error":"no","message":"x"}', "no"),
        (b'{"error":{"message":"deep"}}', "deep"),
        (b'{"message":"Not Found"}', "Not Found"),
        (b'{"title":"Bad","detail":"why"}', "why"),
        (b"<HTML><title> 502 Bad Gateway </title>", "an HTML page (502 Bad Gateway)"),
        (b"<html>x", "an HTML page"),
        (b"plain \x1b[2J \xff", "plain ␛[2J \ufffd"),
        (b"[" * 50_000, "[" * 199 + "…"),
        (b"", ""),
        (b'{"error":"key rpa_0123456789 is bad"}', "key [secret] is bad"),
    ],
)
def test_a_reason_is_taken_from_any_body(body: bytes, words: str) -> None:
    assert reason(body) == words


def test_s13_a_key_opens_only_the_hosts_it_is_bound_to() -> None:
    key = BoundKey(KEY, "https://api.runpod.ai/v2", "https://api.runpod.io/v2")
    for good in ("https://api.runpod.ai/x", "https://api.runpod.io:443/y"):
        assert key.header(httpx.URL(good)) == {"Authorization": "Bearer rpa_CANARY0123456789abcd"}
    for bad in (
        "http://api.runpod.ai/x",
        "https://api.runpod.ai:8443/x",
        "https://api.runpod.ai.evil.example/",
        "https://evil.example/api.runpod.ai",
        "https://api.runpod.ai@evil.example/",
    ):
        with pytest.raises(Refused) as caught:
            key.header(httpx.URL(bad))
        assert "CANARY" not in str(caught.value)


def test_s15_a_key_is_shown_by_its_last_four_and_a_short_one_not_at_all() -> None:
    assert BoundKey(KEY).tail == "abcd"
    assert BoundKey(SecretStr("short")).tail == ""
    assert "CANARY" not in repr(vars(BoundKey(KEY)))


@pytest.mark.parametrize("key", ["a\nb", "ключ", "a\x00b"])
def test_i17_a_key_that_no_header_can_carry_is_refused(key: str) -> None:
    with pytest.raises(Refused):
        BoundKey(SecretStr(key), "https://a.example").header(httpx.URL("https://a.example"))


def test_bodies_are_ascii_json_or_refused() -> None:
    assert (
        json_bytes({"a": "é\ud800", "n": 2**64 - 1}) == b'{"a": "\\u00e9\\ud800", "n": 18446744073709551615}'
    )
    for bad in (float("nan"), float("inf"), {1, 2}):
        with pytest.raises(Rejected):
            json_bytes({"a": bad})


async def test_r19_a_large_body_is_not_read_into_memory() -> None:
    async with raw_server(answering(http("200 OK", b" " * 5_000_000))) as server:
        link = Link("the test")
        with pytest.raises(Unreadable):
            await link.ask("GET", server.url)
        await link.close()


async def test_r16_a_compressed_answer_is_not_unpacked() -> None:
    async with raw_server(answering(http("200 OK", b"x", "Content-Encoding: gzip"))) as server:
        link = Link("the test")
        with pytest.raises(Unreadable):
            await link.ask("GET", server.url)
        await link.close()


async def test_silence_keeps_what_came() -> None:
    async with raw_server(answering(http("200 OK", b"some", length=9))) as server:
        link = Link("the test")
        with pytest.raises(Silence) as caught:
            await link.ask("GET", server.url)
        await link.close()
    assert caught.value.raw == b"some"


async def test_this_machine_is_reached_without_the_environments_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    async with raw_server(answering(http("200 OK", b"{}"))) as server:
        direct, by_proxy = Link("a", uses_proxy=not is_loopback(server.url)), Link("b")
        assert (await direct.ask("GET", server.url)).body == b"{}"
        with pytest.raises(NotSent):
            await by_proxy.ask("GET", server.url)
        await direct.close()
        await by_proxy.close()


def test_the_tls_context_is_made_once() -> None:
    assert tls() is tls()


def test_only_loopback_is_this_machine() -> None:
    assert all(is_loopback(f"http://{host}:1") for host in ("127.0.0.1", "127.8.8.8", "localhost", "[::1]"))
    assert not any(
        is_loopback(f"http://{host}:1") for host in ("127.0.0.1.evil.example", "10.0.0.1", "[::2]")
    )
