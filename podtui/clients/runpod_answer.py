"""Reads the body of a job's status: what RunPod and both generations of worker-comfyui say (runpod.md, 4)."""

import base64
import binascii
import json
import math
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from podtui.clients.backend import JobPhase, JobView, Progress, RemotePicture
from podtui.errors import ServiceError, Unreadable
from podtui.text import clean
from podtui.words import JobId

_PHASES = {
    "IN_QUEUE": JobPhase.QUEUED,
    "IN_PROGRESS": JobPhase.RUNNING,
    "RUNNING": JobPhase.RUNNING,
    "COMPLETED": JobPhase.COMPLETED,
    "FAILED": JobPhase.FAILED,
    "CANCELLED": JobPhase.CANCELLED,
    "TIMED_OUT": JobPhase.TIMED_OUT,
}
_BROKEN = (
    "not reachable after multiple retries",
    "WebSocket communication error",
    "HTTP communication error",
)
"""What worker-comfyui says when ComfyUI has died beside it (comfyui.md, 3.4)."""
_DATA_URI = re.compile(r"data:[\w.+/-]{0,80};base64,", re.ASCII)
_SPACE = re.compile(rb"\s+")
_LOOKS_LIKE_BASE64 = re.compile(r"[A-Za-z0-9+/_=\s-]{32}")
MAX_LOG = 20_000


class _Status(BaseModel):
    """The envelope: everything but id and status may be missing (runpod.md, 4.1)."""

    model_config = ConfigDict(extra="ignore")

    id: str
    status: str
    delayTime: int | float | None = None  # noqa: N815 - RunPod's spelling
    executionTime: int | float | None = None  # noqa: N815
    workerId: str | None = None  # noqa: N815
    error: Any = None
    output: Any = None


def read_status(raw: bytes, job: JobId) -> JobView:
    """Understand the body of ``/status`` for one job.

    Raises:
        Unreadable: it is no JSON object of the documented shape.
        ServiceError: it speaks of another job.
    """
    found = _load(raw)
    try:
        status = _Status.model_validate(found)
    except ValidationError:
        raise Unreadable("unreadable answer", "RunPod's answer has no id and status.") from None
    if status.id != job:
        raise ServiceError("mismatch", "RunPod answered for another job.", "podtui asks again.")
    phase = _PHASES.get(status.status, JobPhase.UNKNOWN)
    view = JobView(
        job=job,
        phase=phase,
        said=clean(status.status, 60),
        delay_ms=_ms(status.delayTime),
        execution_ms=_ms(status.executionTime),
        worker=clean(status.workerId or "", 60),
        progress=_progress(status.output) if phase is JobPhase.RUNNING else None,
    )
    if not phase.is_final:
        return view
    return _final(view, status, _for_log(found))


def _load(raw: bytes) -> dict[str, Any]:
    """Parse strictly: no NaN, no doubled key, no number or depth that is made to hurt."""
    try:
        found = json.loads(raw, parse_constant=_refuse, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise Unreadable(
            "unreadable answer", f"RunPod's answer is no JSON: {type(error).__name__}."
        ) from None
    if not isinstance(found, dict):
        raise Unreadable("unreadable answer", "RunPod's answer is no JSON object.")
    return found


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found


def _ms(value: float | None) -> int | None:
    return round(value) if value is not None and math.isfinite(value) and 0 <= value < 2**40 else None


def _progress(output: object) -> Progress | None:
    """While a job runs, output is the last progress report: any JSON (runpod.md, 4.3)."""
    if isinstance(output, str):
        return Progress(note=clean(output, 60))
    if not isinstance(output, dict):
        return None
    value, most, percent = output.get("value"), output.get("max"), output.get("percent")
    known = [
        part if isinstance(part, int | float) and not isinstance(part, bool) else None
        for part in (value, most)
    ]
    share = percent if isinstance(percent, int | float) and not isinstance(percent, bool) else None
    if share is None and known[0] is not None and known[1]:
        share = 100 * known[0] / known[1]
    return Progress(
        value=None if known[0] is None else int(known[0]),
        max=None if known[1] is None else int(known[1]),
        percent=None if share is None else min(100.0, max(0.0, float(share))),
        note=clean(str(output.get("note") or output.get("message") or ""), 60),
    )


def _final(view: JobView, status: _Status, log: str) -> JobView:
    error, details = _error(status)
    if view.phase is not JobPhase.COMPLETED:
        return _with(view, error=error or "RunPod gave no reason", details=details, answer=log)
    # An older worker, or one that returns its error as data, completes with an error inside.
    output = status.output
    if isinstance(output, dict) and (output.get("status") == "error" or (error and "images" not in output)):
        return _with(
            view,
            phase=JobPhase.FAILED,
            error=error or _text(output.get("message")),
            details=details,
            answer=log,
        )
    notes: tuple[str, ...] = ()
    if isinstance(output, dict) and isinstance(output.get("errors"), list):
        notes = tuple(clean(str(note), 300) for note in output["errors"][:10])
    return _with(view, pictures=_pictures(output), notes=notes, answer=log)


def _with(view: JobView, **changes: Any) -> JobView:
    values = {**vars(view), **changes}
    broken = any(word in values["error"] + values["details"] for word in _BROKEN)
    return JobView(**values | {"is_worker_broken": broken})


def _error(status: _Status) -> tuple[str, str]:
    """The real cause: ``error`` may be a JSON text, and the cause may stand in ``output.details``."""
    output = status.output if isinstance(status.output, dict) else {}
    said = status.error if status.error is not None else output.get("error")
    if isinstance(said, str) and said.lstrip().startswith("{"):
        try:
            inner = json.loads(said)
        except (ValueError, RecursionError):
            inner = None
        if isinstance(inner, dict):
            said = inner.get("error_message") or inner.get("message") or said
    text = _text(said)
    found = output.get("details")
    details = "\n".join(_text(one) for one in found) if isinstance(found, list) else _text(found)
    return _cause(text, details), details[:4000]


def _cause(error: str, details: str) -> str:
    """One sentence that names the cause, from texts that bury it (comfyui.md, 3.4 and 6)."""
    whole = f"{details}\n{error}"
    if "out of memory" in whole.lower():
        node = re.search(r"Node Type: ([\w.+ -]{1,60})", whole)
        where = f" ({node[1].strip()})" if node else ""
        return f"CUDA out of memory{where}: a smaller size, or a larger GPU"
    if listed := re.search(r"Available checkpoint models: ([^\n]{1,400})", whole):
        return f"The worker does not have this model. It has: {clean(listed[1], 300)}"
    if missing := re.search(r"node ([\w .+-]{1,80}?) does not exist", whole):
        return f"The worker lacks the node {clean(missing[1], 80)}: install it there, or use another workflow"
    if message := re.search(r"Message: ([^\n]{1,300})", details):
        return clean(message[1].strip(), 300)
    if error in ("", "Job processing failed") and details:
        return clean(details.splitlines()[0], 300)
    return clean(error, 300)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)[:4000]


# --- pictures -------------------------------------------------------------------------------------------


def _pictures(output: object) -> tuple[RemotePicture, ...]:
    """The pictures of a completed job, in every shape that workers send."""
    if isinstance(output, str):
        return (_picture(output, ""),) if output else ()
    if isinstance(output, list):
        return tuple(_entry(one) for one in output)
    if not isinstance(output, dict):
        return ()
    images = output.get("images")
    if isinstance(images, list):
        return tuple(_entry(one) for one in images)
    for key in ("message", "image", "image_url"):
        if isinstance(output.get(key), str) and output[key]:
            return (_picture(output[key], ""),)
    return ()


def _entry(entry: object) -> RemotePicture:
    if isinstance(entry, str):
        return _picture(entry, "")
    if not isinstance(entry, dict):
        return RemotePicture(problem="an image entry that is neither text nor object")
    name = clean(str(entry.get("filename", "")), 120)
    data = entry.get("data") or entry.get("image") or entry.get("url")
    if not isinstance(data, str):
        return RemotePicture(problem="an image entry without data", name=name)
    return _picture(data, name, is_link=entry.get("type") == "s3_url")


def _picture(data: str, name: str, *, is_link: bool = False) -> RemotePicture:
    if data[:8].lower().startswith(("http://", "https://")):
        return RemotePicture(url=data, name=name)
    if is_link:
        return RemotePicture(
            problem="the endpoint's bucket is not set up: the worker kept the image for itself", name=name
        )
    if prefix := _DATA_URI.match(data[:100]):
        data = data[prefix.end() :]
    try:
        return RemotePicture(data=_decode(data), name=name)
    except (binascii.Error, ValueError):
        return RemotePicture(problem="the image's base64 text cannot be read", name=name)


def _decode(text: str) -> bytes:
    """Decode base64 strictly, after mending what is harmless: white space, URL letters, missing padding."""
    raw = text.encode("ascii")
    if b"\n" in raw or b"\r" in raw or b" " in raw:
        raw = _SPACE.sub(b"", raw)
    if b"-" in raw or b"_" in raw:
        raw = raw.replace(b"-", b"+").replace(b"_", b"/")
    if len(raw) % 4:
        raw += b"=" * (-len(raw) % 4)
    data = base64.b64decode(raw, validate=True)
    if not data:
        raise ValueError("no bytes")
    return data


def _for_log(found: dict[str, Any]) -> str:
    """The answer without the pictures' data."""
    return json.dumps(_short(found, 0))[:MAX_LOG]


def _short(value: Any, depth: int) -> Any:
    if depth > 12:
        return "…"
    if isinstance(value, dict):
        return {str(key)[:80]: _short(one, depth + 1) for key, one in list(value.items())[:60]}
    if isinstance(value, list):
        return [_short(one, depth + 1) for one in value[:60]]
    if isinstance(value, str) and len(value) > 200 and _LOOKS_LIKE_BASE64.match(value):
        return f"[{len(value)} characters]"
    if isinstance(value, str):
        # A presigned link opens a paid picture: the log keeps where, not the signature.
        return clean(value.partition("?")[0] if value.startswith("http") else value, 4000)
    return value
