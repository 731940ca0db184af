"""Paints the picture of a recipe: a scene behind, a motif before it, and how it was printed."""

import io
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from podtui.demo import motifs, patterns, scenery, things
from podtui.demo.canvas import Canvas
from podtui.demo.figure import Figure
from podtui.demo.motifs import Look
from podtui.demo.palettes import Palette, choose_palette, mix, words_of
from podtui.demo.recipe import Recipe
from podtui.demo.scenery import Scene

Motif = Callable[[Figure, Look], None]

MOTIFS: dict[str, tuple[Motif, str]] = {
    "cat": (motifs.cat, "cat cats kitten kitty feline tiger lion leopard panther"),
    "fox": (motifs.fox, "fox foxes wolf wolves coyote husky"),
    "bear": (motifs.bear, "bear bears panda dog dogs puppy koala monkey hamster raccoon animal pet teddy"),
    "owl": (motifs.owl, "owl owls bird birds raven crow eagle penguin parrot chicken"),
    "skull": (motifs.skull, "skull skulls skeleton death bones reaper pirate zombie halloween"),
    "flower": (
        things.flower,
        "flower flowers floral rose roses sunflower daisy blossom garden botanical lotus",
    ),
    "planet": (things.planet, "planet planets saturn jupiter galaxy universe cosmos cosmic orbit"),
    "rocket": (things.rocket, "rocket rockets spaceship astronaut launch shuttle spacecraft"),
    "mushroom": (things.mushroom, "mushroom mushrooms toadstool fungus fungi fairy cottagecore"),
    "heart": (things.heart, "heart hearts love valentine romance"),
    "fish": (things.fish, "fish koi carp goldfish salmon shark whale dolphin"),
    "robot": (things.robot, "robot robots android machine mech droid bot"),
    "butterfly": (things.butterfly, "butterfly butterflies moth insect bug"),
    "cactus": (things.cactus, "cactus cacti succulent plant plants desert"),
}
"""Each motif with the words that ask for it."""

SCENES: dict[str, tuple[tuple[Scene, ...], str]] = {
    "city": (
        (scenery.city, scenery.grid),
        "city cyberpunk skyline street urban tokyo night cyber futuristic",
    ),
    "grid": ((scenery.grid,), "synthwave vaporwave retrowave arcade outrun neon 80s"),
    "space": (
        (scenery.space,),
        "space galaxy cosmic stars universe planet planets astronaut rocket nebula cosmos",
    ),
    "waves": ((scenery.waves,), "ocean sea wave waves surf beach water koi fish whale sailing"),
    "forest": (
        (scenery.forest,),
        "forest tree trees pine woods woodland camping wolf owl mushroom mushrooms",
    ),
    "landscape": (
        (scenery.landscape,),
        "mountain mountains landscape sunset sunrise lake hiking adventure desert nature valley",
    ),
    "tiles": ((patterns.tiles,), "geometric abstract bauhaus pattern shapes mosaic modern"),
    "rays": ((patterns.rays,), "pop comic cartoon retro sticker badge"),
    "arches": ((patterns.arches,), "boho minimal minimalist rainbow"),
}
"""Each kind of background with the words that ask for it."""

_WHOLE = (
    scenery.landscape,
    scenery.waves,
    scenery.forest,
    scenery.city,
    scenery.grid,
    patterns.tiles,
)
_BEHIND = (patterns.rays, patterns.arches, scenery.landscape, patterns.rays)


def paint(recipe: Recipe) -> bytes:
    """A PNG of the recipe's size; the same recipe gives the same bytes."""
    width, height = max(16, recipe.width), max(16, recipe.height)
    chance = random.Random(f"{recipe.seed}\n{recipe.prompt}".encode("utf-8", "surrogatepass"))
    words = words_of(recipe.prompt)
    palette = choose_palette(words, chance)
    canvas = Canvas(width, height)
    subject = _subject(words)
    scene = _scene(words, chance, has_subject=subject is not None)
    if scene is patterns.arches and palette.is_dark:
        scene = patterns.rays
    scene(canvas, palette, chance)
    look = Look(palette, chance, frozenset(words))
    if subject is not None:
        _place(canvas, subject, look)
    picture = _printed(canvas.finished(), look)
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=3)
    return file.getvalue()


def _subject(words: list[str]) -> Motif | None:
    for word in words:
        for motif, known in MOTIFS.values():
            if word in known.split():
                return motif
    return None


def _scene(words: list[str], chance: random.Random, *, has_subject: bool) -> Scene:
    named = [scenes for scenes, known in SCENES.values() if any(word in known.split() for word in words)]
    if named and (not has_subject or chance.random() < 0.8):
        return chance.choice(chance.choice(named))
    return chance.choice(_BEHIND if has_subject else _WHOLE)


def _place(canvas: Canvas, motif: Motif, look: Look) -> None:
    """Put the motif in the middle, cut out like a sticker or lit like a sign."""
    palette, chance = look.palette, look.chance
    scale = min(1000, canvas.height) / 200 * chance.uniform(0.62, 0.74)
    figure = Figure(500, canvas.height * 0.5 - 8 * scale, scale, tilt=chance.uniform(-5, 5))
    motif(figure, look)
    shape = figure.silhouette(canvas)
    is_sticker = look.has("sticker", "decal", "cute", "kawaii", "badge")
    if is_sticker:
        edge = canvas.grown(shape, 30)
        canvas.shade(edge, (10, 18), 16, 0.55)
        canvas.fill(edge, palette.light)
        canvas.fill(canvas.grown(shape, 9), palette.ink)
    else:
        if palette.is_dark:
            canvas.glow(shape, chance.choice(palette.accents[1:]), 34, 1.0)
        else:
            canvas.shade(shape, (12, 20), 18, 0.45)
        canvas.fill(canvas.grown(shape, 10), palette.ink)
    figure.paint(canvas)


def _printed(picture: Image.Image, look: Look) -> Image.Image:
    """The last layer: dots, grain, dark corners, a border."""
    palette, chance = look.palette, look.chance
    if look.has("comic", "pop", "halftone", "vintage", "retro", "poster", "manga") or chance.random() < 0.2:
        picture = _halftone(picture, palette)
    if palette.is_dark:
        picture = _vignette(picture, palette)
    if palette.name in ("vintage", "mono") or look.has("grain", "risograph", "linocut", "poster"):
        picture = _grained(picture, chance)
    if look.has("poster", "vintage", "retro", "badge", "card") or (
        not look.has("sticker") and chance.random() < 0.3
    ):
        _border(picture, palette)
    return picture


def _halftone(picture: Image.Image, palette: Palette) -> Image.Image:
    cell = max(4, round(picture.width / 110))
    dot = Image.radial_gradient("L").resize((cell, cell), Image.Resampling.BILINEAR)
    pattern = _tiled(dot, picture.size)
    dark = ImageChops.subtract(ImageChops.invert(picture.convert("L")), pattern)
    mask = dark.point(lambda value: min(46, value * 2))
    inked = picture.copy()
    inked.paste(palette.ink, (0, 0), mask)
    return inked


def _tiled(tile: Image.Image, size: tuple[int, int]) -> Image.Image:
    row = Image.new("L", (size[0], tile.height))
    for x in range(0, size[0], tile.width):
        row.paste(tile, (x, 0))
    whole = Image.new("L", size)
    for y in range(0, size[1], tile.height):
        whole.paste(row, (0, y))
    return whole


def _grained(picture: Image.Image, chance: random.Random) -> Image.Image:
    edge = 384
    noise = Image.frombytes("L", (edge, edge), chance.randbytes(edge * edge))
    noise = noise.filter(ImageFilter.BoxBlur(0.6)).point(lambda value: 128 + (value - 128) // 14)
    grain = _tiled(noise, picture.size).convert("RGB")
    return ImageChops.add(picture, grain, 1, -128)


def _vignette(picture: Image.Image, palette: Palette) -> Image.Image:
    ramp = Image.radial_gradient("L").resize(picture.size, Image.Resampling.BILINEAR)
    mask = ramp.point(lambda value: max(0, min(120, (value - 120) * 1)))
    darker = picture.copy()
    darker.paste(palette.ink, (0, 0), mask)
    return darker


def _border(picture: Image.Image, palette: Palette) -> None:
    width, height = picture.size
    edge = max(1, width // 26)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width - 1, height - 1), outline=palette.light, width=edge)
    line = max(1, edge // 7)
    if min(width, height) < 4 * edge + 4 * line:
        return
    inside = edge + line
    frame = (inside, inside, width - 1 - inside, height - 1 - inside)
    draw.rectangle(frame, outline=mix(palette.ink, palette.light, 0.15), width=line)
