"""Reads what a ComfyUI says: its history of one prompt, its refusals, its queue (comfyui.md, 1)."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from podtui.clients import big_json
from podtui.clients.backend import JobPhase, JobView, RemotePicture
from podtui.clients.runpod_answer import for_log
from podtui.clients.worker_words import cause
from podtui.errors import Unreadable
from podtui.redact import redact
from podtui.text import clean, clean_lines
from podtui.words import JobId


@dataclass(frozen=True)
class Queue:
    """The ids that run and that wait."""

    running: tuple[str, ...]
    pending: tuple[str, ...]


def read_queue(body: bytes) -> Queue:
    """Understand ``/queue``: each entry is ``[number, id, graph, extra, outputs]``.

    Raises:
        Unreadable: it is no such object.
    """
    found = big_json.loads(body)
    if not isinstance(found, dict):
        raise Unreadable("unreadable answer", "ComfyUI's queue is no JSON object.")
    return Queue(_ids(found.get("queue_running")), _ids(found.get("queue_pending")))


def _ids(entries: object) -> tuple[str, ...]:
    listed = entries if isinstance(entries, list) else []
    return tuple(
        str(entry[1])
        for entry in listed
        if isinstance(entry, list) and len(entry) > 1 and isinstance(entry[1], str)
    )


def read_history(path: Path, job: JobId, view_url: str) -> JobView | None:
    """Understand a spooled ``/history/{id}``; None where it does not know the job (yet).

    Args:
        path: the spooled body.
        job: our prompt id.
        view_url: where pictures are fetched, ``http://host:8188/view``.

    Raises:
        Unreadable: it is no such object.
    """
    return history_view(big_json.load(path), job, view_url)


def history_view(found: Any, job: JobId, view_url: str) -> JobView | None:
    """Understand a parsed ``/history/{id}``; see ``read_history``."""
    if not isinstance(found, dict):
        raise Unreadable("unreadable answer", "ComfyUI's history is no JSON object.")
    entry = found.get(job)
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise Unreadable("unreadable answer", "ComfyUI's history of this prompt is no object.")
    status = _dict(entry.get("status"))
    messages = _messages(status.get("messages"))
    said = clean(str(status.get("status_str", "")), 60)
    times = {name: data.get("timestamp") for name, data in messages.items()}
    view = JobView(
        job=job,
        phase=JobPhase.COMPLETED,
        said=said,
        execution_ms=_span(times.get("execution_start"), _end(times)),
        # The graph stands in it: prompt and seed are kept elsewhere.
        answer=for_log({"outputs": entry.get("outputs"), "status": status}),
    )
    if "execution_interrupted" in messages:
        return _changed(view, phase=JobPhase.CANCELLED, said="interrupted")
    if said == "error" or "execution_error" in messages:
        return _failed(view, messages.get("execution_error", {}))
    notes = ["nothing was made anew: the same workflow and seed ran before"] if _is_cached(messages) else []
    pictures = _pictures(entry.get("outputs"), view_url)
    if not pictures:
        notes.append("no image saved: the workflow lacks a SaveImage node, or its output went nowhere")
    return _changed(view, pictures=pictures, notes=tuple(notes))


def refusal(body: bytes) -> str:
    """The words of a 400 of ``/prompt``: the node, the input and the limit, not the dump."""
    try:
        found = _dict(big_json.loads(body))
    except Unreadable:
        return ""
    error, nodes = _dict(found.get("error")), _dict(found.get("node_errors"))
    if "#nodes" in str(error.get("details", "")):
        return "the workflow is in the editor's format: export it in API format"
    parts = [
        _node_words(str(node), _dict(problems).get("class_type"), problem)
        for node, problems in nodes.items()
        for problem in _list(_dict(problems).get("errors"))
    ]
    if not parts:
        return cause(f"{error.get('message', '')} {error.get('details', '')}".strip())
    return clean(redact("; ".join(parts[:4]) + (" …" if len(parts) > 4 else "")), 600)


def missing_outputs(body: bytes) -> str:
    """What a 200 with ``node_errors`` will not make; empty where all is well."""
    try:
        found = _dict(big_json.loads(body))
    except Unreadable:
        return ""
    return f"only a part of the workflow runs: {refusal(body)}" if found.get("node_errors") else ""


def _node_words(node: str, kind: object, problem: object) -> str:
    said = _dict(problem)
    message, details = str(said.get("message", "")), str(said.get("details", ""))
    where = f"node {clean(node, 20)}" + (f" {clean(kind, 60)}" if isinstance(kind, str) else "")
    if said.get("type") == "value_not_in_list":
        return f"{where}: {cause(details).removeprefix('The worker ')}"
    return f"{where}: {message} ({details})" if details else f"{where}: {message}"


def _failed(view: JobView, error: dict[str, Any]) -> JobView:
    message = str(error.get("exception_message", ""))
    node = f"Node Type: {error.get('node_type', '')}, Node ID: {error.get('node_id', '')}, Message: "
    traceback = "".join(str(line) for line in _list(error.get("traceback")))
    details = f"{node}{message}\n{error.get('exception_type', '')}\n{traceback}" if error else ""
    return _changed(
        view,
        phase=JobPhase.FAILED,
        error=cause(message, details) or "ComfyUI gave no reason",
        details=clean_lines(redact(details), 4000),
    )


def _pictures(outputs: object, view_url: str) -> tuple[RemotePicture, ...]:
    """Saved pictures only: previews have the type ``temp``."""
    found = []
    for node in _dict(outputs).values():
        for image in _list(_dict(node).get("images")):
            name = _dict(image).get("filename")
            if not isinstance(name, str) or _dict(image).get("type") != "output":
                continue
            query = urlencode(
                {"filename": name, "subfolder": str(_dict(image).get("subfolder") or ""), "type": "output"}
            )
            found.append(RemotePicture(url=f"{view_url}?{query}", name=clean(name, 120)))
    return tuple(found)


def _messages(messages: object) -> dict[str, dict[str, Any]]:
    return {
        entry[0]: _dict(entry[1])
        for entry in _list(messages)
        if isinstance(entry, list) and len(entry) > 1 and isinstance(entry[0], str)
    }


def _is_cached(messages: dict[str, dict[str, Any]]) -> bool:
    """A run that made nothing took no time at all between its cached nodes and its end."""
    cached = messages.get("execution_cached", {})
    start, end = cached.get("timestamp"), messages.get("execution_success", {}).get("timestamp")
    span = _span(start, end)
    return bool(cached.get("nodes")) and span is not None and span <= 5


def _end(times: dict[str, Any]) -> object:
    for name in ("execution_success", "execution_error", "execution_interrupted"):
        if times.get(name) is not None:
            return times[name]
    return None


def _span(start: object, end: object) -> int | None:
    if isinstance(start, bool) or isinstance(end, bool):
        return None
    if isinstance(start, int) and isinstance(end, int) and 0 <= end - start < 2**40:
        return end - start
    return None


def _changed(view: JobView, **changes: Any) -> JobView:
    return JobView(**{**vars(view), **changes})


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
