"""Makes what a worker answers: pictures in the shape of its generation (comfyui.md, section 3)."""

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlencode

from podtui.demo.checks import check_graph, validation_text
from podtui.demo.jobs import Ending, Job, JobState
from podtui.demo.options import Generation
from podtui.demo.painter import paint
from podtui.demo.recipe import Recipe, read_recipe, save_nodes

MAX_PIXELS = 36_000_000
"""What fits the pretend GPU's memory."""
BUCKET_LIFE_S = 604_800
"""How long a presigned address opens (comfyui.md, 3.2)."""
OUT_OF_MEMORY = (
    "CUDA out of memory.\nThis error means you ran out of memory on your GPU.\n\nTIPS: If the workflow worked"
    " before you might have accidentally set the batch_size to a large number."
)


@dataclass(frozen=True)
class Picture:
    """One file that a save node has written."""

    name: str
    data: bytes


@dataclass(frozen=True)
class Made:
    """A job with what comes of it, painted when somebody asks for it."""

    job: Job
    generation: Generation
    link: Callable[[Job, int], str]
    """The presigned address of a job's n-th picture (from 0)."""

    @cached_property
    def recipe(self) -> Recipe:
        """What the graph asks for."""
        return read_recipe(self.job.graph)

    @cached_property
    def pictures(self) -> list[Picture]:
        """All pictures of the job, in the worker's order."""
        return pictures_of(self.job)

    def entries(self) -> list[dict[str, Any]]:
        """``output.images`` of worker-comfyui 5.x."""
        if self.generation is Generation.BUCKET:
            return [
                {"filename": one.name, "type": "s3_url", "data": self.link(self.job, index)}
                for index, one in enumerate(self.pictures)
            ]
        return [entry(one) for one in self.pictures]

    def plain(self) -> Ending:
        """What the worker answers when nothing is wrong."""
        if not self.pictures:
            return Ending(output={"status": "success_no_images", "images": []})
        if self.generation is Generation.MESSAGE:
            return Ending(output={"status": "success", "message": encoded(self.pictures[-1].data)})
        return Ending(output={"images": self.entries()})

    def of(self, data: bytes, name: str = "") -> Ending:
        """The plain answer, but with these bytes as the picture."""
        one = Picture(name or (self.pictures[0].name if self.pictures else "podtui_00001_.png"), data)
        if self.generation is Generation.MESSAGE:
            return Ending(output={"status": "success", "message": encoded(one.data)})
        return Ending(output={"images": [entry(one)]})


def entry(picture: Picture) -> dict[str, Any]:
    """One entry of ``output.images`` with the picture inside."""
    return {"filename": picture.name, "type": "base64", "data": encoded(picture.data)}


def encoded(data: bytes) -> str:
    """Base64 as the worker writes it: no prefix, no line breaks."""
    return base64.b64encode(data).decode("ascii")


def pictures_of(job: Job) -> list[Picture]:
    """Paint what a job's graph asks for; the same graph gives the same bytes."""
    recipe = read_recipe(job.graph)
    found: list[Picture] = []
    for node in save_nodes(job.graph):
        prefix = str(job.graph[node].get("inputs", {}).get("filename_prefix", "ComfyUI")).rsplit("/", 1)[-1]
        for index in range(recipe.count):
            data = painted(replace(recipe, seed=recipe.seed + index, count=1))
            found.append(Picture(f"{prefix or 'ComfyUI'}_{len(found) + 1:05}_.png", data))
    return found


@lru_cache(maxsize=16)
def painted(recipe: Recipe) -> bytes:
    """Paint, or remember."""
    return paint(recipe)


def refused(job: Job) -> Ending | None:
    """How a job ends that ComfyUI does not take; None where it does."""
    found = job.input
    if not isinstance(found, dict) or not found.get("workflow"):
        return Ending(JobState.FAILED, has_output=False, error="Missing 'workflow' parameter")
    refusal = check_graph(job.graph)
    if refusal is not None:
        return Ending(JobState.FAILED, has_output=False, error=validation_text(refusal))
    recipe = read_recipe(job.graph)
    if recipe.width * recipe.height > MAX_PIXELS:
        return out_of_memory(recipe.sampler)
    return None


def out_of_memory(node: str) -> Ending:
    """How a job ends that does not fit (transcript ``failed_with_details``)."""
    details = [
        f"Workflow execution error: Node Type: KSampler, Node ID: {node}, Message: {OUT_OF_MEMORY}",
        "Prompt ID 47a76b48-c507-4fae-a315-3dd4757943f0 not found in history after execution.",
    ]
    error = "Job processing failed, prompt ID not found in history."
    return Ending(JobState.FAILED, {"details": details}, error=error)


def bucket_path(job: Job, index: int) -> str:
    """Where the n-th picture of a job lies in the bucket: month, job, 8 hex digits."""
    month = datetime.fromtimestamp(job.ended_s or job.accepted_s, UTC).strftime("%m-%y")
    digits = hashlib.sha256(f"{job.id}.{index}".encode()).hexdigest()[:8]
    return f"/bucket/{month}/{job.id}/{digits}.png"


def presigned(base: str, path: str, now_s: float) -> str:
    """An address as a bucket signs it."""
    made = datetime.fromtimestamp(now_s, UTC)
    query = {
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
        "X-Amz-Credential": f"EXAMPLEKEY/{made:%Y%m%d}/us-east-1/s3/aws4_request",
        "X-Amz-Date": f"{made:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(BUCKET_LIFE_S),
        "X-Amz-SignedHeaders": "host",
        "X-Amz-Signature": hashlib.sha256(f"{path}{made}".encode()).hexdigest(),
    }
    return f"{base}{path}?{urlencode(query)}"
