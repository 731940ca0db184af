"""The RunPod client: what a submit may have cost, what a look tells, where the key goes."""

# ruff: noqa: ASYNC240 - a test may wait for its own small files

import asyncio
import gzip
import json
import socket
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import respx
from pydantic import SecretStr

from podtui.clients.backend import Endpoint, JobPhase, JobView, Order
from podtui.clients.http import Deadlines
from podtui.clients.runpod import RunPod, open_runpod
from podtui.errors import (
    Ambiguous,
    BadLink,
    DiskFull,
    NotSent,
    PodtuiError,
    Refused,
    Rejected,
    ServiceError,
    SettingsError,
    SlowDown,
    Unreadable,
    Vanished,
)
from podtui.words import ImageId, JobId
from tests.raw_server import Behaviour, Talk, answering, http, raw_server

KEY = SecretStr("rpa_CANARY0123456789abcd")
SHORT = Deadlines(connect_s=2, read_s=0.6, submit_s=1.0, status_s=1.0, small_s=1.0, download_s=1.0)
ORDER = Order(ImageId("generated_0123456789ab"), 2, {"3": {"inputs": {"seed": 2**64 - 1}}}, 120, 3600)
JOB = JobId("job-1-e1")
PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4EaABAAMkAUEj5ExoAAAAAElFTkSuQmCC"


def status(word: str, **more: object) -> bytes:
    return json.dumps({"id": JOB, "status": word, **more}).encode()


async def submit_to(behaviour: Behaviour) -> tuple[JobId, list[bytes]]:
    async with (
        raw_server(behaviour) as server,
        open_runpod(Endpoint(f"{server.url}/v2", "ep0example"), KEY, deadlines=SHORT) as runpod,
    ):
        return await runpod.submit(ORDER), server.requests


async def look_at(behaviour: Behaviour, spool: Path) -> JobView:
    async with (
        raw_server(behaviour) as server,
        open_runpod(Endpoint(f"{server.url}/v2", "ep0example"), KEY, deadlines=SHORT) as runpod,
    ):
        return await runpod.look(JOB, spool)


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "generated_0123456789ab.1.json"


# --- submit ---------------------------------------------------------------------------------------------


async def test_a_submit_posts_the_graph_our_ids_and_the_limits_once() -> None:
    job, requests = await submit_to(answering(http("200 OK", status("IN_QUEUE"))))
    assert job == JOB
    assert len(requests) == 1
    head, _, body = requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/ep0example/run HTTP/1.1")
    lower = head.lower()
    assert b"authorization: bearer rpa_canary" in lower
    assert b"accept-encoding: identity" in lower
    assert b"user-agent: podtui/" in lower
    assert b"origin:" not in lower
    assert json.loads(body) == {
        "input": {"workflow": ORDER.graph, "podtui_image": "generated_0123456789ab", "podtui_attempt": 2},
        "policy": {"executionTimeout": 120_000, "ttl": 3_600_000},
    }


async def test_each_submit_takes_a_connection_of_its_own() -> None:
    async def keep_open(talk: Talk) -> None:
        while True:
            await talk.read_request()
            kept = http("200 OK", status("IN_QUEUE")).replace(b"Connection: close\r\n", b"")
            await talk.send(kept)

    async with (
        raw_server(keep_open) as server,
        open_runpod(Endpoint(server.url, "ep0example"), KEY, deadlines=SHORT) as runpod,
    ):
        for _ in range(3):
            await runpod.submit(ORDER)
        assert server.connections == 3
        await runpod.health()
        await runpod.health()
        assert server.connections == 4


@pytest.mark.parametrize("code", [401, 403])
async def test_r1_a_refused_key_is_free_and_shown_by_its_end_only(code: int) -> None:
    with pytest.raises(Refused) as caught:
        await submit_to(answering(http(f"{code} No", b'{"error":"rpa_CANARY0123456789abcd is bad"}')))
    assert caught.value.kind == "key"
    assert "…abcd" in caught.value.title
    assert "CANARY" not in str(caught.value)


@pytest.mark.parametrize("code", [404, 405])
async def test_r3_an_unknown_endpoint_is_free(code: int) -> None:
    with pytest.raises(Refused) as caught:
        await submit_to(answering(http(f"{code} No", b'{"message":"Not Found"}')))
    assert caught.value.kind == "endpoint"
    assert "Not Found" in caught.value.cause


async def test_r1_a_refusal_whose_body_breaks_off_is_still_a_refusal() -> None:
    with pytest.raises(Refused):
        await submit_to(answering(http("401 Unauthorized", b'{"err', length=900)))


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Retry-After: 12", 12.0),
        ("Retry-After: x", None),
        ("Retry-After: -5", 0.0),
        ("Retry-After: 1e9", 120.0),
        ("Date: Tue, 24 Nov 2026 10:00:00 GMT\r\nRetry-After: Tue, 24 Nov 2026 10:00:30 GMT", 30.0),
        ("X-Other: 1", None),
    ],
)
async def test_r6_r7_a_429_says_how_long_to_wait(header: str, seconds: float | None) -> None:
    with pytest.raises(SlowDown) as caught:
        await submit_to(answering(http("429 Too Many", b"slow down", header)))
    assert caught.value.retry_after_s == seconds


@pytest.mark.parametrize("code", [400, 413, 415, 422])
async def test_r8_a_refused_job_gives_its_reason_sanitised(code: int) -> None:
    with pytest.raises(Rejected) as caught:
        body = json.dumps({"error": "bad \x1b[2J input " + "x" * 500}).encode()
        await submit_to(answering(http(f"{code} Bad", body)))
    assert "bad ␛[2J input" in caught.value.title
    assert "\x1b" not in str(caught.value)
    assert len(caught.value.title) < 240


HTML = b"<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


@pytest.mark.parametrize("code", [301, 307, 408, 418, 500, 502, 503, 504, 524])
async def test_r9_an_unclear_status_on_submit_is_ambiguous(code: int) -> None:
    with pytest.raises(Ambiguous) as caught:
        await submit_to(answering(http(f"{code} Hm", HTML, "Location: https://elsewhere.example/")))
    assert caught.value.raw == HTML
    assert "502 Bad Gateway" in caught.value.cause


async def _reset_after_reading(talk: Talk) -> None:
    await talk.read_request()
    talk.reset()


async def _end_after_reading(talk: Talk) -> None:
    await talk.read_request()


async def _reset_at_once(talk: Talk) -> None:
    talk.reset()


async def _silence(talk: Talk) -> None:
    await talk.read_request()
    await talk.reader.read()


@pytest.mark.parametrize("behaviour", [_reset_after_reading, _end_after_reading])
async def test_r11_a_connection_lost_after_the_post_is_ambiguous(behaviour: Behaviour) -> None:
    with pytest.raises(Ambiguous):
        await submit_to(behaviour)


async def test_r12_a_reset_before_reading_cannot_be_told_apart() -> None:
    with pytest.raises(Ambiguous):
        await submit_to(_reset_at_once)


async def test_r13_no_connection_is_surely_free() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{taken.getsockname()[1]}"
    for url in (closed, "http://podtui.invalid", "gopher://x"):
        async with open_runpod(Endpoint(url, "ep0example"), KEY, deadlines=SHORT) as runpod:
            with pytest.raises(NotSent) as caught:
                await runpod.submit(ORDER)
            assert "no connection to RunPod" in caught.value.title


async def test_r13_a_server_that_speaks_no_tls_is_surely_free() -> None:
    async def garble(talk: Talk) -> None:
        await talk.reader.read(10)
        await talk.send(b"this is no TLS at all")

    async with raw_server(garble) as server:
        where = Endpoint(f"https://127.0.0.1:{server.port}", "ep0example")
        async with open_runpod(where, KEY, deadlines=SHORT) as runpod:
            with pytest.raises(NotSent):
                await runpod.submit(ORDER)


async def test_r14_silence_after_the_post_is_ambiguous() -> None:
    with pytest.raises(Ambiguous) as caught:
        await submit_to(_silence)
    assert "in time" in caught.value.cause


def _drip(data: bytes) -> Behaviour:
    async def behave(talk: Talk) -> None:
        await talk.read_request()
        for index in range(len(data)):
            await talk.send(data[index : index + 1])
            await asyncio.sleep(0.1)

    return behave


@pytest.mark.parametrize(
    "data", [http("200 OK", status("IN_QUEUE")), b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"]
)
async def test_r15_one_byte_at_a_time_is_cut_by_the_overall_deadline(data: bytes) -> None:
    with pytest.raises(Ambiguous) as caught:
        await submit_to(_drip(data))
    assert "in time" in caught.value.cause


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
BAD_ANSWERS = {
    "html": http("200 OK", HTML),
    "empty": http("200 OK"),
    "cut JSON": http("200 OK", status("IN_QUEUE")[:-4]),
    "cut body": http("200 OK", status("IN_QUEUE"), length=999),
    "bad UTF-8": http("200 OK", b'{"id":"\xff\xfe","status":"IN_QUEUE"}'),
    "bad chunk": CHUNKED + b"zz\r\nnonsense",
    "gzip": http("200 OK", gzip.compress(status("IN_QUEUE")), "Content-Encoding: gzip"),
    "bad gzip": http("200 OK", b"\x1f\x8bnot", "Content-Encoding: gzip"),
    "no HTTP": b"SSH-2.0-OpenSSH\r\n",
    "huge headers": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n{}",
    "deep": http("200 OK", b"[" * 100_000),
    "5,000 digits": http("200 OK", b'{"id":"a","n":' + b"9" * 5000 + b"}"),
    "NaN": http("200 OK", b'{"id":"a","n":NaN}'),
    "doubled keys": http("200 OK", b'{"id":"a","id":"b"}'),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_r16_r18_an_unreadable_answer_to_a_submit_is_ambiguous(name: str) -> None:
    with pytest.raises(Ambiguous):
        await submit_to(answering(BAD_ANSWERS[name]))


@pytest.mark.parametrize(
    "body",
    [
        b'{"id":"../x"}',
        b'{"id":""}',
        b'{"id":7}',
        b'{"id":null}',
        b"{}",
        b"[]",
        b"null",
        b'"a"',
        b'{"id":"a\\n"}',
        b'{"id":"' + b"a" * 129 + b'"}',
        b'{"id":"' + b"a" * 1_000_000 + b'"}',
    ],
)
async def test_r17_a_submit_without_a_usable_id_is_ambiguous_and_keeps_the_raw_answer(body: bytes) -> None:
    with pytest.raises(Ambiguous) as caught:
        await submit_to(answering(http("200 OK", body)))
    assert caught.value.raw == body


async def test_i8_a_number_that_json_does_not_have_is_never_sent() -> None:
    async with raw_server(_silence) as server, open_runpod(Endpoint(server.url, "e0x"), KEY) as runpod:
        with pytest.raises(Rejected):
            await runpod.submit(Order(ORDER.image, 1, {"1": {"inputs": {"cfg": float("nan")}}}))
        with pytest.raises(Rejected) as caught:
            await runpod.submit(Order(ORDER.image, 1, {"1": {"inputs": {"image": "x" * 10_000_001}}}))
        assert "too large" in caught.value.title
        assert server.connections == 0


# --- look -----------------------------------------------------------------------------------------------


async def test_r2_a_key_revoked_in_mid_batch_is_refused(spool: Path) -> None:
    with pytest.raises(Refused):
        await look_at(answering(http("401 No")), spool)


async def test_r4_r5_an_unknown_job_has_vanished(spool: Path) -> None:
    with pytest.raises(Vanished) as caught:
        await look_at(answering(http("404 Not Found", b'{"error":"job not found"}')), spool)
    assert caught.value.cause == "job not found"


async def test_r6_a_look_may_be_asked_to_slow_down(spool: Path) -> None:
    with pytest.raises(SlowDown) as caught:
        await look_at(answering(http("429 No", b"", "Retry-After: 3")), spool)
    assert caught.value.retry_after_s == 3


@pytest.mark.parametrize("code", [302, 500, 502, 524])
async def test_r10_an_unclear_status_on_a_look_is_for_another_time(code: int, spool: Path) -> None:
    with pytest.raises(ServiceError) as caught:
        await look_at(answering(http(f"{code} Hm", HTML)), spool)
    assert not isinstance(caught.value, Unreadable | Vanished | SlowDown)
    assert not spool.exists()


LOST: list[Behaviour] = [
    _reset_after_reading,
    _end_after_reading,
    _reset_at_once,
    _silence,
    _drip(http("200 OK", status("COMPLETED"))),
    answering(BAD_ANSWERS["cut body"]),
    answering(BAD_ANSWERS["bad chunk"]),
    answering(BAD_ANSWERS["no HTTP"]),
    answering(BAD_ANSWERS["huge headers"]),
]


@pytest.mark.parametrize("behaviour", LOST)
async def test_r15_r16_an_answer_that_breaks_off_is_looked_for_again(
    behaviour: Behaviour, spool: Path
) -> None:
    with pytest.raises(ServiceError) as caught:
        await look_at(behaviour, spool)
    assert not isinstance(caught.value, Unreadable | Vanished)
    assert not spool.exists()
    assert not spool.parent.exists() or not list(spool.parent.iterdir())


@pytest.mark.parametrize(
    "name", ["html", "empty", "cut JSON", "bad UTF-8", "deep", "5,000 digits", "NaN", "doubled keys"]
)
async def test_r16_r18_a_whole_answer_that_cannot_be_read_is_kept(name: str, spool: Path) -> None:
    with pytest.raises(Unreadable):
        await look_at(answering(BAD_ANSWERS[name]), spool)
    assert spool.read_bytes() == BAD_ANSWERS[name].partition(b"\r\n\r\n")[2]


async def test_r19_an_answer_over_64_mb_is_refused_by_its_length(spool: Path) -> None:
    with pytest.raises(Unreadable) as caught:
        await look_at(answering(http("200 OK", b"{", length=300_000_000)), spool)
    assert "64 MB" in caught.value.title
    assert not spool.exists()


async def test_r19_an_answer_over_64_mb_is_refused_by_counting(
    spool: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("podtui.clients.http.MAX_ANSWER_BYTES", 300_000)
    sent = 0

    async def pour(talk: Talk) -> None:
        nonlocal sent
        await talk.read_request()
        await talk.send(http("200 OK", length=-1))
        for _ in range(2000):
            await talk.send(b" " * 65_536)
            sent += 65_536

    with pytest.raises(Unreadable):
        await look_at(pour, spool)
    assert sent < 100_000_000
    assert not list(spool.parent.iterdir())


async def test_r23_states_that_are_unknown_or_go_backwards_are_not_final(spool: Path) -> None:
    for word, phase in (
        ("IN_QUEUE", JobPhase.QUEUED),
        ("RUNNING", JobPhase.RUNNING),
        ("\x1b]0;x\x07DREAMING", JobPhase.UNKNOWN),
    ):
        view = await look_at(answering(http("200 OK", status(word))), spool)
        assert (view.phase, view.phase.is_final) == (phase, False)
        assert "\x1b" not in view.said
    assert not spool.exists()


async def test_a_final_answer_lies_whole_in_the_spool_and_can_be_read_again(spool: Path) -> None:
    body = status("COMPLETED", output={"images": [{"filename": "a.png", "type": "base64", "data": PNG}]})
    view = await look_at(answering(http("200 OK", body)), spool)
    assert view.phase is JobPhase.COMPLETED
    assert spool.read_bytes() == body
    assert spool.stat().st_mode & 0o777 == 0o600
    async with open_runpod(Endpoint("http://127.0.0.1:9", "e0x"), KEY) as runpod:
        assert await runpod.read(JOB, spool) == view


async def test_a_large_answer_is_streamed_into_the_spool(spool: Path) -> None:
    body = status("COMPLETED", output={"images": [{"data": "QUJD" * 100_000, "type": "base64"}]})
    view = await look_at(answering(http("200 OK", body)), spool)
    assert view.pictures[0].data == b"ABC" * 100_000
    assert spool.read_bytes() == body
    assert "QUJDQUJD" not in view.answer


async def test_a_large_progress_report_leaves_no_file(spool: Path) -> None:
    body = status("IN_PROGRESS", output={"note": "x" * 200_000})
    view = await look_at(answering(http("200 OK", body)), spool)
    assert view.phase is JobPhase.RUNNING
    assert not spool.exists()


async def test_r36_the_answer_for_another_job_is_not_kept(spool: Path) -> None:
    for more in ({}, {"output": "QUJD" * 100_000}):
        body = json.dumps({"id": "other-e1", "status": "COMPLETED", **more}).encode()
        with pytest.raises(ServiceError) as caught:
            await look_at(answering(http("200 OK", body)), spool)
        assert caught.value.title == "mismatch"
        assert not spool.exists()


async def test_d1_a_full_disk_is_said_in_our_words(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("podtui.clients.spool.os.write", full)
    with pytest.raises(DiskFull):
        await look_at(answering(http("200 OK", status("COMPLETED"))), spool)
    assert not list(spool.parent.iterdir())


async def test_d16_a_planted_symlink_is_replaced_and_its_victim_untouched(
    spool: Path, tmp_path: Path
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    spool.parent.mkdir()
    spool.symlink_to(victim)
    await look_at(answering(http("200 OK", status("COMPLETED"))), spool)
    assert victim.read_bytes() == b"mine"
    assert not spool.is_symlink()


async def test_a_look_never_sets_the_life_of_a_job(spool: Path) -> None:
    async with (
        raw_server(answering(http("200 OK", status("IN_QUEUE")))) as server,
        open_runpod(Endpoint(server.url, "ep0example"), KEY, deadlines=SHORT) as runpod,
    ):
        await runpod.look(JOB, spool)
        assert server.requests[0].startswith(b"GET /ep0example/status/job-1-e1 HTTP/1.1\r\n")


# --- cancel, health, facts, key -------------------------------------------------------------------------

BASE = "https://api.runpod.ai/v2"
Make = Callable[[], RunPod]


def ours(url: str = BASE) -> RunPod:
    return RunPod(Endpoint(url, "ep0example"), KEY, deadlines=SHORT)


@respx.mock
async def test_a_cancel_is_taken_or_says_why_not() -> None:
    route = respx.post(f"{BASE}/ep0example/cancel/{JOB}")
    route.respond(200, json={"id": JOB, "status": "CANCELLED"})
    await ours().cancel(JOB)
    for code, kind in ((404, Vanished), (401, Refused), (429, SlowDown), (500, ServiceError)):
        route.respond(code)
        with pytest.raises(kind):
            await ours().cancel(JOB)


@respx.mock
async def test_health_takes_any_subset_of_counters() -> None:
    route = respx.get(f"{BASE}/ep0example/health")
    route.respond(200, json={"jobs": {"inQueue": 4, "failed": True, "completed": -1}, "workers": {"idle": 0}})
    health = await ours().health()
    assert (health.in_queue, health.idle, health.failed, health.completed) == (4, 0, None, None)
    assert health.workers == 0
    for odd in ({}, {"jobs": [], "workers": "x"}, {"workers": {"running": "1"}}):
        route.respond(200, json=odd)
        assert (await ours().health()).workers is None
    route.respond(200, text="<html>")
    with pytest.raises(ServiceError):
        await ours().health()


GPUS = {
    "gpus": [
        {"id": "A", "name": "RTX 4090", "pool": "ADA_24", "price": {"serverless": 1.1}},
        {"id": "B", "name": "L4", "pool": "ADA_24", "price": {"serverless": 0.7}},
        {"id": "C", "name": "H100", "pool": "HOPPER", "price": {"serverless": 4.0}},
    ]
}
ENDPOINT = {
    "id": "ep0example",
    "name": "flux",
    "type": "QUEUE",
    "image": "runpod/worker-comfyui:5.8.5-flux1-dev-fp8",
    "env": {"BUCKET_ENDPOINT_URL": "x"},
    "gpu": {"pools": ["ADA_24"], "count": 2},
    "workers": {"min": 0, "max": 3, "idleTimeout": 5},
    "timeout": 600_000,
}


@respx.mock
async def test_r40_facts_tell_the_endpoints_settings_and_dearest_price() -> None:
    respx.get("https://api.runpod.io/v2/serverless").respond(200, json={"endpoints": [{"id": "x"}, ENDPOINT]})
    respx.get("https://api.runpod.io/v2/catalog/gpus").respond(200, json=GPUS)
    facts = await ours().facts()
    assert facts is not None
    assert (facts.max_workers, facts.idle_timeout_s, facts.kind, facts.has_bucket) == (3, 5, "QUEUE", True)
    assert facts.price_microdollars_per_s == round(1.1e6 / 3600 * 2)
    assert {call.request.headers["Authorization"] for call in respx.calls} == {
        f"Bearer {KEY.get_secret_value()}"
    }


@respx.mock
@pytest.mark.parametrize(
    "body",
    [
        {"endpoints": []},
        {"endpoints": None},
        {"endpoints": [7, None]},
        [],
        {"endpoints": {"id": "ep0example"}},
    ],
)
async def test_facts_that_cannot_be_had_are_none(body: object) -> None:
    respx.get("https://api.runpod.io/v2/serverless").respond(200, json=body)
    assert await ours().facts() is None


@respx.mock
async def test_facts_without_a_price_leave_it_unknown() -> None:
    odd = {**ENDPOINT, "gpu": {"pools": "x"}, "workers": [], "env": None}
    respx.get("https://api.runpod.io/v2/serverless").respond(200, json={"endpoints": [odd]})
    respx.get("https://api.runpod.io/v2/catalog/gpus").respond(503)
    facts = await ours().facts()
    assert facts is not None
    assert (facts.price_microdollars_per_s, facts.max_workers, facts.has_bucket) == (None, None, None)


@respx.mock
async def test_s13_a_custom_job_address_alone_gets_the_key() -> None:
    # respx refuses every host that is not named here.
    health = respx.get("http://proxy.example:8000/rp/ep0example/health").respond(200, json={})
    runpod = ours("http://proxy.example:8000/rp/")
    assert await runpod.facts() is None
    await runpod.health()
    assert health.call_count == len(respx.calls) == 1


@respx.mock
async def test_s13_a_redirect_is_not_followed_with_the_key() -> None:
    respx.post(f"{BASE}/ep0example/run").respond(307, headers={"Location": "https://evil.example/run"})
    with pytest.raises(Ambiguous):
        await ours().submit(ORDER)
    assert len(respx.calls) == 1


@respx.mock
async def test_no_cookie_is_kept() -> None:
    route = respx.get(f"{BASE}/ep0example/health").respond(
        200, json={}, headers={"Set-Cookie": "a=1; Path=/"}
    )
    runpod = ours()
    await runpod.health()
    await runpod.health()
    assert "Cookie" not in route.calls[1].request.headers


@respx.mock
async def test_r34_a_download_carries_no_key(tmp_path: Path) -> None:
    route = respx.get("http://127.0.0.1:9000/b/a.png").respond(200, content=b"picture")
    where = Endpoint(BASE, "ep0example", frozenset({"127.0.0.1:9000"}))
    into = tmp_path / "a.picture"
    async with open_runpod(where, KEY, deadlines=SHORT) as runpod:
        await runpod.download("http://127.0.0.1:9000/b/a.png", into)
        with pytest.raises(BadLink):
            await runpod.download("http://127.0.0.1:9001/b/a.png", into)
    assert into.read_bytes() == b"picture"
    assert into.stat().st_mode & 0o777 == 0o600
    sent = route.calls[0].request.headers
    assert "Authorization" not in sent
    assert "Cookie" not in sent


@respx.mock
@pytest.mark.parametrize(
    "error",
    [
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.CloseError("x"),
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.RemoteProtocolError("x"),
        httpx.DecodingError("x"),
        ValueError("x"),
        OSError("x"),
    ],
)
async def test_everything_that_is_not_surely_free_is_ambiguous(error: Exception) -> None:
    respx.post(f"{BASE}/ep0example/run").mock(side_effect=error)
    with pytest.raises(Ambiguous):
        await ours().submit(ORDER)


@respx.mock
@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpx.UnsupportedProtocol("x"),
        httpx.LocalProtocolError("x"),
        httpx.InvalidURL("x"),
    ],
)
async def test_what_never_left_is_not_sent(error: Exception) -> None:
    respx.post(f"{BASE}/ep0example/run").mock(side_effect=error)
    with pytest.raises(NotSent):
        await ours().submit(ORDER)


def test_a_job_address_that_cannot_be_read_is_a_matter_of_the_settings() -> None:
    with pytest.raises(SettingsError):
        ours("http://[::1")


async def test_a_socks_proxy_in_the_environment_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://127.0.0.1:1")
    with pytest.raises(PodtuiError) as caught:
        await ours().health()
    assert "proxy" in caught.value.title
