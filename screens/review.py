"""Review: look at the pictures of a batch and decide them by key, in the grid or in the loupe."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from podtui.errors import PodtuiError
from podtui.store.cards import AttemptCard, BatchCard, ImageCard, StepCard
from podtui.text import short_id
from podtui.words import BatchId, Decision, ImageId
from screens import review_words, steering
from screens.keys import Key
from screens.parts import Parts
from screens.review_keys import REVIEW_KEYS
from screens.review_view import ReviewView
from screens.walk import Walk

if TYPE_CHECKING:
    from podtui.plan import Fields
    from podtui.store import Store

_VERBS = {
    Decision.APPROVED: "approved",
    Decision.REJECTED: "rejected",
    Decision.UNDECIDED: "taken back",
}


class ReviewScreen(ReviewView):
    """The pictures of one batch; decisions are drawn at once and written in order."""

    NAME = "review"
    CSS_PATH = "review.tcss"
    KEYS: ClassVar[tuple[Key, ...]] = REVIEW_KEYS

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: "Fields | None" = None) -> None:
        super().__init__(parts, batch=batch, fields=fields)
        self._writes = 0

    # --- reading ----------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Read the batch and its images; an answer that a decision has overtaken is dropped."""
        writes, wanted = self._writes, self.batch_id
        library = self.parts.library

        def read(
            store: "Store",
        ) -> tuple[BatchCard, list[ImageCard], dict[ImageId, AttemptCard], set[ImageId]] | None:
            batch = wanted
            if batch is None:
                newest = store.batches.page(limit=20)
                with_pictures = [card for card in newest if card.counts.done] or newest
                if not with_pictures:
                    return None
                batch = with_pictures[0].id
            images = store.images.of_batch(batch)
            missing = {
                image.id
                for image in images
                if image.has_picture and not library.draft(image.batch, image.id, image.ending).is_file()
            }
            return store.batches.get(batch), images, store.images.latest_attempts(batch), missing

        found = await self.parts.desk.ask(read)
        self.set_class(found is None, "-empty")
        if found is None or writes != self._writes:
            return
        is_first = self.card is None or self.card.id != found[0].id
        self.card, images, self._attempts, self._missing = found
        self.batch_id = self.card.id
        if is_first:
            self.walk = Walk()
            self.share_out()
        self.walk.take(images)
        if is_first:
            self._begin()
        self.redraw()

    def _begin(self) -> None:
        """Stand on the first picture without a decision."""
        here = self.walk.here
        if here is not None and not (here.has_picture and here.decision is Decision.UNDECIDED):
            self.walk.next_undecided()

    # --- deciding ---------------------------------------------------------------------------------------

    def action_approve(self) -> None:
        """Approve, and go to the next undecided."""
        self._decide(Decision.APPROVED)

    def action_reject(self) -> None:
        """Reject, and go to the next undecided."""
        self._decide(Decision.REJECTED)

    def action_reset(self) -> None:
        """Take the decision back; the cursor stays."""
        self._decide(Decision.UNDECIDED)

    def _decide(self, decision: Decision) -> None:
        """Decide what the scope holds, draw it, have it written."""
        walk = self.walk
        chosen = walk.scope
        if walk.here is None or not self._may_decide(chosen, decision):
            return
        ids = [image.id for image in chosen]
        number = walk.here.position + 1
        self._is_at_end = False
        self._said = f"{_VERBS[decision]} {f'{len(ids)} marked' if walk.marks else number} · z undo"
        was_marked = walk.clear_marks()
        walk.decide(ids, decision)
        who = self.parts.who
        self._write(
            lambda store: store.decisions.decide(ids, decision, who), wakes=decision is Decision.APPROVED
        )
        if decision is not Decision.UNDECIDED and not was_marked and not walk.next_undecided():
            self._is_at_end = True
        self.redraw()
        self.retitle()

    def _may_decide(self, chosen: list[ImageCard], decision: Decision) -> bool:
        """Say why not, where a decision cannot be taken."""
        here = self.walk.here
        if here is None or not steering.may_change(self):
            return False
        if not chosen:
            self._tell(review_words.no_decision_words(here))
            return False
        gone = [image for image in chosen if image.id in self._missing]
        if gone and decision is Decision.APPROVED:
            self._tell(f"approve: the file of {gone[0].position + 1} is missing")
            return False
        if not self.walk.marks and decision is not Decision.UNDECIDED and not self._is_seen(here):
            self._tell(f"held: {here.position + 1} is not on the screen yet; press again")
            return False
        return True

    def _is_seen(self, image: ImageCard) -> bool:
        """The picture was painted, or there is none that could be."""
        if self.parts.graphics.protocol == "off" or image.id in self._seen:
            return True
        path = self._preview(image)
        return path is None or not path.is_file()

    def _tell(self, words: str) -> None:
        """Say something on the line of the scope, where it covers nothing."""
        self._said = words
        self._draw_scope()

    def _write(self, question: "Callable[[Store], object]", *, wakes: bool) -> None:
        """Have something written in its turn, whatever becomes of this screen."""
        self._writes += 1
        asked = asyncio.ensure_future(self.parts.desk.ask(question))
        self.app.run_worker(self._after(asked, wakes), group="decisions", exit_on_error=False)

    async def _after(self, asked: "asyncio.Future[object]", wakes: bool) -> None:
        try:
            await asyncio.shield(asked)
        except PodtuiError as error:
            self.report(error)
        else:
            if wakes:  # an approved image wants its print file
                self.parts.wake()
        self._writes += 1
        self.read_again()

    async def action_undo(self) -> None:
        """Undo the last decision, and go where it was."""
        await self._turn_back("undone", "undo")

    async def action_redo(self) -> None:
        """Redo what was undone last, and go there."""
        await self._turn_back("redone", "redo")

    async def _turn_back(self, word: str, act: str) -> None:
        if not steering.may_change(self):
            return
        who = self.parts.who
        self._writes += 1

        def turn(store: "Store") -> tuple[StepCard | None, ImageCard | None]:
            step = store.decisions.undo(who) if act == "undo" else store.decisions.redo(who)
            return step, store.images.get(step.changed[0]) if step and step.changed else None

        step, first = await self.parts.desk.ask(turn)
        if step is None:
            self._tell(f"{act}: there is nothing to {act}")
            return
        left = f", {step.left_alone} decided otherwise since" if step.left_alone else ""
        self._said, self._is_at_end = f"{word}: {step.words}{left}", False
        self._writes += 1
        if first is not None and first.batch != self.batch_id:
            self._said += f" in {short_id(first.batch)}"
            self.say(self._said)
        elif first is not None:
            self.walk.find(first.id)
        self.parts.wake()
        self.read_again()

    # --- marks ------------------------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Mark or unmark, and move on."""
        here = self.walk.here
        if here is None:
            return
        if not here.has_picture:
            self._tell(review_words.no_decision_words(here))
            return
        self.walk.toggle_mark()
        self._said = ""
        self.walk.go(self.walk.at + 1)
        self.redraw()

    def action_range(self) -> None:
        """Begin a range, or mark what lies in it."""
        count = self.walk.begin_or_end_range()
        self._said = "" if count is None else f"marked {count}"
        self.redraw()

    def action_invert(self) -> None:
        """Invert the marks."""
        self.walk.invert_marks()
        self._said = ""
        self.redraw()
