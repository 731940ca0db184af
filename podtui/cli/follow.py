"""Follows a batch from the command line: log lines to standard error, until nothing moves by itself."""

import time

from podtui.cli.show import tell
from podtui.events import Level
from podtui.pulse import read_pulse
from podtui.spawn import ensure_runner
from podtui.store import Store
from podtui.words import BatchId, BatchState

_STILL = (
    BatchState.COMPLETED,
    BatchState.FAILED,
    BatchState.CANCELLED,
    BatchState.PAUSED,
    BatchState.STOPPED,
)
_NAP_S = 0.15
_LOOK_AFTER_S = 3.0


def follow(store: Store, batch: BatchId, *, is_quiet: bool = False) -> BatchState:
    """Wait until a batch is over, paused or stopped; makes sure that a runner lives meanwhile."""
    told = 0
    waiting = ""
    looked = 0.0
    while True:
        if time.monotonic() - looked > _LOOK_AFTER_S:
            ensure_runner(store.library)
            looked = time.monotonic()
        state = store.batches.get(batch).state
        for news in store.news.since(told, batch=batch):
            told = news.n
            if not is_quiet and news.level is not Level.DEBUG:
                tell(f"{news.level} - {news.line}")
        pulse = read_pulse(store.library.root)
        now_waiting = pulse.waiting if pulse and pulse.batch == batch else ""
        if now_waiting != waiting:
            waiting = now_waiting
            if waiting and not is_quiet:
                tell(f"{Level.INFO} - {waiting}")
        if state in _STILL:
            return state
        time.sleep(_NAP_S)


def wait_for_prints(store: Store, batch: BatchId, *, at_most_s: float = 600.0) -> bool:
    """Wait until no approved image of a batch lacks its print file; False where time ran out."""
    end = time.monotonic() + at_most_s
    while time.monotonic() < end:
        ensure_runner(store.library)
        if not any(image.print_state == "wanted" for image in store.images.of_batch(batch)):
            return True
        time.sleep(_NAP_S)
    return False
