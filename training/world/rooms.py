"""Rooms: a home, and the house filled with treasure. The hour shows in the window."""

from __future__ import annotations

import skia

from training.world.brush import (
    Colour,
    Shape,
    darker,
    fill,
    gradient,
    lighter,
    mix,
    paint_group,
    polygon,
    stroke,
)
from training.world.sky import Scene, Window, drops, paint_sky


def paint_room(canvas: skia.Canvas, scene: Scene, width: float, height: float) -> None:
    """The room of `scene.place`."""
    room = _Room(scene, width, height)
    {"home": room.home, "treasure": room.treasure}[scene.place](canvas)


class _Room:
    def __init__(self, scene: Scene, width: float, height: float) -> None:
        self.scene, self.w, self.h = scene, width, height

    def _window(self, c: skia.Canvas, x: float, y: float, w: float, h: float) -> None:
        c.save()
        c.clipRect(skia.Rect(x, y, x + w, y + h))
        paint_sky(c, self.scene, Window(x, y, w, h))
        if self.scene.rain:
            drops(c, x, y, w, h, 0.6)
        c.restore()
        frame = self.indoor((244, 238, 226))
        c.drawRect(skia.Rect(x, y, x + w, y + h), stroke(darker(frame, 0.5), 9))
        c.drawRect(skia.Rect(x, y, x + w, y + h), stroke(frame, 6))
        c.drawLine(x + w / 2, y, x + w / 2, y + h, stroke(frame, 4.5))

    def indoor(self, colour: Colour) -> Colour:
        """Lamplight is warm: rooms darken less than fields."""
        if self.scene.time == "night":
            return darker(mix(colour, (255, 190, 110), 0.10), 0.30)
        if self.scene.time == "sunset":
            return mix(colour, (255, 150, 80), 0.14)
        return colour

    def home(self, c: skia.Canvas) -> None:
        y, w = self.h * 0.74, self.w
        wall = self.indoor((238, 216, 184))
        c.drawRect(
            skia.Rect(0, 0, w, y),
            gradient((0, 0), (0, y), (lighter(wall, 0.15), darker(wall, 0.08))),
        )
        floor = self.indoor((186, 128, 84))
        c.drawRect(
            skia.Rect(0, y, w, self.h), gradient((0, y), (0, self.h), (floor, darker(floor, 0.22)))
        )
        for i in (0.33, 0.68):
            line = y + (self.h - y) * i
            c.drawLine(0, line, w, line, stroke(darker(floor, 0.25), 1.6))
        c.drawRect(skia.Rect(0, y - 7, w, y), fill(self.indoor((252, 246, 236))))
        self._window(c, w * 0.08, self.h * 0.12, w * 0.30, self.h * 0.30)
        shelf_x, shelf_y = w * 0.80, self.h * 0.14
        frame = skia.Rect(shelf_x - 24, shelf_y, shelf_x + 24, shelf_y + 38)
        c.drawRect(frame, fill(self.indoor((150, 196, 214))))
        c.drawPath(
            polygon(
                [
                    (shelf_x - 22, shelf_y + 36),
                    (shelf_x - 4, shelf_y + 12),
                    (shelf_x + 8, shelf_y + 26),
                    (shelf_x + 14, shelf_y + 20),
                    (shelf_x + 22, shelf_y + 36),
                ]
            ),
            fill(self.indoor((90, 150, 100))),
        )
        c.drawRect(frame, stroke(self.indoor((150, 96, 56)), 5))
        sofa = self.indoor((92, 132, 186))
        x0, x1 = w * 0.60, w * 1.02
        back = skia.Path().addRoundRect(skia.Rect(x0, y - 44, x1, y + 8), 12, 12)
        base = skia.Path().addRoundRect(skia.Rect(x0 - 8, y - 18, x1 + 8, y + 16), 10, 10)
        paint_group(c, [Shape(back, sofa), Shape(base, lighter(sofa, 0.1))], 2.0, 0.1)
        rug = skia.Rect(w * 0.14, self.h * 0.84, w * 0.86, self.h * 0.985)
        c.drawOval(rug, fill(self.indoor((196, 84, 80))))
        c.drawOval(rug.makeInset(12, 4.5), stroke(self.indoor((248, 214, 160)), 3))

    def treasure(self, c: skia.Canvas) -> None:
        y, w = self.h * 0.70, self.w
        wall = self.indoor((146, 110, 96))
        c.drawRect(skia.Rect(0, 0, w, y), gradient((0, 0), (0, y), (darker(wall, 0.3), wall)))
        for row in range(5):
            top = y * row / 5
            c.drawLine(0, top, w, top, stroke(darker(wall, 0.3), 1.8))
            for k in range(5):
                x = w * (k + (0.5 if row % 2 else 0.0)) / 5
                c.drawLine(x, top, x, top + y / 5, stroke(darker(wall, 0.3), 1.8))
        self._window(c, w * 0.36, self.h * 0.08, w * 0.28, self.h * 0.26)
        floor = self.indoor((170, 120, 80))
        c.drawRect(
            skia.Rect(0, y, w, self.h), gradient((0, y), (0, self.h), (floor, darker(floor, 0.2)))
        )
        gold = self.indoor((250, 200, 62))
        for cx, half, tall in ((0.02, 74, 78), (0.98, 78, 88), (0.30, 46, 34), (0.70, 46, 36)):
            path = skia.Path()
            x = w * cx
            path.moveTo(x - half, y + 16)
            path.cubicTo(x - half * 0.5, y + 8, x - half * 0.35, y - tall, x, y - tall)
            path.cubicTo(x + half * 0.35, y - tall, x + half * 0.5, y + 8, x + half, y + 16)
            path.close()
            paint_group(c, [Shape(path, gold)], 2.0, 0.18)
            for i, (dx, dy) in enumerate(
                ((-0.3, 0.25), (0.2, 0.4), (-0.05, 0.72), (0.45, 0.12), (-0.55, 0.08))
            ):
                px, py = x + half * dx, y + 8 - tall * dy
                c.drawOval(skia.Rect(px - 6, py - 4, px + 6, py + 4), fill(lighter(gold, 0.45)))
                c.drawOval(
                    skia.Rect(px - 6, py - 4, px + 6, py + 4), stroke(darker(gold, 0.4), 1.4)
                )
                if i == 2:
                    gem = polygon(
                        [
                            (px + 12, py + 16),
                            (px + 18, py + 9),
                            (px + 24, py + 16),
                            (px + 18, py + 24),
                        ]
                    )
                    c.drawPath(gem, fill(self.indoor((222, 60, 90))))
        for px, py in ((0.2, 0.9), (0.46, 0.95), (0.62, 0.88), (0.84, 0.94)):
            x, yy = w * px, self.h * py
            c.drawOval(skia.Rect(x - 7, yy - 4, x + 7, yy + 4), fill(gold))
            c.drawOval(skia.Rect(x - 7, yy - 4, x + 7, yy + 4), stroke(darker(gold, 0.45), 1.5))
