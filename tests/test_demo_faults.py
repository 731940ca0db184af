"""Every fault of the pretend cloud's answers does what it says."""

import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from podtui.demo.http_faults import FAULTS
from tests.cloud import TestCloud, running_cloud
from tests.demo_calls import final, graph, job_api, run

BODY = {"input": {"workflow": graph()}}


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    with running_cloud() as found:
        yield found


@pytest.fixture
def api(cloud: TestCloud) -> Iterator[httpx.Client]:
    with job_api(cloud) as found:
        yield found


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad_request", 400),
        ("unauthorized", 401),
        ("forbidden", 403),
        ("not_found", 404),
        ("too_large", 413),
        ("unprocessable", 422),
        ("slow_down", 429),
        ("server_error", 500),
        ("bad_gateway", 502),
        ("unavailable", 503),
        ("origin_timeout", 524),
        ("redirect", 307),
    ],
)
@pytest.mark.parametrize("is_accepted", [False, True])
def test_a_status_code_comes_before_or_after_accepting(
    cloud: TestCloud, api: httpx.Client, name: str, code: int, is_accepted: bool
) -> None:
    cloud.fault(name, on="run", accepted=is_accepted)
    answer = api.post("/run", json=BODY)
    assert answer.status_code == code
    assert answer.headers["content-type"].startswith("text/html" if code >= 500 else "application/json")
    assert len(cloud.jobs) == is_accepted
    assert cloud.runs == 1
    assert api.post("/run", json=BODY).status_code == 200


@pytest.mark.parametrize("value", ["3", "Wed, 21 Oct 2026 07:28:00 GMT", "x", "-5", "1000000000"])
def test_retry_after_is_sent_as_it_is_set(cloud: TestCloud, api: httpx.Client, value: str) -> None:
    cloud.fault("slow_down", on="run", retry_after=value)
    assert api.post("/run", json=BODY).headers["retry-after"] == value
    cloud.fault("slow_down", on="run")
    assert "retry-after" not in api.post("/run", json=BODY).headers


def test_a_fault_meets_the_nth_call_and_as_many_as_were_said(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("bad_gateway", on="health", nth=2, times=2)
    assert [api.get("/health").status_code for _ in range(5)] == [200, 502, 502, 200, 200]
    cloud.fault("unavailable", on="health", times=0)
    assert {api.get("/health").status_code for _ in range(4)} == {503}
    cloud.clear_faults()
    assert api.get("/health").status_code == 200


def test_a_fault_can_be_kept_to_one_job(cloud: TestCloud, api: httpx.Client) -> None:
    one, two = run(api, seed=1), run(api, seed=2)
    cloud.fault("not_found", on="status", job=2, times=0)
    assert api.get(f"/status/{one}").status_code == 200
    assert api.get(f"/status/{two}").status_code == 404


def test_an_unknown_fault_is_refused(cloud: TestCloud) -> None:
    for name, on in (("nonsense", "run"), ("bad_gateway", ""), ("bad_gateway", "nowhere"), ("failed", "run")):
        with pytest.raises(ValueError, match="no "):
            cloud.fault(name, on=on)


def raw_post(cloud: TestCloud) -> bytes:
    """POST a job by a bare socket; all bytes of the answer, or ConnectionResetError."""
    body = json.dumps(BODY).encode()
    head = (
        f"POST /v2/{cloud.endpoint}/run HTTP/1.1\r\nHost: {cloud.host}\r\n"
        f"Authorization: Bearer {cloud.key}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    host, _, port = cloud.host.partition(":")
    with socket.create_connection((host, int(port)), timeout=10) as talk:
        talk.sendall(head.encode() + body)
        found = b""
        while part := talk.recv(65536):
            found += part
        return found


@pytest.mark.parametrize(
    ("name", "accepted"), [("reset_before", 0), ("reset_after", 1), ("reset_in_body", 1)]
)
def test_a_reset_is_a_real_one(cloud: TestCloud, name: str, accepted: int) -> None:
    cloud.fault(name, on="run")
    with pytest.raises(ConnectionResetError):
        raw_post(cloud)
    assert len(cloud.jobs) == accepted
    assert cloud.runs == 1


@pytest.mark.parametrize(("name", "accepted"), [("close_before", 0), ("close_after", 1)])
def test_a_close_is_a_fin_without_a_byte(cloud: TestCloud, name: str, accepted: int) -> None:
    cloud.fault(name, on="run")
    assert raw_post(cloud) == b""
    assert len(cloud.jobs) == accepted


def test_a_reset_at_accept_is_known_to_no_ledger(cloud: TestCloud) -> None:
    cloud.fault("reset_before", on="connection")
    with pytest.raises(ConnectionResetError):
        raw_post(cloud)
    assert cloud.runs == 0
    assert raw_post(cloud).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize(("name", "accepted"), [("hang", 0), ("hang_after", 1)])
def test_silence_lasts_until_the_client_leaves(cloud: TestCloud, name: str, accepted: int) -> None:
    cloud.fault(name, on="run")
    with job_api(cloud, timeout=0.2) as hasty, pytest.raises(httpx.ReadTimeout):
        hasty.post("/run", json=BODY)
    assert len(cloud.jobs) == accepted


@pytest.mark.parametrize("name", ["drip_headers", "drip_body"])
def test_a_slow_answer_comes_byte_by_byte(cloud: TestCloud, api: httpx.Client, name: str) -> None:
    cloud.fault(name, on="run", every_s=0.001)
    parts = 0
    with api.stream("POST", "/run", json=BODY) as answer:
        body = b""
        for part in answer.iter_raw():
            parts += 1
            body += part
    assert json.loads(body)["status"] == "IN_QUEUE"
    assert parts > 10


@pytest.mark.parametrize("name", ["cut_body", "bad_chunk"])
def test_a_broken_body_breaks_the_protocol(cloud: TestCloud, api: httpx.Client, name: str) -> None:
    cloud.fault(name, on="run")
    with pytest.raises(httpx.RemoteProtocolError):
        api.post("/run", json=BODY)
    assert len(cloud.jobs) == 1


def test_a_body_without_length_is_cut_unseen(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("cut_without_length", on="run")
    answer = api.post("/run", json=BODY)
    assert answer.status_code == 200
    with pytest.raises(ValueError, match=r"nterminated|delimiter|Expecting"):
        answer.json()


def test_gzip_is_broken_or_a_bomb(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("bad_gzip", on="run")
    with pytest.raises(httpx.DecodingError):
        api.post("/run", json=BODY)
    cloud.fault("gzip_bomb", on="run", megabytes=20)
    with api.stream("POST", "/run", json=BODY) as answer:
        assert sum(map(len, answer.iter_raw())) < 100_000
    assert answer.headers["content-encoding"] == "gzip"


def test_a_huge_answer_is_as_large_as_was_said(cloud: TestCloud, api: httpx.Client) -> None:
    job = run(api)
    cloud.fault("huge", on="status", megabytes=5)
    assert len(api.get(f"/status/{job}").content) > 5_000_000
    cloud.fault("huge_headers", on="status")
    with pytest.raises(httpx.RemoteProtocolError):
        api.get(f"/status/{job}")


def test_bodies_are_wrong_in_the_named_way(cloud: TestCloud, api: httpx.Client) -> None:
    def answer(name: str, **args: Any) -> bytes:
        cloud.fault(name, on="run", **args)
        return api.post("/run", json=BODY).content

    assert answer("html").startswith(b"<html>")
    assert answer("empty") == b""
    assert answer("null") == b"null"
    assert isinstance(json.loads(answer("list")), list)
    with pytest.raises(ValueError, match=r"nterminated|delimiter|Expecting"):
        json.loads(answer("cut_json"))
    with pytest.raises(UnicodeDecodeError):
        answer("bad_utf8").decode()
    assert json.loads(answer("no_id")) == {"status": "IN_QUEUE"}
    assert json.loads(answer("bad_id"))["id"] == "../x"
    assert json.loads(answer("bad_id", id=["x"]))["id"] == ["x"]
    assert len(json.loads(answer("long_id"))["id"]) == 1_000_000
    with pytest.raises(RecursionError):
        json.loads(answer("deep"))
    with pytest.raises(ValueError, match="4300"):
        json.loads(answer("digits"))
    assert b'"delayTime":NaN' in answer("nan")
    assert answer("duplicate_keys").count(b'"id"') == 2
    assert len(cloud.jobs) == cloud.runs == 14


def test_every_way_over_http_is_tested_here() -> None:
    tested = {"http", "html", "empty", "null", "list", "cut_json", "bad_utf8", "no_id", "bad_id", "long_id"}
    tested |= {"deep", "digits", "nan", "duplicate_keys", "huge", "huge_headers", "gzip_bomb", "bad_gzip"}
    tested |= {"bad_request", "unauthorized", "forbidden", "not_found", "too_large", "unprocessable"}
    tested |= {"slow_down", "server_error", "bad_gateway", "unavailable", "origin_timeout", "redirect"}
    tested |= {"reset_before", "reset_after", "reset_in_body", "close_before", "close_after", "hang"}
    tested |= {"hang_after", "drip_headers", "drip_body", "cut_body", "bad_chunk", "cut_without_length"}
    assert set(FAULTS) == tested


def test_faults_are_set_over_http_too(cloud: TestCloud, api: httpx.Client) -> None:
    with httpx.Client(base_url=cloud.base, headers={"Authorization": f"Bearer {cloud.key}"}) as control:
        asked = {"name": "http", "on": "run", "args": {"code": 418, "body": "tea"}}
        assert control.post("/_control/faults", json=asked).status_code == 204
        answer = api.post("/run", json=BODY)
        assert (answer.status_code, answer.text) == (418, "tea")
        assert control.post("/_control/faults", json={"name": "nonsense"}).status_code == 400
        control.post("/_control/faults", json={"name": "throttled"})
        assert control.delete("/_control/faults").status_code == 204
        job = run(api)
        final(api, job)
        before = control.get("/_control/clock").json()["now_s"]
        after = control.post("/_control/clock", json={"advance_s": 3600}).json()["now_s"]
        assert after - before >= 3600
        assert api.get(f"/status/{job}").status_code == 404
        ledger = control.get("/_control/ledger").json()
    assert ledger["runs"] == 2
    assert [one["status"] for one in ledger["jobs"]] == ["COMPLETED"]
    assert [one["fault"] for one in ledger["seen"] if one["kind"] == "run"] == ["http", ""]
