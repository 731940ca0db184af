"""How commands speak: JSON on wish, cleaned text on a terminal, errors with cause and next step."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydantic import BaseModel

from podtui.clock import SystemClock
from podtui.paths import library
from podtui.store import Store, open_store
from podtui.text import clean

OK, FAILED, WRONG_USE, PARTLY = 0, 1, 2, 3
"""Exit codes: all well, the work failed, wrong use or set-up, partly failed or something unsure."""


def out(text: str = "") -> None:
    """Write a line to standard output."""
    sys.stdout.write(text + "\n")


def tell(text: str) -> None:
    """Write a line of progress or advice to standard error."""
    sys.stderr.write(clean(text, 600) + "\n")
    sys.stderr.flush()


def json_of(model: BaseModel) -> None:
    """Print a model as JSON, in ASCII, so that no terminal is steered by it."""
    out(model.model_dump_json(indent=2, ensure_ascii=True, exclude_none=False))


def json_list(models: Sequence[BaseModel]) -> None:
    """Print models as a JSON list."""
    out("[" + ",\n".join(model.model_dump_json(ensure_ascii=True) for model in models) + "]")


def table(rows: Sequence[Sequence[str]], headers: Sequence[str], right: Sequence[int] = ()) -> None:
    """Print a table; ``right`` are the columns whose numbers align right."""
    cells = [[clean(str(cell), 80) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in [list(headers), *cells]) for at in range(len(headers))]
    for line in [list(headers), *cells]:
        parts = [
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        out("  ".join(parts).rstrip())


@contextmanager
def opened_store() -> Iterator[Store]:
    """The library of this person, for one command."""
    store = open_store(library(), SystemClock())
    try:
        yield store
    finally:
        store.close()
