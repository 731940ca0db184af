"""What the review looks like: the picture, the thumbnails, and the words about the image under the cursor."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from podtui.plan import Fields
from podtui.store.cards import AttemptCard, ImageCard
from podtui.text import clean, short_id, shorten
from podtui.words import BatchId, ImageId
from screens import review_words
from screens.info import InfoPanel
from screens.keys import Key
from screens.parts import Parts
from screens.review_acts import Acts
from screens.safe import safe
from screens.widgets.job_strip import JobStrip, review_tile
from screens.widgets.picture import Picture
from screens.widgets.state_words import of_image
from screens.widgets.thumb_grid import ThumbGrid

_LARGE_PX = 768
_SIDE_CELLS = 43
"""What the thumbnails of a batch of 25 and the words beside the picture need, in cells."""


class ReviewView(Acts):
    """Draws the walk, and moves through it."""

    def __init__(self, parts: Parts, *, batch: BatchId | None = None, fields: Fields | None = None) -> None:
        super().__init__(parts, batch=batch, fields=fields)
        self._attempts: dict[ImageId, AttemptCard] = {}
        self._seen: set[ImageId] = set()
        self._missing: set[ImageId] = set()
        self._said = ""
        """What the last act did."""
        self._is_at_end = False
        """The last decision found no further picture: what is next is said until something else is done."""

    def compose_body(self) -> ComposeResult:
        """Picture on the left; thumbnails and words on the right."""
        with Horizontal(id="panes"):
            yield Picture(id="picture")
            with Vertical(id="side"):
                yield JobStrip(id="grid")
                yield InfoPanel(id="info")
                yield Static(id="facts", markup=False)
                yield Static(id="prompt", markup=False)
                yield Static(id="scope", markup=False)
        yield Static(id="under", markup=False)
        yield Static("Nothing to review yet. g c composes the first batch.", id="empty", markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Give the picture what it can fill, and the thumbnails what they need."""
        self.share_out()

    def share_out(self) -> None:
        """Make the pane as wide as the print's proportions want, at this height."""
        if self.has_class("-loupe"):
            self.query_one(Picture).styles.width = None
            return
        cell_width, cell_height = self.parts.graphics.cell_px
        proportion = self.card.width / self.card.height if self.card else 5 / 6
        wanted = round((self.size.height - 2) * cell_height / max(cell_width, 1) * proportion)
        room = self.size.width - _SIDE_CELLS
        self.query_one(Picture).styles.width = max(20, min(wanted, room))

    def heading(self) -> str:
        """Which batch, and how far the decisions are."""
        if self.card is None:
            return "Review"
        counts = review_words.heading_counts(self.walk.images)
        return f"Review · {short_id(self.card.id)} · {counts} · “{shorten(self.card.prompt, 60)}”"

    def retitle(self) -> None:
        """Draw the title line and the keys anew, unless the screen has been left meanwhile."""
        if self.query("TitleLine") and self.query("Foot"):
            super().retitle()

    def foot_keys(self) -> Sequence[Key]:
        """Decide first."""
        by_id = {key.id: key for key in self.keymap.keys}
        loupe = "grid" if self.has_class("-loupe") else "loupe"
        info = "thumbnails" if self.has_class("-info") else "info"
        wanted = [
            ("review.approve", "yes"),
            ("review.reject", "no"),
            ("review.undo", "undo"),
            ("review.loupe", loupe),
            ("review.info", info),
        ]
        if self.walk.images and self.walk.decided == self.walk.pictures:
            wanted.insert(0, ("go.progress", "watch"))
        return [replace(by_id[name], label=label) for name, label in wanted if name in by_id]

    # --- drawing ----------------------------------------------------------------------------------------

    def redraw(self) -> None:
        """Draw what has changed."""
        if not self.query(JobStrip):
            return  # an answer that came after the screen was left
        grid, walk = self.query_one(JobStrip), self.walk
        tiles = [
            review_tile(
                image,
                self.parts.library,
                is_marked=image.id in walk.marks,
                is_missing=image.id in self._missing,
            )
            for image in walk.images
        ]
        if [tile.id for tile in tiles][: len(grid.tiles)] == [tile.id for tile in grid.tiles]:
            for tile in tiles:
                grid.update_tile(tile)
        else:
            grid.set_tiles(tiles)
        if walk.here:
            grid.move_to(walk.here.id)
        self._draw_here()

    def _draw_here(self) -> None:
        """Draw what belongs to the image under the cursor."""
        here, card = self.walk.here, self.card
        if here is None or card is None:
            return
        picture = self.query_one(Picture)
        picture.show(self._preview(here), alt=self._alt(here))
        if self._preview(here) is None:
            picture.refresh()  # words that follow words are drawn as well
        around = (self.walk.at + self.walk.direction, self.walk.at - self.walk.direction)
        near = [self.walk.images[at] for at in around if 0 <= at < len(self.walk.images)]
        picture.prefetch([path for image in near if (path := self._preview(image)) is not None])
        attempt = self._attempts.get(here.id)
        lines = review_words.summary_lines(here, card, attempt, len(self.walk.images))
        self.query_one("#facts", Static).update(safe(lines[0]) + "\n" + safe(lines[1]), layout=False)
        prompt = self.query_one("#prompt", Static)
        prompt.set_class(self._is_at_end, "-end")
        prompt.update(safe(self._end_words() if self._is_at_end else here.prompt, 400), layout=False)
        if self.has_class("-info"):
            neighbour = next(iter(near), None)
            rows = review_words.info_rows(here, card, attempt, neighbour, self.parts.library)
            self.query_one(InfoPanel).show(rows)
        self._draw_scope()

    def _draw_scope(self) -> None:
        """Say what the next act applies to, and what the last one did."""
        walk, here = self.walk, self.walk.here
        if here is None:
            return
        scope = f"applies to: {len(walk.marks)} marked" if walk.marks else f"applies to: {here.position + 1}"
        if walk.anchor is not None:
            first = next((image.position + 1 for image in walk.images if image.id == walk.anchor), 0)
            scope = f"range from {first}: v marks up to here"
        words = " · ".join(part for part in (self._said, scope) if part)
        self.query_one("#scope", Static).update(safe(words), layout=False)
        mark = review_words.decision_words(here)
        has_scope = bool(walk.marks) or walk.anchor is not None
        words = self._end_words() if self._is_at_end else words if has_scope else self._said
        parts = (f"{here.position + 1} of {len(walk.images)}", mark, words, clean(here.prompt, 200))
        under = " · ".join(part for part in parts if part)
        self.query_one("#under", Static).update(safe(under), layout=False)

    def _end_words(self) -> str:
        return review_words.end_words(self.walk.images, self.parts.library)

    def _preview(self, image: ImageCard) -> Path | None:
        """The prepared preview; None where there is no picture, or its file is gone."""
        if not image.has_picture or image.id in self._missing:
            return None
        return self.parts.library.preview(image.id, _LARGE_PX)

    def _alt(self, image: ImageCard) -> str:
        """What stands where no picture can."""
        if image.id in self._missing:
            return f"{image.position + 1}: file missing"
        if not image.has_picture:
            return f"{image.position + 1} {of_image(image.state).text}"
        return f"{image.position + 1}: the preview cannot be drawn here"

    # --- what the widgets tell --------------------------------------------------------------------------

    def on_picture_shown(self, event: Picture.Shown) -> None:
        """The picture is painted: its image may be decided."""
        for image in self.walk.images:
            if self._preview(image) == event.source:
                self._seen.add(image.id)

    def on_thumb_grid_moved(self, event: ThumbGrid.Moved) -> None:
        """Follow the mouse; the keys move the cursor themselves."""
        now = self.query_one(JobStrip).current
        if now is None or now.id != event.id:
            return  # a later move has overtaken this one
        places = {image.id: place for place, image in enumerate(self.walk.images)}
        self._move(places.get(ImageId(event.id), self.walk.at))

    def on_thumb_grid_chosen(self, event: ThumbGrid.Chosen) -> None:
        """Look closer."""
        self.action_loupe()

    # --- moving -----------------------------------------------------------------------------------------

    def _move(self, place: int) -> None:
        if self.walk.go(place):
            self._said, self._is_at_end = "", False
            self._follow()

    def _follow(self) -> None:
        """Bring highlight and picture to the cursor."""
        if self.walk.here:
            self.query_one(JobStrip).move_to(self.walk.here.id)
        self._draw_here()

    def action_cursor_left(self) -> None:
        """Go to the image before."""
        self._move(self.walk.at - 1)

    def action_cursor_right(self) -> None:
        """Go to the next image."""
        self._move(self.walk.at + 1)

    def action_cursor_up(self) -> None:
        """Go to the image above; in the loupe, to the one before."""
        self._move(self.walk.at - self._per_row)

    def action_cursor_down(self) -> None:
        """Go to the image below; in the loupe, to the next."""
        target = self.walk.at + self._per_row
        last = len(self.walk.images) - 1
        is_above_last_row = self.walk.at // self._per_row < last // self._per_row
        self._move(min(target, last) if is_above_last_row else target)

    def action_cursor_first(self) -> None:
        """Go to the first image."""
        self._move(0)

    def action_cursor_last(self) -> None:
        """Go to the last image."""
        self._move(len(self.walk.images) - 1)

    @property
    def _per_row(self) -> int:
        if self.has_class("-loupe") or self.has_class("-info"):
            return 1
        return self.query_one(JobStrip).per_row

    # --- other acts -------------------------------------------------------------------------------------

    def action_loupe(self) -> None:
        """The picture alone, or the grid again."""
        self.toggle_class("-loupe")
        self.share_out()
        self._draw_scope()
        self.retitle()

    def action_info(self) -> None:
        """Everything known of the image, or the thumbnails again."""
        self.remove_class("-loupe")
        self.share_out()
        self.toggle_class("-info")
        self._draw_here()
        self.retitle()
