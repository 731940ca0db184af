"""A pretend ComfyUI: its queue, its history and its one GPU (comfyui.md, section 1)."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from podtui.demo import fates
from podtui.demo.checks import output_nodes
from podtui.demo.clock import CloudClock
from podtui.demo.jobs import Fate, Job, JobState
from podtui.demo.options import Generation, Options
from podtui.demo.results import MAX_PIXELS, OUT_OF_MEMORY, Made, Picture
from podtui.demo.worker import Crew

Tell = Callable[[str, str, dict[str, Any]], Awaitable[None]]
"""Sends an event to a client: client id (empty: all), type, data."""
_TICK_S = 0.1


class Interrupted(Exception):
    """Somebody asked the running prompt to end."""


class NodeFailed(Exception):
    """A node raised while it ran."""


@dataclass
class Prompt:
    """One queued graph."""

    id: str
    number: int
    graph: dict[str, Any]
    client: str
    fate: Fate | None = None
    outputs: list[str] = field(default_factory=list)
    is_interrupted: bool = False
    executed: list[str] = field(default_factory=list)
    messages: list[list[Any]] = field(default_factory=list)

    def entry(self) -> list[Any]:
        """As ``/queue`` and ``/history`` show it."""
        return [self.number, self.id, self.graph, {"client_id": self.client}, self.outputs]


class ComfyServer:
    """Runs one prompt at a time and remembers the results until it ends."""

    def __init__(self, options: Options, clock: CloudClock, crew: Crew, tell: Tell) -> None:
        self.pending: list[Prompt] = []
        self.running: Prompt | None = None
        self.history: dict[str, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.accepted: list[Prompt] = []
        self._options = options
        self._clock = clock
        self._crew = crew
        self._tell = tell
        self._cache: dict[str, dict[str, Any]] = {}
        self._saved = 0
        self._is_wanted = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Wait for prompts."""
        self._task = asyncio.create_task(self._serve(), name="comfyui")

    async def close(self) -> None:
        """Stop where it is."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def remaining(self) -> int:
        """Prompts that are not over."""
        return len(self.pending) + (1 if self.running else 0)

    def accept(self, prompt_id: str, graph: dict[str, Any], client: str, fate: Fate | None) -> Prompt:
        """Queue a checked graph."""
        prompt = Prompt(prompt_id, len(self.accepted), graph, client, fate, output_nodes(graph))
        self.accepted.append(prompt)
        self.pending.append(prompt)
        self._is_wanted.set()
        return prompt

    def delete(self, ids: list[str]) -> None:
        """Take waiting prompts out; they leave no history."""
        self.pending = [prompt for prompt in self.pending if prompt.id not in ids]

    def interrupt(self, prompt_id: str | None) -> None:
        """End the running prompt; a named one only if it is that one."""
        if self.running is not None and prompt_id in (None, self.running.id):
            self.running.is_interrupted = True

    async def _serve(self) -> None:
        while True:
            self._is_wanted.clear()
            ready = [one for one in self.pending if not (one.fate and one.fate.name == "stuck_in_queue")]
            if not ready:
                await self._is_wanted.wait()
                continue
            self.running = ready[0]
            self.pending.remove(ready[0])
            await self._execute(ready[0])
            self.running = None
            await self._tell("", "status", {"status": {"exec_info": {"queue_remaining": self.remaining}}})
            await self._tell(ready[0].client, "executing", _node(ready[0], None))

    async def _execute(self, prompt: Prompt) -> None:
        outputs: dict[str, Any] = {}
        await self._message(prompt, "execution_start", {})
        same = json.dumps(prompt.graph, sort_keys=True)
        cached = None if prompt.fate else self._cache.get(same)
        await self._message(prompt, "execution_cached", {"nodes": sorted(prompt.graph) if cached else []})
        try:
            if cached is not None:
                outputs = cached
            else:
                outputs = await self._run(prompt)
                self._cache[same] = outputs
            await self._message(prompt, "execution_success", {})
        except Interrupted:
            await self._message(prompt, "execution_interrupted", self._where(prompt))
        except NodeFailed as error:
            found = {
                "exception_message": str(error),
                "exception_type": "torch.OutOfMemoryError",
                "traceback": ['  File "/comfyui/execution.py", line 496, in execute\n'],
            }
            await self._message(prompt, "execution_error", {**self._where(prompt), **found})
        is_well = prompt.messages[-1][0] == "execution_success"
        meta = {
            node: {"node_id": node, "display_node": node, "parent_node": None, "real_node_id": node}
            for node in outputs
        }
        status = {
            "status_str": "success" if is_well else "error",
            "completed": is_well,
            "messages": prompt.messages,
        }
        self.history[prompt.id] = {
            "prompt": prompt.entry(),
            "outputs": outputs,
            "status": status,
            "meta": meta,
        }

    async def _run(self, prompt: Prompt) -> dict[str, Any]:
        job = Job(
            prompt.id, prompt.number + 1, {"workflow": prompt.graph}, {}, self._clock.now_s(), prompt.fate
        )
        painting = asyncio.ensure_future(self._crew.threaded(self._paint, job))
        outputs: dict[str, Any] = {}
        try:
            for node in in_order(prompt.graph):
                kind = prompt.graph[node]["class_type"]
                await self._tell(prompt.client, "executing", _node(prompt, node))
                if ("KSampler" in kind and kind != "KSamplerSelect") or kind.startswith("SamplerCustom"):
                    await self._sample(prompt, node, job, painting)
                if kind == "SaveImage":
                    images = self._keep(await painting, node, prompt)
                    outputs[node] = {"images": images}
                    data = {**_node(prompt, node), "output": outputs[node]}
                    await self._tell(prompt.client, "executed", data)
                prompt.executed.append(node)
            return outputs
        finally:
            painting.cancel()

    async def _sample(
        self, prompt: Prompt, node: str, job: Job, painting: asyncio.Future[list[Picture]]
    ) -> None:
        recipe = Made(job, Generation.IMAGES, lambda *_: "").recipe
        steps, pace = recipe.steps, self._options.pace_s
        is_stuck = prompt.fate is not None and prompt.fate.name == "stuck_in_progress"
        for step in range(1, steps + 1):
            if step == steps and pace == 0:
                await asyncio.wait([painting])
            await self._clock.sleep(pace / steps)
            data = {"value": step, "max": steps, "prompt_id": prompt.id, "node": node}
            await self._tell(prompt.client, "progress", data)
            if is_stuck and step * 2 >= steps:
                while not prompt.is_interrupted:
                    await self._clock.sleep(_TICK_S)
            if prompt.is_interrupted:
                raise Interrupted
        if recipe.width * recipe.height > MAX_PIXELS:
            raise NodeFailed(OUT_OF_MEMORY)
        await asyncio.wait([painting])
        if error := painting.exception():
            raise error

    def _paint(self, job: Job) -> list[Picture]:
        """Paint off the loop; a job's fate changes the files."""
        made = Made(job, Generation.IMAGES, lambda *_: "")
        if made.recipe.width * made.recipe.height > MAX_PIXELS:
            return []
        if job.fate is None or job.fate.name not in fates.ENDINGS:
            return made.pictures
        ending = fates.ENDINGS[job.fate.name](made, job.fate.args)
        if ending.state is not JobState.COMPLETED:
            raise NodeFailed(OUT_OF_MEMORY if job.fate.name == "out_of_memory" else ending.error or "failed")
        images = ending.output.get("images", ()) if isinstance(ending.output, dict) else ()
        return [Picture(str(one["filename"]), _decoded(str(one["data"]))) for one in images]

    def _keep(self, pictures: list[Picture], node: str, prompt: Prompt) -> list[dict[str, str]]:
        nodes = [key for key in prompt.outputs if prompt.graph[key]["class_type"] == "SaveImage"]
        share = max(1, len(pictures) // max(1, len(nodes)))
        start = nodes.index(node) * share
        mine = pictures[start:] if node == nodes[-1] else pictures[start : start + share]
        images = []
        for picture in mine:
            self._saved += 1
            name = f"{picture.name.split('_0', 1)[0]}_{self._saved:05}_.png"
            self.files[name] = picture.data
            images.append({"filename": name, "subfolder": "", "type": "output"})
        return images

    def _where(self, prompt: Prompt) -> dict[str, Any]:
        left = [node for node in in_order(prompt.graph) if node not in prompt.executed]
        node = left[0] if left else prompt.outputs[0]
        return {
            "node_id": node,
            "node_type": prompt.graph[node]["class_type"],
            "executed": list(prompt.executed),
        }

    async def _message(self, prompt: Prompt, kind: str, data: dict[str, Any]) -> None:
        found = {**data, "prompt_id": prompt.id}
        if kind != "execution_error":
            found["timestamp"] = round(self._clock.now_s() * 1000)
        if kind in ("execution_error", "execution_interrupted"):
            found = {"prompt_id": prompt.id, **found}
        prompt.messages.append([kind, found])
        await self._tell(prompt.client, kind, found)


def in_order(graph: dict[str, Any]) -> list[str]:
    """The nodes in the order in which they run: each after what it takes from."""
    done: list[str] = []
    visiting: set[str] = set()

    def visit(node: str) -> None:
        if node in done or node in visiting or node not in graph:
            return
        visiting.add(node)
        for value in graph[node].get("inputs", {}).values():
            if isinstance(value, list) and len(value) == 2:
                visit(str(value[0]))
        done.append(node)

    for node in graph:
        visit(node)
    return done


def _node(prompt: Prompt, node: str | None) -> dict[str, Any]:
    return {"node": node, "display_node": node, "prompt_id": prompt.id}


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return text.encode()
