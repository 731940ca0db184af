"""Storing pictures: whole or not at all, ours alone, never through a link, never over another's bytes."""

import errno
import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from podtui import picture_store
from podtui.errors import DiskFull, LibraryError
from podtui.paths import Library
from podtui.picture_store import FileTaken, adopt_or_put, put, put_file, quarantine, sha256_of
from podtui.words import BatchId, ImageId

BATCH = BatchId("batch_0123456789ab")
IMAGE = ImageId("generated_0123456789ab")
POINTS = [
    "picture.folder_made",
    "picture.folder_known",
    "picture.temp_made",
    "picture.written",
    "picture.synced",
    "picture.renamed",
    "picture.folder_synced",
]


@pytest.fixture
def place(library: Library) -> Path:
    return library.draft(BATCH, IMAGE, "png")


@pytest.fixture
def wide_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def _refuse(monkeypatch: pytest.MonkeyPatch, call: str, code: int) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, refused)


def test_what_was_put_reads_back_and_nothing_else_is_left(place: Path) -> None:
    put(place, b"one" * 1000)
    put(place, memoryview(b"two" * 1000))
    assert place.read_bytes() == b"two" * 1000
    assert list(place.parent.iterdir()) == [place]


def test_a_file_is_copied_in_blocks(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(2_500_001))
    put_file(place, source)
    assert sha256_of(place) == sha256_of(source)


def test_short_writes_lose_nothing(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: whole(fd, bytes(data[:7])))
    put(place, b"0123456789" * 20)
    monkeypatch.undo()
    assert place.read_bytes() == b"0123456789" * 20


def test_d17_folders_and_files_are_ours_alone_under_any_umask(place: Path, wide_umask: None) -> None:
    put(place, b"x")
    assert _mode(place) == 0o600
    assert {_mode(place.parent), _mode(place.parent.parent), _mode(place.parent.parent.parent)} == {0o700}


def test_d17_a_narrow_umask_does_not_lock_us_out(place: Path) -> None:
    before = os.umask(0o777)
    try:
        put(place, b"x")
    finally:
        os.umask(before)
    assert (_mode(place), _mode(place.parent)) == (0o600, 0o700)


@pytest.mark.parametrize("call", ["write", "fsync", "rename"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_d1_a_full_disk_is_named_and_the_old_file_stays(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str, code: int
) -> None:
    put(place, b"old")
    _refuse(monkeypatch, call, code)
    with pytest.raises(DiskFull) as caught:
        put(place, b"new")
    monkeypatch.undo()
    assert f"pictures/{BATCH}/{IMAGE}.png" in str(caught.value)
    assert "home" not in str(caught.value)
    assert place.read_bytes() == b"old"
    assert list(place.parent.iterdir()) == [place]


@pytest.mark.parametrize("call", ["write", "fsync", "rename", "open", "fchmod"])
def test_d2_a_storage_error_is_told_and_the_next_try_starts_again(
    place: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    put(place, b"old")
    _refuse(monkeypatch, call, errno.EIO)
    with pytest.raises(LibraryError, match="Storage error on pictures/") as caught:
        put(place, b"new")
    monkeypatch.undo()
    assert not isinstance(caught.value, DiskFull)
    assert list(place.parent.iterdir()) == [place]
    put(place, b"new")
    assert place.read_bytes() == b"new"


def test_d2_a_file_is_synced_once_then_named_then_its_folder_is_synced(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place, b"old")
    seen: list[str] = []
    sync, rename = os.fsync, os.rename

    def fsync(fd: int) -> None:
        seen.append("folder" if stat.S_ISDIR(os.fstat(fd).st_mode) else "file")
        sync(fd)

    def renamed(*names: str, **folders: Any) -> None:
        seen.append("rename")
        rename(*names, **folders)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "rename", renamed)
    put(place, b"new")
    assert seen == ["file", "rename", "folder"]


def test_new_folders_are_known_to_what_they_lie_in_before_they_are_used(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    sync = os.fsync

    def fsync(fd: int) -> None:
        synced.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        sync(fd)

    monkeypatch.setattr(os, "fsync", fsync)
    put(place, b"x")
    file = next(index for index, name in enumerate(synced) if name.endswith(".tmp"))
    assert {place.parents[3].name, "home", "pictures"} <= set(synced[:file])
    assert synced[file + 1 :] == [BATCH]


def test_the_same_bytes_are_adopted(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"picture")
    assert adopt_or_put(place, source) is False
    before = place.stat()
    assert adopt_or_put(place, source) is True
    assert (place.stat().st_ino, place.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


@pytest.mark.parametrize("other", [b"another", b"picturf", b"picture and more", b""])
def test_d7_other_bytes_are_never_overwritten(place: Path, tmp_path: Path, other: bytes) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"picture")
    place.parent.mkdir(parents=True)
    place.write_bytes(other)
    with pytest.raises(FileTaken):
        adopt_or_put(place, source)
    assert place.read_bytes() == other


def test_d7_a_folder_or_a_pipe_in_the_place_of_a_draft_is_left_alone(place: Path, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"picture")
    place.mkdir(parents=True)
    with pytest.raises(FileTaken):
        adopt_or_put(place, source)
    pipe = place.with_suffix(".jpg")
    os.mkfifo(pipe)
    with pytest.raises(FileTaken):
        adopt_or_put(pipe, source)


def test_d16_a_planted_link_never_leads_to_its_victim(place: Path, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    source = tmp_path / "source"
    source.write_bytes(b"precious")
    place.parent.mkdir(parents=True)
    place.symlink_to(victim)
    with pytest.raises(FileTaken):
        adopt_or_put(place, source)
    with pytest.raises(LibraryError):
        sha256_of(place)
    put(place, b"ours")
    assert victim.read_bytes() == b"precious"
    assert place.read_bytes() == b"ours"
    assert not place.is_symlink()


def test_d16_a_planted_temporary_name_is_not_written_through(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"precious")
    monkeypatch.setattr(secrets, "token_hex", lambda _: "00000000")
    place.parent.mkdir(parents=True)
    planted = place.with_name(f".{place.name}.{os.getpid()}.00000000.tmp")
    planted.symlink_to(victim)
    with pytest.raises(LibraryError):
        put(place, b"ours")
    assert victim.read_bytes() == b"precious"
    assert planted.is_symlink()


def test_d15_a_batch_folder_that_became_a_link_is_refused(place: Path, tmp_path: Path) -> None:
    put(place, b"x")
    elsewhere = tmp_path / "elsewhere"
    place.parent.rename(elsewhere)
    place.parent.symlink_to(elsewhere)
    with pytest.raises(LibraryError, match="replaced by a link"):
        put(place, b"new")
    assert (elsewhere / place.name).read_bytes() == b"x"


def test_d15_a_folder_that_is_a_link_from_the_beginning_is_refused_but_the_root_may_be_one(
    tmp_path: Path,
) -> None:
    real = tmp_path / "real"
    real.mkdir()
    root = tmp_path / "root"
    root.symlink_to(real)
    put(Library(root).answer(IMAGE, 1), b"{}")
    assert (real / "spool" / f"{IMAGE}.1.json").read_bytes() == b"{}"
    other = tmp_path / "other"
    other.mkdir()
    (real / "prints").symlink_to(other)
    with pytest.raises(LibraryError, match="replaced by a link"):
        put(Library(root).prints / "x.png", b"x")
    assert not list(other.iterdir())


def test_d15_a_root_that_is_turned_elsewhere_is_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    root = tmp_path / "root"
    root.symlink_to(tmp_path / "one")
    put(Library(root).answer(IMAGE, 1), b"{}")
    root.unlink()
    root.symlink_to(tmp_path / "two")
    with pytest.raises(LibraryError, match="replaced by a link"):
        put(Library(root).answer(IMAGE, 1), b"{}")


def test_a_folder_that_vanished_is_made_again(library: Library) -> None:
    preview = library.preview(IMAGE, 256)
    put(preview, b"x")
    preview.unlink()
    preview.parent.rmdir()
    put(preview, b"y")
    assert preview.read_bytes() == b"y"


def test_d8_temporary_files_of_dead_writers_go_and_all_others_stay(library: Library, place: Path) -> None:
    put(place, b"x")
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    gone = [
        place.with_name(f".{place.name}.{dead.pid}.0a1b2c3d.tmp"),
        place.with_name(f".{place.name}.{os.getpid()}.0a1b2c3d.tmp"),
        library.root / f".podtui.db.{dead.pid}.0a1b2c3d.tmp",
    ]
    kept = [
        place.with_name(f".{place.name}.{os.getppid()}.0a1b2c3d.tmp"),
        place.with_name(f"{place.name}.{dead.pid}.0a1b2c3d.tmp"),
        place.with_name("notes.tmp"),
        place.with_name(".hidden"),
    ]
    for path in gone + kept:
        path.write_bytes(b"half")
    assert picture_store.remove_dead_temp_files(library.root) == len(gone)
    assert all(path.exists() for path in [*kept, place])
    assert not any(path.exists() for path in gone)


def test_d8_no_link_is_followed_while_looking_for_dead_files(library: Library, tmp_path: Path) -> None:
    library.pictures.mkdir(parents=True)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = elsewhere / f".x.png.{os.getpid()}.0a1b2c3d.tmp"
    other.write_bytes(b"half")
    (library.pictures / "link").symlink_to(elsewhere)
    assert picture_store.remove_dead_temp_files(library.root) == 0
    assert other.exists()


@pytest.mark.parametrize("point", POINTS)
def test_d8_a_writer_killed_anywhere_leaves_the_old_file_or_the_new_one(
    library: Library, place: Path, point: str
) -> None:
    is_before_rename = POINTS.index(point) < POINTS.index("picture.renamed")
    if not point.startswith("picture.folder_made") and point != "picture.folder_known":
        put(place, b"old")
    program = (
        "import sys; from pathlib import Path; from podtui.picture_store import put;"
        "put(Path(sys.argv[1]), b'new' * 1000)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program, str(place)],
        env=os.environ | {"PODTUI_FAILPOINTS": point},
        check=False,
    )
    assert ended.returncode == -signal.SIGKILL
    picture_store.remove_dead_temp_files(library.root)
    found = place.read_bytes() if place.exists() else b"old"
    assert found == (b"old" if is_before_rename else b"new" * 1000)
    put(place, b"newest")
    assert list(place.parent.iterdir()) == [place]


def test_refused_bytes_are_moved_to_quarantine_and_never_overwritten(library: Library) -> None:
    kept = []
    for number, data in enumerate([b"one", b"two", b"one"]):
        source = library.spool / f"{number}.picture"
        put(source, data)
        kept.append(quarantine(library, IMAGE, 1, source))
        assert not source.exists()
    assert [path.read_bytes() for path in kept] == [b"one", b"two", b"one"]
    assert kept[0] == kept[2] != kept[1]
    assert {path.parent for path in kept} == {library.quarantine}
    assert _mode(kept[0]) == 0o600


def test_quarantine_needs_no_room(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    source = library.spool / "1.picture"
    put(source, b"paid")
    picture_store.mkdirs(library.quarantine)
    _refuse(monkeypatch, "write", errno.ENOSPC)
    kept = quarantine(library, IMAGE, 1, source)
    monkeypatch.undo()
    assert kept.read_bytes() == b"paid"
