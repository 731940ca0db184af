"""Follows a ComfyUI's websocket for one prompt: steps as they happen; the history alone decides."""

import asyncio
import contextlib
import json
from typing import Any, TypeGuard
from urllib.parse import urlsplit, urlunsplit

import websockets
from websockets.asyncio.client import connect

from podtui.clients.backend import Progress
from podtui.text import clean
from podtui.words import JobId

_MAX_MESSAGE = 16_000_000
"""Previews come as binary frames; they are read and let go."""
_AGAIN_S = 2.0


class Steps:
    """What the websocket tells of one prompt, until it is closed.

    The client id is the prompt's id: connecting again with it resumes the events, even in another process.
    """

    def __init__(self, base: str, job: JobId) -> None:
        self._url = _socket_url(base, job)
        self._job = job
        self.progress: Progress | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start to follow, where that is not done yet."""
        if self._task is None:
            self._task = asyncio.create_task(self._follow(), name=f"steps of {self._job}")

    async def close(self) -> None:
        """Stop to follow."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _follow(self) -> None:
        while True:
            # Progress is a comfort: whatever is wrong with it, the work is followed without.
            with contextlib.suppress(OSError, websockets.WebSocketException, TimeoutError):
                async with connect(
                    self._url, max_size=_MAX_MESSAGE, open_timeout=10, close_timeout=1, proxy=None
                ) as socket:
                    async for message in socket:
                        if isinstance(message, str):
                            self._take(message)
            await asyncio.sleep(_AGAIN_S)

    def _take(self, message: str) -> None:
        try:
            found = json.loads(message)
        except (ValueError, RecursionError):
            return
        if isinstance(found, dict) and isinstance(found.get("data"), dict):
            self.progress = read_event(found, self._job) or self.progress


def read_event(event: dict[str, Any], job: JobId) -> Progress | None:
    """Understand one event of ours; None where it tells no progress (comfyui.md, 1.2)."""
    data = event.get("data")
    if not isinstance(data, dict) or data.get("prompt_id") not in (job, None):
        return None
    if event.get("type") == "progress":
        value, most = data.get("value"), data.get("max")
        if _is_count(value) and _is_count(most) and most:
            return Progress(value, most, min(100.0, 100 * value / most))
    if event.get("type") == "executing" and isinstance(data.get("node"), str):
        return Progress(note=f"node {clean(data['node'], 40)}")
    return None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**40


def _socket_url(base: str, job: JobId) -> str:
    parts = urlsplit(base)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return urlunsplit((scheme, parts.netloc, f"{parts.path.rstrip('/')}/ws", f"clientId={job}", ""))
