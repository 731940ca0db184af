"""The pretend endpoint follows the contract: shapes, states, life times, keys."""

import base64
import io
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from podtui.demo.options import Generation
from tests.cloud import TestCloud, running_cloud
from tests.demo_calls import final, graph, job_api, run, state, until


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    with running_cloud() as found:
        yield found


@pytest.fixture
def slow_cloud() -> Iterator[TestCloud]:
    with running_cloud(pace_s=300.0) as found:
        yield found


def picture(body: dict[str, object], entry: int = 0) -> Image.Image:
    output = body["output"]
    assert isinstance(output, dict)
    data = output["images"][entry]["data"]
    return Image.open(io.BytesIO(base64.b64decode(data, validate=True)))


def test_a_job_goes_from_the_queue_over_progress_to_its_picture(slow_cloud: TestCloud) -> None:
    with job_api(slow_cloud) as api:
        accepted = api.post("/run", json={"input": {"workflow": graph(steps=4)}}).json()
        assert set(accepted) == {"id", "status"}
        assert accepted["status"] == "IN_QUEUE"
        job = accepted["id"]
        until(lambda: "output" in api.get(f"/status/{job}").json())
        running = api.get(f"/status/{job}").json()
        # The keys of the transcript in_progress_with_progress.
        assert set(running) == {"id", "status", "delayTime", "workerId", "output"}
        assert set(running["output"]) == {"type", "value", "max", "percent", "node"}
        assert running["output"]["max"] == 4
        slow_cloud.advance(150)
        until(lambda: api.get(f"/status/{job}").json()["output"]["value"] == 2)
        slow_cloud.advance(151)
        done = final(api, job)
    # The keys of the transcript completed.
    assert set(done) == {"id", "status", "delayTime", "executionTime", "workerId", "output"}
    assert set(done["output"]) == {"images"}
    assert set(done["output"]["images"][0]) == {"filename", "type", "data"}
    assert done["executionTime"] >= 300_000
    assert picture(done).size == (64, 80)


def test_the_first_job_waits_for_a_worker_that_starts() -> None:
    with running_cloud(pace_s=10.0, cold_s=60.0) as cloud, job_api(cloud) as api:
        job = run(api)
        until(lambda: api.get("/health").json()["workers"]["initializing"] == 1)
        assert api.get(f"/status/{job}").json() == {"id": job, "status": "IN_QUEUE"}
        cloud.advance(61)
        until(lambda: state(api, job) == "IN_PROGRESS")
        health = api.get("/health").json()
        assert set(health["jobs"]) == {"completed", "failed", "inProgress", "inQueue", "retried"}
        assert set(health["workers"]) == {
            "idle",
            "initializing",
            "ready",
            "running",
            "throttled",
            "unhealthy",
        }
        assert health["workers"]["running"] == 1
        cloud.advance(11)
        assert final(api, job)["delayTime"] >= 60_000


def test_as_many_jobs_run_at_once_as_there_are_workers() -> None:
    with running_cloud(pace_s=300.0, workers=2) as cloud, job_api(cloud) as api:
        for seed in range(3):
            run(api, seed=seed)
        until(lambda: api.get("/health").json()["jobs"]["inProgress"] == 2)
        assert api.get("/health").json()["jobs"]["inQueue"] == 1


def test_a_result_is_gone_after_half_an_hour(cloud: TestCloud) -> None:
    with job_api(cloud) as api:
        job = run(api)
        final(api, job)
        cloud.advance(29 * 60)
        assert state(api, job) == "COMPLETED"
        cloud.advance(2 * 60)
        gone = api.get(f"/status/{job}")
    assert gone.status_code == 404
    assert gone.json() == {"error": "job not found"}


def test_a_job_that_runs_too_long_is_timed_out(slow_cloud: TestCloud) -> None:
    with job_api(slow_cloud) as api:
        job = run(api, policy={"executionTimeout": 20_000})
        until(lambda: state(api, job) == "IN_PROGRESS")
        slow_cloud.advance(21)
        assert final(api, job) == {"id": job, "status": "TIMED_OUT"}


def test_a_job_past_its_life_is_deleted_in_whatever_state(slow_cloud: TestCloud) -> None:
    with job_api(slow_cloud) as api:
        first = run(api, policy={"ttl": 60_000})
        waiting = run(api, policy={"ttl": 60_000})
        until(lambda: state(api, first) == "IN_PROGRESS")
        slow_cloud.advance(61)
        assert api.get(f"/status/{first}").status_code == 404
        assert api.get(f"/status/{waiting}").status_code == 404


def test_a_cancelled_run_is_over_at_once_but_its_worker_goes_on(slow_cloud: TestCloud) -> None:
    with job_api(slow_cloud) as api:
        job, second = run(api), run(api)
        until(lambda: state(api, job) == "IN_PROGRESS")
        assert api.post(f"/cancel/{job}").json() == {"id": job, "status": "CANCELLED"}
        assert api.get(f"/status/{job}").json() == {"id": job, "status": "CANCELLED"}
        assert state(api, second) == "IN_QUEUE"
        slow_cloud.advance(301)
        until(lambda: state(api, second) == "IN_PROGRESS")
        assert state(api, job) == "CANCELLED"
    assert slow_cloud.cancels == [job]
    assert slow_cloud.jobs[0].billed_ms >= 300_000


def test_only_a_failed_job_can_be_retried(cloud: TestCloud) -> None:
    cloud.fault("failed")
    with job_api(cloud) as api:
        job = run(api)
        assert final(api, job)["status"] == "FAILED"
        assert api.post(f"/retry/{job}").json() == {"id": job, "status": "IN_QUEUE"}
        assert final(api, job)["status"] == "COMPLETED"
        assert api.post(f"/retry/{job}").status_code == 400
        assert api.get("/health").json()["jobs"]["retried"] == 1
    assert cloud.runs == 1


def test_purging_removes_what_waits(slow_cloud: TestCloud) -> None:
    with job_api(slow_cloud) as api:
        first, *others = (run(api, seed=seed) for seed in range(3))
        until(lambda: state(api, first) == "IN_PROGRESS")
        assert api.post("/purge-queue").json() == {"removed": 2, "status": "completed"}
        assert [state(api, job) for job in others] == ["CANCELLED"] * 2
        assert state(api, first) == "IN_PROGRESS"


def test_a_wrong_key_and_a_wrong_endpoint_are_turned_away(cloud: TestCloud) -> None:
    with httpx.Client() as stranger:
        for headers in ({}, {"Authorization": "Bearer wrong"}):
            answer = stranger.get(f"{cloud.url}/{cloud.endpoint}/health", headers=headers)
            assert answer.status_code == 401
        key = {"Authorization": f"Bearer {cloud.key}"}
        assert stranger.post(f"{cloud.url}/other/run", json={}, headers=key).status_code == 404
        assert stranger.get(f"{cloud.url}/{cloud.endpoint}/health", headers=key).status_code == 200
        bare = {"Authorization": cloud.key}
        assert stranger.get(f"{cloud.url}/{cloud.endpoint}/health", headers=bare).status_code == 200
    assert cloud.key not in str(cloud.facts())
    assert [one.has_authorization for one in cloud.seen] == [False, True, True, True, True]


def test_a_cloud_without_a_key_takes_any_but_none() -> None:
    with running_cloud(key="") as cloud, httpx.Client() as stranger:
        url = f"{cloud.url}/{cloud.endpoint}/health"
        assert stranger.get(url, headers={"Authorization": "Bearer whatever"}).status_code == 200
        assert stranger.get(url).status_code == 401


def test_bad_bodies_are_refused_before_the_queue(cloud: TestCloud) -> None:
    with job_api(cloud) as api:
        assert api.post("/run", content=b"no json").status_code == 400
        assert api.post("/run", json={"workflow": {}}).status_code == 400
        assert api.post("/run", json={"input": "A" * 10_000_001}).status_code == 413
    assert cloud.runs == 3
    assert cloud.jobs == []


def test_a_wrong_graph_fails_in_the_workers_words(cloud: TestCloud) -> None:
    wrong = graph()
    loader = next(node for node in wrong.values() if node["class_type"] == "CheckpointLoaderSimple")
    loader["inputs"]["ckpt_name"] = "nope.safetensors"
    with job_api(cloud) as api:
        job = api.post("/run", json={"input": {"workflow": wrong}}).json()["id"]
        done = final(api, job)
        assert done["status"] == "FAILED"
        assert "value_not_in_list" in done["error"]
        assert "Available checkpoint models: flux1-dev-fp8.safetensors" in done["error"]
        missing = api.post("/run", json={"input": {}}).json()["id"]
        assert final(api, missing)["error"] == "Missing 'workflow' parameter"


def test_a_picture_too_large_for_the_gpu_fails_with_details(cloud: TestCloud) -> None:
    with job_api(cloud) as api:
        done = final(api, run(api, width=8192, height=8192))
    assert set(done) == {"id", "status", "delayTime", "executionTime", "workerId", "output", "error"}
    assert "CUDA out of memory" in done["output"]["details"][0]


def test_a_result_over_the_limit_is_lost() -> None:
    with running_cloud(max_result_bytes=100) as cloud, job_api(cloud) as api:
        done = final(api, run(api))
    # The keys of the transcript completed_no_output.
    assert set(done) == {"id", "status", "delayTime", "executionTime", "workerId"}
    assert done["status"] == "COMPLETED"


@pytest.mark.parametrize("name", ["flux1-dev-fp8", "flux1-dev", "flux1-schnell", "sdxl"])
def test_every_shipped_workflow_is_served(cloud: TestCloud, name: str) -> None:
    with job_api(cloud) as api:
        one, same, other = (run(api, name=name, seed=seed) for seed in (3, 3, 4))
        bodies = [final(api, job) for job in (one, same, other)]
    pictures = [picture(body) for body in bodies]
    assert [shown.size for shown in pictures] == [(64, 80)] * 3
    assert pictures[0].tobytes() == pictures[1].tobytes() != pictures[2].tobytes()


def test_the_old_worker_sends_one_message() -> None:
    with running_cloud(generation=Generation.MESSAGE) as cloud, job_api(cloud) as api:
        output = final(api, run(api))["output"]
    assert set(output) == {"status", "message"}
    assert base64.b64decode(output["message"], validate=True).startswith(b"\x89PNG")


def test_a_worker_with_a_bucket_sends_links_that_end() -> None:
    with running_cloud(generation=Generation.BUCKET) as cloud, job_api(cloud) as api:
        entry = final(api, run(api))["output"]["images"][0]
        assert entry["type"] == "s3_url"
        assert "X-Amz-Expires=604800" in entry["data"]
        with httpx.Client() as anybody:
            assert anybody.get(entry["data"]).content.startswith(b"\x89PNG")
            assert anybody.get(entry["data"].partition("?")[0]).status_code == 403
            assert anybody.get(entry["data"].replace(".png?", "0.png?")).status_code == 404
            cloud.advance(604_801)
            assert anybody.get(entry["data"]).status_code == 403
    assert [one.has_authorization for one in cloud.seen if one.kind == "bucket"] == [False] * 4


def test_the_account_tells_the_price_and_the_workers(cloud: TestCloud) -> None:
    with httpx.Client(base_url=cloud.url, headers={"Authorization": f"Bearer {cloud.key}"}) as api:
        endpoint = api.get("/serverless").json()["endpoints"][0]
        gpus = api.get("/catalog/gpus?product=SERVERLESS").json()["gpus"]
        workers = api.get(f"/serverless/{cloud.endpoint}/workers").json()
    assert endpoint["id"] == cloud.endpoint
    assert endpoint["workers"]["max"] == 1
    prices = {
        gpu["name"]: gpu["price"]["serverless"] for gpu in gpus if gpu["pool"] in endpoint["gpu"]["pools"]
    }
    assert prices == {"RTX 4090": 1.1}
    assert set(workers["summary"]) == {"running", "idle", "initializing", "throttled", "unhealthy", "total"}


def test_a_restarted_cloud_knows_its_jobs(tmp_path: Path) -> None:
    with running_cloud(home=tmp_path, pace_s=300.0) as first, job_api(first) as api:
        done = run(api, seed=1)
        until(lambda: state(api, done) == "IN_PROGRESS")
        first.advance(301)
        before = final(api, done)
        running, waiting = run(api, seed=2), run(api, seed=3)
        until(lambda: state(api, running) == "IN_PROGRESS")
        api.post(f"/cancel/{waiting}")
    with running_cloud(home=tmp_path) as second, job_api(second) as api:
        assert second.runs == 3
        assert second.cancels == [waiting]
        assert api.get(f"/status/{done}").json()["output"] == before["output"]
        assert state(api, waiting) == "CANCELLED"
        assert final(api, running)["status"] == "COMPLETED"
        fourth = run(api, seed=4)
        assert [job.number for job in second.jobs] == [1, 2, 3, 4]
        assert second.jobs[3].id == fourth
        assert second.jobs[1].graph == graph(seed=2)


def test_a_line_cut_by_a_kill_is_passed_over(tmp_path: Path) -> None:
    with running_cloud(home=tmp_path) as first, job_api(first) as api:
        job = run(api)
        final(api, job)
    with (tmp_path / "cloud" / "jobs.jsonl").open("a") as file:
        file.write('{"event": "accep')
    with running_cloud(home=tmp_path) as second:
        assert [one.id for one in second.jobs] == [job]


def test_an_outside_worker_serves_the_queue() -> None:
    with running_cloud(generation=Generation.OUTSIDE) as cloud, job_api(cloud) as api:
        job = run(api, seed=9)
        with httpx.Client(base_url=api.base_url, headers={"Authorization": "worker-key"}) as worker:
            assert worker.get("/ping/w0").status_code == 200
            taken = worker.get("/job-take/w0?gpu=x").json()
            assert taken == {"id": job, "input": {"workflow": graph(seed=9)}}
            assert state(api, job) == "IN_PROGRESS"
            assert api.get("/health").json()["workers"]["running"] == 1
            form = {"Content-Type": "application/x-www-form-urlencoded"}
            place = f"/job-done/w0/{job}?gpu=x"
            worker.post(place, content=b'{"status":"IN_PROGRESS","output":"half"}', headers=form)
            assert api.get(f"/status/{job}").json()["output"] == "half"
            worker.post(place, content=b'{"output":{"images":[]}}', headers=form)
            done = api.get(f"/status/{job}").json()
            assert (done["status"], done["output"], done["workerId"]) == ("COMPLETED", {"images": []}, "w0")
            failing = run(api)
            worker.get("/job-take/w0")
            worker.post(f"/job-done/w0/{failing}", content=b'{"error":"boom"}')
            assert final(api, failing)["error"] == "boom"
            stopped = run(api)
            worker.get("/job-take/w0")
            api.post(f"/cancel/{stopped}")
            assert worker.get("/job-stop/w0").json() == {"jobsToStop": [stopped]}
