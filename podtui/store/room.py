"""What every room of the store shares: the database, the clock, and the one way to write."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import peewee as pw

from podtui.clock import Clock
from podtui.events import Event
from podtui.store.database import telling
from podtui.store.models import EventRow


@dataclass(frozen=True)
class Room:
    """One subject of the store."""

    database: pw.SqliteDatabase
    clock: Clock

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One short IMMEDIATE transaction; a failure undoes all of it and is told in words."""
        with telling(), self.database.atomic("IMMEDIATE"):
            yield

    def tell(self, *events: Event) -> None:
        """Write events down, inside the transaction that makes them true."""
        for event in events:
            EventRow.create(
                at_ms=self.clock.now_ms(),
                kind=type(event).__name__,
                level=event.level,
                batch=event.batch,
                image=event.image,
                payload=event.model_dump_json(exclude={"batch", "image"}),
            )
