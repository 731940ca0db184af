"""The direct ComfyUI client, by the observed transcripts: prompt, history, queue, websocket."""

# ruff: noqa: ASYNC110, ASYNC240 - a test may wait for a condition and for its own small files

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import respx
from websockets.asyncio.server import ServerConnection, serve

from podtui.clients.backend import JobPhase, Order, Progress
from podtui.clients.comfyui import ComfyUI, open_comfyui, prompt_id
from podtui.clients.comfyui_answer import history_view
from podtui.clients.comfyui_progress import Steps, read_event
from podtui.clients.http import Deadlines
from podtui.errors import (
    Ambiguous,
    BadLink,
    NotSent,
    Refused,
    Rejected,
    ServiceError,
    SettingsError,
    SlowDown,
    Unreadable,
    Vanished,
)
from podtui.words import ImageId, JobId

BASE = "http://127.0.0.1:9"
ORDER = Order(ImageId("generated_0123456789ab"), 1, {"9": {"class_type": "SaveImage", "inputs": {}}})
JOB = prompt_id(ORDER)
SHORT = Deadlines(connect_s=1, read_s=1, submit_s=1, status_s=1, small_s=1, download_s=1)
EMPTY_QUEUE: dict[str, list[Any]] = {"queue_running": [], "queue_pending": []}
FILE = {"filename": "podtui_00001_.png", "subfolder": "a b", "type": "output"}
START = ["execution_start", {"prompt_id": JOB, "timestamp": 1000}]
SUCCESS = ["execution_success", {"prompt_id": JOB, "timestamp": 3500}]


def history(outputs: Any, *messages: Any, said: str = "success") -> dict[str, Any]:
    status = {"status_str": said, "completed": said == "success", "messages": list(messages)}
    return {JOB: {"prompt": [0, JOB, {}, {}, ["9"]], "outputs": outputs, "status": status, "meta": {}}}


def queue(running: bool = False, pending: bool = False) -> dict[str, Any]:
    entry = [3, JOB, {}, {"client_id": JOB}, ["9"]]
    other = [1, "somebody-else", {}, {}, []]
    return {"queue_running": [entry] if running else [other], "queue_pending": [entry] if pending else []}


@pytest.fixture
def spool(tmp_path: Path) -> Path:
    return tmp_path / "spool" / "a.1.json"


# --- submit ---------------------------------------------------------------------------------------------


@respx.mock
async def test_a_prompt_is_sent_under_a_lower_case_uuid_of_our_own() -> None:
    route = respx.post(f"{BASE}/prompt").respond(200, json={"prompt_id": JOB, "number": 0, "node_errors": {}})
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        assert await comfyui.submit(ORDER) == JOB
    sent = json.loads(route.calls[0].request.content)
    assert sent == {"prompt": ORDER.graph, "client_id": JOB, "prompt_id": JOB}
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", JOB)
    assert "Origin" not in route.calls[0].request.headers
    assert prompt_id(Order(ORDER.image, 2, {})) != JOB


NODE_ERRORS = {
    "error": {
        "type": "prompt_outputs_failed_validation",
        "message": "Prompt outputs failed validation",
        "details": "",
    },
    "node_errors": {
        "30": {
            "errors": [
                {
                    "type": "value_not_in_list",
                    "message": "Value not in list",
                    "details": "ckpt_name: 'nope.safetensors' not in ['flux1-dev-fp8.safetensors', 'sd']",
                }
            ],
            "class_type": "CheckpointLoaderSimple",
        },
        "31": {
            "errors": [
                {
                    "type": "value_smaller_than_min",
                    "message": "Value 0 smaller than min of 1",
                    "details": "steps",
                }
            ],
            "class_type": "KSampler",
        },
    },
}
UNKNOWN_NODE = {
    "error": {
        "type": "invalid_prompt",
        "message": "Cannot execute because node NoSuchNode does not exist.",
        "details": "Node ID '#1'",
    },
    "node_errors": {},
}
EDITOR_FORMAT = {
    "error": {"type": "invalid_prompt", "message": "Cannot execute", "details": "Node ID '#nodes'"},
    "node_errors": {},
}


@respx.mock
@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            NODE_ERRORS,
            ["node 30 CheckpointLoaderSimple", "no model file nope.safetensors", "flux1-dev-fp8.safetensors"],
        ),
        (NODE_ERRORS, ["node 31 KSampler", "Value 0 smaller than min of 1 (steps)"]),
        (UNKNOWN_NODE, ["lacks the node NoSuchNode"]),
        (EDITOR_FORMAT, ["export it in API format"]),
        ({"error": {"message": 7}, "node_errors": {"1": []}}, ["HTTP 400"]),
        ([], ["ComfyUI refused the workflow"]),
    ],
)
async def test_a_400_is_turned_into_words(body: object, words: list[str]) -> None:
    respx.post(f"{BASE}/prompt").respond(400, json=body)
    with pytest.raises(Rejected) as caught:
        await ComfyUI(BASE, deadlines=SHORT).submit(ORDER)
    for word in words:
        assert word in str(caught.value)


async def test_r13_no_comfyui_there_is_surely_free() -> None:
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        with pytest.raises(NotSent):
            await comfyui.submit(ORDER)


@respx.mock
@pytest.mark.parametrize("place", ["running", "pending", "history"])
async def test_an_unclear_submit_is_looked_up_by_its_own_id(place: str) -> None:
    respx.post(f"{BASE}/prompt").mock(side_effect=httpx.ReadError("gone"))
    respx.get(f"{BASE}/queue").respond(200, json=queue(place == "running", place == "pending"))
    respx.get(f"{BASE}/history/{JOB}").respond(200, json=history({}) if place == "history" else {})
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        assert await comfyui.submit(ORDER) == JOB


@respx.mock
async def test_an_unclear_submit_that_is_nowhere_is_ambiguous() -> None:
    post = respx.post(f"{BASE}/prompt").respond(500, text="Internal Server Error")
    respx.get(f"{BASE}/queue").respond(200, json=EMPTY_QUEUE)
    respx.get(f"{BASE}/history/{JOB}").respond(200, json={})
    with pytest.raises(Ambiguous) as caught:
        await ComfyUI(BASE, deadlines=SHORT).submit(ORDER)
    assert caught.value.raw == b"Internal Server Error"
    assert post.call_count == 1
    respx.get(f"{BASE}/queue").mock(side_effect=httpx.ConnectError("gone"))
    with pytest.raises(Ambiguous):
        await ComfyUI(BASE, deadlines=SHORT).submit(ORDER)


@respx.mock
async def test_a_partial_run_is_accepted_and_noted(spool: Path) -> None:
    respx.post(f"{BASE}/prompt").respond(
        200, json={"prompt_id": JOB, "number": 0, "node_errors": NODE_ERRORS["node_errors"]}
    )
    respx.get(f"{BASE}/history/{JOB}").respond(200, json=history({"9": {"images": [FILE]}}, START, SUCCESS))
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        await comfyui.submit(ORDER)
        view = await comfyui.look(JOB, spool)
    assert "only a part of the workflow runs" in view.notes[-1]


@respx.mock
@pytest.mark.parametrize(("code", "kind"), [(401, Refused), (403, Refused), (404, Refused), (429, SlowDown)])
async def test_a_refusal_of_the_address_stops(code: int, kind: type[Exception]) -> None:
    respx.post(f"{BASE}/prompt").respond(code, text="no")
    with pytest.raises(kind):
        await ComfyUI(BASE, deadlines=SHORT).submit(ORDER)


# --- look -----------------------------------------------------------------------------------------------


async def look(spool: Path, in_history: Any, in_queue: Any = EMPTY_QUEUE) -> Any:
    respx.get(f"{BASE}/history/{JOB}").respond(200, json=in_history)
    respx.get(f"{BASE}/queue").respond(200, json=in_queue)
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        return await comfyui.look(JOB, spool)


@respx.mock
async def test_a_finished_prompt_gives_links_to_its_saved_pictures(spool: Path) -> None:
    preview = {"filename": "tmp.png", "subfolder": "", "type": "temp"}
    view = await look(spool, history({"9": {"images": [preview, FILE]}}, START, SUCCESS))
    assert (view.phase, view.execution_ms) == (JobPhase.COMPLETED, 2500)
    assert [picture.url for picture in view.pictures] == [
        f"{BASE}/view?filename=podtui_00001_.png&subfolder=a+b&type=output"
    ]
    assert view.notes == ()
    assert JOB in spool.read_text()
    assert await ComfyUI(BASE).read(JOB, spool) == view


@respx.mock
async def test_success_without_a_saved_image_says_so(spool: Path) -> None:
    view = await look(spool, history({"9": {"images": []}}, START, SUCCESS))
    assert (view.phase, view.pictures) == (JobPhase.COMPLETED, ())
    assert "no image saved" in view.notes[0]


@respx.mock
async def test_an_identical_prompt_is_said_to_have_made_nothing_new(spool: Path) -> None:
    cached = ["execution_cached", {"nodes": ["6", "9"], "timestamp": 1001}]
    done = ["execution_success", {"timestamp": 1001}]
    view = await look(spool, history({"9": {"images": [FILE]}}, START, cached, done))
    assert "ran before" in view.notes[0]


@respx.mock
async def test_an_interrupted_prompt_is_cancelled_and_not_failed(spool: Path) -> None:
    stop = ["execution_interrupted", {"prompt_id": JOB, "node_id": "31", "timestamp": 2000}]
    view = await look(spool, history({}, START, stop, said="error"))
    assert view.phase is JobPhase.CANCELLED


@respx.mock
async def test_a_node_exception_names_its_cause(spool: Path) -> None:
    error = {
        "node_id": "31",
        "node_type": "KSampler",
        "exception_message": "CUDA out of memory.\nTIPS",
        "traceback": ["a\n"],
    }
    view = await look(spool, history({}, START, ["execution_error", error], said="error"))
    assert view.phase is JobPhase.FAILED
    assert "CUDA out of memory at KSampler" in view.error
    assert "Node ID: 31" in view.details
    assert (await look(spool, history({}, said="error"))).error == "ComfyUI gave no reason"


@respx.mock
@pytest.mark.parametrize(("where", "phase"), [("running", JobPhase.RUNNING), ("pending", JobPhase.QUEUED)])
async def test_the_queue_tells_running_from_waiting(where: str, phase: JobPhase, spool: Path) -> None:
    view = await look(spool, {}, queue(where == "running", where == "pending"))
    assert view.phase is phase
    assert not spool.exists()


@respx.mock
async def test_a_prompt_that_is_nowhere_has_vanished(spool: Path) -> None:
    with pytest.raises(Vanished):
        await look(spool, {}, queue())


@respx.mock
async def test_a_prompt_that_ends_between_two_questions_is_found(spool: Path) -> None:
    route = respx.get(f"{BASE}/history/{JOB}")
    route.side_effect = [httpx.Response(200, json={}), httpx.Response(200, json=history({}, START, SUCCESS))]
    respx.get(f"{BASE}/queue").respond(200, json=EMPTY_QUEUE)
    assert (await ComfyUI(BASE).look(JOB, spool)).phase is JobPhase.COMPLETED


@respx.mock
@pytest.mark.parametrize("body", [b"<html>", b"[]", b'{"%s": 7}' % JOB.encode(), b"[" * 90_000])
async def test_r16_a_history_that_cannot_be_read_is_kept(body: bytes, spool: Path) -> None:
    respx.get(f"{BASE}/history/{JOB}").respond(200, content=body)
    with pytest.raises(Unreadable):
        await ComfyUI(BASE, deadlines=SHORT).look(JOB, spool)
    assert spool.read_bytes() == body


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"status": 7, "outputs": []},
        {"status": {"messages": [[], 7, ["x"]]}},
        {"outputs": {"9": {"images": [7, {"filename": 3}]}}},
    ],
)
def test_odd_histories_are_read_as_far_as_they_go(odd: dict[str, Any]) -> None:
    view = history_view({JOB: odd}, JOB, f"{BASE}/view")
    assert view is not None
    assert view.pictures == ()


# --- cancel, health, facts, download --------------------------------------------------------------------


@respx.mock
async def test_a_waiting_prompt_is_deleted_and_then_cancelled(spool: Path) -> None:
    respx.get(f"{BASE}/queue").respond(200, json=queue(pending=True))
    delete = respx.post(f"{BASE}/queue").respond(200)
    respx.get(f"{BASE}/history/{JOB}").respond(200, json={})
    async with open_comfyui(BASE, deadlines=SHORT) as comfyui:
        await comfyui.cancel(JOB)
        assert json.loads(delete.calls[0].request.content) == {"delete": [JOB]}
        respx.get(f"{BASE}/queue").respond(200, json=EMPTY_QUEUE)
        assert (await comfyui.look(JOB, spool)).phase is JobPhase.CANCELLED


@respx.mock
async def test_a_running_prompt_is_interrupted_by_its_id_and_never_by_an_empty_body() -> None:
    respx.get(f"{BASE}/queue").respond(200, json=queue(running=True))
    interrupt = respx.post(f"{BASE}/interrupt").respond(200)
    await ComfyUI(BASE, deadlines=SHORT).cancel(JOB)
    assert json.loads(interrupt.calls[0].request.content) == {"prompt_id": JOB}


@respx.mock
async def test_nobody_elses_prompt_is_cancelled() -> None:
    respx.get(f"{BASE}/queue").respond(200, json=queue())
    respx.get(f"{BASE}/history/{JOB}").respond(200, json={})
    with pytest.raises(Vanished):
        await ComfyUI(BASE, deadlines=SHORT).cancel(JOB)


@respx.mock
async def test_health_and_facts_tell_queue_and_version() -> None:
    respx.get(f"{BASE}/queue").respond(200, json=queue(running=True))
    respx.get(f"{BASE}/system_stats").respond(200, json={"system": {"comfyui_version": "0.3.64"}})
    comfyui = ComfyUI(BASE, deadlines=SHORT)
    health = await comfyui.health()
    assert (health.in_progress, health.in_queue, health.running, health.idle) == (1, 0, 1, 0)
    facts = await comfyui.facts()
    assert facts is not None
    assert (facts.name, facts.price_microdollars_per_s) == ("ComfyUI 0.3.64", None)
    respx.get(f"{BASE}/system_stats").respond(500)
    assert await comfyui.facts() is None


@respx.mock
async def test_r32_pictures_come_from_this_servers_view_only(tmp_path: Path) -> None:
    respx.get(f"{BASE}/view").respond(200, content=b"picture")
    comfyui, into = ComfyUI(BASE, deadlines=SHORT), tmp_path / "a.picture"
    await comfyui.download(f"{BASE}/view?filename=a.png&type=output", into)
    assert into.read_bytes() == b"picture"
    for url in (
        "http://127.0.0.1:10/view?filename=a",
        f"{BASE}/free",
        f"{BASE}/view/../free",
        "",
        "https://[x",
    ):
        with pytest.raises(BadLink) as caught:
            await comfyui.download(url, into)
        assert caught.value.is_refused
    respx.get(f"{BASE}/view").respond(404)
    with pytest.raises(BadLink) as caught:
        await comfyui.download(f"{BASE}/view?filename=a.png", into)
    assert not caught.value.is_refused
    respx.get(f"{BASE}/view").respond(500)
    with pytest.raises(ServiceError):
        await comfyui.download(f"{BASE}/view?filename=a.png", into)


def test_an_address_beyond_this_machine_is_warned_of() -> None:
    for own in ("http://127.0.0.1:8188", "http://localhost:8188/", "http://[::1]:8188"):
        assert ComfyUI(own).warning == ""
    for far in (
        "http://192.168.1.5:8188",
        "https://pod-8188.proxy.runpod.net",
        "http://127.0.0.1.evil.example",
    ):
        assert "not on this machine" in ComfyUI(far).warning
    with pytest.raises(SettingsError):
        ComfyUI("http://127.0.0.1:port")


# --- progress -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "progress"),
    [
        (
            {"type": "progress", "data": {"value": 3, "max": 10, "prompt_id": JOB, "node": "31"}},
            Progress(3, 10, 30.0),
        ),
        ({"type": "progress", "data": {"value": 3, "max": 10, "prompt_id": "other"}}, None),
        ({"type": "progress", "data": {"value": 3, "max": 0, "prompt_id": JOB}}, None),
        ({"type": "progress", "data": {"value": "3", "max": True, "prompt_id": JOB}}, None),
        ({"type": "executing", "data": {"node": "8\x1b", "prompt_id": JOB}}, Progress(note="node 8␛")),
        ({"type": "executing", "data": {"node": None, "prompt_id": JOB}}, None),
        ({"type": "status", "data": []}, None),
        ({}, None),
    ],
)
def test_events_are_read_for_our_prompt_only(event: dict[str, Any], progress: Progress | None) -> None:
    assert read_event(event, JOB) == progress


async def test_steps_follow_the_websocket_and_come_back_with_the_same_id(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("podtui.clients.comfyui_progress._AGAIN_S", 0.01)
    paths: list[str] = []

    async def behave(socket: ServerConnection) -> None:
        assert socket.request is not None
        paths.append(socket.request.path)
        step = len(paths)
        await socket.send(b"\x00\x00\x00\x01\x00\x00\x00\x01preview")
        await socket.send("no json")
        await socket.send(
            json.dumps({"type": "progress", "data": {"value": step, "max": 4, "prompt_id": JOB}})
        )
        if step > 1:
            await socket.wait_closed()

    async with serve(behave, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        steps = Steps(f"http://127.0.0.1:{port}/comfy/", JobId(JOB))
        steps.begin()
        async with asyncio.timeout(10):
            while steps.progress != Progress(2, 4, 50.0):
                await asyncio.sleep(0.01)
        await steps.close()
    assert set(paths) == {f"/comfy/ws?clientId={JOB}"}
