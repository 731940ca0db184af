"""What can become of a job beside a picture: each name is one way to end, to hang or to be told.

The ids are rows of the fault catalogue (B1). ``nth`` and ``times`` of a fault choose the jobs.
"""

import json
from collections.abc import Callable
from typing import Any

from podtui.demo import odd_pictures as odd
from podtui.demo.jobs import Ending, Job, JobState
from podtui.demo.results import Made, Picture, encoded, entry, out_of_memory

Args = dict[str, Any]
EndingFate = Callable[[Made, Args], Ending]
ViewFate = Callable[[dict[str, Any], Job, Args], dict[str, Any]]

HOLDS = frozenset({"stuck_in_queue", "stuck_in_progress", "late_completion", "ignores_cancel"})
"""R20, R21, R39: known to the queue, the worker and the cancel route."""

QUICK = frozenset({"failed_quick", "unreachable", "websocket_error"})
"""R22: these end at once, whatever the pace: a poisoned worker."""


def _failed(_: Made, args: Args) -> Ending:
    details = args.get("details")
    return Ending(
        JobState.FAILED,
        {"details": details},
        has_output=details is not None,
        error=args.get("error", "Job processing failed"),
    )


def _unreachable(_: Made, __: Args) -> Ending:
    error = "ComfyUI server (127.0.0.1:8188) not reachable after multiple retries."
    return Ending(JobState.FAILED, has_output=False, error=error)


def _websocket_error(_: Made, __: Args) -> Ending:
    error = "WebSocket communication error: Connection to remote host was lost."
    return Ending(JobState.FAILED, has_output=False, error=error)


def _json_error(_: Made, __: Args) -> Ending:
    inner = {
        "error_type": "<class 'ValueError'>",
        "error_message": "boom",
        "error_traceback": "Traceback (most recent call last):\nValueError: boom\n",
        "hostname": "unknown",
        "worker_id": "unknown",
        "runpod_version": "1.12.0",
    }
    return Ending(JobState.FAILED, has_output=False, error=json.dumps(inner))


def _errors_beside(made: Made, args: Args) -> Ending:
    errors = args.get("errors", ["Failed to fetch image data for b.png from /view endpoint."])
    return Ending(output={"images": made.entries(), "errors": errors})


def _more_images(made: Made, args: Args) -> Ending:
    # Pictures beside the asked one are told apart by their size.
    first = made.pictures[0]
    extra = [
        entry(Picture(f"extra_{number:05}_.png", odd.in_size(first.data, 96 + 16 * number, 128)))
        for number in range(1, int(args.get("count", 3)))
    ]
    return Ending(output={"images": [*made.entries(), *extra]})


def _base64_as(change: Callable[[str], str]) -> EndingFate:
    def fate(made: Made, _: Args) -> Ending:
        first = made.pictures[0]
        data = change(encoded(first.data))
        return Ending(output={"images": [{"filename": first.name, "type": "base64", "data": data}]})

    return fate


def _picture_as(change: Callable[[bytes], bytes], name: str = "") -> EndingFate:
    return lambda made, _: made.of(change(made.pictures[0].data), name)


def _wrapped(text: str) -> str:
    return "\r\n".join(text[start : start + 76] for start in range(0, len(text), 76)) + "\n"


def _truncated(made: Made, args: Args) -> Ending:
    data = made.pictures[0].data
    return made.of(data[: int(len(data) * float(args.get("at", 0.6)))])


def _wrong_size(made: Made, args: Args) -> Ending:
    return made.of(
        odd.in_size(made.pictures[0].data, int(args.get("width", 200)), int(args.get("height", 120)))
    )


def _bytes(made: Made, args: Args) -> Ending:
    return made.of(bytes.fromhex(str(args["hex"])), str(args.get("name", "")))


def _link(made: Made, args: Args) -> Ending:
    url = str(args.get("url") or made.link(made.job, 0))
    return Ending(output={"images": [{"filename": "a.png", "type": "s3_url", "data": url}]})


def _simulated_path(_: Made, __: Args) -> Ending:
    path = "simulated_uploaded/6e99556c.png"
    return Ending(output={"images": [{"filename": "podtui_00005_.png", "type": "s3_url", "data": path}]})


def _huge(_: Made, args: Args) -> Ending:
    text = "A" * (int(args.get("megabytes", 80)) * 1_000_000)
    return Ending(output={"images": [{"filename": "huge.png", "type": "base64", "data": text}]})


def _old_error(_: Made, __: Args) -> Ending:
    words = "the image does not exist in the specified output folder: /comfyui/output/ComfyUI_temp_00001_.png"
    return Ending(output={"status": "error", "message": words})


ENDINGS: dict[str, EndingFate] = {
    # R22
    "failed": _failed,
    "failed_quick": _failed,
    "failed_json": _json_error,
    "out_of_memory": lambda made, _: out_of_memory(made.recipe.sampler),
    "unreachable": _unreachable,
    "websocket_error": _websocket_error,
    "timed_out": lambda _, __: Ending(JobState.TIMED_OUT, has_output=False),
    "cancelled": lambda _, __: Ending(JobState.CANCELLED, has_output=False),
    # R24
    "no_output": lambda _, __: Ending(has_output=False),
    "null_output": lambda _, __: Ending(output=None),
    "empty_images": lambda _, __: Ending(output={"status": "success_no_images", "images": []}),
    "old_error": _old_error,
    "error_in_output": lambda _, args: Ending(output={"error": args.get("error", "boom"), "ok": False}),
    "raw_output": lambda _, args: Ending(output=args.get("output")),
    # R25, R26
    "more_images": _more_images,
    "errors_beside_images": _errors_beside,
    # R27
    "data_uri": _base64_as(lambda text: f"data:image/png;base64,{text}"),
    "whitespace": _base64_as(_wrapped),
    "urlsafe": _base64_as(lambda text: text.replace("+", "-").replace("/", "_")),
    "no_padding": _base64_as(lambda text: text.rstrip("=")),
    "garbage_base64": _base64_as(lambda text: "!!not base64!! " + text[:40] + "é"),
    # R28
    "truncated": _truncated,
    "flipped_bit": _picture_as(odd.flipped_bit),
    # R29
    "wrong_size": _wrong_size,
    "jpeg": _picture_as(lambda data: odd.as_format(data, "JPEG")),
    "webp": _picture_as(lambda data: odd.as_format(data, "WEBP")),
    "gif": _picture_as(lambda data: odd.as_format(data, "GIF")),
    "tiff": _picture_as(lambda data: odd.as_format(data, "TIFF")),
    "sixteen_bit": _picture_as(odd.as_sixteen_bit),
    "cmyk": _picture_as(odd.as_cmyk),
    "animation": _picture_as(odd.as_animation),
    "svg": lambda made, _: made.of(odd.svg(), "a.svg"),
    "eps": lambda made, _: made.of(odd.eps(), "a.eps"),
    "bytes": _bytes,
    # R30
    "bomb": lambda made, args: made.of(odd.bomb(int(args.get("edge", 13_000)))),
    # R31, R32, R33
    "link": _link,
    "simulated_path": _simulated_path,
    # R35
    "same_picture": lambda made, _: made.of(odd.one_and_the_same()),
    # R19
    "huge_output": _huge,
    # I10
    "file_name": lambda made, args: made.of(made.pictures[0].data, str(args["name"])),
}


def _backwards(body: dict[str, Any], job: Job, _: Args) -> dict[str, Any]:
    # Its first look after the start tells the truth, the second denies it.
    if job.state is JobState.IN_PROGRESS and job.looks % 2 == 0:
        return {"id": job.id, "status": "IN_QUEUE"}
    return body


def _state_named(body: dict[str, Any], job: Job, args: Args) -> dict[str, Any]:
    return body if job.state.is_final else {**body, "status": args.get("status", "WARMING_UP")}


def _other_id(body: dict[str, Any], _: Job, args: Args) -> dict[str, Any]:
    return {**body, "id": args.get("id", "00000000-0000-4000-8000-000000000000-e1")}


VIEWS: dict[str, ViewFate] = {
    # R23
    "backwards": _backwards,
    "unknown_state": _state_named,
    "running_state": lambda body, job, _: _state_named(body, job, {"status": "RUNNING"}),
    # R36
    "other_id": _other_id,
}

NAMES = frozenset(ENDINGS) | frozenset(VIEWS) | HOLDS
"""All names that a fault on a job may have."""
