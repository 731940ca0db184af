"""What a picture shows in its middle: animals' heads."""

import math
import random
from dataclasses import dataclass

from podtui.demo.figure import SIDES, Figure
from podtui.demo.palettes import Colour, Palette, mix


@dataclass(frozen=True)
class Look:
    """What a motif is drawn with."""

    palette: Palette
    chance: random.Random
    words: frozenset[str]

    def has(self, *words: str) -> bool:
        """The prompt names one of these."""
        return not self.words.isdisjoint(words)

    @property
    def coat(self) -> tuple[Colour, Colour]:
        """A main colour and its shade."""
        main = self.palette.accents[0]
        return main, mix(main, self.palette.ink, 0.3)


def cat(figure: Figure, look: Look) -> None:
    """A cat, head and shoulders."""
    palette, chance = look.palette, look.chance
    coat, shade = look.coat
    second, third = palette.accents[1], palette.accents[2]
    is_dark_coat = chance.random() < (0.5 if palette.is_dark else 0.3)
    if is_dark_coat:
        coat, shade = mix(palette.ink, palette.accents[3], 0.28), mix(palette.ink, palette.accents[3], 0.1)
    inner = mix(second, palette.light, 0.25)
    figure.symmetric([(0, 30), (38, 44), (62, 78), (74, 118), (0, 122)], shade, mix(shade, palette.ink, 0.35))
    _collar(figure, look, second, third)
    lean = chance.uniform(-4, 6)
    ear = [(22, -50), (44 + lean, -76), (68 + lean, -106), (78, -60), (74, -6)]
    figure.both(ear, coat, shade)
    figure.both([(36, -52), (52 + lean, -72), (65 + lean, -88), (68, -52), (62, -26)], inner)
    head = [
        (0, -58),
        (34, -56),
        (64, -34),
        (78, 2),
        (86, 26),
        (72, 34),
        (74, 46),
        (50, 56),
        (26, 66),
        (0, 69),
    ]
    face = figure.symmetric(head, coat, shade)
    _markings(figure, look, face, mix(coat, palette.light, 0.55) if is_dark_coat else shade)
    muzzle = mix(coat, palette.light, 0.72)
    figure.ellipse(-13, 38, 19, 15, muzzle)
    figure.ellipse(13, 38, 19, 15, muzzle)
    figure.ellipse(0, 50, 13, 9, muzzle)
    for side in SIDES:
        figure.ellipse(side * 52, 34, 12, 7, mix(coat, second, 0.45))
    _eyes(figure, look, third, 30, -2)
    figure.blob([(-9, 24), (0, 22), (9, 24), (0, 34)], mix(second, palette.ink, 0.15))
    for side in SIDES:
        figure.line([(0, 33), (side * 5, 42), (side * 15, 41)], 2.6, palette.ink, is_smooth=True)
        for drop in (-5, 3, 11):
            start, end = (side * 30, 36 + drop * 0.4), (side * 98, 30 + drop * 1.9)
            figure.line([start, (side * 64, 30 + drop), end], 1.9, palette.light, is_smooth=True)
    if look.has("crown", "king", "queen", "royal", "princess"):
        crown(figure, look)


def _collar(figure: Figure, look: Look, band: Colour, bell: Colour) -> None:
    figure.blob([(-46, 62), (0, 80), (46, 62), (52, 74), (0, 94), (-52, 74)], band)
    figure.circle(0, 92, 11, bell)
    figure.line([(-7, 93), (7, 93)], 2.4, look.palette.ink)
    figure.circle(0, 97, 2.4, look.palette.ink)


def _markings(figure: Figure, look: Look, face: object, colour: Colour) -> None:
    kind = look.chance.choice(("stripes", "mask", "plain", "stripes"))
    if kind == "stripes":
        for x, long in ((-15, 24), (0, 31), (15, 24)):
            figure.polygon([(x - 4.5, -55), (x + 4.5, -55), (x * 0.8, -55 + long)], colour)
        for side in SIDES:
            for y in (6, 20):
                figure.polygon([(side * 79, y - 4), (side * 80, y + 5), (side * 57, y + 4)], colour)
    elif kind == "mask":
        figure.blob(
            [(0, -52), (14, -20), (16, 14), (0, 30), (-16, 14), (-14, -20)],
            mix(colour, look.palette.light, 0.6),
        )


def _eyes(figure: Figure, look: Look, colour: Colour, apart: float, y: float) -> None:
    """Eyes in one of several moods; a visor where the prompt is of the future."""
    palette, chance = look.palette, look.chance
    is_future = look.has(
        "cyberpunk", "cyber", "futuristic", "synthwave", "vaporwave", "robot", "hacker", "scifi"
    )
    moods = ["round", "slit", "slit", "sleepy", "wink"] + (
        ["visor", "visor", "shades"] if is_future else ["shades"]
    )
    mood = "shades" if look.has("sunglasses", "cool") else chance.choice(moods)
    if mood == "visor":
        visor(figure, look, y)
    elif mood == "shades":
        shades(figure, look, apart, y)
    else:
        for side in SIDES:
            is_shut = mood == "sleepy" or (mood == "wink" and side == 1)
            if is_shut:
                points = [(side * apart - 15, y), (side * apart, y + 10), (side * apart + 15, y)]
                figure.line(points, 4.2, palette.ink, is_smooth=True)
                continue
            figure.ellipse(side * apart, y, 18.5, 19.5, palette.ink)
            figure.ellipse(side * apart, y + 0.5, 15.5, 16.5, mix(colour, palette.light, 0.35), colour)
            figure.ellipse(side * apart, y, 9.5 if mood == "round" else 4.6, 13.5, palette.ink)
            figure.circle(side * apart + 5, y - 7, 4.4, palette.light)
            figure.circle(side * apart - 5, y + 8, 2.2, palette.light)


def visor(figure: Figure, look: Look, y: float) -> None:
    """A band of glass over both eyes."""
    palette = look.palette
    outer = [(-74, y - 17), (-40, y - 22), (0, y - 19), (40, y - 22), (74, y - 17), (70, y + 13)]
    outer += [(26, y + 20), (0, y + 11), (-26, y + 20), (-70, y + 13)]
    figure.polygon(outer, palette.ink)
    scaled = [(x * 0.94, y + (py - y) * 0.76) for x, py in outer]
    glass = figure.polygon(scaled, palette.accents[2], palette.accents[1])
    for start in (-58, -40, 26):
        figure.polygon(
            [(start, y - 20), (start + 9, y - 20), (start - 3, y + 20), (start - 12, y + 20)],
            palette.light,
            clip=glass,
        )
    for step in range(4):
        figure.line([(-62, y - 9 + step * 7), (62, y - 9 + step * 7)], 0.8, palette.ink, clip=glass)


def shades(figure: Figure, look: Look, apart: float, y: float) -> None:
    """Sunglasses."""
    palette = look.palette
    figure.line([(-72, y - 12), (72, y - 12)], 5, palette.ink)
    for side in SIDES:
        x = side * apart
        lens = [(x - 25, y - 14), (x + 25, y - 14), (x + 20, y + 12), (x, y + 19), (x - 20, y + 12)]
        figure.blob(lens, palette.ink)
        small = [(x + (px - x) * 0.78, y + (py - y) * 0.74) for px, py in lens]
        glass = figure.blob(small, palette.accents[3], palette.accents[1])
        figure.polygon(
            [(x - 12, y - 20), (x - 3, y - 20), (x - 15, y + 20), (x - 24, y + 20)], palette.light, clip=glass
        )


def crown(figure: Figure, look: Look) -> None:
    """A crown between the ears."""
    gold = look.palette.accents[2]
    points = [(-34, -52), (-40, -92), (-18, -72), (0, -102), (18, -72), (40, -92), (34, -52)]
    figure.polygon(points, gold, mix(gold, look.palette.ink, 0.25))
    for x, y in ((-40, -92), (0, -102), (40, -92)):
        figure.circle(x, y, 5.5, look.palette.accents[1])


def fox(figure: Figure, look: Look) -> None:
    """A fox's head."""
    palette = look.palette
    coat, shade = look.coat
    white = mix(palette.light, coat, 0.08)
    figure.both([(18, -44), (58, -104), (70, -88), (76, -14)], coat, shade)
    figure.both([(38, -50), (57, -84), (64, -34)], palette.ink)
    figure.symmetric(
        [(0, -50), (40, -42), (70, -10), (96, 30), (56, 44), (30, 64), (0, 84)], coat, shade, is_smooth=False
    )
    figure.both([(0, 22), (30, 12), (62, 18), (96, 30), (56, 44), (30, 64), (0, 84)], white)
    figure.polygon([(-9, -48), (9, -48), (0, -8)], shade)
    for side in SIDES:
        eye = [(side * 16, 6), (side * 30, -9), (side * 48, -6), (side * 36, 7)]
        figure.polygon(eye, palette.ink)
        figure.circle(side * 32, -1, 3.4, palette.light)
    figure.blob([(-12, 64), (0, 60), (12, 64), (0, 79)], palette.ink)
    figure.ellipse(-3, 65, 3.4, 2, palette.light)


def bear(figure: Figure, look: Look) -> None:
    """A bear's, panda's or dog's head, round all over."""
    palette = look.palette
    coat, shade = look.coat
    if look.has("panda"):
        coat, shade = palette.light, mix(palette.light, palette.ink, 0.12)
    ears = palette.ink if look.has("panda") else shade
    for side in SIDES:
        figure.circle(side * 58, -54, 27, ears)
        figure.circle(side * 58, -54, 14, mix(ears, palette.accents[1], 0.6))
    figure.ellipse(0, 0, 84, 76, coat, shade)
    if look.has("panda"):
        for side in SIDES:
            figure.blob(
                [(side * 16, 2), (side * 34, -24), (side * 54, -10), (side * 50, 16), (side * 28, 20)],
                palette.ink,
            )
    figure.ellipse(0, 30, 38, 30, mix(coat, palette.light, 0.7))
    _eyes(figure, look, palette.accents[2], 34, -8)
    figure.ellipse(0, 18, 14, 10, palette.ink)
    figure.line([(0, 26), (0, 38)], 3, palette.ink)
    figure.line([(-16, 40), (0, 48), (16, 40)], 3, palette.ink, is_smooth=True)


def owl(figure: Figure, look: Look) -> None:
    """An owl with feathers in rows."""
    palette = look.palette
    coat, shade = look.coat
    figure.both([(14, -62), (60, -98), (66, -40)], coat)
    body = figure.symmetric([(0, -70), (50, -62), (74, -20), (70, 50), (40, 96), (0, 104)], coat, shade)
    for row in range(5):
        for column in range(-4, 5):
            x, y = column * 17 + (row % 2) * 8.5, 26 + row * 17
            figure.circle(x, y, 10, mix(palette.accents[(row + column) % 3 + 1], coat, 0.25), clip=body)
            figure.circle(x, y - 5, 8.5, mix(coat, palette.light, 0.25 + 0.1 * (row % 2)), clip=body)
    for side in SIDES:
        figure.blob([(side * 76, -16), (side * 92, 30), (side * 60, 92), (side * 52, 30)], shade)
        figure.circle(side * 29, -26, 31, mix(palette.light, coat, 0.2))
        figure.circle(side * 29, -26, 21, palette.accents[2])
        figure.circle(side * 29, -26, 13, palette.ink)
        figure.circle(side * 29 + 5, -32, 5, palette.light)
    figure.polygon([(-9, -12), (9, -12), (0, 10)], palette.accents[1])


def skull(figure: Figure, look: Look) -> None:
    """A skull, with flowers where the prompt has some."""
    palette, chance = look.palette, look.chance
    bone = mix(palette.light, palette.accents[0], 0.08)
    dark = mix(bone, palette.ink, 0.22)
    figure.polygon([(-44, 42), (44, 42), (38, 96), (22, 104), (-22, 104), (-38, 96)], bone, dark)
    figure.symmetric(
        [(0, -96), (48, -86), (82, -44), (82, 4), (62, 36), (46, 58), (0, 62)],
        bone,
        mix(bone, palette.ink, 0.1),
    )
    socket = palette.ink
    for side in SIDES:
        figure.blob(
            [(side * 12, 2), (side * 26, -22), (side * 54, -14), (side * 58, 14), (side * 34, 30)], socket
        )
        glow = palette.accents[1]
        if chance.random() < 0.75:
            figure.circle(side * 36, 4, 12, glow, mix(glow, palette.ink, 0.3))
            figure.circle(side * 36, 4, 5, palette.light)
        figure.line([(side * 62, 40), (side * 50, 52)], 3, dark)
    figure.polygon([(0, 26), (13, 48), (4, 50), (0, 44), (-4, 50), (-13, 48)], socket)
    for x in (-26, -13, 0, 13, 26):
        figure.line([(x, 66), (x, 94)], 3.2, socket)
    figure.line([(-38, 68), (38, 68)], 2.6, dark)
    figure.line([(-30, -70), (-16, -58), (-22, -46), (-8, -34)], 2.6, dark)
    if (
        look.has("flower", "flowers", "floral", "rose", "roses", "sugar", "day", "botanical")
        or chance.random() < 0.4
    ):
        for x, y, size in ((-52, -70, 24), (52, -74, 21), (0, -94, 28)):
            blossom(figure, look, x, y, size)


def blossom(figure: Figure, look: Look, x: float, y: float, size: float) -> None:
    """A small flower seen from above."""
    petals = look.chance.choice((5, 6, 8))
    colour = look.chance.choice(look.palette.accents)
    for ring, part in ((1.0, 0.0), (0.62, 0.5)):
        shown = mix(colour, look.palette.light, 0.35 * part * 2)
        for number in range(petals):
            angle = math.tau * (number + part) / petals
            figure.circle(
                x + math.cos(angle) * size * 0.55 * ring,
                y + math.sin(angle) * size * 0.55 * ring,
                size * 0.42 * ring,
                shown,
            )
    figure.circle(x, y, size * 0.24, look.palette.accents[2])
