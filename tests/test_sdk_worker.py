"""Our client against jobs that the real RunPod SDK worker loop has served.

``PODTUI_SDK_VENV`` names a virtual environment that holds the ``runpod`` package; without it this is skipped.
"""

# ruff: noqa: ASYNC110 - the worker is another process: its state is asked for, with a bound

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from podtui.clients.backend import Endpoint, JobPhase, JobView, Order
from podtui.clients.runpod import RunPod, open_runpod
from podtui.words import ImageId, JobId
from tests.sdk_worker.worker_queue import WorkerQueue, worker_queue

# Read at import: the fixtures empty the environment of what is ours.
VENV = os.environ.get("PODTUI_SDK_VENV", "")
HANDLER = Path(__file__).with_name("sdk_worker") / "handler.py"

pytestmark = [
    pytest.mark.network_worker,
    pytest.mark.skipif(not VENV, reason="PODTUI_SDK_VENV names no environment with the runpod package"),
]


@contextlib.asynccontextmanager
async def sdk_worker(queue: WorkerQueue) -> AsyncIterator[None]:
    """Run the SDK's worker loop against a queue, in a process group of its own."""
    base = f"{queue.url}/ep0sdk"
    surroundings = {
        "PATH": os.environ.get("PATH", ""),
        "RUNPOD_POD_ID": "w0sdk",
        "RUNPOD_ENDPOINT_ID": "ep0sdk",
        "RUNPOD_AI_API_KEY": "worker-key",
        "RUNPOD_WEBHOOK_GET_JOB": f"{base}/job-take/$ID?gpu=x",
        "RUNPOD_WEBHOOK_POST_OUTPUT": f"{base}/job-done/$RUNPOD_POD_ID/$ID?gpu=x",
        "RUNPOD_WEBHOOK_PING": f"{base}/ping/$RUNPOD_POD_ID",
        "RUNPOD_LOG_LEVEL": "ERROR",
        # Its checks of disk, memory and network would judge this machine, not the worker.
        "RUNPOD_SKIP_AUTO_SYSTEM_CHECKS": "true",
        "RUNPOD_SKIP_GPU_CHECK": "true",
    }
    python = str(Path(VENV) / "bin" / "python")
    process = await asyncio.create_subprocess_exec(
        python, str(HANDLER), env=surroundings, start_new_session=True, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


def order(number: int, seed: int) -> Order:
    return Order(
        ImageId(f"generated_{number:012x}"), 1, {"31": {"class_type": "KSampler", "inputs": {"seed": seed}}}
    )


async def until_final(runpod: RunPod, job: JobId, spool: Path) -> JobView:
    async with asyncio.timeout(90):
        while not (view := await runpod.look(job, spool)).phase.is_final:
            await asyncio.sleep(0.2)
        return view


async def test_a_batch_of_ten_through_the_real_worker_loop_is_posted_ten_times(tmp_path: Path) -> None:
    async with worker_queue() as queue, sdk_worker(queue):
        where = Endpoint(queue.url, "ep0sdk")
        async with open_runpod(where, SecretStr("rpa_0123456789abcdef")) as runpod:
            jobs = [await runpod.submit(order(number, 1000 + number)) for number in range(10)]
            views = [await until_final(runpod, job, tmp_path / f"{job}.json") for job in jobs]
    assert queue.runs == 10
    assert [view.phase for view in views] == [JobPhase.COMPLETED] * 10
    pictures = [view.pictures[0].data for view in views]
    assert all(data is not None and data.startswith(b"\x89PNG") for data in pictures)
    assert len(set(pictures)) == 10
    assert {view.worker for view in views} == {"w0sdk"}
    assert {"type": "progress", "value": 1, "max": 2, "percent": 50.0} in queue.progress


async def test_a_handlers_exception_arrives_as_its_own_words(tmp_path: Path) -> None:
    async with (
        worker_queue() as queue,
        sdk_worker(queue),
        open_runpod(Endpoint(queue.url, "ep0sdk"), SecretStr("rpa_0123456789abcdef")) as runpod,
    ):
        view = await until_final(runpod, await runpod.submit(order(1, 666)), tmp_path / "a.json")
    assert view.phase is JobPhase.FAILED
    assert view.error == "boom"
    assert "Traceback" in view.details
