"""What a status body tells, by the transcripts of the contracts and by bodies made to hurt."""

import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.clients import big_json
from podtui.clients.backend import JobPhase, JobView, Progress
from podtui.clients.runpod_answer import read_file, read_status
from podtui.errors import ServiceError, Unreadable
from podtui.words import JobId

JOB = JobId("j-e1")
PNG_TEXT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mM4EaABAAMkAUEj5ExoAAAAAElFTkSuQmCC"
PNG = base64.b64decode(PNG_TEXT)
LINK = "https://s3.example.com/11-26/j/b0.png?X-Amz-Date=20261122T075702Z&X-Amz-Expires=604800&X-Amz-Signature=c4n4ry"


def view(said: str, **more: Any) -> JobView:
    return read_status(json.dumps({"id": JOB, "status": said, **more}).encode(), JOB)


# --- the envelope ---------------------------------------------------------------------------------------


def test_a_completed_job_gives_its_picture_times_and_worker() -> None:
    output = {"images": [{"filename": "ComfyUI_00005_.png", "type": "base64", "data": PNG_TEXT}]}
    seen = view("COMPLETED", delayTime=3, executionTime=4455, workerId="w0", output=output)
    assert (seen.phase, seen.said, seen.delay_ms, seen.execution_ms) == (
        JobPhase.COMPLETED,
        "COMPLETED",
        3,
        4455,
    )
    assert seen.worker == "w0"
    assert [picture.data for picture in seen.pictures] == [PNG]
    assert seen.pictures[0].name == "ComfyUI_00005_.png"
    assert PNG_TEXT not in seen.answer
    assert json.loads(seen.answer)["executionTime"] == 4455


@pytest.mark.parametrize("odd", [None, "12", [], True, -1, 1e300, 10**30, {}])
def test_odd_times_and_workers_do_not_cost_a_paid_picture(odd: object) -> None:
    seen = view("COMPLETED", delayTime=odd, executionTime=odd, workerId=[odd], output=PNG_TEXT)
    assert (seen.delay_ms, seen.execution_ms, seen.worker) == (None, None, "")
    assert seen.pictures[0].data == PNG


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b"{}",
        b'{"id":"j-e1"}',
        b'{"status":"COMPLETED"}',
        b'{"id":1,"status":"x"}',
        b'{"id":"j-e1","status":3}',
    ]
    + [
        b'{"id":"j-e1","status":"COMPLETED","output":' + bad
        for bad in (b"", b"NaN}", b"-Infinity}", b"1e999}", b"[" * 100_000, b"9" * 5000 + b"}")
    ]
    + [
        b'{"id":"j-e1","status":"COMPLETED","output":{"a":1,"a":2}}',
        b'{"id":"j-e1","status":"FAILED","status":"COMPLETED"}',
        b'{"id":"j-e1","status":"\xff"}',
        b"\xef\xbb\xbf{}",
    ],
)
def test_r16_r18_what_is_no_clean_json_is_unreadable(body: bytes, tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_status(body, JOB)
    spooled = tmp_path / "a.json"
    spooled.write_bytes(body)
    with pytest.raises(Unreadable):
        read_file(spooled, JOB)


def test_a_spooled_answer_that_is_gone_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(Unreadable):
        read_file(tmp_path / "none", JOB)


def test_r36_the_answer_for_another_job_is_a_mismatch() -> None:
    with pytest.raises(ServiceError) as caught:
        read_status(b'{"id":"other","status":"COMPLETED"}', JOB)
    assert not isinstance(caught.value, Unreadable)


@pytest.mark.parametrize("said", ["", "DONE", "completed", "\u202eDETELPMOC", "RETRYING"])
def test_r23_an_unknown_state_is_shown_and_not_final(said: str) -> None:
    seen = view(said, output=PNG_TEXT)
    assert (seen.phase, seen.pictures) == (JobPhase.UNKNOWN, ())
    assert "\u202e" not in seen.said


# --- progress -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("output", "progress"),
    [
        ({"type": "progress", "value": 5, "max": 12, "percent": 41.7, "node": "31"}, Progress(5, 12, 41.7)),
        ({"value": 3, "max": 12}, Progress(3, 12, 25.0)),
        ({"value": 3, "max": 0}, Progress(3, 0, None)),
        ("step 3\x1b[2J", Progress(note="step 3␛[2J")),
        ({"percent": 250}, Progress(percent=100.0)),
        ({"value": True, "max": "x", "percent": None, "message": "loading"}, Progress(note="loading")),
        ({"value": 10**300}, None),
        (None, None),
        ([], None),
        ({}, None),
        (7, None),
    ],
)
def test_progress_takes_any_json(output: object, progress: Progress | None) -> None:
    assert view("IN_PROGRESS", output=output).progress == progress


def test_output_is_no_result_before_the_end() -> None:
    for said in ("IN_PROGRESS", "IN_QUEUE"):
        assert view(said, output={"images": [{"data": PNG_TEXT}]}).pictures == ()


# --- pictures -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "output",
    [
        {"images": [{"filename": "a.png", "type": "base64", "data": PNG_TEXT}]},
        {"status": "success", "message": PNG_TEXT},
        {"status": "success", "message": "data:image/png;base64," + PNG_TEXT},
        {"images": [PNG_TEXT]},
        {"images": PNG_TEXT},
        {"image": PNG_TEXT},
        {"images": [{"image": PNG_TEXT}]},
        [{"data": PNG_TEXT}],
        [{"images": [{"data": PNG_TEXT}]}],
        [PNG_TEXT],
        PNG_TEXT,
    ],
)
def test_every_shape_of_a_picture_is_understood(output: object) -> None:
    assert [picture.data for picture in view("COMPLETED", output=output).pictures] == [PNG]


@pytest.mark.parametrize(
    "output", [None, [], {}, "", {"status": "success_no_images", "images": []}, {"images": None}]
)
def test_r24_completed_without_a_picture_has_none(output: object) -> None:
    seen = view("COMPLETED", output=output)
    assert (seen.phase, seen.pictures) == (JobPhase.COMPLETED, ())
    assert view("COMPLETED").pictures == ()


def test_r25_every_picture_of_an_answer_is_given_in_order() -> None:
    texts = [base64.b64encode(bytes([n]) * 9).decode() for n in range(3)]
    seen = view("COMPLETED", output={"images": [{"data": text} for text in texts]})
    assert [picture.data for picture in seen.pictures] == [bytes([n]) * 9 for n in range(3)]


def test_r26_errors_beside_pictures_are_notes() -> None:
    seen = view(
        "COMPLETED", output={"images": [{"data": PNG_TEXT}], "errors": ["b.png \x1b failed", {"x": 1}]}
    )
    assert seen.phase is JobPhase.COMPLETED
    assert seen.pictures[0].data == PNG
    assert seen.notes == ("b.png ␛ failed", '{"x": 1}')


@pytest.mark.parametrize(
    "text",
    [
        "data:image/png;base64," + PNG_TEXT,
        PNG_TEXT.rstrip("="),
        "\n".join(PNG_TEXT[at : at + 20] for at in range(0, len(PNG_TEXT), 20)) + "\r\n",
        " " + PNG_TEXT + "\t",
        PNG_TEXT.replace("+", "-").replace("/", "_"),
    ],
)
def test_r27_harmless_base64_is_mended(text: str) -> None:
    assert view("COMPLETED", output={"images": [{"data": text}]}).pictures[0].data == PNG


@pytest.mark.parametrize(
    "text", ["not base64 at all!", "QUJ=QUJD", "Q", "====", "é" * 8, "QUJD\x00", "data:image/png;base64,"]
)
def test_r27_garbage_is_a_problem_and_no_picture(text: str) -> None:
    (picture,) = view("COMPLETED", output={"images": [{"data": text}]}).pictures
    assert (picture.data, picture.url) == (None, None)
    assert "base64" in picture.problem


def test_a_link_is_kept_whole_and_logged_without_what_opens_it() -> None:
    for output in ({"images": [{"type": "s3_url", "data": LINK}]}, {"message": LINK}, {"image_url": LINK}):
        seen = view("COMPLETED", output=output)
        assert [picture.url for picture in seen.pictures] == [LINK]
        assert "c4n4ry" not in seen.answer


@pytest.mark.parametrize("path", ["simulated_uploaded/6e99556c.png", "/comfyui/output/a.png", "QUJD" * 30])
def test_r33_a_path_on_the_worker_means_that_no_bucket_is_set_up(path: str) -> None:
    (picture,) = view("COMPLETED", output={"images": [{"type": "s3_url", "data": path}]}).pictures
    assert "bucket is not set up" in picture.problem
    assert (picture.url, picture.data) == (None, None)


@pytest.mark.parametrize("entry", [None, 7, {}, {"data": 7}, {"data": None}, []])
def test_an_entry_without_data_is_a_problem(entry: object) -> None:
    seen = view("COMPLETED", output={"images": [entry, {"data": PNG_TEXT}]})
    assert seen.pictures[0].problem
    assert seen.pictures[-1].data == PNG


def test_i10_a_workers_file_name_is_a_sanitised_note() -> None:
    hostile = "../../\x1b]0;x\x07\u202e" + "a" * 400
    (picture,) = view("COMPLETED", output={"images": [{"filename": hostile, "data": PNG_TEXT}]}).pictures
    assert "\x1b" not in picture.name
    assert len(picture.name) <= 120


# --- failures -------------------------------------------------------------------------------------------

OOM = (
    "Workflow execution error: Node Type: KSampler, Node ID: 31, Message: CUDA out of memory.\n"
    "This error means you ran out of memory on your GPU."
)
VALIDATION = (
    "Workflow validation failed:\n• Node 30 (errors): [{'type': 'value_not_in_list', 'message': 'Value not in"
    " list', 'details': \"ckpt_name: 'nope.safetensors' not in ['flux1-dev-fp8.safetensors',"
    " 'sd_xl_base_1.0.safetensors']\"}]"
    "\n\nAvailable checkpoint models: flux1-dev-fp8.safetensors, sd_xl_base_1.0.safetensors"
)
TRACE = json.dumps(
    {"error_type": "<class 'ValueError'>", "error_message": "boom", "error_traceback": "Traceback …"}
)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (
            {"error": "Job processing failed", "output": {"details": [OOM, "Prompt ID x not found"]}},
            "CUDA out of memory at KSampler",
        ),
        ({"error": "x failed: torch.OutOfMemoryError"}, "CUDA out of memory"),
        (
            {"error": VALIDATION},
            "no model file nope.safetensors (ckpt_name). It has: flux1-dev-fp8.safetensors",
        ),
        ({"error": "unet_name: 'a.sft' not in []"}, "no model file a.sft"),
        ({"error": "sampler_name: 'bogus' not in (list of length 42)"}, "knows no sampler_name bogus"),
        (
            {"error": "Cannot execute because node NoSuchNode does not exist.. Raw response: {}"},
            "lacks the node NoSuchNode",
        ),
        ({"error": "Value 0 smaller than min of 1"}, "is 0, smaller than min of 1"),
        ({"error": TRACE}, "boom"),
        ({"error": {"message": "as an object"}}, "as an object"),
        ({"error": ["a", 1]}, '["a", 1]'),
        (
            {"error": "Job processing failed", "output": {"details": "Node Type: X, Message: no such file"}},
            "no such file",
        ),
        ({"error": "Job processing failed", "output": {"details": ["the first", "the second"]}}, "the first"),
        ({"output": {"error": "inside"}}, "inside"),
        ({"error": "{broken json"}, "{broken json"),
        ({}, "RunPod gave no reason"),
    ],
)
def test_r22_a_failure_names_its_real_cause(body: dict[str, Any], words: str) -> None:
    seen = view("FAILED", **body)
    assert seen.phase is JobPhase.FAILED
    assert words in seen.error
    assert "\n" not in seen.error
    assert len(seen.error) <= 300


def test_r22_the_details_keep_what_the_worker_said() -> None:
    seen = view("FAILED", error="Job processing failed", output={"details": [OOM, "second \x1b[2J"]})
    assert "Node ID: 31" in seen.details
    assert "second ␛[2J" in seen.details


def test_r22_a_timed_out_and_a_cancelled_job_have_their_own_ends() -> None:
    assert view("TIMED_OUT").phase is JobPhase.TIMED_OUT
    assert "time was over" in view("TIMED_OUT").error
    assert view("CANCELLED").phase is JobPhase.CANCELLED


@pytest.mark.parametrize(
    ("error", "is_broken"),
    [
        ("ComfyUI server (127.0.0.1:8188) not reachable after multiple retries.", True),
        ("WebSocket communication error: closed", True),
        ("CUDA out of memory", False),
        ("Job processing failed", False),
    ],
)
def test_a_poisoned_worker_is_recognised(error: str, is_broken: bool) -> None:
    assert view("FAILED", error=error).is_worker_broken is is_broken


@pytest.mark.parametrize(
    "output",
    [
        {"status": "error", "message": "the image does not exist"},
        {"status": "error", "message": "the image does not exist", "images": []},
        {"error": "the image does not exist"},
        {"error": {"message": "the image does not exist"}},
    ],
)
def test_completed_with_an_error_inside_is_a_failure(output: object) -> None:
    seen = view("COMPLETED", output=output)
    assert (seen.phase, seen.pictures) == (JobPhase.FAILED, ())
    assert "does not exist" in seen.error
    assert seen.said == "COMPLETED"


def test_g6_a_key_in_an_answer_is_not_kept() -> None:
    seen = view(
        "FAILED", error="bad key rpa_CANARY0123456789 at x", output={"details": ["AKIACANARY0123456789"]}
    )
    assert "CANARY" not in seen.error + seen.details + seen.answer


def test_the_kept_answer_is_short_whatever_came() -> None:
    seen = view(
        "COMPLETED", input={"workflow": {"a": "b"}}, output={"images": [], "x": ["some words " * 90] * 500}
    )
    assert len(seen.answer) <= 20_000
    assert "workflow" not in seen.answer


# --- large answers --------------------------------------------------------------------------------------


@given(
    st.integers(0, 300_000), st.integers(0, 3), st.sampled_from(["", "\\n", "\\r\\n", "\\/"]), st.booleans()
)
def test_a_long_string_is_decoded_as_json_and_base64_would(
    size: int, cut: int, between: str, is_url: bool
) -> None:
    data = os.urandom(size + 1)
    text = base64.b64encode(data).decode()
    text = (text.rstrip("=") if cut == 1 else text).replace("/", "\\/" if between == "\\/" else "/")
    if is_url:
        text = text.replace("+", "-")
    if between in ("\\n", "\\r\\n"):
        text = between.join(text[at : at + 76_000] for at in range(0, len(text), 76_000))
    body = (
        f'{{"id":"j-e1","status":"COMPLETED","output":{{"images":[{{"data":"{text}"}},{{"data":"QUJD"}}]}}}}'
    )
    path = Path(os.environ["PODTUI_HOME"]).parent / "answer.json"
    path.write_text(body)
    seen = read_file(path, JOB)
    assert [picture.data for picture in seen.pictures] == [data, b"ABC"]


def big(tmp_path: Path, text: str) -> JobView:
    path = tmp_path / "a.json"
    path.write_text(f'{{"id":"j-e1","status":"COMPLETED","output":{{"images":[{{"data":"{text}"}}]}}}}')
    return read_file(path, JOB)


def test_r27_a_long_string_of_garbage_is_a_problem(tmp_path: Path) -> None:
    good = "QUJD" * 30_000
    for text in ("!" * 100_000, good + "!", good + "=" + good, good + "Q", good + "\\u00e9", "=" * 100_000):
        (picture,) = big(tmp_path, text).pictures
        assert picture.data is None
        assert "base64" in picture.problem


def test_r27_a_long_string_is_mended_like_a_short_one(tmp_path: Path) -> None:
    good = "QUJD" * 600_000
    for text in (
        "data:image/png;base64," + good,
        good + "\\u003d",
        good + "====",
        " " + good,
        good[:-3] + "\\u0055JD",
    ):
        (picture,) = big(tmp_path, text).pictures
        assert picture.data == b"ABC" * 600_000


def test_a_worker_cannot_point_at_another_string(tmp_path: Path) -> None:
    (picture,) = big(tmp_path, "long 0000000000000000 0").pictures
    assert picture.problem


def test_a_long_error_text_keeps_its_beginning(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    error = "CUDA out of memory. " + "and so on " * 20_000
    path.write_text(json.dumps({"id": "j-e1", "status": "FAILED", "error": error}))
    assert "CUDA out of memory" in read_file(path, JOB).error


def test_r19_millions_of_small_values_are_refused_before_they_are_built(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'{"id":"j-e1","status":"COMPLETED","output":[' + b"{}," * 4_000_000 + b"0]}")
    with pytest.raises(Unreadable):
        read_file(path, JOB)


@given(st.binary(max_size=400), st.integers(1, 9))
def test_r16_any_bytes_are_read_or_refused(data: bytes, piece: int) -> None:
    path = Path(os.environ["PODTUI_HOME"]).parent / "any.json"
    path.write_bytes(data)
    results = []
    for is_file in (True, False):
        try:
            results.append(repr(big_json.load(path) if is_file else big_json.loads(data)))
        except Unreadable:
            results.append("unreadable")
    assert results[0] == results[1]


@given(
    st.recursive(st.none() | st.text(max_size=30) | st.integers(), lambda inner: st.lists(inner, max_size=4))
)
def test_json_with_any_text_survives_being_cut_into_pieces(value: object) -> None:
    path = Path(os.environ["PODTUI_HOME"]).parent / "any.json"
    path.write_text(json.dumps(value))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(big_json, "_PIECE", 3)
        assert big_json.load(path) == value
