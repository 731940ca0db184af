"""A ready library and app for the pilots: rows made through the store, tiny pictures, no network."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from PIL import Image
from textual.pilot import Pilot

from podtui.app import build_app
from podtui.clock import Clock
from podtui.paths import Library
from podtui.plan import Fields, PlannedImage, build
from podtui.settings import Settings
from podtui.shell import PodtuiApp
from podtui.store import ImageCard, Store
from podtui.terminal import Graphics
from podtui.words import BackendKind, BatchId, ImageId
from podtui.workflow import load
from screens.parts import Desk, Parts

KEY = "rpa_ABCDEFGHIJKLMNOP9f2a"
"""A key that must never be seen whole."""
PREVIEW_EDGES = (256, 768)


@dataclass
class Ready:
    """An app over a library, and what it asked for."""

    app: PodtuiApp
    parts: Parts
    woken: list[bool] = field(default_factory=list)
    """One entry for each time that a runner was wished for."""


def settings_for_tests(**changes: object) -> Settings:
    """Settings with a key and an endpoint, from nobody's environment."""
    values: dict[str, object] = {"runpod_api_key": KEY, "runpod_endpoint_id": "ep0example"}
    return Settings(**(values | changes))  # type: ignore[arg-type]


def ready_app(
    library: Library,
    *,
    start: str = "auto",
    batch: BatchId | None = None,
    settings: Callable[[], Settings] | Settings | None = None,
    is_readonly: bool = False,
    is_demo: bool = False,
    clock: Clock | None = None,
    theme: str = "podtui-dark",
) -> Ready:
    """Build the app as the command does, without a runner and without a terminal.

    Use it as ``async with ready.app.run_test(size=(80, 24)) as pilot``.
    """
    woken: list[bool] = []
    given = settings_for_tests() if settings is None else settings
    parts = Parts(
        desk=Desk(library, clock),
        library=library,
        load_settings=given if callable(given) else lambda: given,
        graphics=Graphics("halfblock", "a test"),
        who="test",
        is_readonly=is_readonly,
        is_demo=is_demo,
        wake=lambda: woken.append(True),
    )
    if clock is not None:
        parts.clock = clock
    return Ready(build_app(parts, start=start, batch=batch, theme=theme), parts, woken)


def new_batch(store: Store, size: int = 3, *, prompt: str = "a neon cat", seed: int = 100) -> BatchId:
    """A planned batch with the seeds ``seed``, ``seed + 1``, …"""
    workflow = load("flux1-dev-fp8", None)
    plan = build(
        Fields(
            prompt=prompt, style="digital art", batch_size=str(size), seed=str(seed), seed_policy="sequence"
        ),
        workflow,
        suffix="",
        wildcards={},
        backend=BackendKind.RUNPOD,
        endpoint="ep0example",
    )
    return store.batches.create(plan, workflow.document)


def hostile_batch(store: Store, words: str, size: int = 2) -> BatchId:
    """A batch with any text in every field that a person or a service fills, variants and checks left out."""
    workflow = load("flux1-dev-fp8", None)
    plan = build(
        Fields(prompt="x", batch_size=str(size), seed="1", seed_policy="sequence"),
        workflow,
        suffix="",
        wildcards={},
        backend=BackendKind.RUNPOD,
        endpoint="ep0example",
    )
    hostile = replace(
        plan,
        prompt=words,
        style=words,
        genre=words,
        negative=words,
        full_prompt=words,
        note=words,
        images=tuple(PlannedImage(one.index, words, one.seed) for one in plan.images),
    )
    return store.batches.create(hostile, workflow.document)


def images_of(store: Store, batch: BatchId) -> list[ImageCard]:
    """The images of a batch, first to last."""
    return store.images.of_batch(batch)


def make_preview(library: Library, image: ImageId, colour: tuple[int, int, int] = (200, 60, 90)) -> Path:
    """Put both previews of an image on disk; returns the large one."""
    path = library.preview(image, PREVIEW_EDGES[0])
    for edge in PREVIEW_EDGES:
        path = library.preview(image, edge)
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (edge * 5 // 6 // 8, edge // 8), colour).save(path, "WEBP")
    return path


def text_of(pilot: Pilot[Any]) -> str:
    """What stands on the screen, as text."""
    app = pilot.app
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


async def until(pilot: Pilot[Any], words: str) -> str:
    """Wait until the words stand on the screen; returns all of it."""
    for _ in range(200):
        if words in (found := text_of(pilot)):
            return found
        await pilot.pause(0.02)
    raise AssertionError(f"{words!r} never stood on the screen:\n{text_of(pilot)}")
