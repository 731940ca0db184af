"""Every fate that a job of the pretend cloud can have is as its name says."""

import base64
import io
import struct
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from PIL import Image

from podtui.demo import fates
from tests.cloud import TestCloud, running_cloud
from tests.demo_calls import final, job_api, run, state, until


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
