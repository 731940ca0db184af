"""Images: read by page, filtered and searched, and the attempts behind them."""

from collections.abc import Sequence

import peewee as pw

from podtui.errors import BadInput
from podtui.store.batches import match_words
from podtui.store.cards import AttemptCard, ImageCard
from podtui.store.database import telling
from podtui.store.models import Attempt, Image
from podtui.store.room import Room
from podtui.store.rows import attempt_card, image_card
from podtui.words import BatchId, Decision, ImageId, ImageState


class Images(Room):
    """Every image of the library."""

    def get(self, image: str) -> ImageCard:
        """Return one image.

        Raises:
            BadInput: there is none of this id.
        """
        with telling():
            row = Image.get_or_none(Image.id == image)
        if row is None:
            raise BadInput(f"There is no image {image}", "", "podtui images lists them.", field="image")
        return image_card(row)

    def of_batch(self, batch: BatchId) -> list[ImageCard]:
        """The images of a batch in their order, extra ones and re-rolls at the end."""
        with telling():
            return [
                image_card(row) for row in Image.select().where(Image.batch == batch).order_by(Image.position)
            ]

    def page(
        self,
        *,
        before: int | None = None,
        limit: int = 50,
        batch: str | None = None,
        decision: Decision | None = None,
        states: Sequence[ImageState] = (),
        search: str = "",
    ) -> list[ImageCard]:
        """A page of images, newest first; ``before`` is the ``n`` of the last card of the page above."""
        query = Image.select()
        if before is not None:
            query = query.where(Image.n < before)
        if batch is not None:
            query = query.where(Image.batch == batch)
        if decision is not None:
            query = query.where(Image.decision == decision)
        if states:
            query = query.where(Image.state.in_(list(states)))
        if wanted := match_words(search):
            query = query.where(pw.SQL("n IN (SELECT rowid FROM image_words WHERE words MATCH ?)", (wanted,)))
        with telling():
            return [image_card(row) for row in query.order_by(Image.n.desc()).limit(limit)]

    def unsure(self) -> list[ImageCard]:
        """Images that wait for a person's word, oldest first."""
        with telling():
            query = Image.select().where(Image.state == ImageState.UNSURE).order_by(Image.n)
            return [image_card(row) for row in query]

    def with_bytes(self, sha256: str, *, besides: ImageId) -> list[ImageId]:
        """Other images whose draft has the very same bytes."""
        with telling():
            query = (
                Image.select(Image.id).where(Image.sha256 == sha256, Image.id != besides).order_by(Image.n)
            )
            return [ImageId(row.id) for row in query.limit(5)] if sha256 else []

    def attempts(self, image: ImageId) -> list[AttemptCard]:
        """The attempts at an image, first to last."""
        with telling():
            query = Attempt.select().where(Attempt.image == image).order_by(Attempt.number)
            return [attempt_card(row) for row in query]

    def latest_attempts(self, batch: BatchId) -> dict[ImageId, AttemptCard]:
        """The newest attempt at each image of a batch, in one statement."""
        query = (
            Attempt.select(Attempt)
            .join(Image, on=(Image.id == Attempt.image))
            .where(Image.batch == batch)
            .order_by(Attempt.number)
        )
        with telling():
            return {ImageId(row.image): attempt_card(row) for row in query}

    def answer(self, image: ImageId) -> str:
        """The raw answer to the newest attempt, without the picture, for the log."""
        with telling():
            row = Attempt.select().where(Attempt.image == image).order_by(Attempt.number.desc()).first()
        return str(row.answer) if row else ""
