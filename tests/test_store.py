import os
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from podtui.errors import BadInput, LibraryError, LibraryTooNew
from podtui.paths import Library
from podtui.plan import Plan, PlannedImage
from podtui.store import ImageCard, Store, open_store
from podtui.store.database import wal_is_safe
from podtui.store.making import Outcome, Stored
from podtui.words import BackendKind, BatchId, BatchState, Cause, Decision, ImageState, JobId, SeedPolicy
from tests.conftest import ManualClock


def a_plan(size: int = 3, prompt: str = "neon cat", **changes: object) -> Plan:
    values: dict[str, object] = {
        "prompt": prompt,
        "style": "digital art",
        "genre": "futuristic",
        "negative": "",
        "suffix": "bold colors",
        "full_prompt": f"{prompt}, digital art style, futuristic genre, bold colors",
        "batch_size": size,
        "width": 4500,
        "height": 5400,
        "draft_width": 1280,
        "draft_height": 1536,
        "steps": 30,
        "cfg_scale": 2.0,
        "seed": None,
        "seed_policy": SeedPolicy.FIRST,
        "workflow": "flux1-dev-fp8",
        "workflow_hash": "abc",
        "backend": BackendKind.RUNPOD,
        "endpoint": "ep0example",
        "in_flight": 1,
        "budget_microdollars": None,
        "images": tuple(PlannedImage(index, f"{prompt} {index}", 2**63 + index) for index in range(size)),
        "note": "",
    }
    return Plan(**(values | changes))  # type: ignore[arg-type]


STORED = Stored("png", "f" * 64, 1000, 1280, 1536, "0" * 16, False)


def make_done(store: Store, batch: BatchId, position: int) -> ImageCard:
    """Take one image of a batch through every step to its picture."""
    card = store.batches.get(batch)
    image = store.images.of_batch(batch)[position]
    number = store.making.intend(image, card, 310)
    assert number is not None
    assert store.making.accepted(image, number, JobId(f"job-{image.id}-{number}"))
    assert store.making.seen(image, number, ImageState.RUNNING, card.counts.total, "w1")
    outcome = Outcome("COMPLETED", 1000, 60_000, "w1", 18_600, "{}")
    assert store.making.answered(image, number, outcome, card)
    assert store.making.stored(image, number, STORED, card.counts.total)
    return store.images.get(image.id)


def test_a_batch_is_written_whole_with_seeds_beyond_63_bits(store: Store) -> None:
    batch = store.batches.create(a_plan(3), "{}")
    card = store.batches.get(batch)
    assert (card.state, card.counts.total, card.counts.planned) == (BatchState.WAITING, 3, 3)
    assert [image.seed for image in store.images.of_batch(batch)] == [2**63, 2**63 + 1, 2**63 + 2]
    assert store.batches.document(batch) == "{}"


def test_an_image_goes_through_its_states_and_leaves_the_guides_lines(store: Store) -> None:
    batch = store.batches.create(a_plan(1), "{}")
    store.making.start_batch(store.batches.get(batch), 310)
    image = make_done(store, batch, 0)
    store.making.end_batch(store.batches.get(batch))
    assert image.state is ImageState.DONE
    assert [told.line for told in store.news.since(0) if told.level != "DEBUG"] == [
        f"Starting batch generation: 1 images (batch_id: {batch})",
        "Generating image 1/1...",
        "Submitting workflow to RunPod serverless...",
        "RunPod result status: COMPLETED",
        "✓ Image 1/1 downloaded",
        "Batch generation complete: 1/1 images generated",
    ]
    card = store.batches.get(batch)
    assert (card.state, card.cost_microdollars) == (BatchState.COMPLETED, 18_600)
    assert card.message == "Generated 1 of 1 image(s)"


def test_a_late_step_changes_nothing_that_is_settled(store: Store) -> None:
    batch = store.batches.create(a_plan(1), "{}")
    image = make_done(store, batch, 0)
    assert not store.making.failed(image, 1, Cause.WORKER, "too late", "", 1)
    assert not store.making.cancelled(image, 1, 1)
    assert store.making.intend(image, store.batches.get(batch), None) is None
    assert store.images.get(image.id).state is ImageState.DONE


def test_a_try_that_was_never_sent_uses_its_attempt_again(store: Store) -> None:
    batch = store.batches.create(a_plan(1), "{}")
    card, image = store.batches.get(batch), store.images.of_batch(batch)[0]
    assert store.making.intend(image, card, None) == 1
    store.making.not_sent(image, 1, "no connection")
    assert store.making.intend(image, card, None) == 1
    assert len(store.images.attempts(image.id)) == 1


def test_after_a_crash_what_was_being_sent_is_unsure_and_never_planned_again(store: Store) -> None:
    batch = store.batches.create(a_plan(2), "{}")
    image = store.images.of_batch(batch)[0]
    store.making.intend(image, store.batches.get(batch), None)
    assert [card.id for card in store.making.recover()] == [image.id]
    assert store.images.get(image.id).state is ImageState.UNSURE
    assert store.making.recover() == []


def test_an_unsure_image_is_sent_again_once_on_a_persons_word(store: Store) -> None:
    batch = store.batches.create(a_plan(1), "{}")
    image = store.images.of_batch(batch)[0]
    store.making.intend(image, store.batches.get(batch), None)
    store.making.recover()
    assert store.batches.resend(image.id)
    assert not store.batches.resend(image.id)
    assert store.images.get(image.id).state is ImageState.PLANNED
    assert store.making.intend(image, store.batches.get(batch), None) == 2


def test_retry_plans_only_what_failed_with_the_same_seed(store: Store) -> None:
    batch = store.batches.create(a_plan(3), "{}")
    make_done(store, batch, 0)
    failed = store.images.of_batch(batch)[1]
    number = store.making.intend(failed, store.batches.get(batch), None)
    store.making.failed(failed, number, Cause.WORKER, "CUDA out of memory", "", 3)
    assert store.batches.retry(batch) == 1
    again = store.images.get(failed.id)
    assert (again.state, again.seed, again.title) == (ImageState.PLANNED, failed.seed, "")


def test_cancel_marks_what_is_open_and_leaves_pictures_alone(store: Store) -> None:
    batch = store.batches.create(a_plan(3), "{}")
    done = make_done(store, batch, 0)
    assert store.batches.cancel(batch) == 2
    assert not store.images.get(done.id).cancel_wished
    assert store.making.intend(store.images.of_batch(batch)[1], store.batches.get(batch), None) is None


def test_search_finds_prompts_styles_and_ids_by_their_beginnings(store: Store) -> None:
    cat = store.batches.create(a_plan(1, "neon cat"), "{}")
    dog = store.batches.create(a_plan(1, "pastel dog (very [bold]) \"quoted\" OR NOT"), "{}")
    assert [card.id for card in store.batches.page(search="past dog")] == [dog]
    assert [card.id for card in store.batches.page(search=cat[:12])] == [cat]
    assert [card.id for card in store.batches.page(search="futur")] == [dog, cat]
    assert [card.id for card in store.batches.page(search='" OR * (very')] == [dog]
    assert store.images.page(search="neon")[0].batch == cat


def test_pages_go_on_where_the_last_one_ended(store: Store) -> None:
    ids = [store.batches.create(a_plan(1), "{}") for _ in range(5)]
    first = store.batches.page(limit=2)
    second = store.batches.page(limit=2, before=first[-1].n)
    assert [card.id for card in first + second] == ids[:0:-1]


def test_a_page_of_batches_costs_the_same_number_of_statements_whatever_its_length(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(8):
        make_done(store, store.batches.create(a_plan(2), "{}"), 0)
    seen: list[str] = []
    original = store.database.execute_sql

    def counting(sql: str, *args: object, **more: object) -> object:
        seen.append(sql)
        return original(sql, *args, **more)

    monkeypatch.setattr(store.database, "execute_sql", counting)
    store.batches.page(limit=2)
    short = len(seen)
    store.batches.page(limit=8)
    assert len(seen) == 2 * short == 6


def test_bulk_decisions_are_one_step_and_undo_survives_a_restart(
    store: Store, library: Library, clock: ManualClock
) -> None:
    batch = store.batches.create(a_plan(3), "{}")
    images = [make_done(store, batch, position).id for position in range(3)]
    store.decisions.decide(images[:1], Decision.APPROVED, "here")
    store.decisions.decide(images, Decision.REJECTED, "here")
    store.close()
    again = open_store(library, clock)
    step = again.decisions.undo("somebody else")
    assert step is not None
    assert (step.words, len(step.changed)) == ("rejected 3 images", 3)
    assert [card.decision for card in again.images.of_batch(batch)] == ["approved", "undecided", "undecided"]
    assert again.decisions.redo("here") is not None
    assert again.batches.get(batch).counts.rejected == 3
    again.close()


def test_each_session_undoes_its_own_steps_first_and_leaves_others_decisions_alone(store: Store) -> None:
    batch = store.batches.create(a_plan(2), "{}")
    one, two = (make_done(store, batch, position).id for position in range(2))
    store.decisions.decide([one], Decision.APPROVED, "mine")
    store.decisions.decide([two], Decision.APPROVED, "yours")
    store.decisions.decide([one], Decision.REJECTED, "yours")
    step = store.decisions.undo("mine")
    assert step is not None
    assert (step.who, step.changed, step.left_alone) == ("mine", (), 1)
    assert store.images.get(one).decision is Decision.REJECTED


def test_only_pictures_can_be_decided_and_approval_wishes_the_print_file(store: Store) -> None:
    batch = store.batches.create(a_plan(2), "{}")
    done, planned = make_done(store, batch, 0).id, store.images.of_batch(batch)[1].id
    step = store.decisions.decide([done, planned], Decision.APPROVED, "me")
    assert step is not None
    assert step.changed == (done,)
    assert [card.id for card in store.making.wanted_prints()] == [done]
    store.decisions.undo("me")
    assert store.making.wanted_prints() == []


def test_a_reroll_is_one_more_image_with_the_same_prompt(store: Store) -> None:
    batch = store.batches.create(a_plan(2), "{}")
    done = make_done(store, batch, 0)
    fresh = store.images.get(store.batches.reroll(done.id, 77))
    assert (fresh.prompt, fresh.seed, fresh.origin, fresh.position) == (done.prompt, 77, "reroll", 2)
    assert store.batches.get(batch).counts.total == 3


def test_an_extra_picture_is_kept_once_and_not_counted(store: Store) -> None:
    batch = store.batches.create(a_plan(1), "{}")
    done = make_done(store, batch, 0)
    from podtui.words import ImageId

    for _ in range(2):
        store.making.stored_extra(done, ImageId("generated_00000000000a"), STORED, 1)
    assert len(store.images.of_batch(batch)) == 2
    assert store.batches.get(batch).counts.total == 1


def test_unknown_ids_are_refused_in_words(store: Store) -> None:
    with pytest.raises(BadInput, match="no batch"):
        store.batches.get("batch_000000000000")
    with pytest.raises(BadInput, match="no image"):
        store.images.get("generated_000000000000")


def test_d12_a_newer_library_is_not_opened(store: Store, library: Library) -> None:
    store.database.execute_sql("PRAGMA user_version = 99")  # type: ignore[no-untyped-call]
    store.close()
    with pytest.raises(LibraryTooNew, match="newer podtui"):
        open_store(library)
    with sqlite3.connect(library.database) as raw:
        raw.execute("PRAGMA user_version = 1")
    raw.close()


def test_a_foreign_database_is_left_alone(tmp_path: Path) -> None:
    library = Library(tmp_path / "foreign")
    library.root.mkdir()
    with sqlite3.connect(library.database) as raw:
        raw.execute("CREATE TABLE precious (x)")
    raw.close()
    with pytest.raises(LibraryError, match="not podtui's"):
        open_store(library)


def test_d9_a_damaged_database_is_named_and_not_overwritten(tmp_path: Path) -> None:
    library = Library(tmp_path / "damaged")
    library.root.mkdir()
    library.database.write_bytes(b"scribble" * 1000)
    with pytest.raises(LibraryError, match="damaged"):
        open_store(library)
    assert library.database.read_bytes() == b"scribble" * 1000


def test_d17_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        opened = open_store(Library(tmp_path / "open"))
        opened.check()
        opened.close()
    finally:
        os.umask(before)
    for path in (tmp_path / "open").rglob("*"):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_c4_the_modes_that_survive_a_power_cut_are_set(store: Store) -> None:
    def pragma(name: str) -> object:
        return store.database.execute_sql(f"PRAGMA {name}").fetchone()[0]  # type: ignore[no-untyped-call]

    assert pragma("synchronous") == 3
    assert pragma("journal_mode") == ("wal" if wal_is_safe() else "truncate")
    assert [wal_is_safe(v) for v in [(3, 40, 1), (3, 44, 6), (3, 50, 6), (3, 50, 7), (3, 51, 2), (3, 51, 3)]] == [
        False,
        True,
        False,
        True,
        False,
        True,
    ]


def test_d11_writers_side_by_side_never_find_the_database_locked(store: Store, library: Library) -> None:
    batch = store.batches.create(a_plan(4), "{}")
    images = [make_done(store, batch, position).id for position in range(4)]
    troubles: list[BaseException] = []

    def decide(image: str) -> None:
        try:
            mine = open_store(library)
            for turn in range(15):
                mine.decisions.decide([image], Decision.APPROVED if turn % 2 else Decision.REJECTED, image)  # type: ignore[list-item]
            mine.close()
        except BaseException as error:
            troubles.append(error)

    threads = [threading.Thread(target=decide, args=(image,)) for image in images]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    assert all(len(store.decisions.history(image)) == 15 for image in images)
