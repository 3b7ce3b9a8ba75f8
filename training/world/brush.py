"""Vector brushes over skia: outlined groups of capsules and polygons with soft shading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import skia

from training.world.vocabulary import INK, Colour

Point = tuple[float, float]


def mix(a: Colour, b: Colour, share: float) -> Colour:
    """`a` with a share (0 to 1) of `b`."""
    return tuple(round(x + (y - x) * share) for x, y in zip(a, b, strict=True))  # type: ignore[return-value]


def darker(colour: Colour, share: float = 0.25) -> Colour:
    """Towards a deep violet rather than black: shadows stay colourful."""
    return mix(colour, (38, 22, 66), share)


def lighter(colour: Colour, share: float = 0.25) -> Colour:
    """Towards a warm white."""
    return mix(colour, (255, 252, 240), share)


def argb(colour: Colour, alpha: float = 1.0) -> int:
    """Skia's packed colour."""
    return int(skia.Color(*colour, round(255 * alpha)))


def fill(colour: Colour, alpha: float = 1.0) -> skia.Paint:
    """A plain antialiased fill."""
    return skia.Paint(Color=argb(colour, alpha), AntiAlias=True)


def stroke(colour: Colour, width: float, alpha: float = 1.0) -> skia.Paint:
    """A round-capped stroke of `width` pixels."""
    return skia.Paint(
        Color=argb(colour, alpha),
        AntiAlias=True,
        Style=skia.Paint.kStroke_Style,
        StrokeWidth=width,
        StrokeCap=skia.Paint.kRound_Cap,
        StrokeJoin=skia.Paint.kRound_Join,
    )


def gradient(
    start: Point, end: Point, colours: Sequence[Colour], alphas: Sequence[float] | None = None
) -> skia.Paint:
    """A linear gradient fill between two points."""
    alphas = alphas or [1.0] * len(colours)
    shader = skia.GradientShader.MakeLinear(
        points=[skia.Point(*start), skia.Point(*end)],
        colors=[argb(c, a) for c, a in zip(colours, alphas, strict=True)],
    )
    return skia.Paint(Shader=shader, AntiAlias=True)


def glow(centre: Point, radius: float, colour: Colour, alpha: float) -> skia.Paint:
    """A radial glow that fades to nothing at `radius`."""
    shader = skia.GradientShader.MakeRadial(
        center=skia.Point(*centre),
        radius=radius,
        colors=[argb(colour, alpha), argb(colour, alpha * 0.35), argb(colour, 0.0)],
    )
    return skia.Paint(Shader=shader, AntiAlias=True)


def polygon(points: Sequence[Point], *, close: bool = True) -> skia.Path:
    """Straight edges through the points, back to the first if `close`."""
    path = skia.Path()
    path.addPoly([skia.Point(float(x), float(y)) for x, y in points], close)
    return path


def capsule(a: Point, b: Point, ra: float, rb: float) -> skia.Path:
    """The hull of two discs: a limb that tapers from radius `ra` to `rb`."""
    path = skia.Path()
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = float(np.hypot(dx, dy))
    path.addCircle(a[0], a[1], ra)
    path.addCircle(b[0], b[1], rb)
    if length > abs(ra - rb) + 1e-6:
        cosine = (ra - rb) / length
        sine = float(np.sqrt(1 - cosine * cosine))
        ux, uy = dx / length, dy / length
        edges = []
        for s in (1, -1):
            nx, ny = ux * cosine - s * uy * sine, uy * cosine + s * ux * sine
            edges.append(((a[0] + nx * ra, a[1] + ny * ra), (b[0] + nx * rb, b[1] + ny * rb)))
        corners = [edges[0][0], edges[0][1], edges[1][1], edges[1][0]]
        # Discs run clockwise; a quad the other way would cut holes where they overlap.
        path.addPath(polygon(corners[::-1]))
    return path


@dataclass(frozen=True)
class Shape:
    """A path, widened all round by `grow` pixels, in one colour."""

    path: skia.Path
    colour: Colour
    grow: float = 0.0


def paint_group(
    canvas: skia.Canvas, shapes: Sequence[Shape], outline: float, light: float = 0.16
) -> None:
    """Paint shapes as one body: a common outline first, then fills shaded from upper left.

    Args:
        canvas: to paint on.
        shapes: back to front.
        outline: width of the ink line in pixels.
        light: how strongly the shading runs, 0 to 1.
    """
    for shape in shapes:
        paint = stroke(INK, 2 * (outline + shape.grow))
        paint.setStyle(skia.Paint.kStrokeAndFill_Style)
        canvas.drawPath(shape.path, paint)
    for shape in shapes:
        box = shape.path.getBounds()
        colours = (lighter(shape.colour, light), shape.colour, darker(shape.colour, light * 1.3))
        paint = gradient((box.left(), box.top()), (box.right(), box.bottom()), colours)
        if shape.grow > 0:
            paint.setStyle(skia.Paint.kStrokeAndFill_Style)
            paint.setStrokeWidth(2 * shape.grow)
            paint.setStrokeJoin(skia.Paint.kRound_Join)
        canvas.drawPath(shape.path, paint)
