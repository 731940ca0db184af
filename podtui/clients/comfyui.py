"""A ComfyUI of one's own, in the words of ``clients.backend``: one prompt at a time (comfyui.md)."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from podtui.clients import big_json
from podtui.clients import spool as spooling
from podtui.clients.backend import EndpointFacts, Health, JobPhase, JobView, Order
from podtui.clients.comfyui_answer import Queue, history_view, missing_outputs, read_queue, refusal
from podtui.clients.comfyui_progress import Steps
from podtui.clients.http import (
    Answer,
    Deadlines,
    Link,
    Silence,
    is_loopback,
    json_bytes,
    reason,
    retry_after_s,
)
from podtui.errors import (
    Ambiguous,
    BadLink,
    PodtuiError,
    Refused,
    Rejected,
    ServiceError,
    SettingsError,
    SlowDown,
    Unreadable,
    Vanished,
)
from podtui.text import clean
from podtui.words import JOB_ID_PATTERN, BackendKind, JobId

_OURS = uuid.UUID("6f0f6a52-7d3f-5b0c-9a43-6f1d2f0c5e11")
"""The space in which our prompt ids are made, so that an attempt has the same id whenever it is asked for."""


class ComfyUI:
    """A ComfyUI server at an address. It knows no login: whoever reaches the address may use it."""

    kind = BackendKind.COMFYUI

    def __init__(
        self,
        url: str,
        *,
        deadlines: Deadlines | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.endpoint = url
        self._base = url.rstrip("/")
        try:
            self._is_own_machine = is_loopback(self._base)
            self._view = httpx.URL(f"{self._base}/view")
        except httpx.InvalidURL:
            raise SettingsError(
                "The address of ComfyUI cannot be read", "", "Correct COMFYUI_API_URL."
            ) from None
        self._link = Link(
            "ComfyUI", deadlines=deadlines, transport=transport, uses_proxy=not self._is_own_machine
        )
        self._steps: dict[JobId, Steps] = {}
        self._notes: dict[JobId, str] = {}
        self._deleted: set[JobId] = set()

    @property
    def warning(self) -> str:
        """What a person should know about this address; empty where it is this machine's own."""
        if self._is_own_machine:
            return ""
        return "This ComfyUI is not on this machine: everybody who reaches its address can use it"

    async def close(self) -> None:
        """Stop to follow and close the kept connections."""
        for steps in self._steps.values():
            await steps.close()
        self._steps.clear()
        await self._link.close()

    async def submit(self, order: Order) -> JobId:
        """Send one prompt, once, under an id of our own; see ``Backend.submit``."""
        job = prompt_id(order)
        body = json_bytes({"prompt": order.graph, "client_id": job, "prompt_id": job})
        try:
            answer = await self._link.ask(
                "POST",
                f"{self._base}/prompt",
                body=body,
                is_fresh=True,
                deadline_s=self._link.deadlines.submit_s,
            )
        except (Silence, Unreadable) as error:
            return await self._found_again(job, f"{error.title}. {error.cause}".strip(), b"")
        self._refuse(answer)
        if answer.status in (400, 413, 415, 422):
            words = refusal(answer.body) or reason(answer.body) or f"HTTP {answer.status}"
            raise Rejected(f"ComfyUI refused the workflow: {words}", f"HTTP {answer.status}")
        taken = _taken(answer)
        if taken is None:
            # A 500 means that the body was no object: our own fault, and surely worth no second try.
            return await self._found_again(job, f"HTTP {answer.status}: {reason(answer.body)}", answer.body)
        if note := missing_outputs(answer.body):
            self._notes[taken] = note
        return self._follow(taken)

    async def _found_again(self, job: JobId, why: str, raw: bytes) -> JobId:
        """An unclear submit can be looked up, as the id is our own.

        Raises:
            Ambiguous: it is not there, or cannot be looked up now.
        """
        try:
            queue = await self._queue()
            known = job in queue.running + queue.pending or job in await self._history(job)
        except PodtuiError:
            known = False
        if known:
            return self._follow(job)
        raise Ambiguous("ComfyUI did not answer clearly.", why, raw=raw)

    async def look(self, job: JobId, spool: Path) -> JobView:
        """Ask the history, which decides, then the queue; see ``Backend.look``."""
        for _ in range(2):
            answer = await self._get(f"/history/{job}", into=spool)
            view = await asyncio.to_thread(self._read, answer, job, spool)
            if view is not None:
                await self._let_go(job)
                return view
            queue = await self._queue()
            if job in queue.running:
                progress = self._steps[self._follow(job)].progress
                return JobView(job, JobPhase.RUNNING, "running", progress=progress)
            if job in queue.pending:
                self._follow(job)
                return JobView(job, JobPhase.QUEUED, "pending")
            # It may have ended between the two questions: ask the history once more.
        await self._let_go(job)
        if job in self._deleted:
            return JobView(job, JobPhase.CANCELLED, "deleted")
        raise Vanished(
            "ComfyUI does not know this job",
            "It is neither in the queue nor in the history, which a restart empties.",
        )

    async def read(self, job: JobId, spool: Path) -> JobView:
        """Parse a spooled history off the loop; see ``Backend.read``."""
        found = await asyncio.to_thread(big_json.load, spool)
        view = history_view(found, job, str(self._view))
        if view is None:
            raise Unreadable("unreadable answer", "The history does not speak of this job.")
        return self._noted(view)

    def _read(self, answer: Answer, job: JobId, spool: Path) -> JobView | None:
        """Keep what is final or cannot be read; an empty history leaves no file."""
        try:
            found = big_json.load(spool) if answer.is_in_file else big_json.loads(answer.body)
            view = history_view(found, job, str(self._view))
        except Unreadable:
            if not answer.is_in_file:
                spooling.put(spool, answer.body)
            raise
        if view is None:
            spool.unlink(missing_ok=True)
            return None
        if not answer.is_in_file:
            spooling.put(spool, answer.body)
        return self._noted(view)

    async def cancel(self, job: JobId) -> None:
        """Take a waiting prompt out of the queue, or interrupt it; never anybody else's."""
        queue = await self._queue()
        if job in queue.pending:
            await self._post("/queue", {"delete": [job]})
            self._deleted.add(job)
        elif job in queue.running:
            # An empty body would interrupt whoever is running.
            await self._post("/interrupt", {"prompt_id": job})
        elif job not in await self._history(job):
            raise Vanished("ComfyUI does not know this job")

    async def health(self) -> Health:
        """Tell how long the queue is; the one worker is always there."""
        queue = await self._queue()
        busy = 1 if queue.running else 0
        return Health(
            in_queue=len(queue.pending),
            in_progress=len(queue.running),
            idle=1 - busy,
            ready=1 - busy,
            running=busy,
            max_workers=1,
        )

    async def facts(self) -> EndpointFacts | None:
        """Tell the server's version; a machine of one's own has no price that we know."""
        try:
            found = big_json.loads((await self._get("/system_stats")).body)
        except PodtuiError:
            return None
        system = found.get("system") if isinstance(found, dict) else None
        version = system.get("comfyui_version") if isinstance(system, dict) else None
        if not isinstance(version, str):
            return None
        return EndpointFacts(name=clean(f"ComfyUI {version}", 100), min_workers=1, max_workers=1)

    async def download(self, url: str, into: Path) -> None:
        """Fetch a picture from this server's own ``/view`` and from nowhere else."""
        try:
            asked = httpx.URL(url)
        except httpx.InvalidURL:
            asked = httpx.URL("")
        if asked.copy_with(query=None) != self._view:
            raise BadLink(
                "the worker sent an address podtui will not open",
                "It is not on this ComfyUI.",
                is_refused=True,
            )
        answer = await self._link.ask("GET", url, into=into, deadline_s=self._link.deadlines.download_s)
        if answer.status in (400, 404):
            raise BadLink("ComfyUI does not have this picture any more", f"HTTP {answer.status}")
        self._refuse(answer)
        if answer.status != 200:
            raise ServiceError(f"ComfyUI answered HTTP {answer.status}", reason(answer.body))

    # --- calls ------------------------------------------------------------------------------------------

    async def _queue(self) -> Queue:
        return read_queue((await self._get("/queue")).body)

    async def _history(self, job: JobId) -> dict[str, Any]:
        found = big_json.loads((await self._get(f"/history/{job}")).body)
        return found if isinstance(found, dict) else {}

    async def _get(self, path: str, into: Path | None = None) -> Answer:
        answer = await self._link.ask(
            "GET",
            f"{self._base}{path}",
            into=into,
            small_bytes=65_536,
            deadline_s=self._link.deadlines.status_s if into else None,
        )
        return self._checked(answer)

    async def _post(self, path: str, body: object) -> None:
        self._checked(await self._link.ask("POST", f"{self._base}{path}", body=body))

    def _checked(self, answer: Answer) -> Answer:
        self._refuse(answer)
        if answer.status != 200:
            raise ServiceError(f"ComfyUI answered HTTP {answer.status}", reason(answer.body))
        return answer

    def _refuse(self, answer: Answer) -> None:
        """Raise what makes any further call pointless, or asks to wait."""
        if answer.status in (401, 403, 404, 405):
            said = reason(answer.body) or f"HTTP {answer.status}"
            title = (
                "ComfyUI refused the request"
                if answer.status < 404
                else "There is no ComfyUI at this address"
            )
            raise Refused(
                title, f"{clean(self._base, 200)}: {said}", "Check COMFYUI_API_URL.", kind="endpoint"
            )
        if answer.status == 429:
            raise SlowDown(
                "ComfyUI asks to wait", reason(answer.body), retry_after_s=retry_after_s(answer.headers)
            )

    # --- following --------------------------------------------------------------------------------------

    def _follow(self, job: JobId) -> JobId:
        if job not in self._steps:
            self._steps[job] = Steps(self._base, job)
            self._steps[job].begin()
        return job

    async def _let_go(self, job: JobId) -> None:
        if steps := self._steps.pop(job, None):
            await steps.close()

    def _noted(self, view: JobView) -> JobView:
        note = self._notes.get(view.job)
        return view if note is None else JobView(**{**vars(view), "notes": (*view.notes, note)})


def prompt_id(order: Order) -> JobId:
    """The lower-case UUID of an attempt: the same attempt always has the same one."""
    return JobId(str(uuid.uuid5(_OURS, f"{order.image}.{order.attempt}")))


def _taken(answer: Answer) -> JobId | None:
    """The id under which a prompt was accepted; a very old ComfyUI makes its own."""
    if answer.status != 200:
        return None
    try:
        found = big_json.loads(answer.body)
    except Unreadable:
        return None
    job = found.get("prompt_id") if isinstance(found, dict) else None
    return JobId(job) if isinstance(job, str) and JOB_ID_PATTERN.fullmatch(job) else None


@asynccontextmanager
async def open_comfyui(
    url: str,
    *,
    deadlines: Deadlines | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[ComfyUI]:
    """Open a ComfyUI for a piece of work."""
    backend = ComfyUI(url, deadlines=deadlines, transport=transport)
    try:
        yield backend
    finally:
        await backend.close()
