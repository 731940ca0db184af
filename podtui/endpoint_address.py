"""Reads an endpoint's id out of whatever a person pastes: the id, a job address, a console address."""

import re
from itertools import pairwise
from urllib.parse import urlsplit

from podtui.errors import BadInput

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,63}")
_BEFORE = frozenset({"v2", "endpoint", "endpoints", "serverless"})
"""What stands before an id in a path."""
_NEVER = _BEFORE | {"user", "v1", "console", "catalog", "billing"}
"""What stands there too and is no id."""


def endpoint_id(text: str) -> str:
    """Return the id that a text names.

    Understood are the bare id, job addresses (``https://api.runpod.ai/v2/ID/run``, also with the mistaken
    host ``api.runpod.io``; runpod.md, section 9) and addresses of RunPod's console.

    Raises:
        BadInput: no id can be found.
    """
    text = text.strip()
    if _ID.fullmatch(text):
        return text
    if "://" not in text and "/" in text:
        text = "https://" + text
    found = _in_path(text) if "://" in text else None
    if found is None:
        raise BadInput(
            "That is no endpoint",
            "Neither an id nor an address with one was found in it.",
            "Copy the endpoint's id or its address from RunPod's console.",
            field="runpod_endpoint_id",
        )
    return found


def _in_path(address: str) -> str | None:
    try:
        parts = urlsplit(address).path.split("/")
    except ValueError:
        return None
    for before, part in pairwise(parts):
        if before in _BEFORE and part not in _NEVER and _ID.fullmatch(part):
            return part
    return None
