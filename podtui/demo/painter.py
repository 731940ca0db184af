"""Paints the picture of a recipe."""

import io
import random

from PIL import Image

from podtui.demo.recipe import Recipe


def paint(recipe: Recipe) -> bytes:
    """A PNG of the recipe's size; the same recipe gives the same bytes."""
    chance = random.Random(f"{recipe.seed}|{recipe.prompt}")
    picture = Image.new("RGB", (recipe.width, recipe.height), tuple(chance.randrange(256) for _ in range(3)))
    picture.paste(Image.linear_gradient("L").resize(picture.size).convert("RGB"), (0, recipe.height // 2))
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()
