"""What a picture shows in its middle: plants, machines, planets and hearts."""

import math

from podtui.demo.figure import SIDES, Figure
from podtui.demo.motifs import Look, blossom
from podtui.demo.palettes import mix


def flower(figure: Figure, look: Look) -> None:
    """A large blossom on a stem with leaves."""
    palette, chance = look.palette, look.chance
    stem = mix(palette.accents[3], palette.ink, 0.25)
    figure.line([(0, 0), (4, 60), (-4, 118)], 7, stem, is_smooth=True)
    for side in SIDES:
        leaf = [(0, 96), (side * 26, 62), (side * 66, 50), (side * 48, 84), (side * 14, 102)]
        figure.blob(leaf, mix(palette.accents[3], palette.light, 0.15), stem)
        figure.line([(side * 4, 96), (side * 52, 62)], 2, stem)
    petals = chance.choice((8, 10, 12, 14))
    rings = (
        (1.0, palette.accents[0]),
        (0.8, palette.accents[1]),
        (0.58, mix(palette.accents[0], palette.light, 0.45)),
    )
    for level, (size, colour) in enumerate(rings):
        for number in range(petals):
            angle = math.tau * (number + level * 0.5) / petals
            _petal(figure, angle, 86 * size, 200 / petals * size, colour, mix(colour, palette.ink, 0.18))
    figure.circle(0, -22, 24, palette.accents[2], mix(palette.accents[2], palette.ink, 0.25))
    for number in range(26):
        reach, angle = 20 * math.sqrt(number / 26), number * 2.39996
        figure.circle(math.cos(angle) * reach, -22 + math.sin(angle) * reach, 2.1, palette.ink)


def _petal(
    figure: Figure,
    angle: float,
    length: float,
    width: float,
    colour: tuple[int, int, int],
    shade: tuple[int, int, int],
) -> None:
    def place(along: float, aside: float) -> tuple[float, float]:
        return (
            math.cos(angle) * along - math.sin(angle) * aside,
            -22 + math.sin(angle) * along + math.cos(angle) * aside,
        )

    half = width * 0.62
    shape = [place(0, 0), place(length * 0.45, half), place(length * 0.85, half * 0.8), place(length, 0)]
    shape += [place(length * 0.85, -half * 0.8), place(length * 0.45, -half)]
    figure.blob(shape, colour)
    figure.line([place(length * 0.35, 0), place(length * 0.8, 0)], 1.6, shade)


def planet(figure: Figure, look: Look) -> None:
    """A banded planet with a ring."""
    palette, chance = look.palette, look.chance
    figure.tilt = chance.uniform(-28, -10)
    ring, other = palette.accents[1], palette.accents[2]
    for rx, colour in ((128, ring), (112, mix(ring, palette.ink, 0.55)), (106, other), (94, palette.ink)):
        figure.polygon(_half_ring(rx, rx * 0.27, is_front=False), colour)
    ball = figure.circle(0, 0, 74, palette.accents[0], mix(palette.accents[0], palette.ink, 0.5))
    top = -74.0
    while top < 74:
        tall = chance.uniform(7, 22)
        colour = mix(palette.accents[0], chance.choice(palette.accents[1:]), chance.uniform(0.15, 0.55))
        wave = [(x, top + 4 * math.sin(x / 22 + top)) for x in range(-80, 81, 8)]
        back = [(x, top + tall * 0.55 + 3 * math.sin(x / 17 + top)) for x in range(80, -81, -8)]
        figure.polygon([*wave, *back], colour, clip=ball)
        top += tall
    figure.circle(26, 20, 12, mix(palette.accents[2], palette.light, 0.2), clip=ball)
    figure.polygon(_crescent(74), mix(palette.ink, palette.accents[0], 0.15), clip=ball)
    for rx, colour in ((128, ring), (112, mix(ring, palette.ink, 0.55)), (106, other)):
        figure.polygon(_front_band(rx, rx - 13 if rx > 110 else 95), colour)
    for x, y, size in ((-92, -70, 11), (96, 66, 8)):
        figure.circle(x, y, size, mix(palette.light, palette.accents[3], 0.4))


def _half_ring(rx: float, ry: float, *, is_front: bool) -> list[tuple[float, float]]:
    start = 0.0 if is_front else math.pi
    return [
        (rx * math.cos(start + step * math.pi / 40), ry * math.sin(start + step * math.pi / 40))
        for step in range(41)
    ]


def _front_band(outer: float, inner: float) -> list[tuple[float, float]]:
    return [
        *_half_ring(outer, outer * 0.27, is_front=True),
        *reversed(_half_ring(inner, inner * 0.27, is_front=True)),
    ]


def _crescent(radius: float) -> list[tuple[float, float]]:
    outer = [(radius * math.cos(a / 20), radius * math.sin(a / 20)) for a in range(-24, 45)]
    inner = [
        (radius * 0.9 * math.cos(a / 20) - 16, radius * 0.95 * math.sin(a / 20) - 12)
        for a in range(44, -25, -1)
    ]
    return [*outer, *inner]


def rocket(figure: Figure, look: Look) -> None:
    """A rocket on its way."""
    palette = look.palette
    figure.tilt = look.chance.uniform(10, 34)
    body, fin = mix(palette.light, palette.accents[1], 0.1), palette.accents[0]
    fire = (palette.warm, mix(palette.warm, palette.light, 0.5), palette.light)
    for width, long, colour in ((30, 158, fire[0]), (21, 136, fire[1]), (11, 114, fire[2])):
        figure.blob(
            [
                (-width, 58),
                (0, 52),
                (width, 58),
                (width * 0.5, long - 22),
                (0, long),
                (-width * 0.5, long - 22),
            ],
            colour,
        )
    figure.both([(28, 10), (62, 48), (58, 82), (30, 60)], fin, mix(fin, palette.ink, 0.4))
    hull = figure.symmetric([(0, -112), (22, -80), (36, -34), (36, 22), (24, 66), (0, 68)], body)
    figure.polygon(
        [(8, -120), (60, -120), (60, 80), (16, 80), (20, 0)], mix(body, palette.ink, 0.18), clip=hull
    )
    figure.polygon([(-40, -116), (40, -116), (40, -62), (-40, -62)], fin, clip=hull)
    figure.polygon([(-40, 34), (40, 34), (40, 46), (-40, 46)], palette.accents[1], clip=hull)
    figure.circle(0, -22, 21, palette.ink)
    figure.circle(0, -22, 16, palette.accents[3], palette.accents[1])
    figure.circle(-5, -28, 5, palette.light)
    figure.polygon([(-5, 16), (5, 16), (4, 66), (-4, 66)], fin)


def mushroom(figure: Figure, look: Look) -> None:
    """Toadstools among leaves."""
    palette, chance = look.palette, look.chance
    for x, size in ((-58.0, 0.46), (60.0, 0.56), (0.0, 1.0)):
        cap, foot = palette.accents[0 if size == 1 else 1], mix(palette.light, palette.accents[2], 0.12)
        base = 96.0

        def place(px: float, py: float, x: float = x, size: float = size) -> tuple[float, float]:
            return x + px * size, 96 + (py - 96) * size

        figure.polygon(
            [place(-16, 0), place(16, 0), place(26, base), place(-26, base)],
            foot,
            mix(foot, palette.ink, 0.25),
        )
        figure.blob(
            [place(-34, 6), place(34, 6), place(24, 20), place(-24, 20)], mix(foot, palette.ink, 0.15)
        )
        points = [
            (0, -92),
            (52, -76),
            (84, -32),
            (88, 2),
            (40, 14),
            (0, 16),
            (-40, 14),
            (-88, 2),
            (-84, -32),
            (-52, -76),
        ]
        top = figure.blob([place(*point) for point in points], cap, mix(cap, palette.ink, 0.35))
        for px, py, spot in (
            (-42, -32, 15),
            (2, -62, 17),
            (44, -28, 14),
            (-6, -14, 10),
            (70, -2, 9),
            (-72, -4, 9),
        ):
            sx, sy = place(px, py)
            figure.ellipse(sx, sy, spot * size, spot * size * 0.85, palette.light, clip=top)
    for number in range(9):
        x = -86 + number * 21.5 + chance.uniform(-4, 4)
        lean, tall = chance.uniform(-12, 12), chance.uniform(18, 40)
        green = mix(palette.accents[3], palette.ink, chance.uniform(0.1, 0.45))
        figure.blob(
            [(x - 7, 102), (x - 5 + lean * 0.4, 102 - tall * 0.6), (x + lean, 102 - tall), (x + 7, 102)],
            green,
        )
    if look.has("flower", "flowers", "floral"):
        blossom(figure, look, -84, 84, 16)


def heart(figure: Figure, look: Look) -> None:
    """A heart in slices of colour."""
    palette = look.palette
    points = []
    for step in range(80):
        t = step * math.tau / 80
        x = 16 * math.sin(t) ** 3
        y = 13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)
        points.append((x * 5.6, -y * 5.6 - 6))
    whole = figure.polygon(points, palette.accents[0], mix(palette.accents[0], palette.ink, 0.3))
    wave = look.chance.uniform(0, 6)
    for number, colour in enumerate((*palette.accents[1:], palette.light)):
        base = -10 + number * 26
        top = [(x, base + 12 * math.sin(x / 26 + wave + number)) for x in range(-100, 101, 8)]
        bottom = [(x, base + 17 + 12 * math.sin(x / 26 + wave + number)) for x in range(100, -101, -8)]
        figure.polygon([*top, *bottom], colour, clip=whole)
    figure.blob([(-66, -50), (-50, -68), (-30, -72), (-46, -58), (-60, -38)], palette.light, clip=whole)


def fish(figure: Figure, look: Look) -> None:
    """A koi with scales."""
    palette = look.palette
    figure.tilt = look.chance.uniform(-18, 12)
    coat, shade = look.coat
    fin = mix(palette.accents[1], palette.light, 0.2)
    figure.blob([(58, 0), (104, -52), (122, -40), (100, 0), (122, 44), (104, 54)], fin, palette.accents[1])
    figure.blob([(-20, -44), (10, -84), (48, -66), (40, -34)], fin)
    figure.blob([(-6, 40), (8, 78), (40, 70), (28, 34)], fin)
    body = figure.blob(
        [(-106, 2), (-74, -36), (-16, -50), (44, -28), (74, 0), (44, 28), (-16, 48), (-74, 34)], coat, shade
    )
    for row in range(-3, 4):
        for column in range(9):
            x, y = -44 + column * 15 + (row % 2) * 7.5, row * 14
            figure.circle(x, y, 9.5, mix(palette.accents[(column + row) % 3 + 1], coat, 0.45), clip=body)
            figure.circle(x - 3, y, 8.2, mix(coat, palette.light, 0.12 + 0.08 * (column % 2)), clip=body)
    figure.circle(-72, -8, 11, palette.light)
    figure.circle(-74, -8, 6, palette.ink)
    figure.line([(-50, -30), (-42, 0), (-50, 28)], 3, shade, is_smooth=True)
    for number, (x, y) in enumerate(((-112, -44), (-96, -70), (-122, -76))):
        figure.circle(x, y, 9 - number * 1.6, mix(palette.light, palette.accents[3], 0.25))


def robot(figure: Figure, look: Look) -> None:
    """A friendly machine."""
    palette, chance = look.palette, look.chance
    coat, shade = look.coat
    figure.line([(0, -70), (0, -100)], 5, palette.ink)
    figure.circle(0, -104, 10, palette.accents[2])
    for side in SIDES:
        figure.polygon(
            [(side * 72, -34), (side * 92, -28), (side * 92, 6), (side * 72, 12)], palette.accents[1]
        )
    figure.polygon(
        [(-40, 58), (40, 58), (66, 84), (70, 122), (-70, 122), (-66, 84)], shade, mix(shade, palette.ink, 0.3)
    )
    figure.polygon([(-20, 44), (20, 44), (24, 64), (-24, 64)], palette.ink)
    figure.symmetric(
        [(0, -72), (64, -70), (76, -58), (76, 36), (64, 48), (0, 50)], coat, shade, is_smooth=False
    )
    screen = figure.symmetric(
        [(0, -54), (54, -53), (61, -46), (61, 22), (54, 29), (0, 30)], palette.ink, is_smooth=False
    )
    for side in SIDES:
        if chance.random() < 0.75:
            figure.circle(side * 28, -16, 15, palette.accents[3], clip=screen)
            figure.circle(side * 28, -16, 6.5, palette.light, clip=screen)
        else:
            figure.line(
                [(side * 28 - 13, -12), (side * 28, -24), (side * 28 + 13, -12)], 5, palette.accents[3]
            )
    figure.line([(-20, 10), (0, 19), (20, 10)], 4.5, palette.accents[1], is_smooth=True)
    figure.polygon(
        [(-44, -56), (-20, -56), (-52, 30), (-66, 30)], mix(palette.ink, palette.light, 0.16), clip=screen
    )
    for number, colour in enumerate(palette.accents[:3]):
        figure.circle(-24 + number * 24, 100, 8, colour)


def butterfly(figure: Figure, look: Look) -> None:
    """A butterfly with spread wings."""
    palette = look.palette
    for side in SIDES:
        for points, colour in (
            ([(0, -8), (30, -78), (84, -96), (104, -60), (84, -8), (30, 10)], palette.accents[0]),
            ([(0, 4), (44, 10), (84, 30), (78, 78), (44, 92), (14, 50)], palette.accents[1]),
        ):
            for size, tone in (
                (1.0, palette.ink),
                (0.9, colour),
                (0.62, mix(colour, palette.light, 0.5)),
                (0.34, palette.accents[2]),
            ):
                middle = (52.0, -48.0) if colour == palette.accents[0] else (48.0, 46.0)
                figure.blob(
                    [
                        (side * (middle[0] + (x - middle[0]) * size), middle[1] + (y - middle[1]) * size)
                        for x, y in points
                    ],
                    tone,
                )
        for x, y, dot in ((96, -64, 4), (92, -44, 3.4), (80, 58, 3.6), (66, 76, 3)):
            figure.circle(side * x, y, dot, palette.light)
        figure.line([(0, -50), (side * 14, -84), (side * 30, -98)], 2.6, palette.ink, is_smooth=True)
        figure.circle(side * 30, -98, 4, palette.ink)
    figure.blob([(0, -60), (9, -40), (7, 20), (0, 70), (-7, 20), (-9, -40)], palette.ink)


def cactus(figure: Figure, look: Look) -> None:
    """A cactus in a pot."""
    palette = look.palette
    green = mix(palette.accents[3], palette.accents[1], 0.3)
    shade = mix(green, palette.ink, 0.35)
    figure.line([(-28, 22), (-66, 18), (-66, -22)], 27, green, is_smooth=True)
    figure.line([(28, 2), (64, -4), (64, -50)], 25, green, is_smooth=True)
    trunk = figure.symmetric([(0, -102), (30, -88), (38, -40), (38, 70), (0, 70)], green, shade)
    for x in (-22, 0, 22):
        figure.line([(x, -92), (x, 70)], 2.4, shade, clip=trunk)
    for y in range(-80, 60, 17):
        for x in (-11, 11):
            figure.line([(x - 4, y - 4), (x + 4, y + 4)], 1.8, palette.light)
            figure.line([(x + 4, y - 4), (x - 4, y + 4)], 1.8, palette.light)
    blossom(figure, look, 0, -102, 25)
    blossom(figure, look, 64, -62, 17)
    pot = palette.accents[0]
    figure.polygon([(-52, 58), (52, 58), (40, 118), (-40, 118)], pot, mix(pot, palette.ink, 0.4))
    figure.polygon([(-60, 50), (60, 50), (57, 70), (-57, 70)], mix(pot, palette.light, 0.2))
    for x in range(-30, 31, 20):
        figure.polygon([(x - 9, 98), (x, 82), (x + 9, 98)], palette.light)
