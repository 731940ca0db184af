"""Small calls that the tests of the pretend cloud share."""

import time
from collections.abc import Callable
from typing import Any

import httpx

from podtui.workflow import load
from tests.cloud import TestCloud

FINAL = ("COMPLETED", "FAILED", "CANCELLED", "TIMED_OUT")


def graph(
    prompt: str = "a cat", seed: int = 7, *, name: str = "flux1-dev-fp8", **changed: Any
) -> dict[str, Any]:
    """A small graph of a shipped workflow."""
    sizes = {"steps": 4, "guidance": 2.0, "width": 64, "height": 80} | changed
    return load(name, None).fill(prompt=prompt, negative="", seed=seed, prefix="podtui", **sizes)


def job_api(cloud: TestCloud, **more: Any) -> httpx.Client:
    """A client of the job API with the right key."""
    options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {cloud.key}"}, "timeout": 10} | more
    return httpx.Client(base_url=f"{cloud.url}/{cloud.endpoint}", **options)


def run(api: httpx.Client, **asked: Any) -> str:
    """Submit a job; its id."""
    policy = asked.pop("policy", None)
    body: dict[str, Any] = {"input": {"workflow": graph(**asked)}}
    if policy:
        body["policy"] = policy
    job: str = api.post("/run", json=body).raise_for_status().json()["id"]
    return job


def until(is_so: Callable[[], bool], bound_s: float = 15) -> None:
    """Wait for a condition, with a bound."""
    end = time.monotonic() + bound_s
    while not is_so():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.005)


def final(api: httpx.Client, job: str) -> dict[str, Any]:
    """Ask until a job is over; its last status body."""
    found: dict[str, Any] = {}

    def is_over() -> bool:
        found.clear()
        found.update(api.get(f"/status/{job}").json())
        return found.get("status") in FINAL

    until(is_over)
    return found


def state(api: httpx.Client, job: str) -> str:
    """A job's state now."""
    return str(api.get(f"/status/{job}").json().get("status"))
