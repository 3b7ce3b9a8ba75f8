"""Things and animals beside the figures, and what hands hold.

Each is drawn standing at the origin, at the size it has beside a full figure in 256 units.
"""

from __future__ import annotations

import numpy as np
import skia

from training.world.brush import (
    Colour,
    Shape,
    capsule,
    darker,
    fill,
    lighter,
    paint_group,
    polygon,
    stroke,
)
from training.world.figure import Placed
from training.world.furniture import FURNITURE
from training.world.vocabulary import INK


def _car(c: skia.Canvas) -> None:
    red: Colour = (220, 58, 58)
    body = skia.Path().addRoundRect(skia.Rect(-48, -34, 48, -8), 9, 9)
    roof = polygon([(-28, -32), (-18, -54), (18, -54), (32, -32)])
    paint_group(c, [Shape(roof, red, 3), Shape(body, red)], 2.0)
    glass: Colour = (190, 226, 246)
    c.drawPath(polygon([(-21, -34), (-14, -50), (-2, -50), (-2, -34)]), fill(glass))
    c.drawPath(polygon([(4, -34), (4, -50), (16, -50), (25, -34)]), fill(glass))
    for x in (-27, 27):
        c.drawCircle(x, -8, 11, fill((44, 40, 52)))
        c.drawCircle(x, -8, 5, fill((206, 206, 214)))
    c.drawCircle(45, -22, 4, fill((255, 240, 150)))


def _house(c: skia.Canvas) -> None:
    wall: Colour = (248, 230, 196)
    c.drawRect(skia.Rect(-38, -52, 38, 0), stroke(INK, 4))
    c.drawRect(skia.Rect(-38, -52, 38, 0), fill(wall))
    roof = polygon([(-50, -50), (0, -94), (50, -50)])
    paint_group(c, [Shape(roof, (200, 78, 64), 1.5)], 2.0)
    c.drawRect(skia.Rect(-9, -32, 11, 0), fill((140, 88, 56)))
    c.drawRect(skia.Rect(-9, -32, 11, 0), stroke(INK, 1.8))
    for x in (-27, 20):
        c.drawRect(skia.Rect(x, -42, x + 13, -28), fill((255, 226, 130)))
        c.drawRect(skia.Rect(x, -42, x + 13, -28), stroke(INK, 1.8))


def _tree(c: skia.Canvas) -> None:
    paint_group(c, [Shape(capsule((0, 0), (0, -60), 8, 6), (124, 82, 58))], 2.0)
    leaf: Colour = (64, 156, 82)
    blobs = ((-26, -74, 26), (26, -72, 27), (0, -100, 30), (0, -70, 28))
    paint_group(c, [Shape(skia.Path().addCircle(x, y, r), leaf) for x, y, r in blobs], 2.0, 0.06)
    for x, y, r in blobs[:3]:
        c.drawCircle(x - 6, y - 7, r * 0.5, fill(lighter(leaf, 0.22), 0.7))


def _beast(c: skia.Canvas, coat: Colour, belly: Colour, size: float, *, pointed: bool) -> None:
    """A four-legged animal facing right, about 60 units long."""
    k = size
    for x in (-18, -10, 12, 20):
        shade = darker(coat, 0.18) if x in (-10, 12) else coat
        paint_group(
            c, [Shape(capsule((x * k, -16 * k), (x * k, -4 * k), 5 * k, 4.5 * k), shade)], 1.8
        )
    tail = skia.Path()
    tail.moveTo(-24 * k, -24 * k)
    tail.quadTo(-42 * k, -26 * k, -38 * k, -44 * k)
    c.drawPath(tail, stroke(INK, 9.5 * k**0.5))
    c.drawPath(tail, stroke(coat, 6.0 * k**0.5))
    body = capsule((-17 * k, -23 * k), (15 * k, -24 * k), 12 * k, 12 * k)
    paint_group(c, [Shape(body, coat)], 1.9)
    head = (27 * k, -36 * k)
    ears = []
    for dx in (-8, 8):
        if pointed:
            ear = polygon(
                [
                    (head[0] + (dx - 5) * k, head[1] - 7 * k),
                    (head[0] + dx * 1.2 * k, head[1] - 19 * k),
                    (head[0] + (dx + 5) * k, head[1] - 7 * k),
                ]
            )
        else:
            ear = capsule(
                (head[0] + dx * 1.2 * k, head[1] - 6 * k),
                (head[0] + dx * 1.7 * k, head[1] + 6 * k),
                4 * k,
                5 * k,
            )
        ears.append(Shape(ear, coat if pointed else darker(coat, 0.3), 0.8))
    skull = Shape(skia.Path().addCircle(*head, 13 * k), coat)
    paint_group(c, [*ears, skull] if pointed else [skull, *ears], 1.9, 0.1)
    c.drawOval(
        skia.Rect(head[0] - 7 * k, head[1] + 1 * k, head[0] + 9 * k, head[1] + 11 * k), fill(belly)
    )
    for dx in (-5, 6):
        c.drawCircle(head[0] + dx * k, head[1] - 2 * k, 2.5 * k, fill((36, 28, 40)))
    c.drawCircle(head[0] + 1 * k, head[1] + 4 * k, 2.6 * k, fill((60, 36, 44)))


def _cat(c: skia.Canvas) -> None:
    _beast(c, (150, 152, 168), (236, 234, 238), 0.95, pointed=True)


def _dog(c: skia.Canvas) -> None:
    _beast(c, (176, 120, 74), (238, 214, 180), 1.05, pointed=False)


def _tiger(c: skia.Canvas) -> None:
    k = 1.55
    _beast(c, (246, 150, 50), (255, 242, 220), k, pointed=True)
    for x in (-20, -9, 2, 13):
        stripe = polygon([((x - 2.6) * k, -35 * k), ((x + 2.6) * k, -35 * k), (x * k, -21 * k)])
        c.drawPath(stripe, fill((54, 36, 40)))
    for dx in (-4, 1, 6):
        c.drawLine(
            (27 + dx) * k, -48 * k, (26.5 + dx * 0.8) * k, -42 * k, stroke((54, 36, 40), 3.2)
        )


def _chest(c: skia.Canvas) -> None:
    gold: Colour = (252, 206, 70)
    for x, y in ((-14, -32), (0, -36), (14, -32), (-6, -30), (8, -30)):
        c.drawCircle(x, y, 8, fill(darker(gold, 0.3)))
        c.drawCircle(x, y - 1, 6.6, fill(gold))
    lid = skia.Path()
    lid.moveTo(-32, -30)
    lid.cubicTo(-34, -62, 34, -62, 32, -30)
    lid.lineTo(26, -36)
    lid.cubicTo(26, -50, -26, -50, -26, -36)
    lid.close()
    wood: Colour = (158, 96, 52)
    box = skia.Path().addRect(skia.Rect(-31, -28, 31, 0))
    paint_group(c, [Shape(lid, wood), Shape(box, wood)], 2.0)
    for x in (-20, 20):
        c.drawRect(skia.Rect(x - 3.5, -28, x + 3.5, 0), fill(gold))
    c.drawRect(skia.Rect(-5, -24, 5, -12), fill(gold))
    c.drawCircle(0, -17, 2.4, fill(INK))


_PAINTERS = {
    "car": (_car, 52),
    "house": (_house, 44),
    "tree": (_tree, 26),
    "tiger": (_tiger, 44),
    "cat": (_cat, 30),
    "dog": (_dog, 32),
    "chest": (_chest, 34),
} | FURNITURE
"""Each with half the width of its shadow."""


def paint_prop(
    canvas: skia.Canvas, name: str, x: float, y: float, scale: float, *, mirrored: bool
) -> None:
    """One prop with its ground shadow at (x, y)."""
    painter, wide = _PAINTERS[name]
    canvas.save()
    canvas.translate(x, y)
    canvas.scale(-scale if mirrored else scale, scale)
    canvas.drawOval(skia.Rect(-wide, -5, wide, 7), fill((20, 16, 40), 0.25))
    painter(canvas)
    canvas.restore()


def paint_held(canvas: skia.Canvas, name: str, placed: Placed, ink: float) -> None:
    """A newspaper or a book between the hands."""
    a, b = np.array(placed.at("r_wrist")), np.array(placed.at("l_wrist"))
    mid = (a + b) / 2
    half = max(float(np.hypot(*(a - b))) / 2, placed.stature * 0.075) + placed.stature * 0.02
    tall = placed.stature * (0.085 if name == "newspaper" else 0.06)
    if name == "book":
        half *= 0.8
    x, y = float(mid[0]), float(mid[1]) - tall * 0.35
    page: Colour = (246, 243, 232) if name == "newspaper" else (176, 52, 58)
    for s in (-1, 1):
        leaf = polygon(
            [
                (x, y - tall),
                (x + s * half, y - tall * 1.12),
                (x + s * half, y + tall * 0.9),
                (x, y + tall),
            ]
        )
        paint_group(canvas, [Shape(leaf, page)], ink, 0.08)
        if name == "newspaper":
            dark = stroke((70, 66, 80), max(2.4, tall * 0.16), 0.8)
            canvas.drawLine(
                x + s * half * 0.22, y - tall * 0.62, x + s * half * 0.8, y - tall * 0.68, dark
            )
            thin = stroke((110, 106, 120), max(1.8, tall * 0.09), 0.8)
            for row in (-0.2, 0.2, 0.6):
                canvas.drawLine(
                    x + s * half * 0.22,
                    y + tall * row,
                    x + s * half * 0.8,
                    y + tall * (row - 0.05),
                    thin,
                )
