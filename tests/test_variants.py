from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podtui.errors import BadInput
from podtui.variants import (
    MAX_DEPTH,
    MAX_WILDCARD_BYTES,
    count,
    draw_wildcards,
    expand,
    load_wildcards,
    parse,
    wildcard_names,
)


def all_of(prompt: str) -> list[str]:
    parts = parse(prompt)
    return [expand(parts, index) for index in range(count(parts))]


def test_alternatives_come_in_turn_and_then_again() -> None:
    parts = parse("{neon|pastel} cat")
    assert [expand(parts, index) for index in range(4)] == [
        "neon cat",
        "pastel cat",
        "neon cat",
        "pastel cat",
    ]


def test_the_last_group_changes_quickest() -> None:
    assert all_of("{a|b}{1|2|3}") == ["a1", "a2", "a3", "b1", "b2", "b3"]


def test_groups_nest() -> None:
    assert all_of("{a|b{1|2}|c}!") == ["a!", "b1!", "b2!", "c!"]


def test_an_alternative_may_be_empty() -> None:
    assert all_of("cat{| in space}") == ["cat", "cat in space"]
    assert all_of("{}cat") == ["cat"]


def test_escaped_braces_and_bars_are_text() -> None:
    assert all_of(r"\{a\|b\} {x\|y|z}") == ["{a|b} x|y", "{a|b} z"]


@pytest.mark.parametrize(
    "prompt", ["[/red]", "a | b", "C:\\", "(cat:1.2) [dog]", "100% \\n", "a__b, __c"]
)
def test_everything_else_is_literal(prompt: str) -> None:
    assert all_of(prompt) == [prompt]


@pytest.mark.parametrize(("prompt", "place"), [("a {b", 3), ("a} b", 2), ("{a|{b}", 1), ("}", 1), ("ab{", 3)])
def test_a_lone_brace_is_an_error_with_its_place(prompt: str, place: int) -> None:
    with pytest.raises(BadInput) as caught:
        parse(prompt)
    assert caught.value.field == "prompt"
    assert f"place {place} " in caught.value.cause
    assert "\\" in caught.value.next_step


def test_groups_nest_only_so_deep() -> None:
    assert all_of("{" * MAX_DEPTH + "}" * MAX_DEPTH) == [""]
    with pytest.raises(BadInput, match=f"{MAX_DEPTH} deep"):
        parse("{" * 10_000 + "}" * 10_000)


def test_a_product_of_astronomical_size_is_counted_and_never_made() -> None:
    parts = parse("{a|b}" * 4000)
    assert count(parts) == 2**4000
    assert expand(parts, 2**4000 - 1) == "b" * 4000
    assert expand(parts, 1) == "a" * 3999 + "b"


TREE = st.recursive(
    st.text("abc ,[]()\\{|}_", max_size=6),
    lambda inner: st.lists(st.lists(inner, max_size=3), min_size=1, max_size=3),
    max_leaves=12,
)


def written(tree: object) -> str:
    """The prompt that reads as this tree."""
    if isinstance(tree, str):
        # A backslash before a brace would escape it.
        text = tree.replace("\\", "")
        return "".join("\\" + one if one in "{|}" else one for one in text)
    assert isinstance(tree, list)
    return "{" + "|".join("".join(map(written, choice)) for choice in tree) + "}"


def meant(tree: object) -> list[str]:
    """All prompts of this tree, made the long way."""
    if isinstance(tree, str):
        return [tree.replace("\\", "")]
    assert isinstance(tree, list)
    found: list[str] = []
    for choice in tree:
        texts = [""]
        for part in choice:
            texts = [text + more for text in texts for more in meant(part)]
        found += texts
    return found


@given(TREE)
def test_every_combination_is_what_nested_loops_would_make(tree: object) -> None:
    expected = meant(tree)
    if len(expected) > 500:
        expected = expected[:500]
    parts = parse(written(tree))
    assert [expand(parts, index) for index in range(len(expected))] == expected


@given(st.text("{|}\\a_ ", max_size=40), st.integers(0, 1000))
def test_any_text_is_read_or_refused_by_name(prompt: str, index: int) -> None:
    try:
        parts = parse(prompt)
    except BadInput as error:
        assert error.field == "prompt"
    else:
        assert expand(parts, index) == expand(parts, index + count(parts))


def test_a_wildcard_line_is_drawn_by_the_seed() -> None:
    wildcards = {"animal": tuple(f"animal {number}" for number in range(50)), "colour": ("red", "blue")}
    drawn = [draw_wildcards("a __colour__ __animal__", seed, wildcards) for seed in range(40)]
    assert drawn == [draw_wildcards("a __colour__ __animal__", seed, wildcards) for seed in range(40)]
    assert len(set(drawn)) > 20
    assert all(text.startswith(("a red animal ", "a blue animal ")) for text in drawn)


def test_a_wildcard_line_is_literal() -> None:
    assert draw_wildcards("__a__", 1, {"a": ("{x|y} __a__",)}) == "{x|y} __a__"


def test_an_escaped_wildcard_is_text() -> None:
    assert wildcard_names(r"\__init__ and __a__") == ["a"]
    assert draw_wildcards(r"\__init__ and __a__", 1, {"a": ("x",)}) == "__init__ and x"


def test_an_unknown_wildcard_names_the_nearest() -> None:
    with pytest.raises(BadInput, match="__animl__") as caught:
        draw_wildcards("__animl__", 1, {"animal": ("cat",), "colour": ("red",)})
    assert "__animal__" in caught.value.next_step
    with pytest.raises(BadInput) as caught:
        draw_wildcards("__zzz__", 1, {"animal": ("cat",)})
    assert "zzz.txt" in caught.value.next_step


def test_wildcards_are_read_from_a_folder(tmp_path: Path) -> None:
    (tmp_path / "animal.txt").write_text("# all of them\n\ncat\n  dog  \n\x1b[31mfox\n", encoding="utf-8")
    (tmp_path / "bom_first.txt").write_bytes(b"\xef\xbb\xbfone\r\ntwo\xff\r\n")
    (tmp_path / "no name.txt").write_text("x")
    (tmp_path / "_hidden.txt").write_text("x")
    (tmp_path / "notes.md").write_text("x")
    (tmp_path / "folder.txt").mkdir()
    assert load_wildcards(tmp_path) == {
        "animal": ("cat", "dog", "␛[31mfox"),
        "bom_first": ("one", "two\ufffd"),
    }


def test_a_folder_that_is_not_there_holds_no_wildcards(tmp_path: Path) -> None:
    assert load_wildcards(tmp_path / "none") == {}


def test_a_wildcard_file_that_is_too_large_is_refused_when_it_is_used(tmp_path: Path) -> None:
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(MAX_WILDCARD_BYTES + 1)
    wildcards = load_wildcards(tmp_path)
    with pytest.raises(BadInput, match="no line") as caught:
        draw_wildcards("__huge__", 1, wildcards)
    assert "4 MB" in caught.value.cause


@pytest.mark.parametrize("name", ["a", "a_b", "A-1", "x" * 64])
def test_every_wildcard_that_is_loaded_can_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.txt").write_text("line")
    assert draw_wildcards(f"__{name}__", 1, load_wildcards(tmp_path)) == "line"
