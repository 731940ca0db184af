"""What has happened: events by number, for whoever follows."""

from dataclasses import dataclass

from pydantic import ValidationError

from podtui.events import KINDS, Event, Level
from podtui.store.database import telling
from podtui.store.models import EventRow, Remembered
from podtui.store.room import Room
from podtui.store.sql import number
from podtui.words import BatchId


@dataclass(frozen=True)
class Told:
    """An event as it was written down."""

    n: int
    at_ms: int
    level: Level
    event: Event | None
    """None for a kind that this program does not know."""
    kind: str

    @property
    def line(self) -> str:
        """The log line; passes ``text.clean`` before it is drawn."""
        return self.event.line() if self.event else self.kind


class News(Room):
    """The log of everything, numbered."""

    def version(self) -> int:
        """A number that changes whenever another connection has written anything."""
        with telling():
            return number(self.database, "PRAGMA data_version")

    def last(self) -> int:
        """The number of the newest event; 0 where there is none."""
        with telling():
            newest = EventRow.select(EventRow.n).order_by(EventRow.n.desc()).first()
            return int(newest.n) if newest else 0

    def since(self, n: int, *, batch: BatchId | None = None, limit: int = 500) -> list[Told]:
        """Events after number ``n``, oldest first."""
        query = EventRow.select().where(EventRow.n > n)
        if batch is not None:
            query = query.where(EventRow.batch == batch)
        with telling():
            return [_told(row) for row in query.order_by(EventRow.n).limit(limit)]

    def latest(self, *, batch: BatchId | None = None, limit: int = 500) -> list[Told]:
        """The newest events, oldest first."""
        query = EventRow.select()
        if batch is not None:
            query = query.where(EventRow.batch == batch)
        with telling():
            return [_told(row) for row in reversed(list(query.order_by(EventRow.n.desc()).limit(limit)))]

    def add(self, *events: Event) -> None:
        """Write events that belong to no other change."""
        with self.writing():
            self.tell(*events)

    def recall(self, name: str) -> str | None:
        """Return a small thing remembered under this name."""
        with telling():
            row = Remembered.get_or_none(Remembered.name == name)
        return str(row.value) if row else None

    def remember(self, name: str, value: str) -> None:
        """Remember a small thing until it is replaced."""
        with self.writing():
            Remembered.insert(name=name, value=value).on_conflict_replace().execute()


def _told(row: EventRow) -> Told:
    kind = KINDS.get(row.kind)
    event: Event | None = None
    if kind is not None:
        try:
            event = kind.model_validate_json(row.payload)
            event = event.model_copy(update={"batch": row.batch, "image": row.image})
        except ValidationError:
            event = None
    return Told(n=row.n, at_ms=row.at_ms, level=Level(row.level), event=event, kind=row.kind)
