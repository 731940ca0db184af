"""Wishes to look at the endpoint, and what was seen: only the runner goes outside."""

from podtui.look import Look
from podtui.store.database import telling
from podtui.store.models import Remembered
from podtui.store.room import Room

_WISH, _SEEN = "look.wish", "look.seen"


class Looks(Room):
    """The newest wish to look and the newest look."""

    def wish(self) -> int:
        """Wish that the runner looks at the endpoint; returns the number that the answer will carry."""
        with self.writing():
            number = self._number() + 1
            Remembered.insert(name=_WISH, value=str(number)).on_conflict_replace().execute()
        return number

    def pending(self) -> int | None:
        """The number of a wish that is not answered yet."""
        seen = self.latest()
        with telling():
            number = self._number()
        return number if number > (seen.wish if seen else 0) else None

    def answer(self, look: Look) -> None:
        """Write down what was seen."""
        with self.writing():
            Remembered.insert(name=_SEEN, value=look.model_dump_json()).on_conflict_replace().execute()

    def latest(self) -> Look | None:
        """The newest look, whoever wished it."""
        with telling():
            row = Remembered.get_or_none(Remembered.name == _SEEN)
        return Look.model_validate_json(row.value) if row else None

    def _number(self) -> int:
        row = Remembered.get_or_none(Remembered.name == _WISH)
        return int(row.value) if row else 0
