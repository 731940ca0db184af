"""One job of the pretend endpoint, and how it is written down."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

RESULT_LIFE_S = 1800.0
"""How long a result can be fetched after its end (runpod.md, fact 4)."""
DEFAULT_EXECUTION_MS = 600_000
DEFAULT_TTL_MS = 86_400_000


class JobState(StrEnum):
    """RunPod's states (runpod.md, section 3)."""

    IN_QUEUE = "IN_QUEUE"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    TIMED_OUT = "TIMED_OUT"

    @property
    def is_final(self) -> bool:
        """Nothing more happens to the job."""
        return self not in (JobState.IN_QUEUE, JobState.IN_PROGRESS)


@dataclass(frozen=True)
class Fate:
    """What is to become of a job: a name of ``fates`` and its arguments."""

    name: str
    args: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ending:
    """How a job ends."""

    state: JobState = JobState.COMPLETED
    output: Any = None
    has_output: bool = True
    """Whether the answer has an ``output`` key at all."""
    error: str | None = None


@dataclass
class Job:
    """A job that was accepted."""

    id: str
    number: int
    """Counted from 1 in the order of acceptance, over restarts."""
    input: Any
    policy: dict[str, Any]
    accepted_s: float
    fate: Fate | None = None
    state: JobState = JobState.IN_QUEUE
    worker: str = ""
    started_s: float = 0.0
    ended_s: float = 0.0
    billed_ms: int = 0
    """GPU time of all its runs, cancelled ones too."""
    progress: Any = None
    ending: Ending | None = None
    """None while it is not over, and after a restart until it is asked for again."""
    retries: int = 0
    looks: int = 0
    """How many times its status was asked for."""
    is_cancel_asked: bool = False

    @property
    def graph(self) -> dict[str, Any]:
        """The workflow in its input; empty where there is none."""
        found = self.input.get("workflow") if isinstance(self.input, dict) else None
        return found if isinstance(found, dict) else {}

    @property
    def execution_timeout_s(self) -> float:
        """The longest running time."""
        return _ms(self.policy.get("executionTimeout"), DEFAULT_EXECUTION_MS) / 1000

    @property
    def ttl_s(self) -> float:
        """The whole life from acceptance; at its end the job is deleted in whatever state."""
        return _ms(self.policy.get("ttl"), DEFAULT_TTL_MS) / 1000

    def fact(self) -> dict[str, Any]:
        """The job as the ledger shows it."""
        return {
            "id": self.id,
            "number": self.number,
            "status": str(self.state),
            "graph": self.graph,
            "input": self.input,
            "policy": self.policy,
            "worker": self.worker,
            "billed_ms": self.billed_ms,
            "retries": self.retries,
            "is_cancel_asked": self.is_cancel_asked,
            "fate": self.fate.name if self.fate else None,
        }


def _ms(value: object, default: int) -> float:
    return (
        float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and value > 0
        else default
    )
