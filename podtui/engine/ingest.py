"""From a final answer to verified files: spool, check, put in place, read back, commit, clean up.

The order is the promise: the row says done only after the file lies whole on disk, and the spooled answer
goes only after the row is written.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from pathlib import Path

from podtui import picture_store, pictures
from podtui.clients.backend import Backend, JobView, RemotePicture
from podtui.errors import BadLink, LibraryError, PictureError
from podtui.failpoints import fp
from podtui.store import BatchCard, ImageCard, Store
from podtui.store.making import Stored
from podtui.text import clean
from podtui.words import Cause, ImageId


@dataclass(frozen=True)
class Problem:
    """Why a picture came to nothing."""

    cause: Cause
    title: str
    details: str = ""
    is_worth_another_look: bool = False
    """The service may give a whole copy, or a fresh link, when it is asked again."""


class Ingest:
    """Stores the pictures of finished jobs, at most two at a time."""

    def __init__(self, store: Store, backend: Backend) -> None:
        self._store = store
        self._backend = backend
        # Decoding is heavy on memory and two cores are the common machine.
        self._room = asyncio.Semaphore(2)

    async def take(self, image: ImageCard, number: int, view: JobView, batch: BatchCard) -> Problem | None:
        """Store every picture of an answer; the first takes the slot. None when the image is done."""
        if not view.pictures:
            return Problem(
                Cause.NO_IMAGE,
                "completed without an image (paid); likely over RunPod's size limit",
                "A smaller draft size, or an endpoint with a bucket, avoids it.",
            )
        async with self._room:
            first, problem = await self._first_good(image, number, view.pictures)
            if first is None:
                return problem
            index, stored = first
            for extra in range(index + 1, len(view.pictures)):
                await self._extra(image, number, extra, view.pictures[extra], batch)
        note = self._note(image, view, stored)
        self._store.making.stored(image, number, stored, batch.counts.total, note)
        fp("fetch.stored")
        self._clean_up(image, number)
        fp("fetch.cleaned")
        return None

    async def _first_good(
        self, image: ImageCard, number: int, pictures_: tuple[RemotePicture, ...]
    ) -> tuple[tuple[int, Stored] | None, Problem | None]:
        problem = None
        for index, picture in enumerate(pictures_):
            found = await self._one(image, image.id, number, index, picture)
            if isinstance(found, Stored):
                return (index, found), None
            problem = problem or found
        return None, problem

    async def _extra(
        self, image: ImageCard, number: int, index: int, picture: RemotePicture, batch: BatchCard
    ) -> None:
        """Keep a further picture as an image of its own; its id follows from its place, so twice is once."""
        digest = hashlib.sha256(f"{image.id}.{number}.{index}".encode()).hexdigest()
        extra = ImageId(f"generated_{digest[:12]}")
        found = await self._one(image, extra, number, index, picture)
        if isinstance(found, Stored):
            self._store.making.stored_extra(image, extra, found, batch.counts.total)
            fp("fetch.extra_stored")

    async def _one(
        self, image: ImageCard, name: ImageId, number: int, index: int, picture: RemotePicture
    ) -> Stored | Problem:
        """Bring one picture to its place on disk, or say why not."""
        library = self._store.library
        waiting = library.spool / f"{image.id}.{number}.{index}.picture"
        try:
            if problem := await self._spool(picture, waiting):
                return problem
            fp("fetch.picture_spooled")
            checked = await asyncio.to_thread(pictures.ingest, waiting, library, name)
        except PictureError as error:
            return await self._quarantine(image, number, waiting, error)
        fp("fetch.checked")
        target = library.draft(image.batch, name, checked.ending)
        await asyncio.to_thread(picture_store.adopt_or_put, target, waiting)
        fp("fetch.in_place")
        if await asyncio.to_thread(picture_store.sha256_of, target) != checked.sha256:
            raise LibraryError(
                "A picture reads back other than it was written", target.name, "Check the disk."
            )
        waiting.unlink(missing_ok=True)
        return Stored(
            ending=checked.ending,
            sha256=checked.sha256,
            bytes=checked.bytes,
            width=checked.width,
            height=checked.height,
            phash=checked.phash,
            has_alpha=checked.has_alpha,
        )

    async def _spool(self, picture: RemotePicture, waiting: Path) -> Problem | None:
        if picture.problem:
            return Problem(Cause.UNREADABLE, picture.problem)
        if picture.data is not None:
            await asyncio.to_thread(picture_store.put, waiting, picture.data)
            return None
        try:
            await asyncio.to_thread(waiting.unlink, missing_ok=True)
            await self._backend.download(picture.url or "", waiting)
        except BadLink as error:
            return Problem(Cause.LINK, error.title, error.cause, is_worth_another_look=not error.is_refused)
        return None

    async def _quarantine(self, image: ImageCard, number: int, waiting: Path, error: PictureError) -> Problem:
        """Refused pictures are kept: they were paid for."""
        library = self._store.library
        kept = await asyncio.to_thread(picture_store.quarantine, library, image.id, number, waiting)
        cause = {"too_large": Cause.TOO_LARGE}.get(error.kind, Cause.DAMAGED)
        details = f"{error.cause} Its bytes are kept in {kept.relative_to(library.root)}."
        return Problem(cause, error.title, details, is_worth_another_look=error.kind == "damaged")

    def _note(self, image: ImageCard, view: JobView, stored: Stored) -> str:
        notes = [clean(note, 200) for note in view.notes]
        if len(view.pictures) > 1:
            notes.append(f"1 expected, {len(view.pictures)} received")
        twins = self._store.images.with_bytes(stored.sha256, besides=image.id)
        if twins:
            notes.append(f"same picture as {twins[0]}")
        if image.cancel_wished:
            notes.append("cancel asked; image arrived anyway (paid)")
        return " · ".join(notes)

    def _clean_up(self, image: ImageCard, number: int) -> None:
        self._store.library.answer(image.id, number).unlink(missing_ok=True)
