"""Makes the print files of approved images, one at a time, off the loop."""

import asyncio

from podtui import print_file
from podtui.errors import LibraryError, PodtuiError
from podtui.events import PrintFailed, PrintMade
from podtui.failpoints import fp
from podtui.store import ImageCard, Store
from podtui.text import clean


class Finisher:
    """The runner's hands for print files."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.is_busy = False
        """There is a print file left to make."""

    async def work(self) -> None:
        """Make one print file, if one is wanted."""
        wanted = self._store.making.wanted_prints(limit=2)
        self.is_busy = bool(wanted)
        if wanted:
            await self._make(wanted[0])
            self.is_busy = len(wanted) > 1

    async def _make(self, image: ImageCard) -> None:
        batch = self._store.batches.get(image.batch)
        library = self._store.library
        draft = library.draft(image.batch, image.id, image.ending)
        target = library.print_file(image.batch, image.id)
        fp("print.before")
        try:
            printed = await asyncio.to_thread(
                print_file.make_print_file, draft, target, batch.width, batch.height
            )
        except LibraryError:
            raise
        except (PodtuiError, OSError) as error:
            title = clean(error.title if isinstance(error, PodtuiError) else f"{error.strerror}", 200)
            event = PrintFailed(batch=image.batch, image=image.id, title=title)
            self._store.making.print_failed(image, title, event)
            return
        fp("print.in_place")
        made = PrintMade(batch=image.batch, image=image.id, width=batch.width, height=batch.height)
        self._store.making.printed(image, printed.sha256, printed.bytes, made)
        fp("print.recorded")
