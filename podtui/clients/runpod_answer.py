"""Reads the body of a job's status: what RunPod and both generations of worker-comfyui say (runpod.md, 4)."""

import contextlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from podtui.clients import big_json
from podtui.clients.backend import JobPhase, JobView, Progress, RemotePicture
from podtui.clients.big_json import Long
from podtui.clients.worker_words import cause, is_worker_broken
from podtui.errors import ServiceError, Unreadable
from podtui.redact import redact
from podtui.text import clean, clean_lines
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
MAX_LOG = 20_000
"""The longest answer that is kept beside an attempt, in characters."""
_NO_BUCKET = "the endpoint's bucket is not set up: the worker kept the image in a path of its own"
_NO_BASE64 = "the image's base64 text cannot be read"


def read_status(raw: bytes, job: JobId) -> JobView:
    """Understand a small body of ``/status``; see ``read_file``."""
    return _view(big_json.loads(raw), job)


def read_file(path: Path, job: JobId) -> JobView:
    """Understand a spooled body of ``/status`` for one job, however large.

    Raises:
        Unreadable: it is no JSON object of the documented shape.
        ServiceError: it speaks of another job.
    """
    return _view(big_json.load(path), job)


def _view(found: Any, job: JobId) -> JobView:
    """Everything but id and status may be missing or odd (runpod.md, 4.1)."""
    if not isinstance(found, dict):
        raise Unreadable("unreadable answer", "RunPod's answer is no JSON object.")
    said, name = found.get("status"), found.get("id")
    if not isinstance(said, str) or not isinstance(name, str):
        raise Unreadable("unreadable answer", "RunPod's answer has no id and status.")
    if name != job:
        raise ServiceError("mismatch", "RunPod answered for another job.", "podtui asks again.")
    phase = _PHASES.get(said, JobPhase.UNKNOWN)
    worker = found.get("workerId")
    view = JobView(
        job=job,
        phase=phase,
        said=clean(said, 60),
        delay_ms=_ms(found.get("delayTime")),
        execution_ms=_ms(found.get("executionTime")),
        worker=clean(worker, 60) if isinstance(worker, str) else "",
    )
    if not phase.is_final:
        # While a job runs, output is its last progress report and never a result (runpod.md, 4.3).
        return replace(view, progress=_progress(found.get("output")))
    return _final(replace(view, answer=for_log(found)), found)


def _ms(value: object) -> int | None:
    number = _number(value)
    return round(number) if number is not None and 0 <= number < 2**40 else None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 2**60:
        return None
    return float(value)


def _progress(output: object) -> Progress | None:
    """Any JSON may be a progress report."""
    if isinstance(output, str):
        return Progress(note=clean(output.strip(), 60)) if output.strip() else None
    if not isinstance(output, dict):
        return None
    value, most, percent = (_number(output.get(key)) for key in ("value", "max", "percent"))
    if percent is None and value is not None and most:
        percent = 100 * value / most
    note = output.get("note") or output.get("message") or output.get("text") or ""
    if value is None and percent is None and not note:
        return None
    return Progress(
        value=None if value is None else int(value),
        max=None if most is None else int(most),
        percent=None if percent is None else min(100.0, max(0.0, percent)),
        note=clean(note, 60) if isinstance(note, str) else "",
    )


# --- the end --------------------------------------------------------------------------------------------


def _final(view: JobView, found: dict[str, Any]) -> JobView:
    output = found.get("output")
    error, details = _error(found)
    if view.phase is not JobPhase.COMPLETED:
        return _failed(view, error or _silent_end(view.phase), details)
    pictures = _pictures(output)
    inside = output if isinstance(output, dict) else {}
    # Older workers, and handlers that return their error as data, complete with an error inside.
    if inside.get("status") == "error" or (not pictures and error and inside.get("images") != []):
        why = error or cause(_text(inside.get("message")), details) or "The worker gave no reason"
        return replace(_failed(view, why, details), phase=JobPhase.FAILED)
    said = inside.get("errors")
    listed = said if isinstance(said, list) else [said] if said else [error] if error else []
    notes = tuple(clean(redact(_text(note)), 300) for note in listed[:10])
    return replace(view, pictures=pictures, notes=notes)


def _silent_end(phase: JobPhase) -> str:
    if phase is JobPhase.CANCELLED:
        return ""
    if phase is JobPhase.TIMED_OUT:
        return "RunPod ended it: its time was over"
    return "RunPod gave no reason"


def _failed(view: JobView, error: str, details: str) -> JobView:
    broken = is_worker_broken(f"{view.answer}\n{error}\n{details}")
    return replace(view, error=error, details=details, is_worker_broken=broken)


def _error(found: dict[str, Any]) -> tuple[str, str]:
    """The real cause: ``error`` may be a JSON text, and the cause may stand in ``output.details``."""
    output = found.get("output")
    inside = output if isinstance(output, dict) else {}
    said = found.get("error")
    if said in (None, "", {}):
        said = inside.get("error")
    parts = []
    if isinstance(said, str) and said.lstrip().startswith("{"):
        with contextlib.suppress(Unreadable):
            said = big_json.loads(said.encode("utf-8", "replace"))
    if isinstance(said, dict):
        parts.append(_text(said.get("error_traceback") or said.get("traceback")))
        said = said.get("error_message") or said.get("message") or said.get("error") or said
    text = _text(said)
    listed = inside.get("details")
    parts = [_text(one) for one in (listed if isinstance(listed, list) else [listed])] + parts
    if "\n" in text.strip():
        parts.insert(0, text)
    details = "\n".join(part for part in parts if part)
    return cause(text, details), clean_lines(redact(details), 4000)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Long):
        return value.head
    return value if isinstance(value, str) else json.dumps(_short(value, 0))[:4000]


# --- pictures -------------------------------------------------------------------------------------------


def _pictures(output: object) -> tuple[RemotePicture, ...]:
    """The pictures of a completed job, in every shape that workers send."""
    if isinstance(output, str | Long):
        return (_picture(output, ""),) if output else ()
    if isinstance(output, list):
        return tuple(picture for one in output for picture in _entries(one))
    if not isinstance(output, dict) or output.get("status") == "error":
        return ()
    images = output.get("images")
    if isinstance(images, list):
        return tuple(picture for one in images for picture in _entries(one))
    for key in ("images", "image", "image_url", "image_base64", "message"):
        value = output.get(key)
        if isinstance(value, dict):
            return _entries(value)
        if isinstance(value, str | Long) and value:
            return (_picture(value, ""),)
    return ()


def _entries(entry: object) -> tuple[RemotePicture, ...]:
    if isinstance(entry, str | Long):
        return (_picture(entry, ""),)
    if not isinstance(entry, dict):
        return (RemotePicture(problem="an image entry that is neither text nor object"),)
    if isinstance(entry.get("images"), list):
        return _pictures({"images": entry["images"]})
    filename = entry.get("filename")
    name = clean(filename, 120) if isinstance(filename, str) else ""
    data = next((entry[key] for key in ("data", "image", "url", "image_url") if entry.get(key)), None)
    if not isinstance(data, str | Long):
        return (RemotePicture(problem="an image entry without data", name=name),)
    return (_picture(data, name, is_link=entry.get("type") == "s3_url"),)


def _picture(data: str | Long, name: str, *, is_link: bool = False) -> RemotePicture:
    if isinstance(data, Long):
        if data.data and not is_link:
            return RemotePicture(data=data.data, name=name)
        return RemotePicture(problem=_NO_BUCKET if is_link else _NO_BASE64, name=name)
    if "://" in data[:40]:
        return RemotePicture(url=data.strip(), name=name)
    if is_link:
        return RemotePicture(problem=_NO_BUCKET, name=name)
    try:
        return RemotePicture(data=big_json.decode(data.encode("ascii")), name=name)
    except ValueError:
        return RemotePicture(problem=_NO_BASE64, name=name)


# --- for the log ----------------------------------------------------------------------------------------


def for_log(found: Any) -> str:
    """The answer as JSON text, without the pictures' data and without what opens them."""
    return redact(json.dumps(_short(found, 0))[: 2 * MAX_LOG])[:MAX_LOG]


def _short_value(key: str, value: Any, depth: int) -> Any:
    if key == "input" and depth == 0:
        return "[echo]"
    if key in ("data", "image", "image_base64") and isinstance(value, str) and "." not in value:
        return f"[{len(value)} characters]"
    return _short(value, depth + 1)


def _short(value: Any, depth: int) -> Any:
    if depth > 12:
        return "…"
    if isinstance(value, dict):
        return {clean(key, 80): _short_value(key, one, depth) for key, one in list(value.items())[:60]}
    if isinstance(value, list):
        return [_short(one, depth + 1) for one in value[:60]]
    if isinstance(value, Long):
        return f"[{value.length} characters]"
    if isinstance(value, str):
        if len(value) > 200 and " " not in value[:200] and "://" not in value[:40]:
            return f"[{len(value)} characters]"
        # A presigned link opens a paid picture: the log keeps where, not the signature.
        return clean_lines(value.partition("?")[0] if "://" in value[:20] else value, 4000)
    return value
