"""The pretend ComfyUI follows the contract: validation, queue, events, history, files."""

# ruff: noqa: ASYNC110 - a job at a server is asked for, with a bound

import asyncio
import io
import json
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from websockets.asyncio.client import connect

from podtui.clients.backend import JobPhase, Order
from podtui.clients.comfyui import open_comfyui
from podtui.words import ImageId
from tests.cloud import TestCloud, running_cloud
from tests.demo_calls import graph, until


@pytest.fixture
def cloud() -> Iterator[TestCloud]:
    with running_cloud() as found:
        yield found


@pytest.fixture
def slow_cloud() -> Iterator[TestCloud]:
    with running_cloud(pace_s=300.0) as found:
        yield found


@pytest.fixture
def comfyui(cloud: TestCloud) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=cloud.comfyui_url, timeout=10) as found:
        yield found


def send(comfyui: httpx.Client, **asked: Any) -> str:
    prompt_id = str(uuid.uuid4())
    body = {"prompt": graph(**asked), "client_id": "me", "prompt_id": prompt_id}
    found = comfyui.post("/prompt", json=body).raise_for_status().json()
    assert set(found) == {"prompt_id", "number", "node_errors"}
    assert found["prompt_id"] == prompt_id
    return prompt_id


def history(comfyui: httpx.Client, prompt_id: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_over() -> bool:
        found.update(comfyui.get(f"/history/{prompt_id}").json())
        return bool(found)

    until(is_over)
    entry: dict[str, Any] = found[prompt_id]
    return entry


def kinds(entry: dict[str, Any]) -> list[str]:
    return [message[0] for message in entry["status"]["messages"]]


def test_a_prompt_ends_in_the_history_and_its_file(comfyui: httpx.Client) -> None:
    entry = history(comfyui, send(comfyui))
    assert set(entry) == {"prompt", "outputs", "status", "meta"}
    assert entry["status"]["status_str"] == "success"
    assert entry["status"]["completed"] is True
    assert kinds(entry) == ["execution_start", "execution_cached", "execution_success"]
    (node,) = entry["outputs"]
    assert set(entry["meta"][node]) == {"node_id", "display_node", "parent_node", "real_node_id"}
    file = entry["outputs"][node]["images"][0]
    assert set(file) == {"filename", "subfolder", "type"}
    whole = comfyui.get("/view", params=file)
    assert Image.open(io.BytesIO(whole.content)).size == (64, 80)
    small = comfyui.get("/view", params={**file, "preview": "webp;80"})
    assert Image.open(io.BytesIO(small.content)).format == "WEBP"
    assert comfyui.get("/view", params={"filename": "gone.png"}).status_code == 404
    assert comfyui.get("/view", params={"filename": "../x"}).status_code == 400


def test_the_same_graph_gives_the_same_old_file(comfyui: httpx.Client) -> None:
    first, second = (history(comfyui, send(comfyui, seed=5)) for _ in range(2))
    third = history(comfyui, send(comfyui, seed=6))
    assert first["outputs"] == second["outputs"] != third["outputs"]
    assert second["status"]["messages"][1][1]["nodes"] == sorted(graph())


def test_a_wrong_graph_is_refused_as_the_contract_says(comfyui: httpx.Client) -> None:
    wrong = graph()
    found = {node["class_type"]: (key, node["inputs"]) for key, node in wrong.items()}
    found["CheckpointLoaderSimple"][1]["ckpt_name"] = "nope.safetensors"
    found["FluxGuidance"][1]["conditioning"] = [found["VAEDecode"][0], 0]
    del found["EmptySD3LatentImage"][1]["width"]
    found["KSampler"][1].update(steps=0, cfg=500.0, sampler_name="bogus")
    answer = comfyui.post("/prompt", json={"prompt": wrong})
    assert answer.status_code == 400
    body = answer.json()
    assert set(body["error"]) == {"type", "message", "details", "extra_info"}
    assert body["error"]["type"] == "prompt_outputs_failed_validation"
    types = {
        error["class_type"]: [one["type"] for one in error["errors"]]
        for error in body["node_errors"].values()
    }
    assert types == {
        "CheckpointLoaderSimple": ["value_not_in_list"],
        "FluxGuidance": ["return_type_mismatch"],
        "EmptySD3LatentImage": ["required_input_missing"],
        "KSampler": ["value_smaller_than_min", "value_bigger_than_max", "value_not_in_list"],
    }
    sampler = body["node_errors"][found["KSampler"][0]]
    assert set(sampler) == {"errors", "dependent_outputs", "class_type"}
    assert sampler["errors"][0]["message"] == "Value 0 smaller than min of 1"
    assert sampler["errors"][2]["extra_info"]["input_config"] is None


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ({"1": {"class_type": "NoSuchNode", "inputs": {}}}, "invalid_prompt"),
        ({"nodes": [], "links": []}, "invalid_prompt"),
        ({"1": {"class_type": "KSamplerSelect", "inputs": {"sampler_name": "euler"}}}, "prompt_no_outputs"),
        ({}, "no_prompt"),
    ],
)
def test_what_is_no_graph_is_refused(comfyui: httpx.Client, prompt: dict[str, Any], kind: str) -> None:
    answer = comfyui.post("/prompt", json={"prompt": prompt})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, kind)
    assert answer.json()["node_errors"] == {}


def test_a_body_that_is_no_object_is_a_plain_500(comfyui: httpx.Client) -> None:
    for body in (b"nonsense", b"[]"):
        answer = comfyui.post("/prompt", content=body)
        assert answer.status_code == 500
        assert answer.headers["content-type"].startswith("text/plain")
    assert comfyui.post("/prompt", json={}, headers={"Origin": "http://evil.example"}).status_code == 403


def test_waiting_and_running_prompts_can_be_ended(slow_cloud: TestCloud) -> None:
    with httpx.Client(base_url=slow_cloud.comfyui_url) as comfyui:
        running, waiting, other = (send(comfyui, seed=seed) for seed in range(3))
        until(lambda: len(comfyui.get("/queue").json()["queue_running"]) == 1)
        queue = comfyui.get("/queue").json()
        assert [one[1] for one in queue["queue_pending"]] == [waiting, other]
        assert queue["queue_running"][0][0:2] == [0, running]
        assert queue["queue_running"][0][3] == {"client_id": "me"}
        assert comfyui.get("/prompt").json() == {"exec_info": {"queue_remaining": 3}}
        comfyui.post("/queue", json={"delete": [waiting]})
        comfyui.post("/interrupt", json={"prompt_id": other})
        assert comfyui.get("/queue").json()["queue_running"][0][1] == running
        comfyui.post("/interrupt", json={"prompt_id": running})
        slow_cloud.advance(100)
        entry = history(comfyui, running)
        assert (entry["status"]["status_str"], kinds(entry)[-1]) == ("error", "execution_interrupted")
        last = entry["status"]["messages"][-1][1]
        assert set(last) == {"prompt_id", "node_id", "node_type", "executed", "timestamp"}
        assert last["node_type"] == "KSampler"
        assert comfyui.get(f"/history/{waiting}").json() == {}


def test_a_failing_node_is_told_in_the_history(cloud: TestCloud, comfyui: httpx.Client) -> None:
    cloud.fault("out_of_memory")
    entry = history(comfyui, send(comfyui))
    assert entry["outputs"] == {}
    last = entry["status"]["messages"][-1]
    assert last[0] == "execution_error"
    assert {"exception_message", "exception_type", "traceback", "node_id", "node_type"} <= set(last[1])
    assert last[1]["exception_message"].startswith("CUDA out of memory")
    huge = history(comfyui, send(comfyui, width=16_000, height=16_000))
    assert kinds(huge)[-1] == "execution_error"


async def test_the_websocket_tells_the_steps_in_order(cloud: TestCloud) -> None:
    async with (
        connect(f"ws://{cloud.host}/ws?clientId=me") as mine,
        connect(f"ws://{cloud.host}/ws?clientId=another") as other,
        httpx.AsyncClient(base_url=cloud.comfyui_url) as comfyui,
    ):
        first = json.loads(await mine.recv())
        assert first["type"] == "status"
        assert first["data"]["sid"] == "me"
        await comfyui.post("/prompt", json={"prompt": graph(steps=3), "client_id": "me", "prompt_id": "p"})
        events = [event async for event in until_over(mine)]
        heard = [json.loads(await other.recv())["type"] for _ in range(2)]
    types = [event["type"] for event in events]
    assert types[:2] == ["execution_start", "execution_cached"]
    assert types[-3:] == ["execution_success", "status", "executing"]
    assert [event["data"]["value"] for event in events if event["type"] == "progress"] == [1, 2, 3]
    done = next(event["data"] for event in events if event["type"] == "executed")
    assert done["prompt_id"] == "p"
    assert len(done["output"]["images"]) == 1
    assert heard == ["status", "status"]


async def until_over(socket: Any) -> AsyncIterator[dict[str, Any]]:
    async with asyncio.timeout(10):
        while True:
            event = json.loads(await socket.recv())
            yield event
            if event["type"] == "executing" and event["data"]["node"] is None:
                return


def test_the_server_describes_itself(comfyui: httpx.Client) -> None:
    assert comfyui.get("/system_stats").json()["system"]["comfyui_version"] == "0.3.64"
    info = comfyui.get("/object_info/CheckpointLoaderSimple").json()
    names = info["CheckpointLoaderSimple"]["input"]["required"]["ckpt_name"][0]
    assert comfyui.get("/models/checkpoints").json() == names
    assert comfyui.get("/object_info/NoSuchNode").json() == {}
    assert "KSampler" in comfyui.get("/api/object_info").json()
    assert comfyui.get("/features").json()["supports_preview_metadata"] is True


async def test_our_client_makes_a_picture_by_it(cloud: TestCloud, tmp_path: Path) -> None:
    async with open_comfyui(cloud.comfyui_url) as backend:
        job = await backend.submit(Order(ImageId("generated_0123456789ab"), 1, graph(seed=11)))
        async with asyncio.timeout(15):
            while not (view := await backend.look(job, tmp_path / "a.json")).phase.is_final:
                await asyncio.sleep(0.02)
        assert view.phase is JobPhase.COMPLETED
        assert view.pictures[0].url is not None
        await backend.download(view.pictures[0].url, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as picture:
        assert picture.size == (64, 80)
    assert [prompt["prompt_id"] for prompt in cloud.facts()["prompts"]] == [job]
