"""What the cloud was asked and what it accepted: never taken back, and kept over a restart."""

import hashlib
import json
import os
from collections import Counter, deque
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from podtui.demo.jobs import Fate, Job, JobState

MAX_SEEN = 20_000
"""How many requests are remembered one by one."""


@dataclass(frozen=True)
class Seen:
    """One request, without anything secret."""

    kind: str
    method: str
    path: str
    """Without its query."""
    has_authorization: bool
    authorization_sha256: str
    """Of the header's value, first 16 digits; empty where there was none."""
    has_cookie: bool
    fault: str = ""
    """The fault it met."""


class Ledger:
    """Counts and jobs."""

    def __init__(self, home: Path | None) -> None:
        self.jobs: dict[str, Job] = {}
        self.runs = 0
        """POSTs to ``/run`` that reached the cloud, refused ones too."""
        self.cancels: list[str] = []
        self.requests: Counter[str] = Counter()
        self.seen: deque[Seen] = deque(maxlen=MAX_SEEN)
        self._path = home / "cloud" / "jobs.jsonl" if home else None
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._read_back(self._path)

    @property
    def accepted(self) -> list[Job]:
        """All jobs in the order of acceptance."""
        return list(self.jobs.values())

    @property
    def billed_ms(self) -> int:
        """GPU time of all jobs."""
        return sum(job.billed_ms for job in self.jobs.values())

    def note_request(self, seen: Seen) -> None:
        """Remember a request that has arrived."""
        self.requests[seen.kind] += 1
        self.seen.append(seen)
        if seen.kind == "run":
            self.runs += 1
            self._write({"event": "posted"})

    def note_accepted(self, job: Job) -> None:
        """Remember a job from now on; written down before the answer goes out."""
        self.jobs[job.id] = job
        fate = {"name": job.fate.name, "args": job.fate.args} if job.fate else None
        self._write(
            {
                "event": "accepted",
                "id": job.id,
                "number": job.number,
                "at_s": job.accepted_s,
                "input": job.input,
                "policy": job.policy,
                "fate": fate,
            }
        )

    def note_state(self, job: Job) -> None:
        """Remember a job's new state."""
        self._write(
            {
                "event": "state",
                "id": job.id,
                "state": str(job.state),
                "worker": job.worker,
                "started_s": job.started_s,
                "ended_s": job.ended_s,
                "billed_ms": job.billed_ms,
                "retries": job.retries,
            }
        )

    def note_cancel(self, job_id: str) -> None:
        """Remember a call of ``/cancel``."""
        self.cancels.append(job_id)
        if job_id in self.jobs:
            self.jobs[job_id].is_cancel_asked = True
        self._write({"event": "cancel", "id": job_id})

    def facts(self) -> dict[str, Any]:
        """The whole ledger as JSON values."""
        return {
            "runs": self.runs,
            "accepted": len(self.jobs),
            "jobs": [job.fact() for job in self.jobs.values()],
            "cancels": list(self.cancels),
            "billed_ms": self.billed_ms,
            "requests": dict(self.requests),
            "seen": [vars(seen) for seen in self.seen],
        }

    def _write(self, line: dict[str, Any]) -> None:
        if self._path is None:
            return
        # Whoever removes the folder ends the cloud; until it has noticed, it must not fall over.
        try:
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            return
        with os.fdopen(handle, "ab") as file:
            file.write(json.dumps(line, ensure_ascii=True).encode() + b"\n")

    def _read_back(self, path: Path) -> None:
        if not path.exists():
            return
        for raw in path.read_bytes().splitlines():
            try:
                line = json.loads(raw)
            except ValueError:
                continue  # the line that a kill has cut
            self._take(line)

    def _take(self, line: dict[str, Any]) -> None:
        event, job_id = line.get("event"), str(line.get("id", ""))
        if event == "posted":
            self.runs += 1
            self.requests["run"] += 1
        elif event == "accepted":
            fate = Fate(line["fate"]["name"], line["fate"]["args"]) if line.get("fate") else None
            self.jobs[job_id] = Job(job_id, line["number"], line["input"], line["policy"], line["at_s"], fate)
        elif event == "cancel":
            self.cancels.append(job_id)
            if job_id in self.jobs:
                self.jobs[job_id].is_cancel_asked = True
        elif event == "state" and (job := self.jobs.get(job_id)):
            job.state = JobState(line["state"])
            job.worker, job.retries = line["worker"], line["retries"]
            job.started_s, job.ended_s = line["started_s"], line["ended_s"]
            job.billed_ms = line["billed_ms"]


def fingerprint(value: str) -> str:
    """Tell two headers apart without keeping them."""
    return hashlib.sha256(value.encode()).hexdigest()[:16] if value else ""
