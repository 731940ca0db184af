"""The table that everybody works at."""

from dataclasses import dataclass
from datetime import datetime

import peewee as pw

from podtui.clock import Clock, SystemClock
from podtui.paths import Library
from podtui.store.batches import Batches
from podtui.store.costs import Costs
from podtui.store.database import copy_of_the_day, open_database, quick_check, telling
from podtui.store.decisions import Decisions
from podtui.store.images import Images
from podtui.store.looks import Looks
from podtui.store.making import Making
from podtui.store.news import News
from podtui.store.sql import run


@dataclass(frozen=True)
class Store:
    """One library: its files' places and its rows by subject. Used by one thread at a time."""

    library: Library
    database: pw.SqliteDatabase
    batches: Batches
    images: Images
    making: Making
    decisions: Decisions
    costs: Costs
    news: News
    looks: Looks

    def journal_mode(self) -> str:
        """How SQLite keeps this library's changes: ``wal`` or ``truncate``."""
        return str(run(self.database, "PRAGMA journal_mode").fetchone()[0])

    def close(self) -> None:
        """Close this thread's connection."""
        if not self.database.is_closed():
            self.database.close()

    def check(self) -> None:
        """Look whether the database is whole, and keep a copy of the day.

        Raises:
            LibraryError: it is damaged.
        """
        quick_check(self.database)
        with telling():
            today = datetime.fromtimestamp(self.news.clock.now_ms() / 1000).astimezone().strftime("%Y-%m-%d")
            copy_of_the_day(self.database, self.library, today)


def open_store(library: Library, clock: Clock | None = None) -> Store:
    """Open a library, made where there is none.

    Raises:
        LibraryTooNew: a newer podtui made it.
        LibraryError: it cannot be used.
    """
    clock = clock or SystemClock()
    database = open_database(library)
    return Store(
        library=library,
        database=database,
        batches=Batches(database, clock),
        images=Images(database, clock),
        making=Making(database, clock),
        decisions=Decisions(database, clock),
        costs=Costs(database, clock),
        news=News(database, clock),
        looks=Looks(database, clock),
    )
