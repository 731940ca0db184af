from pathlib import Path

import pytest

from podtui.errors import BadInput
from podtui.plan import Fields, problems
from podtui.presets import MAX_BYTES, SHIPPED, Preset, delete_preset, find_preset, load_presets, save_preset
from podtui.workflow import load


def test_the_guides_two_sets_are_shipped(tmp_path: Path) -> None:
    fast = find_preset("fast", tmp_path).apply(Fields(prompt="cat", style="ink"))
    assert (fast.batch_size, fast.steps, fast.cfg_scale, fast.width, fast.height) == (
        "5", "25", "2.5", "3600", "3600",
    )  # fmt: skip
    assert (fast.prompt, fast.style) == ("cat", "ink")
    quality = find_preset("quality", tmp_path).apply(Fields())
    assert (quality.batch_size, quality.steps, quality.cfg_scale, quality.width, quality.height) == (
        "10", "30", "2.0", "4500", "5400",
    )  # fmt: skip


@pytest.mark.parametrize("preset", SHIPPED, ids=lambda preset: preset.name)
def test_a_shipped_preset_has_no_problem(preset: Preset) -> None:
    fields = preset.apply(Fields(prompt="cat"))
    assert problems(fields, load(fields.workflow)) == {}


def test_a_saved_preset_comes_back_without_prompt_and_seed(tmp_path: Path) -> None:
    typed = Fields(
        prompt="secret idea", style='ink "wash"\n[x]', genre="日本 🐈", steps="12", seed="7", workflow="sdxl"
    )
    save_preset(tmp_path / "new", "mine-1", typed)
    preset = find_preset("mine-1", tmp_path / "new")
    assert not preset.is_shipped
    back = preset.apply(Fields(prompt="other", seed="9"))
    assert back == Fields(
        prompt="other", style='ink "wash"\n[x]', genre="日本 🐈", steps="12", seed="9", workflow="sdxl"
    )


def test_saving_again_replaces_and_leaves_nothing_beside(tmp_path: Path) -> None:
    save_preset(tmp_path, "mine", Fields(steps="10"))
    save_preset(tmp_path, "mine", Fields(steps="11"))
    assert find_preset("mine", tmp_path).values["steps"] == "11"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


def test_a_save_that_fails_leaves_the_old_preset_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_preset(tmp_path, "mine", Fields(steps="10"))

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("podtui.presets.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        save_preset(tmp_path, "mine", Fields(steps="11"))
    assert find_preset("mine", tmp_path).values["steps"] == "10"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.toml"]


@pytest.mark.parametrize("name", ["", "../x", "a/b", "A", "-x", "x" * 41, "a b", "mine\n", "a.b"])
def test_a_name_that_could_be_a_path_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput) as caught:
        save_preset(tmp_path, name, Fields())
    assert caught.value.field == "preset"
    assert list(tmp_path.iterdir()) == []
    assert not delete_preset(tmp_path, name)


def test_deleting_a_preset_brings_the_shipped_one_back(tmp_path: Path) -> None:
    save_preset(tmp_path, "fast", Fields(steps="9"))
    assert find_preset("fast", tmp_path).values["steps"] == "9"
    assert delete_preset(tmp_path, "fast")
    assert find_preset("fast", tmp_path).is_shipped
    assert not delete_preset(tmp_path, "fast")


def test_files_that_are_no_presets_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text("steps = ")
    (tmp_path / "bytes.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "empty.toml").write_text("unknown = 1")
    (tmp_path / "Bad Name.toml").write_text("steps = 3")
    (tmp_path / "huge.toml").write_text("steps = 3\n#" + "x" * MAX_BYTES)
    (tmp_path / "folder.toml").mkdir()
    (tmp_path / "good.toml").write_text("steps = 12\ncfg_scale = 3.5\nprompt = 'not taken'\n")
    assert [preset.name for preset in load_presets(tmp_path)] == ["fast", "quality", "good"]
    assert find_preset("good", tmp_path).values == {"steps": "12", "cfg_scale": "3.5"}


def test_an_unknown_preset_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="nothing") as caught:
        find_preset("nothing", tmp_path)
    assert "fast, quality" in caught.value.cause
