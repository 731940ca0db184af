"""The guarded process that decodes pictures: bounded memory and time, header first, no keys around it.

Whoever wants a picture looked at writes one JSON line to its input and reads a length, a JSON answer and
the bytes that it announces from its output. It ends when its input ends, or after a minute without work.
``python -m podtui.picture_child`` starts it; ``picture_guard`` is the other side.
"""

import json
import os
import resource
import select
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

from PIL import Image

from podtui import picture_work
from podtui.picture_work import Refusal

IDLE_S = 60.0

_WORK: dict[str, Callable[[dict[str, Any]], tuple[dict[str, Any], list[bytes]]]] = {
    "look": picture_work.look,
    "print": picture_work.print_file,
}


def main() -> None:
    """Answer one request after another until nobody asks any more."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    # Nothing that a library prints may get between the answers.
    os.dup2(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 1)
    os.nice(5)
    warnings.simplefilter("ignore")
    warnings.filterwarnings("error", category=UserWarning)
    warnings.filterwarnings("error", category=Image.DecompressionBombWarning)
    _send(answers, {"ready": True}, [])
    while select.select([sys.stdin], [], [], IDLE_S)[0] and (line := sys.stdin.buffer.readline()):
        answer, blobs = _answer(json.loads(line))
        _send(answers, answer, blobs)
        if answer.get("refused") == "memory":
            return  # what a failed allocation leaves behind is nobody's to build on


def _answer(request: dict[str, Any]) -> tuple[dict[str, Any], list[bytes]]:
    """Do one piece of work; whatever a hostile file makes of a decoder becomes an answer."""
    _limit_memory(request["memory_bytes"])
    # The alarm ends this process from outside Python, even in the middle of a decoder's loop.
    signal.setitimer(signal.ITIMER_REAL, request["seconds"])
    try:
        return _WORK[request["work"]](request)
    except Refusal as refusal:
        return {"refused": refusal.kind, "title": refusal.title, "cause": refusal.cause}, []
    except MemoryError:
        return {"refused": "memory"}, []
    except OSError as error:
        if error.errno is not None:
            return {"refused": "system", "errno": error.errno}, []
        return _damaged(error), []
    except Exception as error:  # a decoder fed with chosen bytes may raise anything
        return _damaged(error), []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _damaged(error: Exception) -> dict[str, Any]:
    return {"refused": "damaged", "title": "Picture damaged", "cause": f"{error}"[:200]}


def _limit_memory(memory_bytes: int) -> None:
    # A system without this limit, or with a lower one, keeps what it has.
    with suppress(OSError, ValueError):
        _, most = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, most))


def _send(answers: BinaryIO | Any, answer: dict[str, Any], blobs: list[bytes]) -> None:
    words = json.dumps(answer | {"blobs": [len(blob) for blob in blobs]}).encode()
    view = memoryview(b"".join([len(words).to_bytes(8, "big"), words, *blobs]))
    while view:
        view = view[answers.write(view) :]


if __name__ == "__main__":
    main()
