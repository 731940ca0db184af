"""One sentence for a worker's failure, out of texts that bury it (comfyui.md, 1.1, 3.4 and 6).

Matched are parts of texts, never whole ones, as they change from version to version.
"""

import re

from podtui.redact import redact
from podtui.text import clean

_BROKEN = ("not reachable", "WebSocket communication error", "HTTP communication error with ComfyUI")
"""What worker-comfyui says when ComfyUI has died beside it."""
_MODELS = r"(?:ckpt|unet|vae|clip|lora|model|control_net|style_model)_name\d?"
_NOT_LISTED = re.compile(
    r"(\w{1,60}): '([^'\n]{0,200})' not in (\[[^\]\n]{0,2000}\]?|\(list of length \d+\))"
)
_AVAILABLE = re.compile(r"Available checkpoint models: ([^\n]{1,1000})")
_LIMIT = re.compile(r"Value (\S{1,30}) (smaller than min|bigger than max) of (\S{1,30}?)(?=['\",.\s]|$)")
_GENERIC = ("Job processing failed", "Workflow validation failed", "An unexpected error occurred")


def is_worker_broken(text: str) -> bool:
    """Tell whether a failure speaks of a poisoned worker and not of the image."""
    return any(word in text for word in _BROKEN)


def cause(error: str, details: str = "") -> str:
    """Name the cause of a failure in one sanitised sentence; empty where nothing was said."""
    whole = f"{error}\n{details}"[:40_000]
    sentence = (
        _out_of_memory(whole)
        or _not_listed(whole)
        or _missing_node(whole)
        or _out_of_range(whole)
        or _poisoned(whole)
    )
    return clean(redact(sentence or _plain(error, details)), 300)


def _out_of_memory(text: str) -> str:
    if "out of memory" not in text.lower() and "OutOfMemoryError" not in text:
        return ""
    node = re.search(r"Node Type: ([\w.+ -]{1,60})", text)
    where = f" at {node[1].strip()}" if node else ""
    return f"CUDA out of memory{where}: choose a smaller draft size, or a GPU with more memory"


def _not_listed(text: str) -> str:
    found = _NOT_LISTED.search(text)
    available = _AVAILABLE.search(text)
    if found is None:
        return f"The worker does not have this model. It has: {available[1]}" if available else ""
    field, value, listed = found.groups()
    names = available[1] if available else listed.strip("[]").replace("'", "")
    has = "" if listed.startswith("(") and not available else f" It has: {names}"
    if re.fullmatch(_MODELS, field):
        return f"The worker has no model file {value} ({field}).{has}"
    return f"The worker knows no {field} {value}.{has}"


def _missing_node(text: str) -> str:
    found = re.search(r"node ([\w .:+()-]{1,80}?) does not exist", text)
    if found is None:
        return ""
    return f"The worker lacks the node {found[1]}: install it there, or use another workflow"


def _out_of_range(text: str) -> str:
    found = _LIMIT.search(text)
    if found is None:
        return ""
    value, way, limit = found.groups()
    node = re.search(r"Node (\S{1,20}) \(errors\)", text)
    name = re.search(r"'details': '([\w ]{1,60})'", text)
    where = f" {name[1]}" if name else ""
    return f"The workflow's{where} is {value}, {way} of {limit}" + (f" (node {node[1]})" if node else "")


def _poisoned(text: str) -> str:
    if not is_worker_broken(text):
        return ""
    return f"ComfyUI on the worker has died: {_first_line(text)}"


def _plain(error: str, details: str) -> str:
    message = re.search(r"Message: ([^\n]{1,300})", details)
    if message:
        return message[1].strip()
    if details and (not error.strip() or error.strip().startswith(_GENERIC)):
        return _first_line(details)
    return _first_line(error) or _first_line(details)


def _first_line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")
