"""A drawing surface in its own units: 1000 wide, whatever the picture's size; smooth edges by shrinking."""

import math
from collections.abc import Callable, Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from podtui.demo.palettes import Colour

Point = tuple[float, float]
UNITS = 1000.0
_MAX_DRAWN_PIXELS = 9_000_000
"""Twice as large as the picture is drawn, but never more than this."""


class Canvas:
    """What is painted on; x runs from 0 to 1000, y from 0 to ``height``."""

    def __init__(self, width_px: int, height_px: int) -> None:
        self.final = (width_px, height_px)
        pixels = width_px * height_px
        self.over = (
            2.0 if pixels * 4 <= _MAX_DRAWN_PIXELS else max(1.0, math.sqrt(_MAX_DRAWN_PIXELS / pixels))
        )
        if width_px < 300:
            self.over = 4.0
        self.size = (max(1, round(width_px * self.over)), max(1, round(height_px * self.over)))
        self.height = UNITS * height_px / width_px
        self.image = Image.new("RGB", self.size)
        self.unit = self.size[0] / UNITS

    # --- shapes: each takes units ----------------------------------------------------------------------

    def pen(self) -> "Pen":
        """Draw on the picture itself."""
        return Pen(ImageDraw.Draw(self.image), self.unit)

    def mask(self, draw: Callable[["Pen"], None]) -> Image.Image:
        """A mask (0 to 255) of what ``draw`` fills with 255."""
        mask = Image.new("L", self.size)
        draw(Pen(ImageDraw.Draw(mask), self.unit))
        return mask

    def disc(self, x: float, y: float, rx: float, ry: float | None = None) -> Image.Image:
        """The mask of a circle, or of an ellipse."""
        return self.mask(lambda pen: pen.ellipse(x, y, rx, rx if ry is None else ry))

    def area(self, top: float, bottom: float | None = None) -> Image.Image:
        """The mask of everything between two heights, from side to side."""
        end = self.height if bottom is None else bottom
        return self.mask(lambda pen: pen.box(-10, top, UNITS + 20, end - top))

    def below(self, points: Sequence[Point]) -> Image.Image:
        """The mask of everything below a line."""
        return self.mask(lambda pen: pen.polygon([*points, (UNITS, self.height), (0, self.height)]))

    def fill(self, mask: Image.Image, colour: Colour, strength: float = 1.0) -> None:
        """Put a colour where the mask is."""
        box = mask.getbbox()
        if box is None:
            return
        part = mask.crop(box)
        if strength < 1:
            part = part.point(lambda value: round(value * strength))
        self.image.paste(colour, box, part)

    def fill_gradient(self, mask: Image.Image, top: Colour, bottom: Colour) -> None:
        """Put a gradient where the mask is, from its upper to its lower edge."""
        box = mask.getbbox()
        if box is None:
            return
        ramp = gradient((box[2] - box[0], box[3] - box[1]), (top, bottom))
        self.image.paste(ramp, box[:2], mask.crop(box))

    def backdrop(self, colours: Sequence[Colour]) -> None:
        """Fill the whole surface with a gradient from top to bottom."""
        self.image.paste(gradient(self.size, colours))

    def backdrop_radial(self, inner: Colour, outer: Colour, centre: Point, reach: float) -> None:
        """Fill the whole surface with a gradient from a point outwards."""
        side = round(2 * reach * self.unit)
        ramp = Image.radial_gradient("L").resize((max(2, side), max(2, side)), Image.Resampling.BILINEAR)
        mask = Image.new("L", self.size, 255)
        mask.paste(ramp, (round((centre[0] - reach) * self.unit), round((centre[1] - reach) * self.unit)))
        self.image.paste(inner, (0, 0, *self.size))
        self.image.paste(outer, (0, 0), mask)

    def glow(self, mask: Image.Image, colour: Colour, radius: float, strength: float = 1.0) -> None:
        """Let a shape shine: its blurred mask, added as light."""
        small = mask.reduce(8)
        blurred = small.filter(ImageFilter.GaussianBlur(radius * self.unit / 8))
        blurred = blurred.point(lambda value: min(255, round(value * strength)))
        light = Image.merge("RGB", [blurred.point(lambda value, c=part: value * c // 255) for part in colour])
        light = light.resize(self.size, Image.Resampling.BILINEAR)
        self.image = ImageChops.screen(self.image, light)

    def shade(self, mask: Image.Image, shift: Point, radius: float, strength: float = 0.35) -> None:
        """Let a shape throw a soft shadow."""
        small = mask.reduce(8).filter(ImageFilter.GaussianBlur(radius * self.unit / 8))
        small = small.point(lambda value: round(value * strength))
        moved = ImageChops.offset(
            small, round(shift[0] * self.unit / 8), round(shift[1] * self.unit / 8)
        ).resize(self.size, Image.Resampling.BILINEAR)
        self.image.paste((8, 6, 20), (0, 0), moved)

    def grown(self, mask: Image.Image, by: float) -> Image.Image:
        """The mask, larger on all sides by so many units, with round corners."""
        small = mask.reduce(4)
        reach = by * self.unit / 4 / 3
        for stage in range(3):  # three small steps in eight directions make a round one
            before = small
            for number in range(8):
                angle = math.tau * (number + stage / 3) / 8
                shift = (round(reach * math.cos(angle)), round(reach * math.sin(angle)))
                small = ImageChops.lighter(small, ImageChops.offset(before, *shift))
        smooth = small.filter(ImageFilter.GaussianBlur(2)).resize(self.size, Image.Resampling.BICUBIC)
        return smooth.point(lambda value: max(0, min(255, (value - 100) * 8)))

    def finished(self) -> Image.Image:
        """The picture in its final size."""
        if self.size == self.final:
            return self.image
        if self.over in (2.0, 4.0):
            return self.image.reduce(int(self.over)).resize(self.final)
        return self.image.resize(self.final, Image.Resampling.BOX)


class Pen:
    """Draws filled shapes in units."""

    def __init__(self, draw: ImageDraw.ImageDraw, unit: float) -> None:
        self._draw = draw
        self._unit = unit

    def polygon(self, points: Sequence[Point], fill: Colour | int = 255) -> None:
        """A filled polygon."""
        unit = self._unit
        self._draw.polygon([(x * unit, y * unit) for x, y in points], fill=fill)

    def ellipse(self, x: float, y: float, rx: float, ry: float, fill: Colour | int = 255) -> None:
        """A filled ellipse round a centre."""
        unit = self._unit
        self._draw.ellipse(((x - rx) * unit, (y - ry) * unit, (x + rx) * unit, (y + ry) * unit), fill=fill)

    def circle(self, x: float, y: float, radius: float, fill: Colour | int = 255) -> None:
        """A filled circle."""
        self.ellipse(x, y, radius, radius, fill)

    def ring(self, x: float, y: float, radius: float, width: float, fill: Colour | int = 255) -> None:
        """A circle's line."""
        unit = self._unit
        box = ((x - radius) * unit, (y - radius) * unit, (x + radius) * unit, (y + radius) * unit)
        self._draw.ellipse(box, outline=fill, width=max(1, round(width * unit)))

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | int = 255) -> None:
        """A filled rectangle from its upper left corner; nothing where it has no size."""
        if width <= 0 or height <= 0:
            return
        unit = self._unit
        self._draw.rectangle((x * unit, y * unit, (x + width) * unit, (y + height) * unit), fill=fill)

    def round_box(
        self, x: float, y: float, width: float, height: float, radius: float, fill: Colour | int = 255
    ) -> None:
        """A filled rectangle with round corners; nothing where it has no size."""
        if width <= 0 or height <= 0:
            return
        unit = self._unit
        box = (x * unit, y * unit, (x + width) * unit, (y + height) * unit)
        self._draw.rounded_rectangle(box, radius * unit, fill=fill)

    def pie(
        self, x: float, y: float, radius: float, start: float, end: float, fill: Colour | int = 255
    ) -> None:
        """A slice of a circle; degrees run clockwise from three o'clock."""
        unit = self._unit
        box = ((x - radius) * unit, (y - radius) * unit, (x + radius) * unit, (y + radius) * unit)
        self._draw.pieslice(box, start, end, fill=fill)

    def line(self, points: Sequence[Point], width: float, fill: Colour | int = 255) -> None:
        """A line with round ends and joints."""
        unit = self._unit
        self._draw.line(
            [(x * unit, y * unit) for x, y in points],
            fill=fill,
            width=max(1, round(width * unit)),
            joint="curve",
        )
        for x, y in (points[0], points[-1]):
            self.circle(x, y, width / 2, fill)


def gradient(size: tuple[int, int], colours: Sequence[Colour]) -> Image.Image:
    """A gradient from top to bottom through these colours."""
    strip = Image.new("RGB", (1, len(colours)))
    for row, colour in enumerate(colours):
        strip.putpixel((0, row), colour)
    # The outer half of the first and the last pixel would stay flat: take from middle to middle.
    box = (0, 0.5, 1, len(colours) - 0.5)
    tall = strip.resize((1, size[1]), Image.Resampling.BILINEAR, box=box)
    return tall.resize(size)


def curve(points: Sequence[Point], steps: int = 12, *, is_closed: bool = False) -> list[Point]:
    """A smooth line through points (Catmull-Rom)."""
    count = len(points)
    found: list[Point] = []
    for index in range(count if is_closed else count - 1):
        around = [
            points[(index + step) % count] if is_closed else points[min(count - 1, max(0, index + step))]
            for step in (-1, 0, 1, 2)
        ]
        for step in range(steps):
            found.append(_between(around, step / steps))
    if not is_closed:
        found.append(points[-1])
    return found


def _between(around: Sequence[Point], part: float) -> Point:
    values = []
    for axis in (0, 1):
        before, start, end, after = (point[axis] for point in around)
        values.append(
            0.5
            * (
                2 * start
                + (end - before) * part
                + (2 * before - 5 * start + 4 * end - after) * part**2
                + (3 * start - before - 3 * end + after) * part**3
            )
        )
    return values[0], values[1]
