"""What lies behind: skies, suns, mountains, waves, cities and stars."""

import math
import random
from collections.abc import Callable

from podtui.demo.canvas import Canvas, Pen, Point
from podtui.demo.palettes import Colour, Palette, mix

Scene = Callable[[Canvas, Palette, random.Random], None]


def landscape(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Sun, ranges of mountains, and a lake with its light."""
    canvas.backdrop(palette.sky)
    if palette.is_dark:
        stars(canvas, palette, chance, 90, 0.5)
    horizon = canvas.height * chance.uniform(0.6, 0.68)
    x, radius = chance.uniform(330, 670), chance.uniform(150, 235)
    sun(canvas, palette, (x, horizon - radius * chance.uniform(0.55, 1.15)), radius, chance)
    clouds(canvas, palette, chance, canvas.height * 0.3)
    for layer in range(4):
        part = layer / 3
        colour = mix(mix(palette.sky[2], palette.accents[layer % 4], 0.4), palette.ink, 0.16 + 0.55 * part)
        base = horizon - 120 + layer * 58
        points = ridge(chance, base, 150 - 24 * layer, 5 + layer)
        mask = canvas.below(points)
        canvas.fill_gradient(mask, colour, mix(colour, palette.sky[2], 0.35))
        if layer == 1:
            _snow(canvas, points, mix(palette.light, palette.sky[2], 0.25))
    _water(canvas, palette, chance, horizon + 130, x)
    pines(canvas, palette.ink, chance, canvas.height * 0.99, 26, (90, 210))


def _snow(canvas: Canvas, points: list[Point], colour: Colour) -> None:
    pen = canvas.pen()
    for index in range(1, len(points) - 1):
        (x0, y0), (x, y), (x1, y1) = points[index - 1 : index + 2]
        if y < y0 and y < y1:
            left = (x + (x0 - x) * 0.32, y + (y0 - y) * 0.32)
            right = (x + (x1 - x) * 0.32, y + (y1 - y) * 0.32)
            tooth = (right[1] + left[1]) / 2
            zigzag = [
                (x + (right[0] - x) * 0.4, tooth - 8),
                (x, tooth + 12),
                (x + (left[0] - x) * 0.5, tooth - 12),
            ]
            pen.polygon([(x, y), right, *zigzag, left], colour)


def _water(canvas: Canvas, palette: Palette, chance: random.Random, top: float, x: float) -> None:
    area = canvas.area(top)
    canvas.fill_gradient(area, mix(palette.sky[2], palette.ink, 0.25), mix(palette.sky[0], palette.ink, 0.5))
    pen = canvas.pen()
    y = top + 8
    while y < canvas.height:
        depth = (y - top) / (canvas.height - top)
        for _ in range(5):
            wide = chance.uniform(20, 150) * (0.5 + depth)
            middle = x + chance.gauss(0, 60 + 120 * depth)
            colour = mix(palette.light, palette.accents[0], 0.35 + 0.3 * chance.random())
            tone = mix(colour, palette.sky[2], 0.25 + 0.4 * chance.random())
            pen.round_box(middle - wide / 2, y, wide, 4 + 5 * depth, 3, tone)
        y += 13 + 15 * depth


def ridge(chance: random.Random, base: float, tall: float, peaks: int) -> list[Point]:
    """The outline of a range of mountains."""
    points: list[Point] = [(-10, base + tall * 0.2)]
    step = 1020 / (peaks * 2)
    for number in range(peaks * 2):
        x = -10 + step * (number + chance.uniform(0.7, 1.25))
        up = chance.uniform(0.55, 1.1) if number % 2 == 0 else chance.uniform(-0.15, 0.3)
        points.append((x, base - tall * up))
    points.append((1010, base + tall * 0.1))
    return sorted(points)


def sun(canvas: Canvas, palette: Palette, centre: Point, radius: float, chance: random.Random) -> None:
    """A sun, plain, ringed or in stripes."""
    disc = canvas.disc(*centre, radius)
    canvas.glow(disc, palette.warm, radius * 0.55, 0.75 if palette.is_dark else 0.3)
    kind = chance.choice(("stripes", "plain", "rings"))
    if kind == "rings":
        for number in range(3, 0, -1):
            ring = canvas.disc(*centre, radius * (1 + 0.24 * number))
            canvas.fill(ring, mix(palette.warm, palette.light, 0.3), 0.16)
    if kind == "stripes":

        def cut(pen: Pen) -> None:
            pen.circle(*centre, radius)
            y, gap = centre[1] - radius * 0.05, 5.0
            while y < centre[1] + radius:
                pen.box(centre[0] - radius, y, radius * 2, gap, 0)
                y += gap + max(8, radius * 0.16 - gap * 0.4)
                gap += 4

        disc = canvas.mask(cut)
    canvas.fill_gradient(disc, mix(palette.warm, palette.light, 0.5), palette.warm)


def clouds(canvas: Canvas, palette: Palette, chance: random.Random, y: float) -> None:
    """Flat clouds in bands."""
    for _ in range(chance.randint(3, 6)):
        x, level, long = chance.uniform(0, 1000), y * chance.uniform(0.35, 1.5), chance.uniform(110, 300)

        def draw(pen: Pen, x: float = x, level: float = level, long: float = long) -> None:
            for row in range(3):
                shift, part = (row - 1) * long * 0.2, 1 - abs(row - 1) * 0.35
                pen.round_box(x + shift - long * part / 2, level + row * 17, long * part, 19, 10)

        canvas.fill(canvas.mask(draw), mix(palette.light, palette.sky[1], 0.3), 0.5)


def stars(canvas: Canvas, palette: Palette, chance: random.Random, count: int, low: float = 1.0) -> None:
    """Stars in the upper part of the surface; a few with rays."""
    pen = canvas.pen()
    for number in range(count):
        x, y = chance.uniform(0, 1000), canvas.height * low * chance.random()
        size = chance.choice((1.2, 1.6, 2.2, 3.0))
        colour = mix(palette.light, chance.choice(palette.accents), chance.uniform(0, 0.5))
        pen.circle(x, y, size, colour)
        if number % 14 == 0:
            long = chance.uniform(9, 20)
            pen.polygon(spark(x, y, long), colour)


def spark(x: float, y: float, size: float, waist: float = 0.13) -> list[Point]:
    """A star of four rays."""
    points = []
    for step in range(8):
        reach = size if step % 2 == 0 else size * waist
        points.append((x + reach * math.cos(step * math.pi / 4), y + reach * math.sin(step * math.pi / 4)))
    return points


def pines(
    canvas: Canvas, colour: Colour, chance: random.Random, base: float, count: int, tall: tuple[float, float]
) -> None:
    """A row of firs along a line."""
    pen = canvas.pen()
    for number in range(count):
        x = 1040 * (number + chance.uniform(-0.3, 0.3)) / (count - 1) - 20
        high = chance.uniform(*tall)
        wide = high * 0.3
        for tier in range(5):
            top = base - high + tier * high * 0.17
            reach = wide * (0.34 + tier * 0.17)
            pen.polygon([(x, top), (x + reach, top + high * 0.3), (x - reach, top + high * 0.3)], colour)
        pen.box(x - high * 0.025, base - high * 0.06, high * 0.05, high * 0.06, colour)


def forest(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Firs in mist, row behind row."""
    canvas.backdrop(palette.sky)
    if palette.is_dark:
        stars(canvas, palette, chance, 110, 0.5)
    radius = chance.uniform(110, 180)
    sun(
        canvas,
        palette,
        (chance.uniform(280, 720), canvas.height * chance.uniform(0.24, 0.34)),
        radius,
        chance,
    )
    rows = 6
    for row in range(rows):
        part = row / (rows - 1)
        colour = mix(mix(palette.sky[2], palette.light, 0.2), palette.ink, 0.2 + 0.75 * part)
        base = canvas.height * (0.6 + 0.42 * part)
        pines(canvas, colour, chance, base, round(22 - 10 * part), (150 + 130 * part, 260 + 260 * part))
        below = canvas.area(base - 24)
        canvas.fill_gradient(below, colour, mix(colour, palette.sky[2], 0.35))


def waves(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Rows of great waves made of arcs, under a sun."""
    canvas.backdrop(palette.sky)
    radius = chance.uniform(150, 220)
    sun(canvas, palette, (chance.uniform(300, 700), canvas.height * 0.33), radius, chance)
    clouds(canvas, palette, chance, canvas.height * 0.18)
    size = chance.uniform(120, 160)
    deep = [palette.accents[(number + 1) % 4] for number in range(3)]
    y, row = canvas.height * 0.5, 0
    while y < canvas.height + size:
        part = min(1.0, (y / canvas.height - 0.5) * 2)
        for column in range(-1, math.ceil(1000 / size / 2) + 2):
            x = column * size * 2 + (row % 2) * size
            pen = canvas.pen()
            lift = 14 * math.sin(column * 1.7 + row)
            for number in range(5):
                colour = deep[(number + row) % 3] if number % 2 else palette.light
                pen.circle(
                    x,
                    y + lift + size * 0.4,
                    size * (1 - number * 0.19),
                    mix(colour, palette.ink, 0.12 + 0.3 * part),
                )
        y += size * 0.62
        row += 1


def city(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """A skyline at night, with lit windows and a large moon."""
    palette = palette.dusk()
    dark = mix(palette.sky[0], palette.ink, 0.2)
    canvas.backdrop((dark, palette.sky[1], palette.sky[2]))
    stars(canvas, palette, chance, 120, 0.45)
    sun(
        canvas,
        palette,
        (chance.uniform(300, 700), canvas.height * chance.uniform(0.32, 0.42)),
        chance.uniform(170, 240),
        chance,
    )
    for layer in range(3):
        part = layer / 2
        colour = mix(palette.sky[2], palette.ink, 0.45 + 0.45 * part)
        x = -20.0
        while x < 1000:
            wide = chance.uniform(60, 130) * (0.8 + 0.25 * layer)
            tall = canvas.height * chance.uniform(0.16, 0.5 - 0.09 * layer)
            _house(
                canvas,
                palette,
                chance,
                (x, canvas.height - tall - canvas.height * (0.16 - 0.08 * layer), wide),
                colour,
                part,
            )
            x += wide + chance.uniform(-6, 14)


def _house(
    canvas: Canvas,
    palette: Palette,
    chance: random.Random,
    place: tuple[float, float, float],
    colour: Colour,
    part: float,
) -> None:
    x, top, wide = place
    pen = canvas.pen()
    pen.box(x, top, wide, canvas.height - top, colour)
    roof = chance.choice(("flat", "flat", "antenna", "step", "slope"))
    if roof == "antenna":
        pen.box(x + wide / 2 - 2, top - 60, 4, 60, colour)
        pen.circle(x + wide / 2, top - 60, 6, palette.accents[0])
    elif roof == "step":
        pen.box(x + wide * 0.2, top - 26, wide * 0.6, 28, colour)
    elif roof == "slope":
        pen.polygon([(x, top), (x + wide, top), (x + wide, top - wide * 0.35)], colour)
    if part == 0:
        return
    lit = chance.choice(palette.accents[:3])
    columns, cell = max(2, int(wide / 22)), wide / max(2, int(wide / 22))
    for row in range(int((canvas.height - top) / 30)):
        for column in range(columns):
            if chance.random() < 0.36:
                tone = mix(
                    mix(lit, palette.light, 0.35 * chance.random()), colour, 0.15 + 0.35 * chance.random()
                )
                pen.box(x + column * cell + cell * 0.25, top + 14 + row * 30, cell * 0.5, 15, tone)


def grid(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """A sun over a plane of glowing lines."""
    palette = palette.dusk()
    canvas.backdrop((mix(palette.sky[0], palette.ink, 0.3), palette.sky[1], palette.sky[2]))
    stars(canvas, palette, chance, 140, 0.5)
    horizon = canvas.height * chance.uniform(0.6, 0.66)
    radius = chance.uniform(220, 290)
    sun(canvas, palette, (500, horizon - radius * 0.5), radius, chance)
    for layer in range(2):
        colour = mix(palette.sky[1], palette.ink, 0.45 + 0.3 * layer)
        points = ridge(chance, horizon - 10, 150 - 70 * layer, 6 + layer)
        canvas.pen().polygon([*points, (1010, horizon + 4), (-10, horizon + 4)], colour)
    floor = canvas.area(horizon)
    canvas.fill_gradient(floor, mix(palette.sky[1], palette.ink, 0.55), palette.ink)

    def lines(pen: Pen) -> None:
        for number in range(-16, 17):
            pen.line([(500 + number * 34, horizon), (500 + number * 230, canvas.height + 60)], 2.6)
        y, gap = horizon, 8.0
        while y < canvas.height:
            pen.box(0, y, 1000, 2.4)
            y, gap = y + gap, gap * 1.27

    wires = canvas.mask(lines)
    canvas.glow(wires, palette.accents[1], 9, 1.6)
    canvas.fill(wires, mix(palette.accents[1], palette.light, 0.3))


def space(canvas: Canvas, palette: Palette, chance: random.Random) -> None:
    """Stars, mist of stars, small planets."""
    palette = palette.dusk()
    deep = mix(palette.ink, palette.sky[0], 0.35)
    canvas.backdrop((deep, mix(palette.sky[0], palette.ink, 0.35), mix(palette.sky[1], palette.ink, 0.45)))
    for _ in range(7):
        x, y = chance.uniform(0, 1000), chance.uniform(0, canvas.height)
        rx, ry = chance.uniform(120, 300), chance.uniform(60, 170)
        cloud = canvas.disc(x, y, rx, ry)
        canvas.glow(cloud, chance.choice(palette.accents), 120, 0.36)
    stars(canvas, palette, chance, 320)
    for _ in range(3):
        x, y, radius = chance.uniform(60, 940), chance.uniform(60, canvas.height - 60), chance.uniform(18, 58)
        ball = canvas.disc(x, y, radius)
        colour = chance.choice(palette.accents)
        canvas.glow(ball, colour, 26, 0.5)
        canvas.fill_gradient(ball, mix(colour, palette.light, 0.35), mix(colour, palette.ink, 0.6))
