"""Outdoor places, painted in layers from the sky down. Units: 256 is the picture's side."""

from __future__ import annotations

import skia

from training.world.brush import (
    Colour,
    Shape,
    capsule,
    darker,
    fill,
    gradient,
    lighter,
    mix,
    paint_group,
    polygon,
    stroke,
)
from training.world.rooms import paint_room
from training.world.sky import INDOORS, Scene, Window, paint_sky


class Painter:
    """Paints one scene on a canvas `width` x `height` (256 units high or wide)."""

    def __init__(self, scene: Scene, width: float, height: float) -> None:
        self.scene, self.w, self.h = scene, width, height
        self.light = scene.light

    def lit(self, colour: Colour, far: float = 0.0) -> Colour:
        """A local colour under this light; `far` (0-1) fades it into the horizon."""
        tinted = mix(colour, self.light.tint, self.light.strength)
        if self.scene.time == "night":
            tinted = darker(tinted, 0.28)
        return mix(tinted, self.light.sky[2], far)

    def paint(self, canvas: skia.Canvas) -> None:
        """Background only; rain in front of figures comes with `weather`."""
        place = self.scene.place
        if place in INDOORS:
            paint_room(canvas, self.scene, self.w, self.h)
            return
        if place == "plain":
            self._plain(canvas)
            return
        paint_sky(canvas, self.scene, Window(0, 0, self.w, self.h * 0.72))
        getattr(self, f"_{place}")(canvas)

    # --- things --------------------------------------------------------------------------------

    def _ground(self, c: skia.Canvas, y: float, near: Colour, far: Colour) -> None:
        paint = gradient((0, y), (0, self.h), (self.lit(far), self.lit(near)))
        c.drawRect(skia.Rect(0, y, self.w, self.h), paint)

    def _hills(self, c: skia.Canvas, y: float, colour: Colour, far: float, phase: float) -> None:
        path = skia.Path()
        path.moveTo(-5, self.h)
        path.lineTo(-5, y)
        path.cubicTo(self.w * 0.2, y - 34 - phase * 8, self.w * 0.35, y - 8, self.w * 0.52, y - 10)
        path.cubicTo(self.w * 0.7, y - 14, self.w * 0.8, y - 44 + phase * 8, self.w + 5, y - 12)
        path.lineTo(self.w + 5, self.h)
        path.close()
        top = self.lit(lighter(colour, 0.12), far)
        c.drawPath(path, gradient((0, y - 44), (0, y + 40), (top, self.lit(colour, far))))

    def round_tree(self, c: skia.Canvas, x: float, y: float, s: float, far: float = 0.0) -> None:
        """A leafy tree standing at (x, y), about 100 units high at s = 1."""
        trunk = capsule((x, y), (x, y - 52 * s), 7 * s, 5 * s)
        paint_group(c, [Shape(trunk, self.lit((120, 80, 58), far))], 1.6 * s, 0.1)
        leaf = self.lit((66, 148, 84), far)
        blobs = [(-24, -66, 24), (22, -64, 25), (0, -88, 28), (0, -62, 26)]
        shapes = [
            Shape(skia.Path().addCircle(x + dx * s, y + dy * s, r * s), leaf) for dx, dy, r in blobs
        ]
        paint_group(c, shapes, 1.8 * s, 0.05)
        for dx, dy, r in blobs[:3]:
            c.drawCircle(
                x + (dx - 5) * s, y + (dy - 6) * s, r * 0.55 * s, fill(lighter(leaf, 0.2), 0.7)
            )

    def pine(self, c: skia.Canvas, x: float, y: float, s: float, far: float = 0.0) -> None:
        """A conifer standing at (x, y), about 120 units high at s = 1."""
        c.drawRect(
            skia.Rect(x - 5 * s, y - 22 * s, x + 5 * s, y), fill(self.lit((104, 70, 56), far))
        )
        base = (72, 140, 96) if self.scene.place != "snow" else (96, 150, 130)
        for level, (width, top) in enumerate(((34, -58), (28, -88), (21, -118))):
            low = (-16 - level * 30) * s
            tri = polygon([(x - width * s, y + low), (x, y + top * s), (x + width * s, y + low)])
            colour = self.lit(lighter(base, 0.06 * level), far)
            paint_group(c, [Shape(tri, colour, 1.5 * s)], 1.4 * s * (1 - far), 0.14)
            if self.scene.place == "snow":
                cap = polygon(
                    [
                        (x - width * 0.5 * s, y + (low + top * s) / 2),
                        (x, y + top * s),
                        (x + width * 0.5 * s, y + (low + top * s) / 2),
                    ]
                )
                c.drawPath(cap, fill(self.lit((240, 246, 255), far * 0.5)))

    # --- places ----------------------------------------------------------------------------------

    def _plain(self, c: skia.Canvas) -> None:
        top, low = {
            "day": ((214, 230, 240), (246, 244, 236)),
            "sunset": ((246, 196, 160), (252, 230, 200)),
            "night": ((44, 50, 96), (84, 94, 146)),
        }[self.scene.time]
        c.drawRect(skia.Rect(0, 0, self.w, self.h), gradient((0, 0), (0, self.h), (top, low)))

    def _park(self, c: skia.Canvas) -> None:
        y = self.h * 0.66
        self._hills(c, y, (112, 178, 120), 0.5, 0.3)
        self._hills(c, y + 14, (98, 172, 96), 0.2, 1.2)
        self._ground(c, y + 18, (92, 170, 82), (140, 206, 112))
        self.round_tree(c, self.w * 0.1, y + 34, 0.95)
        self.round_tree(c, self.w * 0.9, y + 28, 0.85)
        for fx, fy, colour in (
            (0.3, 0.90, (250, 220, 90)),
            (0.68, 0.94, (244, 130, 150)),
            (0.16, 0.95, (244, 130, 150)),
            (0.86, 0.90, (250, 220, 90)),
        ):
            c.drawCircle(self.w * fx, self.h * fy, 3.2, fill(self.lit(colour)))

    def _road(self, c: skia.Canvas) -> None:
        y = self.h * 0.64
        self._hills(c, y, (104, 168, 124), 0.45, 0.8)
        for i in range(9):
            self.pine(c, self.w * (i + 0.3) / 8.4, y + 14, 0.42 + 0.08 * (i % 2), 0.22)
        self._ground(c, y + 12, (104, 176, 92), (138, 200, 112))
        top, low = self.h * 0.80, self.h * 0.985
        c.drawRect(
            skia.Rect(0, top, self.w, low),
            gradient((0, top), (0, low), (self.lit((124, 124, 138)), self.lit((98, 98, 114)))),
        )
        for edge in (top, low):
            c.drawRect(skia.Rect(0, edge - 2, self.w, edge + 2), fill(self.lit((236, 234, 224))))
        for i in range(6):
            x = self.w * (i + 0.2) / 5.5
            c.drawRect(
                skia.Rect(x, self.h * 0.885, x + 24, self.h * 0.905),
                fill(self.lit((250, 226, 120))),
            )

    def _forest(self, c: skia.Canvas) -> None:
        y = self.h * 0.68
        c.drawRect(
            skia.Rect(0, y - 60, self.w, y),
            gradient(
                (0, y - 60),
                (0, y),
                (self.lit((120, 180, 140), 0.4), self.lit((80, 140, 100), 0.2)),
                (0.0, 1.0),
            ),
        )
        for i in range(8):
            self.pine(c, self.w * (i + 0.1) / 7, y - 2, 0.85 + 0.12 * (i % 2), 0.35)
        self._ground(c, y - 4, (76, 142, 76), (106, 172, 98))
        for x, dy, s in ((0.03, 22, 1.35), (0.24, 6, 1.1), (0.77, 8, 1.1), (0.98, 24, 1.4)):
            self.pine(c, self.w * x, y + dy, s)

    def _beach(self, c: skia.Canvas) -> None:
        y = self.h * 0.56
        sea_far, sea_near = self.lit((70, 150, 205)), self.lit((86, 188, 214))
        c.drawRect(
            skia.Rect(0, y, self.w, self.h),
            gradient((0, y), (0, self.h * 0.76), (sea_far, sea_near)),
        )
        for i, (x, dy) in enumerate(((0.12, 10), (0.55, 18), (0.8, 8), (0.3, 28), (0.72, 32))):
            wide = 18 + 3 * i
            c.drawLine(
                self.w * x - wide,
                y + dy,
                self.w * x + wide,
                y + dy,
                stroke(lighter(sea_near, 0.45), 3.0, 0.8),
            )
        sail_x = self.w * (0.2 if self.scene.sun > 0.5 else 0.8)
        hull = polygon(
            [
                (sail_x - 17, y + 2),
                (sail_x + 17, y + 2),
                (sail_x + 11, y + 10),
                (sail_x - 11, y + 10),
            ]
        )
        sail = polygon([(sail_x, y - 30), (sail_x, y - 2), (sail_x + 17, y - 2)])
        paint_group(
            c, [Shape(sail, self.lit((250, 246, 236))), Shape(hull, self.lit((176, 84, 66)))], 1.5
        )
        path = skia.Path()
        low = self.h * 0.74
        path.moveTo(0, low + 4)
        path.quadTo(self.w * 0.3, low - 12, self.w * 0.55, low)
        path.quadTo(self.w * 0.8, low + 10, self.w, low - 4)
        path.lineTo(self.w, self.h)
        path.lineTo(0, self.h)
        path.close()
        c.drawPath(path, stroke((255, 255, 255), 7, 0.75))
        c.drawPath(
            path,
            gradient((0, low), (0, self.h), (self.lit((250, 226, 168)), self.lit((232, 194, 130)))),
        )

    def _city(self, c: skia.Canvas) -> None:
        y = self.h * 0.78
        walls = (
            (150, 166, 196),
            (196, 150, 140),
            (132, 152, 176),
            (206, 178, 150),
            (156, 140, 178),
        )
        glass: Colour = (255, 224, 130) if self.scene.time == "night" else (206, 230, 246)
        for row, far in ((0, 0.45), (1, 0.05)):
            count = 6 if row else 7
            for i in range(count):
                wide = self.w / count
                x = i * wide - (8 if row == 0 else 0)
                tall = (
                    (120, 82, 138, 70, 112, 92, 128) if row == 0 else (74, 108, 60, 92, 118, 66)
                )[i]
                tall *= self.h / 256 * 1.12
                wall = self.lit(walls[(i + 2 * row) % 5], far)
                box = skia.Rect(x + 2, y - tall, x + wide - (2 if row else -4), y)
                c.drawRect(
                    box, gradient((x, 0), (x + wide, 0), (lighter(wall, 0.1), darker(wall, 0.12)))
                )
                if row:
                    c.drawRect(box, stroke(darker(wall, 0.5), 1.6))
                    for r in range(int(tall // 22)):
                        for k in range(2):
                            wx = x + wide * (0.22 + 0.36 * k)
                            pane = skia.Rect(
                                wx, y - tall + 9 + 22 * r, wx + wide * 0.22, y - tall + 21 + 22 * r
                            )
                            on = self.scene.time != "night" or (i + r + k) % 3 != 0
                            c.drawRect(
                                pane,
                                fill(
                                    self.lit(glass)
                                    if self.scene.time != "night"
                                    else (glass if on else darker(wall, 0.4))
                                ),
                            )
        self._ground(c, y, (150, 150, 160), (176, 176, 184))
        c.drawRect(skia.Rect(0, y, self.w, y + 5), fill(self.lit((210, 208, 206))))
        for i in range(5):
            x = self.w * i / 4
            c.drawLine(
                x,
                y + 6,
                x + (x - self.w / 2) * 0.35,
                self.h,
                stroke(self.lit((138, 138, 150)), 1.8),
            )

    def _mountains(self, c: skia.Canvas) -> None:
        y = self.h * 0.70
        for x, peak, half, far in (
            (0.2, 118, 92, 0.35),
            (0.82, 128, 98, 0.3),
            (0.52, 92, 84, 0.12),
        ):
            top = (self.w * x, y - peak * self.h / 256)
            rock = self.lit((126, 130, 164), far)
            left, right = (top[0] - half, y + 4), (top[0] + half, y + 4)
            c.drawPath(polygon([left, top, right]), fill(rock))
            c.drawPath(
                polygon([top, right, (top[0] + half * 0.15, y + 4)]), fill(darker(rock, 0.18))
            )
            n = 0.34
            a = (top[0] - half * n, top[1] + (y - top[1]) * n)
            b = (top[0] + half * n, top[1] + (y - top[1]) * n)
            snow = [
                top,
                b,
                (top[0] + half * 0.14, b[1] - 9),
                (top[0] + 2, b[1] + 8),
                (top[0] - half * 0.16, a[1] - 8),
                a,
            ]
            c.drawPath(polygon(snow), fill(self.lit((248, 250, 255), far * 0.5)))
        self._hills(c, y + 12, (110, 170, 110), 0.12, 0.2)
        self._ground(c, y + 14, (96, 164, 92), (128, 190, 112))
        for x, s in ((0.06, 0.62), (0.16, 0.5), (0.93, 0.66)):
            self.pine(c, self.w * x, y + 24, s)

    def _snow(self, c: skia.Canvas) -> None:
        y = self.h * 0.68
        self._hills(c, y, (206, 220, 240), 0.25, 0.2)
        for x, s in ((0.05, 0.95), (0.19, 0.7), (0.82, 0.75), (0.96, 1.0)):
            self.pine(c, self.w * x, y + 22, s)
        self._ground(c, y + 12, (226, 234, 248), (246, 250, 255))
