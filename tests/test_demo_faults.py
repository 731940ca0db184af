"""Every named fault of the pretend cloud does what it says."""

import base64
import io
import json
import socket
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from podtui.demo import fates
from podtui.demo.http_faults import FAULTS
from tests.cloud import TestCloud, running_cloud
from tests.demo_calls import final, graph, job_api, run, state, until

BODY = {"input": {"workflow": graph()}}


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    with running_cloud() as found:
        yield found


@pytest.fixture
def api(cloud: TestCloud) -> Iterator[httpx.Client]:
    with job_api(cloud) as found:
        yield found


def first(body: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = body["output"]["images"][0]
    return entry


def data(body: dict[str, Any]) -> bytes:
    return base64.b64decode(first(body)["data"], validate=True)


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


FAILURES: dict[str, tuple[str, set[str]]] = {
    "failed": ("FAILED", {"error"}),
    "failed_quick": ("FAILED", {"error"}),
    "failed_json": ("FAILED", {"error"}),
    "unreachable": ("FAILED", {"error"}),
    "websocket_error": ("FAILED", {"error"}),
    "out_of_memory": ("FAILED", {"error", "output"}),
    "no_output": ("COMPLETED", set()),
    "null_output": ("COMPLETED", {"output"}),
    "raw_output": ("COMPLETED", {"output"}),
    "empty_images": ("COMPLETED", {"output"}),
    "old_error": ("COMPLETED", {"output"}),
    "error_in_output": ("COMPLETED", {"output"}),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_job_ends_without_a_picture(cloud: TestCloud, api: httpx.Client, name: str) -> None:
    cloud.fault(name, nth=2)
    jobs = [run(api, seed=seed) for seed in range(3)]
    bodies = [final(api, job) for job in jobs]
    timing = {"id", "status", "delayTime", "executionTime", "workerId"}
    assert bodies[1]["status"] == FAILURES[name][0]
    assert set(bodies[1]) == timing | FAILURES[name][1]
    assert not (bodies[1].get("output") or {}).get("images")
    assert data(bodies[0]).startswith(b"\x89PNG")
    assert data(bodies[2]).startswith(b"\x89PNG")


def test_a_jobs_words_can_be_given(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("failed", error="[/red]", details=["one", "two"])
    found = final(api, run(api))
    assert (found["error"], found["output"]["details"]) == ("[/red]", ["one", "two"])
    cloud.fault("raw_output", output=[[["x"]]])
    assert final(api, run(api))["output"] == [[["x"]]]


@pytest.mark.parametrize(("name", "status"), [("timed_out", "TIMED_OUT"), ("cancelled", "CANCELLED")])
def test_the_service_ends_a_job(cloud: TestCloud, api: httpx.Client, name: str, status: str) -> None:
    cloud.fault(name)
    job = run(api)
    assert final(api, job) == {"id": job, "status": status}


def test_more_pictures_and_errors_beside_them(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("more_images", count=3)
    images = final(api, run(api))["output"]["images"]
    assert len({one["data"] for one in images}) == 3
    cloud.fault("errors_beside_images")
    output = final(api, run(api))["output"]
    assert set(output) == {"images", "errors"}


def test_base64_is_odd_or_no_base64(cloud: TestCloud, api: httpx.Client) -> None:
    def text(name: str) -> str:
        cloud.fault(name)
        return str(first(final(api, run(api)))["data"])

    plain = str(first(final(api, run(api)))["data"])
    assert text("data_uri") == f"data:image/png;base64,{plain}"
    assert "".join(text("whitespace").split()) == plain
    assert text("urlsafe").replace("-", "+").replace("_", "/") == plain
    assert text("no_padding") == plain.rstrip("=")
    with pytest.raises(ValueError, match=r"ase64|ASCII"):
        base64.b64decode(text("garbage_base64"), validate=True)


KINDS = {
    "jpeg": ("JPEG", "RGB", (64, 80)),
    "webp": ("WEBP", "RGB", (64, 80)),
    "gif": ("GIF", "P", (64, 80)),
    "tiff": ("TIFF", "RGB", (64, 80)),
    "cmyk": ("JPEG", "CMYK", (64, 80)),
    "sixteen_bit": ("PNG", "I;16", (64, 80)),
    "wrong_size": ("PNG", "RGB", (200, 120)),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_picture_is_of_another_kind(cloud: TestCloud, api: httpx.Client, name: str) -> None:
    cloud.fault(name)
    body = final(api, run(api))
    shown = Image.open(io.BytesIO(data(body)))
    assert (shown.format, shown.mode, shown.size) == KINDS[name]
    assert first(body)["filename"].endswith(".png")


def test_broken_and_dangerous_files(cloud: TestCloud, api: httpx.Client) -> None:
    def sent(name: str, **args: Any) -> bytes:
        cloud.fault(name, **args)
        return data(final(api, run(api)))

    whole = data(final(api, run(api)))
    assert sent("truncated", at=0.5) == whole[: len(whole) // 2]
    flipped = sent("flipped_bit")
    assert sum((a ^ b).bit_count() for a, b in zip(whole, flipped, strict=True)) == 1
    assert sent("svg").startswith(b"<?xml")
    assert sent("eps").startswith(b"%!PS")
    assert sent("bytes", hex="00ff") == b"\x00\xff"
    bomb = sent("bomb", edge=13_000)
    assert len(bomb) < 500_000
    assert struct.unpack(">II", bomb[16:24]) == (13_000, 13_000)
    with Image.open(io.BytesIO(sent("animation"))) as moving:
        assert getattr(moving, "n_frames", 1) == 3
    cloud.fault("same_picture", times=2)
    assert data(final(api, run(api, seed=1))) == data(final(api, run(api, seed=2)))


def test_links_and_names_are_the_workers_own(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("simulated_path")
    assert first(final(api, run(api)))["data"] == "simulated_uploaded/6e99556c.png"
    cloud.fault("link", url="http://169.254.169.254/x.png")
    assert first(final(api, run(api)))["data"] == "http://169.254.169.254/x.png"
    cloud.fault("link")
    assert httpx.get(first(final(api, run(api)))["data"]).content.startswith(b"\x89PNG")
    cloud.fault("file_name", name="../../x.png")
    assert first(final(api, run(api)))["filename"] == "../../x.png"
    cloud.fault("huge_output", megabytes=2)
    assert len(first(final(api, run(api)))["data"]) == 2_000_000


@pytest.mark.parametrize(
    "name", ["scaled_to_zero", "no_workers", "throttled", "unhealthy", "always_initializing"]
)
def test_a_sick_endpoint_takes_no_job_until_it_is_well(
    cloud: TestCloud, api: httpx.Client, name: str
) -> None:
    cloud.fault(name)
    job = run(api)
    workers = api.get("/health").json()["workers"]
    signs = {"throttled": "throttled", "unhealthy": "unhealthy", "always_initializing": "initializing"}
    for counter in ("idle", "running", "initializing", "throttled", "unhealthy"):
        assert workers[counter] == (1 if signs.get(name) == counter else 0)
    headers = {"Authorization": f"Bearer {cloud.key}"}
    endpoint = httpx.get(f"{cloud.url}/serverless", headers=headers).json()["endpoints"][0]
    assert endpoint["workers"]["max"] == (0 if name == "scaled_to_zero" else 1)
    assert state(api, job) == "IN_QUEUE"
    cloud.clear_faults()
    assert final(api, job)["status"] == "COMPLETED"


def test_jobs_get_stuck(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("stuck_in_queue")
    queued = run(api)
    assert final(api, run(api))["status"] == "COMPLETED"
    assert state(api, queued) == "IN_QUEUE"
    cloud.fault("stuck_in_progress")
    running = run(api, policy={"executionTimeout": 120_000})
    until(lambda: state(api, running) == "IN_PROGRESS")
    cloud.advance(60)
    assert state(api, running) == "IN_PROGRESS"
    cloud.advance(61)
    assert state(api, running) == "TIMED_OUT"
    assert final(api, run(api))["status"] == "COMPLETED"


def test_states_go_backwards_or_are_unknown() -> None:
    with running_cloud(pace_s=300.0) as cloud, job_api(cloud) as api:
        cloud.fault("backwards")
        job = run(api)
        until(lambda: state(api, job) == "IN_PROGRESS")
        assert {state(api, job) for _ in range(4)} == {"IN_QUEUE", "IN_PROGRESS"}
        api.post(f"/cancel/{job}")
        cloud.advance(301)
        cloud.fault("unknown_state", status="WARMING_UP")
        odd = run(api)
        assert state(api, odd) == "WARMING_UP"
        api.post(f"/cancel/{odd}")
        assert state(api, odd) == "CANCELLED"
        cloud.fault("running_state")
        assert state(api, run(api)) == "RUNNING"


def test_an_answer_speaks_of_another_job(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("other_id")
    job = run(api)
    assert api.get(f"/status/{job}").json()["id"] != job


@pytest.mark.parametrize(
    ("name", "after"), [("late_completion", "CANCELLED"), ("ignores_cancel", "IN_PROGRESS")]
)
def test_a_cancelled_job_completes_all_the_same(name: str, after: str) -> None:
    with running_cloud(pace_s=300.0) as cloud, job_api(cloud) as api:
        cloud.fault(name)
        job = run(api)
        until(lambda: state(api, job) == "IN_PROGRESS")
        assert api.post(f"/cancel/{job}").json()["status"] == "CANCELLED"
        assert state(api, job) == after
        cloud.advance(301)
        until(lambda: state(api, job) == "COMPLETED")
        assert data(api.get(f"/status/{job}").json()).startswith(b"\x89PNG")


def test_a_cancel_call_can_fail(cloud: TestCloud, api: httpx.Client) -> None:
    cloud.fault("server_error", on="cancel")
    job = run(api)
    assert api.post(f"/cancel/{job}").status_code == 500
    assert cloud.cancels == []


def test_poisoned_workers_fail_at_once_whatever_the_pace() -> None:
    with running_cloud(pace_s=600.0) as cloud, job_api(cloud) as api:
        for name in sorted(fates.QUICK):
            cloud.fault(name)
            assert final(api, run(api))["status"] == "FAILED"


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
