"""What is alive everywhere, for the title line: the running batch and what waits for a person."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from podtui.text import duration, money
from podtui.words import BatchId

if TYPE_CHECKING:
    from podtui.store import Store


@dataclass(frozen=True)
class Alive:
    """The batch that is being made, and what waits for a person."""

    batch: BatchId | None = None
    ended: int = 0
    total: int = 0
    left_s: float | None = None
    """How long it will still take, in seconds; None where unknown."""
    cost_microdollars: int | None = None
    state: str = ""
    """``running``, ``waiting`` or ``paused``; empty where no batch is alive."""
    unsure: int = 0
    silent_s: float = 0.0
    """How long a living runner has given no sign of life, in seconds; 0 where it is well."""

    @property
    def words(self) -> str:
        """``▶ 4/10 · 2:40 left · $0.06 · ⚠ 1 unsure``; empty where nothing is alive."""
        parts = []
        if self.state:
            sign = {"paused": "‖", "waiting": "○"}.get(self.state, "▶")
            parts.append(f"{sign} {self.ended}/{self.total}" + (f" {self.state}" if sign != "▶" else ""))
            if self.left_s is not None and self.state == "running":
                parts.append(f"{duration(self.left_s)} left")
            if self.cost_microdollars:
                parts.append(money(self.cost_microdollars))
        if self.silent_s:
            parts.append(f"⚠ runner silent {duration(self.silent_s)}")
        if self.unsure:
            parts.append(f"⚠ {self.unsure} unsure")
        return " · ".join(parts)


NOTHING = Alive()
SILENT_S = 30.0
"""After so many seconds without a sign of life a living runner is called silent."""


def read_alive(store: "Store") -> Alive:
    """Read what is alive, with the figures that the progress screen shows; runs on the desk."""
    from podtui.pulse import read_pulse
    from podtui.spawn import runner_alive
    from podtui.words import BatchState
    from screens.progress_facts import Facts, progress

    unsure = len(store.images.unsure())
    ranks = {BatchState.RUNNING: 0, BatchState.WAITING: 1, BatchState.PAUSED: 2}
    live = store.batches.page(limit=25, states=tuple(ranks))
    if not live:
        return Alive(unsure=unsure)
    card = min(live, key=lambda batch: (ranks[batch.state], batch.n))
    pulse = read_pulse(store.library.root) if runner_alive(store.library) else None
    silent_s = store.news.clock.boot_s() - pulse.beat_boot_s if pulse else 0.0
    facts = Facts(card, store.images.of_batch(card.id), store.images.latest_attempts(card.id), pulse)
    return Alive(
        batch=card.id,
        ended=card.counts.ended,
        total=card.counts.total,
        left_s=progress(facts, store.news.clock.now_ms()).left_s,
        cost_microdollars=card.cost_microdollars,
        state=card.state.value,
        unsure=unsure,
        silent_s=silent_s if silent_s > SILENT_S else 0.0,
    )
