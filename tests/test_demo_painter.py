"""What the pretend cloud paints: the same for the same recipe, another for another seed, never blank."""

import io
from dataclasses import replace

import pytest
from PIL import Image, ImageChops, ImageStat

from podtui.demo.painter import MOTIFS, SCENES, paint
from podtui.demo.recipe import Recipe, read_recipe, save_nodes
from podtui.workflow import load

RECIPE = Recipe("neon cat, sticker", "", 7, 96, 112, 30, 2.0, 1, "6")


def shown(recipe: Recipe) -> Image.Image:
    return Image.open(io.BytesIO(paint(recipe))).convert("RGB")


def distance(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of a sample, 0 to 255."""
    return sum(ImageStat.Stat(ImageChops.difference(one, other)).mean) / 3


def test_the_same_recipe_gives_the_same_bytes() -> None:
    assert paint(RECIPE) == paint(RECIPE)
    assert paint(replace(RECIPE, steps=5)) == paint(RECIPE)


def test_seeds_and_prompts_give_clearly_different_pictures() -> None:
    pictures = [shown(replace(RECIPE, seed=seed)) for seed in range(5)]
    pictures.append(shown(replace(RECIPE, prompt="vintage skull")))
    for index, one in enumerate(pictures):
        for other in pictures[index + 1 :]:
            assert distance(one, other) > 12


@pytest.mark.parametrize("word", sorted(MOTIFS))
def test_a_motif_stands_out_of_its_picture(word: str) -> None:
    picture = shown(replace(RECIPE, prompt=f"{word}, sticker"))
    assert picture.size == (96, 112)
    middle = picture.crop((24, 28, 72, 84))
    assert max(ImageStat.Stat(middle).stddev) > 20


@pytest.mark.parametrize("word", sorted(SCENES))
def test_a_scene_fills_its_picture(word: str) -> None:
    colours = shown(replace(RECIPE, prompt=SCENES[word][1].split()[0])).getcolors(96 * 112)
    assert colours is not None
    assert len(colours) > 100
    assert max(count for count, _ in colours) < 96 * 112 * 0.6


@pytest.mark.parametrize("size", [(16, 16), (64, 16), (16, 256), (1000, 40), (33, 65)])
def test_any_size_is_painted(size: tuple[int, int]) -> None:
    for seed in range(6):
        for prompt in ("cat sticker", "vintage poster", "planet in space", "city"):
            assert (
                shown(replace(RECIPE, prompt=prompt, seed=seed, width=size[0], height=size[1])).size == size
            )


def test_odd_prompts_and_seeds_are_painted() -> None:
    for prompt in ("", "[/red]\x1b[2J", "猫 " * 4000, "\ud800"):
        assert shown(replace(RECIPE, prompt=prompt, seed=2**64 - 1)).size == (96, 112)


@pytest.mark.parametrize("name", ["flux1-dev-fp8", "flux1-dev", "flux1-schnell", "sdxl"])
def test_the_recipe_is_found_by_class_and_wiring(name: str) -> None:
    graph = load(name, None).fill(
        prompt="a red fox",
        negative="",
        seed=2**64 - 1,
        steps=9,
        guidance=3.0,
        width=320,
        height=400,
        prefix="p",
    )
    moved = {f"n{key}": _moved(node) for key, node in reversed(graph.items())}
    for one in (graph, moved):
        recipe = read_recipe(one)
        assert (recipe.prompt, recipe.seed) == ("a red fox", 2**64 - 1)
        assert (recipe.width, recipe.height, recipe.steps) == (320, 400, 9)
        assert recipe.sampler in one
        assert len(save_nodes(one)) == 1


def _moved(node: dict[str, object]) -> dict[str, object]:
    inputs = node["inputs"]
    assert isinstance(inputs, dict)
    return {
        **node,
        "inputs": {
            key: [f"n{one[0]}", one[1]] if isinstance(one, list) else one for key, one in inputs.items()
        },
    }


def test_a_graph_that_says_little_is_read_all_the_same() -> None:
    recipe = read_recipe(
        {"1": {"class_type": "KSampler", "inputs": {"seed": True, "positive": ["1", 0]}}, "2": 5}
    )
    assert (recipe.prompt, recipe.seed, recipe.width) == ("", 0, 512)
    assert read_recipe({}).count == 1
