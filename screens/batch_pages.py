"""The batches that the library has at hand: read by keyset pages, refreshed where one looks."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from podtui.store import Store
from podtui.store.cards import BatchCard
from podtui.words import BatchState

PAGE = 100
"""How many batches are read at once."""


@dataclass(frozen=True)
class Only:
    """Which batches are listed."""

    word: str
    states: tuple[BatchState, ...] = ()
    """Empty for all."""


ONLY = (
    Only("all"),
    Only("under way", (BatchState.WAITING, BatchState.RUNNING)),
    Only("waiting for you", (BatchState.PAUSED, BatchState.STOPPED)),
    Only("completed", (BatchState.COMPLETED,)),
    Only("failed or cancelled", (BatchState.FAILED, BatchState.CANCELLED)),
)
"""The state filters, in the order in which they are gone through."""


@dataclass(frozen=True)
class Pages:
    """What is at hand under one filter, newest first."""

    rows: tuple[BatchCard, ...] = ()
    has_more: bool = False
    """Older ones may be there."""
    search: str = ""
    only: Only = ONLY[0]


def begin(store: Store, search: str, only: Only) -> Pages:
    """Read the first page under a filter; runs on the desk."""
    rows = store.batches.page(limit=PAGE, search=search, states=only.states)
    return Pages(tuple(rows), len(rows) == PAGE, search, only)


def further(store: Store, pages: Pages, limit: int = PAGE) -> Pages:
    """Read one page more; runs on the desk."""
    if not pages.has_more or not pages.rows:
        return pages
    rows = store.batches.page(
        before=pages.rows[-1].n, limit=limit, search=pages.search, states=pages.only.states
    )
    return replace(pages, rows=(*pages.rows, *rows), has_more=len(rows) == limit)


def refresh(store: Store, pages: Pages, visible: range) -> Pages:
    """Read anew what may have changed where it can be seen, the newest and the visible; runs on the desk.

    What lies elsewhere is read when it comes into sight: a key's cost does not grow with the library.
    """
    if len(pages.rows) <= PAGE:
        return begin(store, pages.search, pages.only)
    newest = store.batches.page(limit=PAGE, search=pages.search, states=pages.only.states)
    rows = _replaced(pages.rows, newest, above=None)
    if visible and visible.stop > PAGE:
        above = pages.rows[visible.start - 1].n if visible.start else None
        seen = store.batches.page(
            before=above, limit=len(visible), search=pages.search, states=pages.only.states
        )
        rows = _replaced(rows, seen, above=above)
    return replace(pages, rows=rows)


def _replaced(
    rows: tuple[BatchCard, ...], fresh: Sequence[BatchCard], *, above: int | None
) -> tuple[BatchCard, ...]:
    """Put freshly read rows in the place of those that they span."""
    if not fresh:
        return rows
    last = fresh[-1].n
    before = tuple(row for row in rows if above is not None and row.n >= above)
    after = tuple(row for row in rows if row.n < last)
    return (*before, *fresh, *after)
