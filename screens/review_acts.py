"""What the review can do with an image besides deciding it: copy, remix, re-roll; and steer its batch."""

import secrets

from podtui.plan import Fields, full_prompt
from podtui.store.cards import BatchCard, ImageCard
from podtui.words import MAX_SEED, BatchId, SeedPolicy
from screens import steering
from screens.base import Room
from screens.parts import Parts
from screens.walk import Walk

_SEEDS = 2**53
"""Seeds are drawn below this, so that every JSON tool keeps them whole."""


def own_prompt(image: ImageCard, card: BatchCard) -> str:
    """The image's prompt without what compose adds to it: style, genre and suffix."""
    tail = full_prompt("x", card.style, card.genre, card.suffix)[1:]
    own = image.prompt.removesuffix(tail)
    is_plain = own != image.prompt or not tail
    # A resolved prompt that looks like variants would be expanded once more.
    return own if is_plain and not any(sign in own for sign in ("{", "}", "|", "__")) else card.prompt


def remix_fields(image: ImageCard, card: BatchCard) -> Fields:
    """Everything that made an image, as compose's fields."""
    return Fields(
        prompt=own_prompt(image, card),
        style=card.style,
        genre=card.genre,
        negative=card.negative,
        batch_size="1",
        width=str(card.width),
        height=str(card.height),
        steps=str(card.steps),
        cfg_scale=f"{card.cfg_scale:g}" if card.cfg_scale % 1 else f"{card.cfg_scale:.1f}",
        seed=str(min(image.seed, MAX_SEED)),
        seed_policy=SeedPolicy.FIRST.value,
        workflow=card.workflow,
    )


class Acts(Room):
    """The acts of the review that are no decisions."""

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: Fields | None = None) -> None:
        super().__init__(parts, batch=batch, fields=fields)
        self.walk = Walk()
        """Where the cursor stands, and what is marked."""
        self.card: BatchCard | None = None
        """The batch that is shown."""

    def action_remix(self) -> None:
        """Take all settings into compose."""
        if self.walk.here and self.card:
            self.go("compose", fields=remix_fields(self.walk.here, self.card))

    def action_remix_prompt(self) -> None:
        """Take the prompt alone into compose."""
        if self.walk.here and self.card:
            self.go("compose", fields=Fields(prompt=own_prompt(self.walk.here, self.card)))

    async def action_reroll(self) -> None:
        """Ask with the price, then make this image once more with a new seed."""
        here, card = self.walk.here, self.card
        if here is None or card is None or not steering.may_change(self):
            return
        likely = await self.parts.desk.ask(lambda store: steering.price(store, card, 1))
        sentence = f"Make image {here.position + 1} once more with a new seed? {steering.costs(likely)}"
        if await self.confirm(sentence, "re-roll"):
            seed = secrets.randbelow(_SEEDS)
            await self.parts.desk.ask(lambda store: store.batches.reroll(here.id, seed))
            self.parts.wake()
            self.say(f"Image {here.position + 1} is made once more; it comes at the end.")
            self.read_again()

    async def action_stop(self) -> None:
        """Stop the batch after the current image, or go on."""
        if self.card:
            await steering.stop_or_go_on(self, self.card)

    async def action_cancel(self) -> None:
        """Cancel the batch, after asking."""
        if self.card:
            await steering.cancel(self, self.card)

    def action_copy_id(self) -> None:
        """Copy the image's id."""
        if here := self.walk.here:
            self._copy(here.id, "id")

    def action_copy_prompt(self) -> None:
        """Copy the whole prompt."""
        if here := self.walk.here:
            self._copy(here.prompt, "prompt")

    def action_copy_file(self) -> None:
        """Copy where the picture lies."""
        here = self.walk.here
        if here is None:
            return
        if not here.has_picture:
            self.say("copy: this image has no file yet.")
            return
        self._copy(str(self.parts.library.draft(here.batch, here.id, here.ending)), "path")

    def action_escape(self) -> None:
        """Leave loupe or info, then clear the marks, then leave the screen."""
        if not self._leave_something():
            super().action_escape()

    def action_back(self) -> None:
        """Leave loupe or info, then the screen."""
        if self.has_class("-loupe") or self.has_class("-info"):
            self._leave_something()
        else:
            self.app.call_next(self.app.run_action, "back")

    def _leave_something(self) -> bool:
        for name in ("-loupe", "-info"):
            if self.has_class(name):
                self.remove_class(name)
                self.share_out()
                self.retitle()
                return True
        if self.walk.clear_marks():
            self.redraw()
            return True
        return False

    def redraw(self) -> None:
        """Draw what has changed."""

    def share_out(self) -> None:
        """Share the width out between the picture and what stands beside it."""

    def _copy(self, text: str, what: str) -> None:
        self.app.copy_to_clipboard(text)
        self.say(f"Copied the {what}; some terminals must allow it.")
