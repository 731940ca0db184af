"""Opening the library's database: modes that survive a power cut, guards against what does not fit.

The choice of modes is argued in the project's notes on faults: WAL only where SQLite has the WAL-reset fix,
else a truncated rollback journal; ``synchronous=EXTRA`` in both; every write transaction is IMMEDIATE.
"""

import contextlib
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

import peewee as pw

from podtui.errors import DiskFull, LibraryBusy, LibraryError, LibraryTooNew
from podtui.failpoints import fp
from podtui.paths import Library
from podtui.store.migrations import APPLICATION_ID, MIGRATIONS
from podtui.store.models import PROXY
from podtui.store.sql import number, run

_log = logging.getLogger(__name__)

PATIENCE_S = 5.0
"""How long a write waits for another program's lock, in seconds."""
KEPT_COPIES = 7
"""How many daily copies of the database are kept."""


def wal_is_safe(version: tuple[int, ...] = sqlite3.sqlite_version_info) -> bool:
    """Tell whether this SQLite has the WAL-reset fix (3.51.3, 3.50.7, 3.44.6; SQLite's release notes)."""
    return version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51, 0) or (3, 44, 6) <= version < (3, 45, 0)


def journal_mode() -> str:
    """The journal mode of choice; ``PODTUI_JOURNAL`` forces one, for tests of both."""
    forced = os.environ.get("PODTUI_JOURNAL", "")
    return forced if forced in ("wal", "truncate") else "wal" if wal_is_safe() else "truncate"


def open_database(library: Library) -> pw.SqliteDatabase:
    """Open the library's database for this process, made or brought up to date where needed.

    Raises:
        LibraryTooNew: a newer podtui made it.
        LibraryBusy: another program holds it for too long.
        LibraryError: it is damaged, unreadable, or no library of podtui's.
    """
    with telling():
        _make_folders(library)
        database = _connect(library.database)
        if database.is_closed():
            database.connect()
        _check_modes(database)
        _bring_up_to_date(database, library)
    return database


def _make_folders(library: Library) -> None:
    library.root.mkdir(parents=True, exist_ok=True, mode=0o700)
    for folder in (
        library.pictures,
        library.previews,
        library.prints,
        library.spool,
        library.quarantine,
        library.copies,
        library.logs,
    ):
        folder.mkdir(exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    # Ours before SQLite opens it: its side files follow the mode of the main file.
    with contextlib.suppress(FileExistsError):
        os.close(os.open(library.database, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        library.database.chmod(0o600)


def _connect(path: Path) -> pw.SqliteDatabase:
    current = PROXY.obj
    if isinstance(current, pw.SqliteDatabase) and current.database == str(path):
        return current
    if current is not None and not current.is_closed():
        current.close()
    database = pw.SqliteDatabase(
        str(path),
        pragmas={
            "journal_mode": journal_mode(),
            "synchronous": "extra",
            "busy_timeout": round(PATIENCE_S * 1000),
            "foreign_keys": 1,
            "mmap_size": 0,
            "trusted_schema": 0,
        },
        timeout=PATIENCE_S,
        lock_type="IMMEDIATE",
        # STRICT tables (SQLite 3.37 of 2021) keep a NaN or a word out of a number's column.
    )
    PROXY.initialize(database)
    return database


def _check_modes(database: pw.SqliteDatabase) -> None:
    mode = run(database, "PRAGMA journal_mode").fetchone()[0]
    synchronous = number(database, "PRAGMA synchronous")
    if synchronous != 3:
        raise LibraryError(
            "The library cannot be written safely", f"SQLite runs with synchronous={synchronous}."
        )
    _log.info("database opened: journal_mode=%s synchronous=%s", mode, synchronous)


def _bring_up_to_date(database: pw.SqliteDatabase, library: Library) -> None:
    version = _version(database)
    if version == len(MIGRATIONS):
        return
    if version > len(MIGRATIONS):
        raise LibraryTooNew(
            "This library was made by a newer podtui",
            f"Its schema is {version}, this program knows {len(MIGRATIONS)}.",
            "Update podtui.",
        )
    if version:
        copy_aside(database, library, f"before-schema-{len(MIGRATIONS)}")
    for step in range(version, len(MIGRATIONS)):
        with database.atomic("IMMEDIATE"):
            if _version(database) != step:
                continue  # another program was faster
            for statement in MIGRATIONS[step]:
                run(database, statement)
            run(database, f"PRAGMA user_version = {step + 1}")
            run(database, f"PRAGMA application_id = {APPLICATION_ID}")
            fp("migrate.before_commit")
    _sync_folder(library.root)


def _version(database: pw.SqliteDatabase) -> int:
    version = number(database, "PRAGMA user_version")
    application = number(database, "PRAGMA application_id")
    tables = number(database, "SELECT count(*) FROM sqlite_master")
    if tables and application != APPLICATION_ID:
        raise LibraryError(
            "That database is not podtui's", str(database.database), "Set PODTUI_HOME elsewhere."
        )
    return version


def copy_aside(database: pw.SqliteDatabase, library: Library, name: str) -> Path:
    """Write a whole, flushed copy of the database into the library's copies."""
    target = library.copies / f"{name}.db"
    target.unlink(missing_ok=True)
    run(database, "VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    _sync_folder(library.copies)
    return target


def copy_of_the_day(database: pw.SqliteDatabase, library: Library, today: str) -> None:
    """Copy the database once a day and keep the last seven; ``today`` is ``YYYY-MM-DD``."""
    if (library.copies / f"day-{today}.db").exists():
        return
    if shutil.disk_usage(library.root).free < 2 * library.database.stat().st_size:
        return
    copy_aside(database, library, f"day-{today}")
    for old in sorted(library.copies.glob("day-*.db"))[:-KEPT_COPIES]:
        old.unlink()


def quick_check(database: pw.SqliteDatabase) -> None:
    """Look whether the database is whole.

    Raises:
        LibraryError: it is damaged; nothing is overwritten.
    """
    with telling():
        found = run(database, "PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise _damaged(str(database.database))


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Turn the database's failures into words a person can act on."""
    try:
        yield
    except (pw.DatabaseError, sqlite3.DatabaseError) as error:
        raise _in_words(_first_of(error)) from error
    except OSError as error:
        raise LibraryError(
            "The library cannot be used",
            f"{error.filename or ''}: {error.strerror}.",
            "Check its permissions.",
        ) from error


def _first_of(error: BaseException) -> BaseException:
    """Walk to the first SQLite error: a failed rollback hides the full disk that caused it."""
    first, at = error, error.__context__
    while at is not None:
        if isinstance(at, sqlite3.Error):
            first = at
        at = at.__context__
    return first


def _in_words(error: BaseException) -> LibraryError:
    said = str(error).lower()
    if "locked" in said or "busy" in said:
        return LibraryBusy(
            "The library is busy", "Another program has been writing for too long.", "Try again."
        )
    if "full" in said:
        return DiskFull(
            "The disk is full", "Nothing was changed.", "Free some room; podtui goes on by itself."
        )
    if "malformed" in said or "not a database" in said:
        return _damaged("podtui.db")
    if "readonly" in said or "read-only" in said:
        return LibraryError("The library is read-only", "Nothing can be written.", "Check its permissions.")
    return LibraryError("The library cannot be used", str(error), "See the log in the library's logs folder.")


def _damaged(name: str) -> LibraryError:
    return LibraryError(
        "The library's index is damaged",
        f"{name} failed its check at {time.strftime('%H:%M')}.",
        "Copies of each day lie in the library's folder 'copies'; the pictures are safe.",
    )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
