"""Files that an answer is streamed into: whole or not there, readable by this person alone."""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from podtui.errors import DiskFull, LibraryError


class SpoolFile:
    """A file being written under a temporary name; ``finish`` puts it in its place.

    Every method may block on the disk and raises only ``LibraryError``.
    """

    def __init__(self, target: Path) -> None:
        self._target = target
        self._waiting = target.with_name(f".{target.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        with _in_our_words(target):
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._handle = os.open(self._waiting, flags, 0o600)
        self._is_open = True

    def write(self, chunk: bytes | bytearray) -> None:
        """Append; short writes are completed."""
        view = memoryview(chunk)
        with _in_our_words(self._target):
            while view:
                view = view[os.write(self._handle, view) :]

    def finish(self) -> None:
        """Flush the bytes, put the file in its place, flush the folder."""
        with _in_our_words(self._target):
            os.fsync(self._handle)
            self._close()
            self._waiting.rename(self._target)
            folder = os.open(self._target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def drop(self) -> None:
        """Leave nothing behind; after ``finish`` this does nothing."""
        self._close()
        with contextlib.suppress(OSError):
            self._waiting.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._is_open:
            self._is_open = False
            os.close(self._handle)


def put(target: Path, data: bytes | bytearray) -> None:
    """Write a small file whole.

    Raises:
        LibraryError: the disk did not take it (``DiskFull`` where it is full).
    """
    file = SpoolFile(target)
    try:
        file.write(data)
        file.finish()
    finally:
        file.drop()


@contextlib.contextmanager
def _in_our_words(target: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "The disk is full", f"{target.name} could not be written.", "Free some room; it goes on then."
            ) from None
        raise LibraryError(
            "A file could not be written", f"{target}: {error.strerror}.", "Check the disk and its rights."
        ) from None
