"""What marks each garment on the chest: collars, ties, buttons, stripes, belts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import skia

from training.world import vocabulary as words
from training.world.brush import Colour, Point, darker, fill, lighter, mix, polygon, stroke
from training.world.person import Person

WHITE: Colour = (250, 249, 245)


def accent(colour: Colour) -> Colour:
    """A colour that stands out on cloth of the given one."""
    bright = sum(colour) > 540
    return mix(colour, (90, 84, 110), 0.5) if bright else lighter(colour, 0.62)


@dataclass(frozen=True)
class Marks:
    """A chest to draw on.

    Attributes:
        at: (across -1 to 1, down 0 to 1) on the chest's front to pixels.
        ink: width of the ink line; size: the figure's stature; both in pixels.
    """

    canvas: skia.Canvas
    at: Callable[[float, float], Point]
    person: Person
    skin: Colour
    ink: float
    size: float

    @property
    def cloth(self) -> Colour:
        """The garment's colour."""
        return words.GARMENT_COLOURS[self.person.garment_colour]

    def patch(self, spots: list[tuple[float, float]], colour: Colour, outline: float = 0) -> None:
        """A filled polygon; `outline` in ink lines."""
        path = polygon([self.at(*s) for s in spots])
        self.canvas.drawPath(path, fill(colour))
        if outline:
            self.canvas.drawPath(path, stroke(words.INK, self.ink * outline))

    def line(self, spots: list[tuple[float, float]], colour: Colour, width: float) -> None:
        """An open line, its width in pixels."""
        self.canvas.drawPath(
            polygon([self.at(*s) for s in spots], close=False), stroke(colour, width)
        )

    def dot(self, across: float, down: float, radius: float, colour: Colour) -> None:
        """A button."""
        self.canvas.drawCircle(*self.at(across, down), radius, fill(colour))


def _suit(m: Marks) -> None:
    name = m.person.garment_colour
    m.patch(
        [(-0.36, -0.05), (0.36, -0.05), (0.0, 0.52)], (120, 170, 220) if name == "white" else WHITE
    )
    tie = (40, 62, 140) if name in ("red", "pink", "orange") else (196, 40, 52)
    m.patch([(-0.11, 0.0), (0.11, 0.0), (0.08, 0.34), (0, 0.48), (-0.08, 0.34)], tie)
    lapel = accent(m.cloth) if name == "black" else darker(m.cloth, 0.42)
    for s in (-1, 1):
        m.line([(s * 0.4, -0.06), (s * 0.42, 0.22), (0, 0.54)], lapel, m.ink * 1.5)
    m.line([(0, 0.54), (0, 0.98)], lapel, m.ink * 1.5)
    m.dot(0.10, 0.66, m.ink * 1.1, lapel)


def _shirt(m: Marks) -> None:
    for s in (-1, 1):
        m.patch([(0, 0.0), (s * 0.34, -0.06), (s * 0.26, 0.17)], lighter(m.cloth, 0.55), 0.8)
    m.line([(0, 0.05), (0, 0.98)], darker(m.cloth, 0.5), m.ink * 1.15)
    for down in (0.3, 0.52, 0.74):
        m.dot(0.0, down, m.ink * 1.35, accent(m.cloth))


def _t_shirt(m: Marks) -> None:
    m.patch([(-0.3, -0.06), (0.3, -0.06), (0, 0.14)], m.skin)
    m.dot(0, 0.42, m.size * 0.034, accent(m.cloth))


def _jacket(m: Marks) -> None:
    inside = (92, 100, 120) if m.person.garment_colour == "white" else WHITE
    m.patch([(-0.34, -0.05), (0.34, -0.05), (0.24, 1.0), (-0.24, 1.0)], inside)
    for s in (-1, 1):
        m.line([(s * 0.36, -0.06), (s * 0.25, 1.04)], words.INK, m.ink * 1.2)
        collar = [(s * 0.30, -0.08), (s * 0.58, 0.02), (s * 0.38, 0.24)]
        m.patch(collar, darker(m.cloth, 0.2), 0.8)


def _coat(m: Marks) -> None:
    for s in (-1, 1):
        m.patch([(0, 0.16), (s * 0.2, -0.08), (s * 0.56, 0.06)], darker(m.cloth, 0.22), 0.8)
        for down in (0.34, 0.58):
            m.dot(s * 0.24, down, m.ink * 1.25, accent(m.cloth))
    m.line([(-0.98, 0.8), (0.98, 0.8)], darker(m.cloth, 0.5), m.size * 0.024)
    m.dot(0, 0.8, m.size * 0.017, (240, 206, 110))


def _sweater(m: Marks) -> None:
    for down in (0.24, 0.52, 0.80):
        m.line([(-0.92, down), (0.92, down)], accent(m.cloth), m.size * 0.028)


def _dress(m: Marks) -> None:
    m.patch([(-0.32, -0.06), (0.32, -0.06), (0, 0.16)], m.skin)
    m.line([(-0.8, 0.66), (0.8, 0.66)], accent(m.cloth), m.size * 0.026)


FRONTS: dict[str, Callable[[Marks], None]] = {
    "suit": _suit,
    "shirt": _shirt,
    "t-shirt": _t_shirt,
    "jacket": _jacket,
    "coat": _coat,
    "sweater": _sweater,
    "dress": _dress,
}
