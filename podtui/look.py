"""What the runner has seen when it was asked to look at the endpoint: for compose, settings and doctor."""

from pydantic import BaseModel, ConfigDict


class Look(BaseModel):
    """One look at the endpoint, as the runner wrote it down."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    wish: int
    """The number of the wish that this answers."""
    at_ms: int
    endpoint: str
    is_well: bool
    """The key is taken, the endpoint exists, and something can start on it."""
    title: str
    """``Endpoint ready``, or what is wrong."""
    cause: str = ""
    next_step: str = ""
    words: str = ""
    """How its workers are: ``1 of 3 workers``; empty where unknown."""
    max_workers: int | None = None
    is_cold: bool | None = None
    """No worker is warm; None where unknown."""
    price_microdollars_per_s: int | None = None
    idle_timeout_s: int | None = None
