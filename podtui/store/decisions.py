"""Decisions: a journal of every change of mind, with undo and redo that survive a restart."""

from collections.abc import Sequence

from podtui.store.cards import StepCard
from podtui.store.database import telling
from podtui.store.models import DecisionRow, Image, Step
from podtui.store.room import Room
from podtui.words import Decision, ImageId, ImageState

_LIVE, _UNDONE, _DROPPED = "live", "undone", "dropped"


class Decisions(Room):
    """What people think of the images, and how they came to think so.

    ``who`` names one open podtui: each undoes its own steps first, then the newest of anybody.
    """

    def decide(
        self, images: Sequence[ImageId], decision: Decision, who: str, words: str = ""
    ) -> StepCard | None:
        """Decide one or many images in one step of undo; None where nothing changes.

        Only images with a picture can be decided. Approving wishes the print file.
        """
        with self.writing():
            changed = self._changing(images, decision)
            if not changed:
                return None
            words = words or _words(decision, len(changed))
            Step.update(state=_DROPPED).where(Step.state == _UNDONE, Step.who == who).execute()
            step = Step.create(made_ms=self.clock.now_ms(), who=who, words=words)
            for image, before in changed:
                DecisionRow.create(step=step.n, image=image, before=before, after=decision)
            self._set([image for image, _ in changed], decision)
        return StepCard(step.n, step.made_ms, who, words, tuple(image for image, _ in changed))

    def undo(self, who: str) -> StepCard | None:
        """Take the newest step back, one's own first; None where there is none."""
        return self._turn(who, _LIVE, _UNDONE, newest_first=True)

    def redo(self, who: str) -> StepCard | None:
        """Make the step that was undone last again, one's own first; None where there is none."""
        return self._turn(who, _UNDONE, _LIVE, newest_first=False)

    def history(self, image: ImageId, limit: int = 20) -> list[StepCard]:
        """The steps that touched an image, newest first."""
        query = (
            Step.select(Step)
            .join(DecisionRow, on=(DecisionRow.step == Step.n))
            .where(DecisionRow.image == image)
            .order_by(Step.n.desc())
            .limit(limit)
        )
        with telling():
            return [StepCard(row.n, row.made_ms, row.who, row.words) for row in query]

    def _turn(self, who: str, before: str, after: str, *, newest_first: bool) -> StepCard | None:
        """Undo or redo: put every image of a step where it was, unless somebody decided otherwise since."""
        with self.writing():
            step = self._next(who, before, newest_first=newest_first)
            if step is None:
                return None
            rows = list(DecisionRow.select().where(DecisionRow.step == step.n))
            is_undo = after == _UNDONE
            groups: dict[str, list[ImageId]] = {}
            left_alone = 0
            now = {
                row.id: row.decision
                for row in Image.select(Image.id, Image.decision).where(
                    Image.id << [row.image for row in rows]
                )
            }
            for row in rows:
                expected, target = (row.after, row.before) if is_undo else (row.before, row.after)
                if now.get(row.image) == expected:
                    groups.setdefault(target, []).append(ImageId(row.image))
                else:
                    left_alone += 1
            for target, images in groups.items():
                self._set(images, Decision(target))
            Step.update(state=after).where(Step.n == step.n).execute()
        changed = tuple(image for images in groups.values() for image in images)
        return StepCard(step.n, step.made_ms, step.who, step.words, changed, left_alone)

    def _next(self, who: str, state: str, *, newest_first: bool) -> Step | None:
        order = Step.n.desc() if newest_first else Step.n.asc()
        found: Step | None = (
            Step.select().where(Step.state == state, Step.who == who).order_by(order).first()
            or Step.select().where(Step.state == state).order_by(order).first()
        )
        return found

    def _changing(self, images: Sequence[ImageId], decision: Decision) -> list[tuple[ImageId, str]]:
        query = Image.select(Image.id, Image.decision).where(
            Image.id << list(images), Image.state == ImageState.DONE, Image.decision != decision
        )
        before = {row.id: row.decision for row in query}
        return [(image, before[image]) for image in dict.fromkeys(images) if image in before]

    def _set(self, images: Sequence[ImageId], decision: Decision) -> None:
        decided = None if decision is Decision.UNDECIDED else self.clock.now_ms()
        Image.update(decision=decision, decided_ms=decided).where(Image.id << list(images)).execute()
        if decision is Decision.APPROVED:
            missing = Image.print_state.not_in(["made", "wanted"])
            Image.update(print_state="wanted").where((Image.id << list(images)) & missing).execute()
        else:
            Image.update(print_state="").where(
                Image.id << list(images), Image.print_state == "wanted"
            ).execute()


def _words(decision: Decision, how_many: int) -> str:
    verb = {Decision.APPROVED: "approved", Decision.REJECTED: "rejected", Decision.UNDECIDED: "reset"}[
        decision
    ]
    return f"{verb} {how_many} image" + ("" if how_many == 1 else "s")
