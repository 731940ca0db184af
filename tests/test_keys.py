"""The table of keys: what works where, rebinding, and clashes."""

import pytest

from podtui.errors import SettingsError
from screens.keys import EVERYWHERE, KEYS_EVERYWHERE, Key, KeyMap, is_text, rebind, refuse_clashes, shown
from screens.rooms import ROOMS, every_key, room_class

APPROVE = Key("t.approve", ("f", "p"), "approve", "yes", "Approve.", "test", True)
UNDO = Key("t.undo", ("z",), "undo", "undo", "Undo.", "test")
COPY = Key("t.copy", ("y i",), "copy", "copy id", "Copy the id.", "test")
OTHER = Key("o.find", ("f",), "find", "find", "Find.", "other")
TABLE = (*KEYS_EVERYWHERE, APPROVE, UNDO, COPY, OTHER)


def of(table: tuple[Key, ...], name: str) -> Key:
    return next(key for key in table if key.id == name)


def test_a_key_finds_its_action_and_a_chord_its_own() -> None:
    keymap = KeyMap(TABLE[:-1])
    assert keymap.find("p") is APPROVE
    assert keymap.find("y") is None
    assert keymap.begins("y")
    assert keymap.find("i", "y") is COPY
    assert keymap.after("y") == (COPY,)
    assert {key.id for key in keymap.after("g")} >= {"go.compose", "go.review", "go.library"}


def test_every_key_has_an_id_of_its_own_a_label_and_a_sentence() -> None:
    table = every_key()
    ids = [key.id for key in table]
    assert len(ids) == len(set(ids))
    for key in table:
        assert key.keys and key.label and key.scope
        assert key.tooltip.endswith("."), key.id


@pytest.mark.parametrize("name", ROOMS)
def test_no_screen_has_two_actions_on_one_key(name: str) -> None:
    refuse_clashes(room_class(name).KEYS)


@pytest.mark.parametrize("name", ROOMS)
def test_every_action_of_the_table_exists(name: str) -> None:
    from podtui.shell import PodtuiApp

    room = room_class(name)
    for key in (*room.KEYS, *KEYS_EVERYWHERE):
        action = f"action_{key.action.partition('(')[0]}"
        assert not key.action or hasattr(room, action) or hasattr(PodtuiApp, action), key.id


@pytest.mark.parametrize("name", ROOMS)
def test_no_key_needs_what_ssh_or_tmux_take_away(name: str) -> None:
    for key in (*room_class(name).KEYS, *KEYS_EVERYWHERE):
        for one in key.keys:
            assert not {"alt", "shift+enter", "ctrl+enter"} & set(one.split("+")), key.id
            assert one not in ("ctrl+a", "ctrl+b", "ctrl+s", "ctrl+q"), key.id


def test_an_action_moves_to_the_wished_key() -> None:
    assert of(rebind(TABLE, {"t.approve": "j"}), "t.approve").keys == ("j",)
    assert of(rebind(TABLE, {"t.approve": "j,ctrl+j"}), "t.approve").keys == ("j", "ctrl+j")
    assert of(rebind(TABLE, {"t.copy": "y x"}), "t.copy").keys == ("y x",)
    assert of(rebind(TABLE, {"help": "h,!".replace("!", "/")}), "help").keys == ("h", "slash")


def test_a_clash_is_refused_with_both_names() -> None:
    with pytest.raises(SettingsError) as caught:
        rebind(TABLE, {"t.approve": "z"})
    assert "t.approve" in caught.value.title and "t.undo" in caught.value.title
    with pytest.raises(SettingsError, match=r"back|t\.undo"):
        rebind(TABLE, {"t.undo": "q"})


def test_the_first_key_of_a_chord_cannot_be_an_action() -> None:
    with pytest.raises(SettingsError, match=r"t\.undo"):
        rebind(TABLE, {"t.undo": "g"})


def test_the_same_key_on_two_screens_is_no_clash() -> None:
    assert rebind(TABLE, {"t.undo": "u"})
    assert of(TABLE, "o.find").keys == ("f",)


def test_an_unknown_action_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(SettingsError) as caught:
        rebind(TABLE, {"t.aprove": "j"})
    assert "t.approve" in caught.value.next_step


@pytest.mark.parametrize("key", ["ctrl+b", "alt+x", "shift+enter", "", "nonsense", "g g g", "ctrl+q", "~"])
def test_a_key_that_does_not_survive_is_refused(key: str) -> None:
    with pytest.raises(SettingsError, match=r"t\.approve|survives"):
        rebind(TABLE, {"t.approve": key})


def test_letters_are_text_and_control_keys_are_not() -> None:
    assert is_text("f") and is_text("question_mark") and is_text("enter") and is_text("space")
    assert not is_text("ctrl+g") and not is_text("escape")


def test_keys_are_written_as_people_read_them() -> None:
    assert shown("question_mark") == "?"
    assert shown("ctrl+g") == "^g"
    assert shown("g c") == "g c"
    assert of(TABLE, "palette").all_shown == ":  ^p"


def test_what_works_everywhere_is_the_same_everywhere() -> None:
    assert all(key.scope == EVERYWHERE for key in KEYS_EVERYWHERE)
    refuse_clashes(KEYS_EVERYWHERE)
