"""Furniture that people sit behind or lie under; drawn standing at the origin, as props are."""

from __future__ import annotations

from collections.abc import Callable

import skia

from training.world.brush import Colour, Shape, darker, fill, lighter, paint_group, polygon, stroke
from training.world.vocabulary import INK

WOOD: Colour = (170, 114, 72)


def _rounded(left: float, top: float, right: float, bottom: float, radius: float) -> skia.Path:
    return skia.Path().addRoundRect(skia.Rect(left, top, right, bottom), radius, radius)


def _bed(c: skia.Canvas) -> None:
    """The head of a bed seen from its foot, with two pillows."""
    board = _rounded(-92, -124, 92, 0, 16)
    inner = _rounded(-80, -112, 80, 0, 12)
    paint_group(c, [Shape(board, WOOD)], 2.2, 0.1)
    c.drawPath(inner, fill(lighter(WOOD, 0.22)))
    for x in (-76, 6):
        pillow = _rounded(x, -74, x + 70, -22, 18)
        paint_group(c, [Shape(pillow, (250, 248, 244))], 2.0, 0.08)


def _quilt(c: skia.Canvas) -> None:
    """What covers the sleeper, its sheet turned down."""
    cloth: Colour = (94, 134, 200)
    body = skia.Path()
    body.moveTo(-104, 0)
    body.cubicTo(-112, -46, -92, -74, -60, -76)
    body.lineTo(60, -76)
    body.cubicTo(92, -74, 112, -46, 104, 0)
    body.close()
    paint_group(c, [Shape(body, cloth)], 2.2, 0.14)
    for x in (-52, 0, 52):
        c.drawLine(x, -56, x * 1.3, 0, stroke(darker(cloth, 0.28), 3.2))
    c.drawLine(-96, -26, 96, -26, stroke(darker(cloth, 0.28), 3.2))
    sheet = _rounded(-86, -84, 86, -62, 10)
    paint_group(c, [Shape(sheet, (250, 248, 244))], 2.0, 0.06)


def _board(c: skia.Canvas, wood: Colour) -> None:
    """A table's front, its top at -46."""
    for x in (-92, 80):
        c.drawRect(skia.Rect(x, -40, x + 12, 0), fill(darker(wood, 0.3)))
        c.drawRect(skia.Rect(x, -40, x + 12, 0), stroke(INK, 1.8))
    top = polygon([(-96, -50), (96, -50), (112, -30), (-112, -30)])
    paint_group(
        c, [Shape(top, lighter(wood, 0.1)), Shape(_rounded(-112, -31, 112, -20, 3), wood)], 2.0
    )


def _breakfast(c: skia.Canvas) -> None:
    """A laid table: a cup, a plate with an egg, bread."""
    _board(c, (202, 146, 96))
    cup: Colour = (236, 92, 84)
    c.drawCircle(-39, -50, 8, stroke(INK, 7))
    c.drawCircle(-39, -50, 8, stroke(cup, 4))
    paint_group(c, [Shape(_rounded(-66, -62, -42, -38, 5), cup)], 1.9)
    c.drawOval(skia.Rect(-64, -65, -44, -58), fill((92, 58, 44)))
    plate = skia.Path().addOval(skia.Rect(-28, -50, 34, -34))
    paint_group(c, [Shape(plate, (250, 250, 248))], 1.9, 0.06)
    c.drawOval(skia.Rect(-14, -48, 20, -38), fill((255, 214, 70)))
    bread = _rounded(48, -62, 88, -38, 11)
    paint_group(c, [Shape(bread, (226, 164, 92))], 1.9)
    for x in (60, 74):
        c.drawLine(x, -58, x - 5, -46, stroke((168, 104, 52), 3.4))


def _desk(c: skia.Canvas) -> None:
    """A desk with a computer seen from behind, and books."""
    _board(c, (150, 108, 84))
    c.drawRect(skia.Rect(-8, -52, 8, -38), fill((96, 100, 112)))
    paint_group(c, [Shape(_rounded(-38, -86, 38, -48, 5), (134, 140, 152))], 2.0)
    c.drawCircle(0, -67, 6, fill((236, 240, 246)))
    for i, colour in enumerate(((214, 70, 66), (84, 156, 100), (240, 190, 70))):
        y = -38 - 9 * i
        paint_group(c, [Shape(_rounded(54 + 2 * i, y - 9, 94 - 2 * i, y, 2), colour)], 1.7)


FURNITURE: dict[str, tuple[Callable[[skia.Canvas], None], int]] = {
    "bed": (_bed, 0),
    "quilt": (_quilt, 0),
    "breakfast": (_breakfast, 0),
    "desk": (_desk, 0),
}
"""Each with half the width of its shadow on the ground."""
