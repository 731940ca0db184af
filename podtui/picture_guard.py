"""Starts the guarded decoder, asks it, and starts it again when a picture, or the system, has killed it."""

import atexit
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import podtui
from podtui.errors import DiskFull, LibraryError, PictureError

_PASSED_ON = frozenset({"PATH", "LANG", "LANGUAGE", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "LD_PRELOAD"})
_PASSED_ON_PREFIXES = ("LC_", "PYTHON", "COV", "PODTUI_FAILPOINTS")
_GRACE_S = 5.0
_START_S = 30.0
_NO_ROOM = frozenset({28, 122})  # ENOSPC, EDQUOT
_GONE = frozenset({2, 20, 40})  # ENOENT, ENOTDIR, ELOOP


@dataclass(frozen=True)
class Answer:
    """What the decoder found out, and the bytes that it made."""

    facts: dict[str, Any]
    blobs: list[bytes]


class _Died(Exception):
    """The decoder ended in the middle of its work; ``is_late`` when its time was over."""

    def __init__(self, is_late: bool) -> None:
        super().__init__("the decoder died")
        self.is_late = is_late


class PictureGuard:
    """One warm decoder process, asked by one thread at a time.

    Args:
        memory_bytes: the address space that one piece of work may take.
        seconds: the time that one piece of work may take.
    """

    def __init__(self, memory_bytes: int, seconds: float) -> None:
        self._memory_bytes = memory_bytes
        self._seconds = seconds
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)

    @property
    def process(self) -> int | None:
        """The number of the decoder's process, None while there is none."""
        return self._child.pid if self._child else None

    def ask(self, work: str, source: Path, **more: Any) -> Answer:
        """Have one piece of work done.

        Raises:
            PictureError: the file is no usable picture, is gone, or would take too much memory or time.
            LibraryError: the decoder cannot be started, or the disk failed.
        """
        limits = {"memory_bytes": self._memory_bytes, "seconds": self._seconds}
        request = {"work": work, "source": os.path.abspath(source), **limits, **more}  # noqa: PTH100 - links stay
        line = json.dumps(request).encode() + b"\n"
        with self._turn:
            answer = self._once(line) or self._once(line)
        if answer is None:
            raise PictureError("Picture damaged", "The decoder broke down over it, twice.")
        return _judged(answer)

    def close(self) -> None:
        """End the decoder; the next question starts another."""
        with self._turn:
            self._stop()

    def _once(self, line: bytes) -> Answer | None:
        """Ask once; None when the decoder died of it, or had been killed."""
        if self._child is None or self._child.poll() is not None:
            self._stop()
            self._start()
        try:
            return self._exchange(line, self._seconds + _GRACE_S)
        except _Died as death:
            is_late = self._stop() == -signal.SIGALRM or death.is_late
            if is_late:
                raise PictureError(
                    "Picture refused", f"Decoding it takes longer than {self._seconds:.0f} s."
                ) from death
            return None

    def _start(self) -> None:
        surroundings = {
            name: value
            for name, value in os.environ.items()
            if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
        }
        # Python looks for modules in the working directory first: the child is of the same podtui.
        root = Path(podtui.__file__).parent.parent
        surroundings.pop("PYTHONSAFEPATH", None)
        try:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "podtui.picture_child"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=root,
                env=surroundings,
                bufsize=0,
                start_new_session=True,
            )
            self._exchange(b"", _START_S)
        except (OSError, _Died) as error:
            self._stop()
            raise LibraryError(
                "The picture decoder does not start",
                f"{error}",
                f"See what `{sys.executable} -m podtui.picture_child` says.",
            ) from error

    def _stop(self) -> int | None:
        """Make sure that the decoder is gone; returns how it ended, None where there was none."""
        child, self._child = self._child, None
        if child is None:
            return None
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()
        try:
            return child.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            child.kill()
            return child.wait()

    def _exchange(self, line: bytes, seconds: float) -> Answer:
        child = self._child
        if child is None or child.stdin is None or child.stdout is None:
            raise _Died(is_late=False)
        until = time.monotonic() + seconds
        try:
            child.stdin.write(line)
        except BrokenPipeError as error:
            raise _Died(is_late=False) from error
        length = int.from_bytes(_receive(child, 8, until), "big")
        facts = json.loads(_receive(child, length, until))
        return Answer(facts, [_receive(child, count, until) for count in facts.pop("blobs")])


def _receive(child: subprocess.Popen[bytes], count: int, until: float) -> bytes:
    assert child.stdout is not None
    blocks = []
    while count:
        ready, _, _ = select.select([child.stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            child.kill()
            raise _Died(is_late=True)
        block = os.read(child.stdout.fileno(), min(count, 1 << 20))
        if not block:
            raise _Died(is_late=False)
        blocks.append(block)
        count -= len(block)
    return b"".join(blocks)


def _judged(answer: Answer) -> Answer:
    """Return a good answer; turn a refusal into the error that a person is told."""
    facts = answer.facts
    match facts.get("refused"):
        case None:
            return answer
        case "memory":
            raise PictureError("Picture refused", "Decoding it takes too much memory.", kind="too_large")
        case "system" if facts["errno"] in _NO_ROOM:
            raise DiskFull("Disk full", "There is no room for the print file.", "Make room.")
        case "system" if facts["errno"] in _GONE:
            raise PictureError("Picture file missing", "The file is not where it was stored.")
        case "system":
            raise LibraryError(
                "Storage error on a picture", f"{os.strerror(facts['errno'])}.", "Check the disk."
            )
    raise PictureError(facts["title"], facts["cause"], kind=facts["refused"])
