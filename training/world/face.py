"""Heads: hair, hat, glasses and a face with feeling, turned by one of seven yaws and any tilt.

Drawn in head units: the origin is the head's centre, 1 is half the head's height. On a whole figure
a head is some forty pixels high, three latents: so features are few, bold and dark, and a head
between two of the yaws is drawn at the nearer one, which a small network can learn by heart.
"""

from __future__ import annotations

import numpy as np
import skia

from training.world import vocabulary as words
from training.world.brush import (
    Colour,
    Point,
    Shape,
    capsule,
    darker,
    fill,
    paint_group,
    polygon,
    stroke,
)
from training.world.person import Person

LINE = 0.055  # ink line, in head units at full size

YAWS = (-180, -80, -40, 0, 40, 80, 180)
"""The yaws at which heads are drawn, degrees; 180 is from behind."""


def drawn_yaw(yaw: float) -> float:
    """The nearest of `YAWS`; faces that have all but turned away count as profiles."""
    behind = abs(yaw) > 112
    return (
        float(np.copysign(180, yaw))
        if behind
        else float(min(YAWS[1:-1], key=lambda y: abs(y - yaw)))
    )


class Head:
    """One head, ready to paint in two layers: what lies behind the body, and the rest.

    Args:
        person: whose head.
        centre: in pixels; radius: half the head's height in pixels.
        turn: yaw, pitch, tilt against the viewer in degrees; the yaw is drawn at the nearest of
            `YAWS`, the pitch not at all.
        ink: width of the ink line in pixels.
    """

    def __init__(
        self,
        person: Person,
        centre: Point,
        radius: float,
        turn: tuple[float, float, float],
        ink: float,
    ) -> None:
        self.person = person
        self.centre = centre
        self.radius = radius
        self.yaw, self.tilt = drawn_yaw(turn[0]), turn[2]
        self.ink = ink / radius
        self.hair = words.HAIR_COLOURS[person.hair]
        self.skin = words.SKIN_TONES[person.skin]
        self.from_behind = abs(self.yaw) > 95

    def _enter(self, canvas: skia.Canvas) -> None:
        canvas.save()
        canvas.translate(*self.centre)
        canvas.rotate(self.tilt)
        canvas.scale(self.radius, self.radius)

    def _spot(self, azimuth: float, y: float) -> tuple[Point, float]:
        """Where a feature at `azimuth` degrees on the face lands, and how wide it looks (0-1)."""
        a = np.deg2rad(self.yaw + azimuth)
        return (0.86 * float(np.sin(a)), y), float(np.cos(a))

    # --- hair --------------------------------------------------------------------------------

    def paint_behind(self, canvas: skia.Canvas) -> None:
        """Hair that falls behind the shoulders (seen from the front)."""
        if not self.from_behind:
            self._enter(canvas)
            self._back_hair(canvas)
            canvas.restore()

    def _back_hair(self, canvas: skia.Canvas) -> None:
        style = self.person.hair_style
        shift = -0.30 * float(np.sin(np.deg2rad(self.yaw)))
        dark = darker(self.hair, 0.12)
        shapes: list[skia.Path] = []
        if style == "long":
            path = skia.Path()
            path.moveTo(-0.92 + shift, -0.2)
            path.cubicTo(-1.15 + shift, 0.7, -1.05 + shift, 1.3, -0.85 + shift, 1.75)
            path.quadTo(shift, 2.0, 0.85 + shift, 1.75)
            path.cubicTo(1.05 + shift, 1.3, 1.15 + shift, 0.7, 0.92 + shift, -0.2)
            path.close()
            shapes.append(path)
        elif style == "bob":
            shapes.append(skia.Path().addOval(skia.Rect(-1.1 + shift, -0.9, 1.1 + shift, 1.02)))
        elif style == "ponytail":
            side = -1.0 if self.yaw >= 0 else 1.0
            if abs(self.yaw) > 150:
                side = 0.15
            shapes.append(capsule((0.7 * side, -0.55), (1.3 * side, 0.15), 0.22, 0.34))
            shapes.append(capsule((1.3 * side, 0.15), (1.2 * side, 1.0), 0.34, 0.12))
        elif style == "bun":
            shapes.append(skia.Path().addCircle(2.2 * shift, -1.08, 0.42))
        elif style == "curly":
            for angle in range(-210, 31, 30):
                a = np.deg2rad(angle)
                x, y = 0.98 * np.cos(a) + shift, 0.98 * np.sin(a) - 0.12
                shapes.append(skia.Path().addCircle(float(x), float(y), 0.34))
        if shapes:
            paint_group(canvas, [Shape(s, dark) for s in shapes], self.ink)

    def _cap(self, canvas: skia.Canvas) -> None:
        """The hair on the skull, with the fringe's edge following the face."""
        if self.from_behind:
            low = 0.85 if self.person.hair_style in ("long", "bob") else 0.55
            path = skia.Path().addOval(skia.Rect(-0.97, -1.08, 0.97, low))
            paint_group(canvas, [Shape(p, self.hair) for p in (path, *self._tuft())], self.ink)
            if self.person.hair_style in ("long", "ponytail", "bun"):
                self._back_hair(canvas)
            if self.person.who == "girl":
                self._bow(canvas, 0.0)
            return
        sine = float(np.sin(np.deg2rad(self.yaw)))
        front = 0.5 * sine
        edge = -0.36
        female = self.person.female
        side_low = 0.35 if female else 0.02
        left_low = side_low + max(0.0, sine) * 0.35
        right_low = side_low + max(0.0, -sine) * 0.35
        path = skia.Path()
        path.moveTo(-0.95, left_low)
        path.cubicTo(-1.16, -0.55, -0.75, -1.2, 0.0, -1.2)
        path.cubicTo(0.75, -1.2, 1.16, -0.55, 0.95, right_low)
        path.quadTo(0.80 + 0.1 * front, edge + 0.25, 0.62 + front * 0.8, edge - 0.02)
        if self.person.hair_style == "curly":
            path.quadTo(0.4 + front, edge + 0.12, 0.2 + front, edge - 0.08)
            path.quadTo(0.0 + front, edge + 0.12, -0.2 + front, edge - 0.08)
            path.quadTo(-0.4 + front, edge + 0.12, -0.62 + front * 0.8, edge - 0.02)
        elif female:
            path.quadTo(0.32 + front, edge + 0.02, 0.16 + front, edge - 0.22)
            path.quadTo(-0.15 + front, edge + 0.12, -0.62 + front * 0.8, edge + 0.04)
        elif self.person.who == "boy":
            path.lineTo(0.40 + front, edge - 0.14)
            path.lineTo(0.18 + front, edge + 0.12)
            path.lineTo(-0.02 + front, edge - 0.14)
            path.lineTo(-0.28 + front, edge + 0.1)
            path.lineTo(-0.62 + front * 0.8, edge - 0.04)
        else:
            path.quadTo(0.1 + front, edge - 0.30, -0.30 + front, edge - 0.06)
            path.quadTo(-0.5 + front, edge + 0.02, -0.62 + front * 0.8, edge)
        path.quadTo(-0.80 + 0.1 * front, edge + 0.25, -0.95, left_low)
        path.close()
        paint_group(canvas, [Shape(p, self.hair) for p in (path, *self._tuft())], self.ink)
        if self.person.who == "girl":
            self._bow(canvas, 0.5 if self.yaw >= 0 else -0.5)

    def _tuft(self) -> list[skia.Path]:
        """Hair that stands up on a boy's head."""
        if self.person.who != "boy":
            return []
        spikes = [(-0.6, -0.9), (-0.66, -1.5), (-0.16, -1.2), (0.04, -1.62), (0.3, -1.18)]
        return [polygon([*spikes, (0.7, -1.42), (0.66, -0.8)])]

    @staticmethod
    def _bow(canvas: skia.Canvas, x: float) -> None:
        red = (226, 70, 96)
        for s in (-1, 1):
            wing = polygon([(x, -0.95), (x + s * 0.52, -1.36), (x + s * 0.52, -0.64)])
            paint_group(canvas, [Shape(wing, red, 0.04)], LINE)
        canvas.drawCircle(x, -0.98, 0.16, fill(darker(red, 0.2)))

    # --- face --------------------------------------------------------------------------------

    def _skull(self, canvas: skia.Canvas) -> None:
        chin = 0.24 * float(np.sin(np.deg2rad(self.yaw)))
        jaw = 0.62 if self.person.female or self.person.child else 0.74
        path = skia.Path()
        path.moveTo(-0.88, -0.15)
        path.cubicTo(-0.9, -1.3, 0.9, -1.3, 0.88, -0.15)
        path.cubicTo(0.9, 0.42, jaw * 0.9 + chin, 0.78, 0.22 + chin, 0.98)
        path.quadTo(chin, 1.06, -0.22 + chin, 0.98)
        path.cubicTo(-jaw * 0.9 + chin, 0.78, -0.9, 0.42, -0.88, -0.15)
        path.close()
        shapes = [Shape(path, self.skin)]
        for side in (-90, 90):
            (x, y), _ = self._spot(side, 0.12)
            depth = float(np.cos(np.deg2rad(self.yaw + side)))
            if depth > -0.4:
                ear = skia.Path().addOval(skia.Rect(x - 0.16, y - 0.2, x + 0.16, y + 0.22))
                shapes.insert(0, Shape(ear, darker(self.skin, 0.08)))
        paint_group(canvas, shapes, self.ink, light=0.08)

    def _eyes(self, canvas: skia.Canvas) -> None:
        mood = self.person.expression
        big = 1.3 if self.person.child or self.person.female else 1.1
        lash = stroke(words.INK, 0.08)
        for side in (-1, 1):
            (x, y), width = self._spot(side * 25, 0.1)
            if width < 0.3:
                continue
            w = 0.15 * big * max(width, 0.7)
            h = 0.22 * big
            if mood == "laughing":
                arc = skia.Path()
                arc.moveTo(x - w * 1.3, y + 0.1)
                arc.quadTo(x, y - 0.3, x + w * 1.3, y + 0.1)
                canvas.drawPath(arc, stroke(words.INK, 0.14))
            elif mood == "frightened":
                eye = skia.Rect(x - w * 1.45, y - h * 1.4, x + w * 1.45, y + h * 1.2)
                canvas.drawOval(eye, fill((255, 255, 255)))
                canvas.drawOval(eye, stroke(words.INK, 0.1))
                canvas.drawCircle(x, y, 0.12, fill(words.INK))
            else:
                canvas.drawOval(skia.Rect(x - w, y - h, x + w, y + h), fill(words.INK))
                canvas.drawCircle(x + w * 0.3, y - h * 0.42, w * 0.42, fill((255, 255, 255)))
            if self.person.who == "woman":
                for far, high in ((1.0, 0.0), (1.35, 0.16)):
                    start = x + side * w * far * 0.9, y - h * 0.7 + high
                    canvas.drawLine(*start, x + side * w * far * 2.0, start[1] - 0.14, lash)
            if mood in ("angry", "sad") or self.person.who == "man":
                self._brow(canvas, x, y - h - 0.15, side)

    def _brow(self, canvas: skia.Canvas, x: float, y: float, side: int) -> None:
        rise = {"angry": 0.16, "sad": -0.16}.get(self.person.expression, 0.0)
        canvas.drawLine(
            x - side * 0.26, y + rise, x + side * 0.26, y - rise, stroke(words.INK, 0.16)
        )

    def _mouth(self, canvas: skia.Canvas) -> None:
        (x, y), width = self._spot(0, 0.56)
        x, w = 0.86 * x, 0.36 * max(width, 0.5)
        mood = self.person.expression
        painted = self.person.who == "woman"
        lips: Colour = (206, 36, 62) if painted else (110, 34, 44)
        wide = 0.2 if painted else 0.16
        if mood == "laughing":
            path = skia.Path()
            path.moveTo(x - w * 1.2, y - 0.12)
            path.lineTo(x + w * 1.2, y - 0.12)
            path.cubicTo(x + w, y + 0.42, x - w, y + 0.42, x - w * 1.2, y - 0.12)
            canvas.drawPath(path, fill((164, 36, 52)))
            canvas.drawPath(path, stroke(words.INK, 0.09))
        elif mood == "frightened":
            mouth = skia.Rect(x - w * 0.7, y - 0.16, x + w * 0.7, y + 0.34)
            canvas.drawOval(mouth, fill((124, 28, 44)))
            canvas.drawOval(mouth, stroke(words.INK, 0.09))
        else:
            curve = {"smiling": 0.30, "sad": -0.28, "angry": -0.16}.get(mood, 0.0)
            path = skia.Path()
            path.moveTo(x - w, y - curve * 0.4)
            path.quadTo(x, y + curve, x + w, y - curve * 0.4)
            canvas.drawPath(path, stroke(lips, wide))

    def _features(self, canvas: skia.Canvas) -> None:
        who = self.person.who
        if who == "old man":
            self._beard(canvas)
        elif who == "man":
            self._stubble(canvas)
        elif who == "woman":
            self._earrings(canvas)
        elif self.person.child:
            self._cheeks(canvas)
        if self.person.glasses:
            self._glasses(canvas)
        self._eyes(canvas)
        (x, y), _ = self._spot(0, 0.32)
        side = float(np.sign(self.yaw))
        nose = stroke(darker(self.skin, 0.4), 0.1)
        canvas.drawLine(x - 0.05, y, x + 0.05 + 0.1 * side, y, nose)
        self._mouth(canvas)

    def _beard(self, canvas: skia.Canvas) -> None:
        chin = 0.24 * float(np.sin(np.deg2rad(self.yaw)))
        path = skia.Path()
        path.moveTo(-0.84, 0.2)
        path.cubicTo(-0.75, 0.95, -0.5 + chin, 1.3, chin, 1.32)
        path.cubicTo(0.5 + chin, 1.3, 0.75, 0.95, 0.84, 0.2)
        path.quadTo(0.5 + chin, 0.42, chin * 2.2, 0.4)
        path.quadTo(-0.5 + chin, 0.42, -0.84, 0.2)
        path.close()
        paint_group(canvas, [Shape(path, self.hair)], self.ink, light=0.08)

    def _stubble(self, canvas: skia.Canvas) -> None:
        """A shade over jaw and lip, the mouth spared."""
        chin = 0.24 * float(np.sin(np.deg2rad(self.yaw)))
        path = skia.Path()
        path.moveTo(-0.86, 0.12)
        path.cubicTo(-0.84, 0.5, -0.66 + chin, 0.78, -0.22 + chin, 0.96)
        path.quadTo(chin, 1.03, 0.22 + chin, 0.96)
        path.cubicTo(0.66 + chin, 0.78, 0.84, 0.5, 0.86, 0.12)
        path.quadTo(0.5 + chin, 0.44, chin * 2.2, 0.38)
        path.quadTo(-0.5 + chin, 0.44, -0.86, 0.12)
        path.close()
        canvas.drawPath(path, fill((58, 52, 62), 0.42))

    def _earrings(self, canvas: skia.Canvas) -> None:
        for side in (-82, 82):
            (x, y), _ = self._spot(side, 0.48)
            if float(np.cos(np.deg2rad(self.yaw + side))) > -0.3:
                canvas.drawCircle(x, y, 0.17, fill((246, 196, 40)))
                canvas.drawCircle(x, y, 0.17, stroke(words.INK, 0.05))

    def _cheeks(self, canvas: skia.Canvas) -> None:
        for side in (-1, 1):
            (x, y), width = self._spot(side * 46, 0.42)
            if width > 0.1:
                wide = 0.24 * max(width, 0.55)
                blush = skia.Rect(x - wide, y - 0.18, x + wide, y + 0.18)
                canvas.drawOval(blush, fill((240, 84, 96), 0.62))

    def _glasses(self, canvas: skia.Canvas) -> None:
        frame = stroke(words.INK, 0.1)
        spots = []
        for side in (-1, 1):
            (x, y), width = self._spot(side * 25, 0.1)
            if width < 0.3:
                continue
            w = 0.33 * max(width, 0.6)
            lens = skia.Rect(x - w, y - 0.33, x + w, y + 0.33)
            canvas.drawOval(lens, fill((236, 246, 255), 0.8))
            canvas.drawOval(lens, frame)
            spots.append((x, y, w))
        if len(spots) == 2:
            (x0, y0, w0), (x1, y1, w1) = spots
            canvas.drawLine(x0 + w0, y0, x1 - w1, y1, frame)

    def _hat(self, canvas: skia.Canvas) -> None:
        colour = words.GARMENT_COLOURS[str(self.person.hat)]
        crown = skia.Path()
        crown.moveTo(-0.82, -0.62)
        crown.cubicTo(-0.86, -1.5, -0.5, -1.66, 0.0, -1.5)
        crown.cubicTo(0.5, -1.66, 0.86, -1.5, 0.82, -0.62)
        crown.close()
        brim = skia.Path().addOval(skia.Rect(-1.4, -0.84, 1.4, -0.42))
        paint_group(canvas, [Shape(brim, colour), Shape(crown, colour)], self.ink)
        band = skia.Path()
        band.moveTo(-0.83, -0.74)
        band.quadTo(0, -0.58, 0.83, -0.74)
        canvas.drawPath(band, stroke(darker(colour, 0.5), 0.17))
        if self.person.who == "girl":
            self._bow(canvas, 0.5 if self.yaw >= 0 else -0.5)

    def paint(self, canvas: skia.Canvas) -> None:
        """Everything that lies over the body."""
        self._enter(canvas)
        if self.from_behind:
            self._skull(canvas)
            if self.person.hair_style == "curly":
                self._back_hair(canvas)
            self._cap(canvas)
        else:
            if self.person.hair_style == "curly":
                self._back_hair(canvas)
            self._skull(canvas)
            self._features(canvas)
            self._cap(canvas)
        if self.person.hat is not None:
            self._hat(canvas)
        canvas.restore()
