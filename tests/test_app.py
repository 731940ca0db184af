"""The shell: coming in, going, leaving, following the news."""

from textual.pilot import Pilot

from podtui.paths import Library
from podtui.store import Store
from tests.screens_ready import new_batch, ready_app


def text_of(pilot: Pilot[object]) -> str:
    """What stands on the screen, as text."""
    app = pilot.app
    return "\n".join(
        "".join(segment.text for segment in strip) for strip in app.screen._compositor.render_strips()
    )


async def until(pilot: Pilot[object], words: str) -> str:
    """Wait until the words stand on the screen; returns all of it."""
    for _ in range(200):
        if words in (found := text_of(pilot)):
            return found
        await pilot.pause(0.02)
    raise AssertionError(f"{words!r} never stood on the screen:\n{text_of(pilot)}")


async def test_the_log_shows_what_was_told(library: Library, store: Store) -> None:
    batch = new_batch(store)
    store.making.start_batch(store.batches.get(batch), None)
    ready = ready_app(library, start="log")
    async with ready.app.run_test(size=(80, 24)) as pilot:
        found = await until(pilot, "Starting batch generation: 3 images")
        assert "▶ 0/3" in found.splitlines()[0]
