"""A motif as a list of parts in its own units (about -100 to 100), so that it can be outlined as a whole."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from PIL import Image, ImageChops

from podtui.demo.canvas import Canvas, Pen, Point, curve
from podtui.demo.palettes import Colour

Draw = Callable[[Pen, Colour | int], None]


@dataclass
class Part:
    """One filled shape."""

    draw: Draw
    colour: Colour
    to: Colour | None = None
    """The lower colour of a gradient."""
    clip: "Part | None" = None
    """Only inside this other part."""


@dataclass
class Figure:
    """Where a motif stands, how large it is, and its parts from back to front."""

    x: float
    y: float
    scale: float
    tilt: float = 0.0
    """Degrees, clockwise."""
    parts: list[Part] = field(default_factory=list)

    def at(self, x: float, y: float) -> Point:
        """A place of the motif on the canvas."""
        angle = math.radians(self.tilt)
        turned_x = x * math.cos(angle) - y * math.sin(angle)
        turned_y = x * math.sin(angle) + y * math.cos(angle)
        return self.x + turned_x * self.scale, self.y + turned_y * self.scale

    def polygon(
        self, points: Sequence[Point], colour: Colour, to: Colour | None = None, clip: Part | None = None
    ) -> Part:
        """Add a polygon."""
        placed = [self.at(*point) for point in points]
        return self._add(lambda pen, fill: pen.polygon(placed, fill), colour, to, clip)

    def blob(
        self, points: Sequence[Point], colour: Colour, to: Colour | None = None, clip: Part | None = None
    ) -> Part:
        """Add a smooth closed shape through points."""
        return self.polygon(curve(points, is_closed=True), colour, to, clip)

    def both(self, points: Sequence[Point], colour: Colour, to: Colour | None = None) -> None:
        """Add a polygon and its mirror image."""
        self.polygon(points, colour, to)
        self.polygon([(-x, y) for x, y in points], colour, to)

    def symmetric(
        self, right: Sequence[Point], colour: Colour, to: Colour | None = None, *, is_smooth: bool = True
    ) -> Part:
        """Add a shape given by its right half, from top to bottom."""
        points = [*right, *[(-x, y) for x, y in reversed(right) if x]]
        return self.blob(points, colour, to) if is_smooth else self.polygon(points, colour, to)

    def ellipse(
        self,
        x: float,
        y: float,
        rx: float,
        ry: float,
        colour: Colour,
        to: Colour | None = None,
        clip: Part | None = None,
    ) -> Part:
        """Add an ellipse; it turns with the figure."""
        if not self.tilt or rx == ry:
            cx, cy = self.at(x, y)
            size = (rx * self.scale, ry * self.scale)
            return self._add(lambda pen, fill: pen.ellipse(cx, cy, *size, fill), colour, to, clip)
        points = [
            (x + rx * math.cos(step * math.tau / 60), y + ry * math.sin(step * math.tau / 60))
            for step in range(60)
        ]
        return self.polygon(points, colour, to, clip)

    def circle(
        self,
        x: float,
        y: float,
        radius: float,
        colour: Colour,
        to: Colour | None = None,
        clip: Part | None = None,
    ) -> Part:
        """Add a circle."""
        return self.ellipse(x, y, radius, radius, colour, to, clip)

    def line(
        self,
        points: Sequence[Point],
        width: float,
        colour: Colour,
        *,
        is_smooth: bool = False,
        clip: Part | None = None,
    ) -> Part:
        """Add a line with round ends."""
        placed = [self.at(*point) for point in (curve(points) if is_smooth else points)]
        thick = width * self.scale
        return self._add(lambda pen, fill: pen.line(placed, thick, fill), colour, None, clip)

    def silhouette(self, canvas: Canvas) -> Image.Image:
        """The mask of everything together."""

        def draw(pen: Pen) -> None:
            for part in self.parts:
                if part.clip is None:
                    part.draw(pen, 255)

        return canvas.mask(draw)

    def paint(self, canvas: Canvas) -> None:
        """Paint all parts in their colours."""
        for part in self.parts:
            if part.to is None and part.clip is None:
                part.draw(canvas.pen(), part.colour)
                continue
            mask = _mask(canvas, part)
            if part.clip is not None:
                mask = ImageChops.darker(mask, _mask(canvas, part.clip))
            if part.to is None:
                canvas.fill(mask, part.colour)
            else:
                canvas.fill_gradient(mask, part.colour, part.to)

    def _add(self, draw: Draw, colour: Colour, to: Colour | None, clip: Part | None) -> Part:
        part = Part(draw, colour, to, clip)
        self.parts.append(part)
        return part


def _mask(canvas: Canvas, part: Part) -> Image.Image:
    return canvas.mask(lambda pen: part.draw(pen, 255))


Side = Literal[-1, 1]
SIDES: tuple[Side, Side] = (-1, 1)
"""Left and right."""
