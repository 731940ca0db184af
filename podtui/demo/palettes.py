"""Colours of a picture: chosen by the prompt's words, varied by its seed."""

import colorsys
import random
from dataclasses import dataclass, replace

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Palette:
    """The colours of one picture."""

    name: str
    sky: tuple[Colour, Colour, Colour]
    """From top to bottom."""
    accents: tuple[Colour, ...]
    ink: Colour
    """The darkest, for lines and silhouettes."""
    light: Colour
    """The lightest."""
    is_dark: bool
    """Things glow on it."""

    @property
    def warm(self) -> Colour:
        """The warm accent that stands out most from the sky: a sun's, a fire's."""
        warm = [one for one in self.accents if one[0] >= max(one[2], 180)] or list(self.accents)
        return max(warm, key=lambda one: sum(abs(a - b) for a, b in zip(one, self.sky[1], strict=True)))

    def dusk(self) -> "Palette":
        """The same colours at night: for cities and stars."""
        if self.is_dark:
            return self
        cool = min(self.accents, key=lambda one: one[0] - one[2])
        rose = max(self.accents, key=lambda one: one[0] - one[1])
        middle = mix(mix(cool, rose, 0.45), self.ink, 0.35)
        return replace(self, sky=(mix(self.ink, cool, 0.25), middle, rose), is_dark=True)


def _hex(text: str) -> tuple[Colour, ...]:
    return tuple((int(one[:2], 16), int(one[2:4], 16), int(one[4:], 16)) for one in text.split())


def _palette(name: str, sky: str, accents: str, ink: str, light: str, *, is_dark: bool = False) -> Palette:
    top, middle, bottom = _hex(sky)
    return Palette(name, (top, middle, bottom), _hex(accents), _hex(ink)[0], _hex(light)[0], is_dark)


PALETTES: dict[str, tuple[Palette, ...]] = {
    "neon": (
        _palette(
            "neon", "12062e 3a0f63 d4267f", "ff2e93 00f0ff ffe14d 8b5cff", "0a0420 ", "fdf4ff", is_dark=True
        ),
        _palette(
            "neon", "04122b 0b3a6e 11b5c9", "00ffd5 ff4fa3 faff5c 3d7bff", "030b1c", "effffd", is_dark=True
        ),
        _palette(
            "neon", "1b0326 5a0b6b ff6a3d", "ff8a00 ff2bd6 38f8ff c6ff3d", "120119", "fff6ec", is_dark=True
        ),
    ),
    "pastel": (
        _palette("pastel", "bfe3ff dcd0ff ffd6e7", "ff9eb8 8ecdf5 ffd98a a7e3c0", "4b4470", "fffaf5"),
        _palette("pastel", "ffe0cf ffd0dd d3d9ff", "f79aa6 9fb4ff ffcf7d 8fd9c8", "54456b", "fffdf7"),
        _palette("pastel", "cdf3e4 d8ecff ffe6f1", "7fd1b9 f9a8c4 ffd48f a5b4fc", "3f4a6b", "fffefa"),
    ),
    "vintage": (
        _palette("vintage", "f3d9a4 eeb07a d96f4a", "c8452f 2f6d69 e9a53a 8a3b2a", "33231e", "fbeed0"),
        _palette("vintage", "e8dcc0 d9b88a 9c5a45", "a8392e 3d5a5b d59a3c 6f7d4f", "2b2320", "f7ecd5"),
        _palette("vintage", "9fc3b5 f0d9a5 e58b55", "d1503a 1f5c67 f2b84b 7a4a34", "22302f", "fbf1d8"),
    ),
    "sunset": (
        _palette(
            "sunset", "2b1b5a b8336a ff9e4f", "ffd166 ff5d5d 7b2d8b ffa552", "1d1038", "fff3dd", is_dark=True
        ),
        _palette("sunset", "ff6f61 ff9a6b ffd69a", "fff0b5 e23e57 88304e f78d3f", "311d3f", "fff8ea"),
        _palette(
            "sunset", "243b6b d1607a ffc46b", "ffe29a ef476f 5f4b8b ff8e53", "15213f", "fff4df", is_dark=True
        ),
    ),
    "ocean": (
        _palette("ocean", "b7e6f2 6cc5d9 2a7fa8", "ff7a59 ffd166 0f5c84 8ee3d0", "0b2f4a", "f6fdff"),
        _palette("ocean", "fbe3c4 9ed8d8 2f8fa3", "ef6351 ffd27d 14647a 2bb3a3", "0a3042", "fffdf4"),
        _palette(
            "ocean", "0c2340 145374 3fb7b5", "ffcb77 fe6d73 17c3b2 9be7f0", "071a30", "f3fffe", is_dark=True
        ),
    ),
    "forest": (
        _palette("forest", "f6e9c8 c3d8a4 6fa287", "e07a3f f2c14e 2f6b4f 8fb25c", "16342b", "fdf8e6"),
        _palette("forest", "d7e8e4 94bfae 3f7d6d", "f2a65a e4572e 2d5d4b a9c26b", "12302a", "f8fcf5"),
        _palette(
            "forest", "1a2d3a 2f5d56 e3a857", "ffcf70 e86a4a 5f9f7a c9d77e", "0d1c22", "fdf5df", is_dark=True
        ),
    ),
    "gothic": (
        _palette(
            "gothic", "17111f 3c1d34 8f2d3f", "d7263d f0b67f 8a6fae e8dcca", "0b0810", "f7efe2", is_dark=True
        ),
        _palette(
            "gothic", "101820 2b3a4a 7a8b99", "c8102e f2e6cf 5b7c99 e0a458", "070b10", "f5f1e6", is_dark=True
        ),
    ),
    "mono": (
        _palette("mono", "f2efe8 dedad0 c4bfb3", "e63b2e 1c1c1c 7d786d f2b632", "161616", "fbfaf6"),
        _palette(
            "mono", "111111 2a2a2a 565656", "f5f2e9 e63b2e 9b978c f2b632", "050505", "faf8f2", is_dark=True
        ),
    ),
    "pop": (
        _palette("pop", "ffd23f ffb627 ff8c1a", "ee4266 3bceac 540d6e 0ead69", "1f1135", "fffbea"),
        _palette("pop", "3ec1d3 5fd0d8 a6ebe0", "ff165d ff9a00 f6f7d7 5c2a9d", "191a3f", "fffef2"),
        _palette("pop", "ff5d8f ff87ab ffc2d1", "ffd60a 2ec4b6 3a0ca3 ff9e00", "240046", "fff7fb"),
        _palette("pop", "7b5cff 9d7bff cdb4ff", "ffd166 06d6a0 ef476f 00c2ff", "1e0a52", "fffafa"),
    ),
}

_WORDS: dict[str, str] = {
    "neon": "neon cyberpunk synthwave vaporwave futuristic electric laser glow glowing hacker arcade cyber",
    "pastel": "pastel kawaii cute soft dreamy watercolor watercolour baby candy gentle",
    "vintage": "vintage retro old worn antique western 70s seventies classic nostalgic bauhaus poster",
    "sunset": "sunset sunrise dawn dusk desert summer tropical beach mountain mountains golden",
    "ocean": "ocean sea wave waves water underwater surf fish whale nautical lake river",
    "forest": "forest nature tree trees pine woodland jungle botanical leaf leaves mushroom autumn camping",
    "gothic": "gothic dark horror skull halloween metal vampire witch death tattoo occult noir",
    "mono": "monochrome minimal minimalist minimalistic black white line ink linocut engraving grayscale",
    "pop": "pop comic cartoon bold colorful colourful graffiti manga anime vibrant fun",
}


def words_of(text: str) -> list[str]:
    """The words of a prompt, in lower case."""
    return "".join(character if character.isalnum() else " " for character in text.lower()).split()


def choose_palette(words: list[str], chance: random.Random) -> Palette:
    """The palette of the first word that names one; else any."""
    for word in words:
        for name, known in _WORDS.items():
            if word in known.split():
                return _varied(chance.choice(PALETTES[name]), chance, 0.018)
    name = chance.choice(["sunset", "ocean", "forest", "pop", "vintage", "neon", "pastel"])
    return _varied(chance.choice(PALETTES[name]), chance, 0.03)


def mix(one: Colour, other: Colour, part: float) -> Colour:
    """A colour between two; 0 is the first."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


def turned(colour: Colour, turn: float) -> Colour:
    """The colour with its hue turned, 1 being the whole circle."""
    hue, lightness, strength = colorsys.rgb_to_hls(*(value / 255 for value in colour))
    red, green, blue = colorsys.hls_to_rgb((hue + turn) % 1, lightness, strength)
    return round(red * 255), round(green * 255), round(blue * 255)


def _varied(palette: Palette, chance: random.Random, most: float) -> Palette:
    turn = chance.uniform(-most, most)
    accents = [turned(one, turn) for one in palette.accents]
    chance.shuffle(accents)
    top, middle, bottom = (turned(one, turn) for one in palette.sky)
    return Palette(
        palette.name,
        (top, middle, bottom),
        tuple(accents),
        turned(palette.ink, turn),
        palette.light,
        palette.is_dark,
    )
