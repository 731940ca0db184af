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
        if self.unsure:
            parts.append(f"⚠ {self.unsure} unsure")
        return " · ".join(parts)


NOTHING = Alive()


def read_alive(store: "Store") -> Alive:
    """Read what is alive; runs on the desk."""
    from podtui.estimate import expected_s
    from podtui.store import Likeness
    from podtui.words import BatchState

    unsure = len(store.images.unsure())
    live = store.batches.page(limit=25, states=(BatchState.RUNNING, BatchState.WAITING, BatchState.PAUSED))
    if not live:
        return Alive(unsure=unsure)
    ranks = {BatchState.RUNNING: 0, BatchState.WAITING: 1, BatchState.PAUSED: 2}
    card = min(live, key=lambda batch: (ranks[batch.state], batch.n))
    alike = Likeness(card.endpoint, card.workflow_hash, card.steps, card.draft_width, card.draft_height)
    each_s = expected_s(store.costs.past_jobs(alike))
    left = card.counts.total - card.counts.ended
    return Alive(
        batch=card.id,
        ended=card.counts.ended,
        total=card.counts.total,
        left_s=None if each_s is None else -(-left // max(1, card.in_flight)) * each_s,
        cost_microdollars=card.cost_microdollars,
        state=card.state.value,
        unsure=unsure,
    )
