"""Reads an endpoint's id out of whatever a person pastes: the id, a job address, a console address."""

import re
from urllib.parse import urlsplit

from podtui.errors import BadInput

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,63}")
_IN_PATH = re.compile(
    r"/(?:v2|endpoint|endpoints|serverless)/(?!user\b|endpoint)(" + _ID.pattern + r")(?:/|$)"
)


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
    found = _IN_PATH.search(urlsplit(text).path) if "://" in text else None
    if found is None:
        raise BadInput(
            "That is no endpoint",
            "Neither an id nor an address with one was found in it.",
            "Copy the endpoint's id or its address from RunPod's console.",
            field="runpod_endpoint_id",
        )
    return found.group(1)
