"""What lies behind without a horizon: beams, dots, arches, tiles."""

import math
import random

from podtui.demo.canvas import Canvas, Pen, Point
from podtui.demo.palettes import Colour, Palette, mix


def rays(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Beams from the middle, dots that grow outwards."""
    centre = (500.0, canvas.height * 0.5)
    if palette.is_dark:
        middle, light = mix(palette.sky[2], palette.light, 0.15), mix(palette.sky[1], palette.sky[2], 0.45)
        dark = mix(palette.sky[0], palette.sky[1], 0.55)
    else:
        light, dark = mix(palette.sky[0], palette.light, 0.12), mix(palette.sky[1], palette.sky[2], 0.6)
        middle = mix(light, palette.light, 0.35)
    canvas.backdrop_radial(middle, light, centre, max(1000, canvas.height) * 0.7)
    count, turn = chance.choice((12, 16, 20, 24)), chance.random()

    def beams(pen: Pen) -> None:
        for number in range(count):
            angle = math.tau * (number + turn) / count
            wide = math.tau / count / 4
            far = [
                (centre[0] + 1400 * math.cos(a), centre[1] + 1400 * math.sin(a))
                for a in (angle - wide, angle + wide)
            ]
            pen.polygon([centre, *far])

    canvas.fill(canvas.mask(beams), dark, 0.75)
    dots(canvas, mix(palette.accents[1], dark, 0.3), centre)


def dots(canvas: Canvas, colour: Colour, centre: Point) -> None:
    """Printed dots that grow with the way from the middle."""

    def draw(pen: Pen) -> None:
        step = 25.0
        for row in range(int(canvas.height / step) + 2):
            for column in range(int(1000 / step) + 2):
                x, y = column * step + (row % 2) * step / 2, row * step
                far = math.hypot((x - centre[0]) / 500, (y - centre[1]) / (canvas.height / 2))
                if far > 0.92:
                    pen.circle(x, y, min(11.5, (far - 0.92) * 22))

    canvas.fill(canvas.mask(draw), colour, 0.8)


def arches(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Arches within arches and a sun, in flat colours."""
    canvas.backdrop((mix(palette.sky[0], palette.light, 0.45), mix(palette.sky[1], palette.light, 0.35)))
    base = canvas.height * 1.02
    pen = canvas.pen()
    colours = [*palette.accents, palette.light]
    chance.shuffle(colours)
    outer = chance.uniform(440, 500)
    for number in range(7):
        reach = outer - number * 62
        if reach <= 20:
            break
        top = base - canvas.height * 0.42 - reach * 0.62
        colour = mix(colours[number % 5], palette.sky[2], 0.2)
        pen.circle(500, top + reach, reach, colour)
        pen.box(500 - reach, top + reach, reach * 2, base, colour)


def tiles(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """A board of quarter circles, dots and stripes."""
    columns = chance.choice((4, 5))
    cell = 1000 / columns
    pen = canvas.pen()
    colours = [*palette.accents, palette.ink, palette.light, palette.sky[1]]
    for row in range(math.ceil(canvas.height / cell)):
        for column in range(columns):
            x, y = column * cell, row * cell
            back, front, third = chance.sample(colours, 3)
            pen.box(x, y, cell, cell, back)
            kind = chance.choice(("quarter", "quarter", "half", "dot", "rings", "stripes", "leaf"))
            _tile(pen, kind, (x, y, cell), (front, third), chance)


def _tile(
    pen: Pen,
    kind: str,
    place: tuple[float, float, float],
    colours: tuple[Colour, Colour],
    chance: random.Random,
) -> None:
    x, y, cell = place
    front, third = colours
    corner = chance.randrange(4)
    cx, cy = x + cell * (corner in (1, 2)), y + cell * (corner in (2, 3))
    start = corner * 90
    if kind in ("quarter", "rings"):
        for number, part in enumerate((1.0, 0.72, 0.44, 0.2) if kind == "rings" else (1.0, 0.5)):
            pen.pie(cx, cy, cell * part, start, start + 90, front if number % 2 == 0 else third)
    elif kind == "half":
        pen.pie(
            x + cell / 2,
            y + cell * (corner % 2),
            cell / 2,
            180 * (1 - corner % 2) + 180,
            180 * (1 - corner % 2) + 360,
            front,
        )
    elif kind == "dot":
        pen.circle(x + cell / 2, y + cell / 2, cell * 0.36, front)
        pen.circle(x + cell / 2, y + cell / 2, cell * 0.16, third)
    elif kind == "stripes":
        for number in range(4):
            pen.box(x, y + cell * number / 4, cell, cell / 8, front)
    else:
        pen.pie(x, y, cell, 0, 90, front)
        pen.pie(x + cell, y + cell, cell, 180, 270, third)
