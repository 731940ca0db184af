"""Puts pictures and answers on disk so that a power cut leaves the whole file or none.

A file is written beside its place under a temporary name, synced once, renamed, and its folder is synced.
Folders are 0700 and files 0600 whatever the umask; links are never followed inside the library. One writer
holds the library's lease, so looking before writing is enough to overwrite nothing.
"""

import errno
import hashlib
import os
import re
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from podtui.errors import DiskFull, LibraryError
from podtui.failpoints import fp
from podtui.paths import Library
from podtui.words import ImageId

_BLOCK = 1 << 20
_TEMP_NAME = re.compile(r"\..+\.(\d+)\.[0-9a-f]{8}\.tmp")
_FOLDERS = frozenset({"pictures", "previews", "prints", "spool", "quarantine", "copies", "logs"})
_DEEPEST = 3
_LOOK = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

# Where each folder really lay when this process first used it.
_pinned: dict[Path, str] = {}


class FileTaken(LibraryError):
    """Other bytes lie where a draft belongs; they are left as they are."""


@dataclass(frozen=True)
class Temp:
    """A file that is being written beside its place: ``fd`` is open for writing."""

    path: Path
    fd: int

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of ``data``; the system may take it in parts."""
        view = memoryview(data).cast("B")
        while view:
            view = view[os.write(self.fd, view) :]


def put(path: Path, data: bytes | bytearray | memoryview) -> None:
    """Store ``data`` at ``path``, replacing what was there.

    Raises:
        DiskFull: there is no room; nothing was changed.
        LibraryError: the disk or a folder cannot be used; nothing was changed.
    """
    with storing(path) as temp:
        temp.write(data)


def put_file(path: Path, source: Path) -> None:
    """Store a copy of the file ``source`` at ``path``, a megabyte at a time; raises as ``put`` does."""
    with storing(path) as temp:
        for block in _blocks(source):
            temp.write(block)


@contextmanager
def storing(path: Path) -> Iterator[Temp]:
    """Give a file to write; it takes the place of ``path`` when the block ends well, and vanishes otherwise.

    After a failed sync the file is given up: a second sync would report success for lost bytes, so whoever
    wants to try again starts again from the bytes.
    """
    mkdirs(path.parent)
    with _told(path), _folder(path.parent) as folder:
        name = f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(name, flags, 0o600, dir_fd=folder)
        try:
            try:
                fp("picture.temp_made")
                os.fchmod(fd, 0o600)
                yield Temp(path.with_name(name), fd)
                fp("picture.written")
                os.fsync(fd)
            finally:
                os.close(fd)
            fp("picture.synced")
            os.rename(name, path.name, src_dir_fd=folder, dst_dir_fd=folder)
        except BaseException:
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        fp("picture.renamed")
        os.fsync(folder)
        fp("picture.folder_synced")


def adopt_or_put(path: Path, source: Path) -> bool:
    """Store a copy of ``source`` at ``path`` unless it lies there already; tell whether it did.

    Raises:
        FileTaken: other bytes, a folder or a link lie there; they are left as they are.
        DiskFull, LibraryError: as ``put``.
    """
    mkdirs(path.parent)
    with _told(path):
        try:
            there = os.open(path, _LOOK)
        except FileNotFoundError:
            put_file(path, source)
            return False
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            raise _taken(path) from error
        try:
            if not _holds(there, source):
                raise _taken(path)
            os.fsync(there)
        finally:
            os.close(there)
        # Whoever wrote it may have been killed before the folder was synced.
        _sync_folder(path.parent)
    fp("picture.adopted")
    return True


def sha256_of(path: Path) -> str:
    """Read a file and return its SHA-256 as 64 hex digits; a link is not followed."""
    digest = hashlib.sha256()
    with _told(path):
        for block in _blocks(path):
            digest.update(block)
    return digest.hexdigest()


def mkdirs(folder: Path) -> None:
    """Make a folder and what it lies in, 0700 each, durable before anything is put into it.

    Raises:
        LibraryError: the folder is a link, or lies elsewhere than when this process first used it.
    """
    with _told(folder):
        if _pinned.get(folder) != os.path.realpath(folder) or not folder.is_dir():
            _make(folder)
            _pin(folder)


def remove_dead_temp_files(root: Path) -> int:
    """Remove what killed writers left half written; only whoever holds the lease may call this.

    Temporary files of other living processes stay, and so does every name that is not ours.
    """
    removed = 0
    with _told(root):
        for path in _temp_files(root, _DEEPEST):
            with suppress(FileNotFoundError):
                path.unlink()
                removed += 1
                fp("picture.temp_removed")
    return removed


def quarantine(library: Library, image: ImageId, attempt: int, source: Path) -> Path:
    """Move refused bytes to where podtui never deletes them, and return their new place.

    Moving needs no room, so paid bytes are kept on a full disk too. Nothing there is overwritten.
    """
    mkdirs(library.quarantine)
    with _told(source):
        fd = os.open(source, _LOOK)
        try:
            os.fchmod(fd, 0o600)
            os.fsync(fd)
            target = _free_name(library.quarantine / f"{image}.{attempt}.picture", fd)
        finally:
            os.close(fd)
        fp("picture.quarantine")
        source.rename(target)
        fp("picture.quarantined")
        _sync_folder(target.parent)
        _sync_folder(source.parent)
    return target


def _make(folder: Path) -> None:
    missing = []
    while not folder.is_dir():
        missing.append(folder)
        folder = folder.parent
    for new in reversed(missing):
        with suppress(FileExistsError):
            new.mkdir(0o700)
            new.chmod(0o700)
        fp("picture.folder_made")
        _sync_folder(new.parent)
        fp("picture.folder_known")


def _pin(folder: Path) -> None:
    """Remember where a folder lies; refuse one that is, or has become, a link to somewhere else."""
    real = os.path.realpath(folder)
    if folder.is_symlink() or _pinned.get(folder, real) != real:
        raise LibraryError(
            f"{_shown(folder)} was replaced by a link",
            "podtui follows no link inside its library.",
            "Put the folder back, or start podtui again if the library has moved.",
        )
    # A process that was killed may have made the folder without syncing what it lies in.
    for above in (folder.parent, folder.parent.parent):
        with suppress(PermissionError):
            _sync_folder(above)
    _pinned[folder] = real


@contextmanager
def _folder(folder: Path) -> Iterator[int]:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _sync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _blocks(path: Path) -> Iterator[bytes]:
    with os.fdopen(os.open(path, _LOOK), "rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            yield block


def _holds(fd: int, source: Path) -> bool:
    """Tell whether an open file is a plain one that holds the bytes of ``source``."""
    there = os.fstat(fd)
    if not stat.S_ISREG(there.st_mode) or there.st_size != source.stat().st_size:
        return False
    place = 0
    for block in _blocks(source):
        if os.pread(fd, len(block), place) != block:
            return False
        place += len(block)
    return place == there.st_size


def _free_name(wished: Path, fd: int) -> Path:
    """Find a name in the quarantine that is free, or that holds the same bytes already."""
    candidate, number, digest = wished, 1, _sha256_of_open(fd)
    while os.path.lexists(candidate):
        if candidate.is_file() and not candidate.is_symlink() and sha256_of(candidate) == digest:
            break
        number += 1
        candidate = wished.with_name(f"{wished.stem}.{number}{wished.suffix}")
    return candidate


def _sha256_of_open(fd: int) -> str:
    digest, place = hashlib.sha256(), 0
    while block := os.pread(fd, _BLOCK, place):
        digest.update(block)
        place += len(block)
    return digest.hexdigest()


def _temp_files(folder: Path, depth: int) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if depth:
                    yield from _temp_files(Path(entry.path), depth - 1)
            elif (ours := _TEMP_NAME.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False):
                writer = int(ours[1])
                if writer == os.getpid() or not _is_alive(writer):
                    yield Path(entry.path)


def _is_alive(process: int) -> bool:
    """Tell whether a process of ours has this number; another person's process never wrote our files."""
    try:
        os.kill(process, 0)
    except (ProcessLookupError, PermissionError, OverflowError):
        return False
    return True


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn what the system says into an error for a person; the path is told from the library's folder on."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                "Disk full", f"No room to write {_shown(path)}.", "Make room; podtui goes on by itself."
            ) from error
        reason = os.strerror(error.errno) if error.errno else "unknown reason"
        raise LibraryError(f"Storage error on {_shown(path)}", f"{reason}.", "Check the disk.") from error


def _taken(path: Path) -> FileTaken:
    return FileTaken(
        f"{_shown(path)} is taken",
        "Other bytes lie there already.",
        "Move that file elsewhere; it is not ours.",
    )


def _shown(path: Path) -> str:
    """Name a path from the library's folder on; the home directory is nobody's business."""
    parts = path.parts
    for place in range(len(parts) - 1, 0, -1):
        if parts[place] in _FOLDERS:
            return "/".join(parts[place:])
    return path.name
