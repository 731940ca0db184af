"""The walk through a batch's pictures: where the cursor stands, what is marked, where it goes next."""

from collections.abc import Sequence
from dataclasses import replace

from podtui.store.cards import ImageCard
from podtui.words import Decision, ImageId


class Walk:
    """Cursor, direction and marks; never wraps, and never moves because something arrived."""

    def __init__(self) -> None:
        self.images: list[ImageCard] = []
        self.at = 0
        """The place of the cursor, from 0."""
        self.direction = 1
        """1 towards the end, -1 towards the beginning."""
        self.marks: set[ImageId] = set()
        self.anchor: ImageId | None = None
        """Where a range was begun."""

    @property
    def here(self) -> ImageCard | None:
        """The image under the cursor."""
        return self.images[self.at] if self.images else None

    @property
    def scope(self) -> list[ImageCard]:
        """What an act applies to: the marked images, else the one under the cursor; pictures only."""
        chosen = [image for image in self.images if image.id in self.marks]
        if not chosen and self.here is not None:
            chosen = [self.here]
        return [image for image in chosen if image.has_picture]

    @property
    def decided(self) -> int:
        """How many pictures are decided."""
        return sum(image.has_picture and image.decision is not Decision.UNDECIDED for image in self.images)

    @property
    def pictures(self) -> int:
        """How many images have a picture."""
        return sum(image.has_picture for image in self.images)

    def take(self, images: Sequence[ImageCard]) -> None:
        """Take what the store says now; the cursor stays on its image."""
        here = self.here.id if self.here else None
        self.images = list(images)
        places = {image.id: place for place, image in enumerate(self.images)}
        self.at = places.get(here, min(self.at, max(len(self.images) - 1, 0))) if here else 0
        self.marks &= places.keys()

    def go(self, place: int) -> bool:
        """Put the cursor on a place and remember the direction; False where nothing moves."""
        if place == self.at or not 0 <= place < len(self.images):
            return False
        self.direction = 1 if place > self.at else -1
        self.at = place
        return True

    def find(self, image: ImageId) -> bool:
        """Put the cursor on an image; False where it is not here."""
        for place, card in enumerate(self.images):
            if card.id == image:
                self.at = place
                return True
        return False

    def next_undecided(self) -> bool:
        """Go on to the next picture without a decision, in the same direction; False where there is none."""
        place = self.at + self.direction
        while 0 <= place < len(self.images):
            image = self.images[place]
            if image.has_picture and image.decision is Decision.UNDECIDED:
                self.at = place
                return True
            place += self.direction
        return False

    def decide(self, chosen: Sequence[ImageId], decision: Decision) -> None:
        """Take a decision as made, before the store has answered."""
        wanted = set(chosen)
        self.images = [
            replace(image, decision=decision) if image.id in wanted else image for image in self.images
        ]

    def toggle_mark(self) -> bool:
        """Mark the image under the cursor, or take its mark; tells whether it has one now."""
        here = self.here
        if here is None:
            return False
        self.marks ^= {here.id}
        return here.id in self.marks

    def begin_or_end_range(self) -> int | None:
        """Begin a range here, or mark everything between its beginning and here.

        Returns:
            How many images the range marked, None where it was only begun.
        """
        here = self.here
        if here is None:
            return None
        places = [place for place, image in enumerate(self.images) if image.id == self.anchor]
        if not places:
            self.anchor = here.id
            return None
        first, last = sorted((places[0], self.at))
        chosen = [image.id for image in self.images[first : last + 1] if image.has_picture]
        self.marks |= set(chosen)
        self.anchor = None
        return len(chosen)

    def invert_marks(self) -> None:
        """Mark every picture that is not marked, and take the marks of the others."""
        self.marks = {image.id for image in self.images if image.has_picture} - self.marks

    def clear_marks(self) -> bool:
        """Forget marks and a begun range; False where there were none."""
        had = bool(self.marks) or self.anchor is not None
        self.marks, self.anchor = set(), None
        return had
