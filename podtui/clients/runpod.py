"""RunPod serverless: one job per image, in the words of ``clients.backend`` (runpod.md)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
from pydantic import SecretStr

from podtui.clients import big_json, links
from podtui.clients import spool as spooling
from podtui.clients.backend import Endpoint, EndpointFacts, Health, JobView, Order
from podtui.clients.http import (
    Answer,
    BoundKey,
    Deadlines,
    Link,
    Silence,
    is_loopback,
    json_bytes,
    reason,
    retry_after_s,
)
from podtui.clients.runpod_answer import read_file, read_status
from podtui.errors import (
    Ambiguous,
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

ACCOUNT_URL = "https://api.runpod.io/v2"
"""The endpoint's settings and prices (REST v2; runpod.md, section 6)."""
JOB_HOST = "api.runpod.ai"
MAX_RUN_BYTES = 10_000_000
"""The largest body that ``/run`` takes (runpod.md, section 1)."""
SMALL_BYTES = 65_536
"""Up to this size an answer that is not final makes no file."""
_REFUSED_FREE = (400, 413, 415, 422)
_UNCLEAR = "RunPod did not answer clearly."


class RunPod:
    """A serverless endpoint; its key goes to RunPod's hosts only, or to the one address that was set."""

    kind = BackendKind.RUNPOD

    def __init__(
        self,
        where: Endpoint,
        key: SecretStr,
        *,
        deadlines: Deadlines | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        resolver: links.Resolve = links.resolve,
    ) -> None:
        self.endpoint = where.endpoint
        self._base = f"{where.url.rstrip('/')}/{where.endpoint}"
        self._hosts = where.allowed_picture_hosts
        try:
            self._is_runpod_itself = httpx.URL(where.url).host == JOB_HOST
            homes = (where.url, ACCOUNT_URL) if self._is_runpod_itself else (where.url,)
            self._key = BoundKey(key, *homes)
        except httpx.InvalidURL:
            raise SettingsError(
                "The address of the job API cannot be read", "", "Correct runpod_url."
            ) from None
        self._link = Link(
            "RunPod",
            key=self._key,
            deadlines=deadlines,
            transport=transport,
            uses_proxy=not is_loopback(where.url),
        )
        self._transport = transport
        self._resolver = resolver

    async def close(self) -> None:
        """Close the kept connections."""
        await self._link.close()

    async def submit(self, order: Order) -> JobId:
        """Send one job, once; the outcome is sorted by what it may have cost (see ``Backend.submit``)."""
        body = json_bytes(_job(order))
        if len(body) > MAX_RUN_BYTES:
            raise Rejected(
                "The job is too large for RunPod",
                f"It has {len(body) / 1e6:.1f} MB of {MAX_RUN_BYTES // 1_000_000} MB.",
            )
        try:
            answer = await self._link.ask(
                "POST",
                f"{self._base}/run",
                body=body,
                is_fresh=True,
                deadline_s=self._link.deadlines.submit_s,
            )
        except Silence as error:
            raise Ambiguous(_UNCLEAR, f"{error.title}. {error.cause}".strip(), raw=error.raw) from None
        except Unreadable as error:
            raise Ambiguous(_UNCLEAR, error.title) from None
        self._refuse(answer)
        if answer.status in _REFUSED_FREE:
            raise Rejected(
                f"RunPod refused the job: {reason(answer.body) or answer.status}", f"HTTP {answer.status}"
            )
        return _accepted(answer)

    async def look(self, job: JobId, spool: Path) -> JobView:
        """Ask for a job's state; see ``Backend.look``. Never sends ``?ttl``: it sets the job's life."""
        answer = await self._link.ask(
            "GET",
            f"{self._base}/status/{job}",
            into=spool,
            small_bytes=SMALL_BYTES,
            deadline_s=self._link.deadlines.status_s,
        )
        if answer.status == 404:
            raise Vanished("RunPod does not know this job", reason(answer.body))
        self._refuse(answer)
        if answer.status != 200:
            raise ServiceError(f"RunPod answered HTTP {answer.status}", reason(answer.body))
        try:
            return await self._understand(answer, job, spool)
        except Unreadable:
            raise
        except ServiceError:  # another job's answer is none of this row's
            await asyncio.to_thread(spool.unlink, missing_ok=True)
            raise

    async def _understand(self, answer: Answer, job: JobId, spool: Path) -> JobView:
        """Keep what is final or cannot be read, before it is taken apart."""
        if answer.is_in_file:
            view = await self.read(job, spool)
            if not view.phase.is_final:
                await asyncio.to_thread(spool.unlink, missing_ok=True)
            return view
        try:
            view = read_status(answer.body, job)
        except Exception as error:
            if isinstance(error, Unreadable) or not isinstance(error, PodtuiError):
                await asyncio.to_thread(spooling.put, spool, answer.body)
            raise
        if view.phase.is_final:
            await asyncio.to_thread(spooling.put, spool, answer.body)
        return view

    async def read(self, job: JobId, spool: Path) -> JobView:
        """Parse a spooled answer off the loop; see ``Backend.read``."""
        return await asyncio.to_thread(read_file, spool, job)

    async def cancel(self, job: JobId) -> None:
        """Ask for a job's end; running work may still be billed."""
        answer = await self._link.ask("POST", f"{self._base}/cancel/{job}")
        if answer.status == 404:
            raise Vanished("RunPod does not know this job", reason(answer.body))
        self._refuse(answer)
        if not answer.is_ok:
            raise ServiceError(f"RunPod answered HTTP {answer.status}", reason(answer.body))

    async def health(self) -> Health:
        """Ask how the endpoint's queue and workers are; every counter may be missing."""
        answer = await self._link.ask("GET", f"{self._base}/health")
        self._refuse(answer)
        if not answer.is_ok:
            raise ServiceError(f"RunPod answered HTTP {answer.status}", reason(answer.body))
        found = _object(answer.body)
        jobs, workers = _part(found, "jobs"), _part(found, "workers")
        most = _count(workers, "max")
        return Health(
            in_queue=_count(jobs, "inQueue"),
            in_progress=_count(jobs, "inProgress"),
            completed=_count(jobs, "completed"),
            failed=_count(jobs, "failed"),
            retried=_count(jobs, "retried"),
            max_workers=most if most is not None else _count(workers, "maxWorkers"),
            **{
                name: _count(workers, name)
                for name in ("idle", "initializing", "ready", "running", "throttled", "unhealthy")
            },
        )

    async def facts(self) -> EndpointFacts | None:
        """The endpoint's settings and price, from RunPod's second host; None where it is not to be asked."""
        if not self._is_runpod_itself:
            return None
        try:
            answer = await self._link.ask("GET", f"{ACCOUNT_URL}/serverless")
            found = _object(answer.body).get("endpoints") if answer.is_ok else None
            listed = found if isinstance(found, list) else []
            mine = next((one for one in listed if _part(one).get("id") == self.endpoint), None)
            if mine is None:
                return None
            prices = await self._link.ask("GET", f"{ACCOUNT_URL}/catalog/gpus?product=SERVERLESS")
            return _facts(mine, _object(prices.body) if prices.is_ok else {})
        except PodtuiError:
            return None

    async def download(self, url: str, into: Path) -> None:
        """Fetch a picture from a bucket with a client that carries no key."""
        await links.download(
            url,
            into,
            allowed=self._hosts,
            resolver=self._resolver,
            transport=self._transport,
            deadlines=self._link.deadlines,
        )

    def _refuse(self, answer: Answer) -> None:
        """Raise what makes any further call pointless, or asks to wait; all of it is free."""
        if answer.status in (401, 403):
            tail = f" (…{self._key.tail})" if self._key.tail else ""
            raise Refused(
                f"RunPod refused the key{tail}",
                reason(answer.body) or f"HTTP {answer.status}",
                "Check it in the settings, then go on.",
            )
        if answer.status in (404, 405):
            raise Refused(
                "There is no such endpoint at RunPod",
                f"{self.endpoint}: {reason(answer.body) or f'HTTP {answer.status}'}",
                "Check RUNPOD_ENDPOINT_ID in the settings, then go on.",
                kind="endpoint",
            )
        if answer.status == 429:
            raise SlowDown(
                "RunPod asks to wait", reason(answer.body), retry_after_s=retry_after_s(answer.headers)
            )


@asynccontextmanager
async def open_runpod(
    where: Endpoint,
    key: SecretStr,
    *,
    deadlines: Deadlines | None = None,
    transport: httpx.AsyncBaseTransport | None = None,
) -> AsyncIterator[RunPod]:
    """Open an endpoint for a piece of work."""
    backend = RunPod(where, key, deadlines=deadlines, transport=transport)
    try:
        yield backend
    finally:
        await backend.close()


def _job(order: Order) -> dict[str, Any]:
    return {
        "input": {
            "workflow": order.graph,
            # The worker ignores unknown keys; these let a person match jobs by eye.
            "podtui_image": order.image,
            "podtui_attempt": order.attempt,
        },
        "policy": {"executionTimeout": order.execution_timeout_s * 1000, "ttl": order.ttl_s * 1000},
    }


def _accepted(answer: Answer) -> JobId:
    """The job's id, where the answer surely holds one.

    Raises:
        Ambiguous: anything else.
    """
    if answer.status in (200, 201):
        with suppress(Unreadable):
            found = big_json.loads(answer.body)
            job = found.get("id") if isinstance(found, dict) else None
            if isinstance(job, str) and JOB_ID_PATTERN.fullmatch(job):
                return JobId(job)
    raise Ambiguous(
        _UNCLEAR,
        f"HTTP {answer.status} without a usable job id: {reason(answer.body)}",
        raw=answer.body,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = big_json.loads(body)
    except Unreadable:
        found = None
    if not isinstance(found, dict):
        raise ServiceError("RunPod sent an unreadable answer", reason(body))
    return found


def _part(value: object, key: str = "") -> dict[str, Any]:
    found = value.get(key) if key and isinstance(value, dict) else value
    return found if isinstance(found, dict) else {}


def _count(counters: dict[str, Any], key: str) -> int | None:
    value = counters.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _facts(mine: dict[str, Any], catalog: dict[str, Any]) -> EndpointFacts:
    workers, gpu, env = _part(mine, "workers"), _part(mine, "gpu"), mine.get("env")
    return EndpointFacts(
        name=clean(str(mine.get("name") or ""), 100),
        kind=clean(str(mine.get("type") or ""), 40),
        min_workers=_count(workers, "min"),
        max_workers=_count(workers, "max"),
        idle_timeout_s=_count(workers, "idleTimeout"),
        execution_timeout_ms=_count(mine, "timeout"),
        image=clean(str(mine.get("image") or ""), 200),
        has_bucket="BUCKET_ENDPOINT_URL" in str(env) if env is not None else None,
        price_microdollars_per_s=_price(gpu, catalog),
    )


def _price(gpu: dict[str, Any], catalog: dict[str, Any]) -> int | None:
    """The price of a second: the catalog's dollars per hour of the dearest pool, times GPUs."""
    pools, catalogued = gpu.get("pools"), catalog.get("gpus")
    if not isinstance(pools, list) or not isinstance(catalogued, list):
        return None
    excluded = gpu.get("excludedTypes")
    left_out = set(map(str, excluded)) if isinstance(excluded, list) else set()
    hourly = [
        price
        for entry in map(_part, catalogued)
        if entry.get("pool") in pools
        and not {str(entry.get("id")), str(entry.get("name"))} & left_out
        and isinstance(price := _part(entry, "price").get("serverless"), int | float)
        and 0 < price < 1000
    ]
    count = _count(gpu, "count") or 1
    # An estimate that is too low would let a budget be passed: take the dearest.
    return round(max(hourly) * 1_000_000 / 3600 * count) if hourly else None
