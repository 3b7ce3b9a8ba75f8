"""A dressed figure over a posed body, painted from back to front."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import skia
from numpy.typing import NDArray

from training.world import vocabulary as words
from training.world.body import JOINTS, Posed
from training.world.brush import (
    Colour,
    Point,
    Shape,
    capsule,
    darker,
    paint_group,
    polygon,
    stroke,
)
from training.world.face import Head
from training.world.garments import FRONTS, Marks, accent
from training.world.person import Person
from training.world.poses import Vector

FACING = 72
"""Degrees that a chest may be turned away before nothing is drawn on its front any more."""

LONG_SLEEVES = ("suit", "shirt", "jacket", "coat", "sweater")


@dataclass(frozen=True)
class Placed:
    """A posed body on the picture.

    Attributes:
        stature: height of the upright body in pixels.
        origin: where the pelvis lands, pixels.
        camera: distance of the viewer from the pelvis, in statures.
    """

    posed: Posed
    stature: float
    origin: Point
    camera: float = 5.0

    def project(self, point: Vector) -> Point:
        """Perspective projection of a point in camera space (statures) to pixels."""
        k = self.stature * self.camera / max(self.camera - float(point[2]), 0.5)
        return (self.origin[0] + float(point[0]) * k, self.origin[1] + float(point[1]) * k)

    def at(self, name: str) -> Point:
        """A joint in pixels."""
        return self.project(self.posed.points[name])

    def near(self, *names: str) -> float:
        """Mean depth of joints, positive towards the viewer."""
        return float(np.mean([self.posed.points[n][2] for n in names]))

    def body_18(self, width: float, height: float) -> NDArray[np.float32]:
        """OpenPose body-18 joints [18, 3]; hidden or out-of-frame joints have confidence 0."""
        yaw = self.posed.head_turn[0]
        rows = np.zeros((18, 3), np.float32)
        for i, name in enumerate(JOINTS):
            x, y = self.at(name)
            seen = 0 <= x < width and 0 <= y < height
            if name == "nose" or name.endswith("_eye"):
                towards = {"nose": 0.0, "l_eye": 25.0, "r_eye": -25.0}[name]
                seen &= bool(np.cos(np.deg2rad(yaw + towards)) > -0.05)
            elif name.endswith("_ear"):
                side = 90.0 if name[0] == "l" else -90.0
                seen &= bool(np.cos(np.deg2rad(yaw + side)) > -0.45)
            if seen:
                rows[i] = x, y, 1.0
        return rows


class Figure:
    """Paints one person. Limbs further from the viewer than the chest come first."""

    def __init__(self, person: Person, placed: Placed) -> None:
        self.person = person
        self.placed = placed
        self.size = placed.stature
        self.ink = float(np.clip(self.size * 0.0085, 1.5, 3.6))
        self.skin = words.SKIN_TONES[person.skin]
        self.cloth = words.GARMENT_COLOURS[person.garment_colour]
        self.below = words.GARMENT_COLOURS[person.bottom_colour]
        self.thick = 1.1 if person.child else 1.0
        self.facing = abs(placed.posed.body_yaw) < FACING
        radius = placed.posed.build.head / 2 * self.size
        head_depth = float(placed.posed.points["head"][2])
        radius *= placed.camera / max(placed.camera - head_depth, 0.5)
        self.head = Head(person, placed.at("head"), radius, placed.posed.head_turn, self.ink)

    def paint(self, canvas: skia.Canvas) -> None:
        """The whole figure, back to front."""
        p = self.placed
        chest = p.near("neck", "pelvis")
        self.head.paint_behind(canvas)
        legs = sorted("lr", key=lambda s: p.near(f"{s}_knee", f"{s}_ankle"))
        arms = sorted("lr", key=lambda s: p.near(f"{s}_elbow", f"{s}_wrist"))
        behind = [s for s in arms if p.near(f"{s}_elbow", f"{s}_wrist") < chest - 0.045]
        if abs(p.posed.body_yaw) > 108:
            behind = [s for s in arms if p.near(f"{s}_elbow", f"{s}_wrist") < chest + 0.02]
        for side in behind:
            self._arm(canvas, side, far=True)
        seated_front = p.posed.seated and self.facing
        self._leg(canvas, legs[0], far=abs(p.posed.body_yaw) > 40)
        self._leg(canvas, legs[1], far=False)
        self._neck(canvas)
        self._torso(canvas)
        if seated_front and self.person.bottom != "skirt" and self.person.garment != "dress":
            for side in legs:
                self._leg(canvas, side, far=False, thigh_over=True)
        head_low = p.posed.points["head"][2] < chest - 0.08
        if head_low:
            self.head.paint(canvas)
        high = [s for s in arms if s not in behind and self._covers_face(s)]
        for side in arms:
            if side not in behind and side not in high:
                self._arm(canvas, side, far=False)
        if not head_low:
            self.head.paint(canvas)
        for side in high:
            self._arm(canvas, side, far=False)

    def _covers_face(self, side: str) -> bool:
        """Whether the hand is in front of the head."""
        x, y = self.placed.at(f"{side}_wrist")
        cx, cy = self.head.centre
        close = np.hypot(x - cx, y - cy) < 1.25 * self.head.radius
        ahead = (
            self.placed.near(f"{side}_wrist") > float(self.placed.posed.points["head"][2]) + 0.03
        )
        return bool(close and ahead)

    # --- limbs -------------------------------------------------------------------------------

    def _r(self, share: float) -> float:
        return share * self.size * self.thick

    def _arm(self, canvas: skia.Canvas, side: str, *, far: bool) -> None:
        p = self.placed
        shoulder, elbow, wrist = (p.at(f"{side}_{n}") for n in ("shoulder", "elbow", "wrist"))
        shade = 0.16 if far else 0.0
        skin, cloth = darker(self.skin, shade), darker(self.cloth, shade)
        dx, dy = wrist[0] - elbow[0], wrist[1] - elbow[1]
        n = float(np.hypot(dx, dy)) + 1e-6
        reach = self._r(0.022)
        palm = (wrist[0] + dx / n * reach, wrist[1] + dy / n * reach)
        hand = [Shape(capsule(wrist, palm, self._r(0.026), self._r(0.034)), skin)]
        upper, lower = self._r(0.035), self._r(0.027)
        paint_group(canvas, hand, self.ink, 0.06)
        if self.person.garment in LONG_SLEEVES:
            cuff = (wrist[0] - dx / n * reach * 0.4, wrist[1] - dy / n * reach * 0.4)
            sleeve = [
                Shape(capsule(shoulder, elbow, upper * 1.12, lower * 1.15), cloth),
                Shape(capsule(elbow, cuff, lower * 1.15, lower * 1.05), cloth),
            ]
            paint_group(canvas, sleeve, self.ink, 0.1)
            if self.person.garment == "sweater":
                a = (elbow[0] + 0.45 * (cuff[0] - elbow[0]), elbow[1] + 0.45 * (cuff[1] - elbow[1]))
                band = stroke(accent(cloth), lower * 0.75)
                ox, oy = -dy / n * lower * 0.62, dx / n * lower * 0.62
                canvas.drawLine(a[0] - ox, a[1] - oy, a[0] + ox, a[1] + oy, band)
            return
        bare = [
            Shape(capsule(shoulder, elbow, upper * 0.9, lower), skin),
            Shape(capsule(elbow, wrist, lower, lower * 0.8), skin),
        ]
        paint_group(canvas, bare, self.ink, 0.08)
        mid = tuple(a + 0.55 * (b - a) for a, b in zip(shoulder, elbow, strict=True))
        sleeve = [Shape(capsule(shoulder, mid, upper * 1.15, upper * 1.08), cloth)]  # type: ignore[arg-type]
        paint_group(canvas, sleeve, self.ink, 0.1)

    def _leg(self, canvas: skia.Canvas, side: str, *, far: bool, thigh_over: bool = False) -> None:
        p = self.placed
        hip, knee, ankle, toe = (p.at(f"{side}_{n}") for n in ("hip", "knee", "ankle", "toe"))
        shade = 0.16 if far else 0.0
        skin, cloth = darker(self.skin, shade), darker(self.below, shade)
        top, mid, low = self._r(0.052), self._r(0.042), self._r(0.031)
        if not thigh_over:
            shoe: Colour = (74, 52, 50) if self.person.garment in ("suit", "coat") else (92, 60, 52)
            if self.person.garment in ("t-shirt", "sweater", "jacket"):
                shoe = (228, 226, 222)
            heel = (ankle[0], ankle[1] + self._r(0.012))
            foot = [Shape(capsule(heel, toe, self._r(0.030), self._r(0.025)), darker(shoe, shade))]
            paint_group(canvas, foot, self.ink, 0.08)
        bottom = self.person.bottom
        if bottom == "trousers":
            shapes = [Shape(capsule(hip, knee, top, mid), cloth)]
            if not thigh_over:
                shapes.append(Shape(capsule(knee, ankle, mid, low * 1.15), cloth))
            paint_group(canvas, shapes, self.ink, 0.1)
            return
        shapes = [Shape(capsule(hip, knee, top * 0.92, mid * 0.86), skin)]
        if not thigh_over:
            shapes.append(Shape(capsule(knee, ankle, mid * 0.86, low * 0.8), skin))
        paint_group(canvas, shapes, self.ink, 0.08)
        if bottom == "shorts":
            end = tuple(a + 0.68 * (b - a) for a, b in zip(hip, knee, strict=True))
            paint_group(
                canvas,
                [Shape(capsule(hip, end, top * 1.05, top * 1.08), cloth)],
                self.ink,
                0.1,  # type: ignore[arg-type]
            )

    def _neck(self, canvas: skia.Canvas) -> None:
        neck, head = self.placed.at("neck"), self.head.centre
        r = self._r(0.026)
        shape = Shape(capsule(neck, head, r * 1.15, r), darker(self.skin, 0.14))
        paint_group(canvas, [shape], self.ink, 0.05)

    # --- torso -------------------------------------------------------------------------------

    def _chest_point(self, across: float, down: float, out: float = 0.055) -> Point:
        """A point on the front of the chest: across -1 (its right) to 1, down 0 to 1."""
        q = self.placed.posed.points
        left = q["l_shoulder"] + (q["l_hip"] - q["l_shoulder"]) * down
        right = q["r_shoulder"] + (q["r_hip"] - q["r_shoulder"]) * down
        lateral, spine = left - right, (q["pelvis"] - q["neck"])
        normal = np.cross(lateral, spine)
        normal /= np.linalg.norm(normal) + 1e-9
        centre = (left + right) / 2
        return self.placed.project(centre + lateral / 2 * across + normal * out)

    def _torso_paths(self) -> list[tuple[skia.Path, float]]:
        p = self.placed
        ls, rs, lh, rh = (p.at(n) for n in ("l_shoulder", "r_shoulder", "l_hip", "r_hip"))
        waist = 0.80 if self.person.female and not self.person.old else 0.94
        mids = []
        for s, h in ((ls, lh), (rs, rh)):
            mids.append((s[0] * 0.42 + h[0] * 0.58, s[1] * 0.42 + h[1] * 0.58))
        cx, cy = (mids[0][0] + mids[1][0]) / 2, (mids[0][1] + mids[1][1]) / 2
        lw, rw = ((cx + (m[0] - cx) * waist, cy + (m[1] - cy) * waist) for m in mids)
        neck = p.at("neck")
        top = (neck[0], neck[1] - self._r(0.006))
        return [(polygon([top, ls, lw, lh, rh, rw, rs]), self._r(0.036))]

    def _hem(self, reach: float, flare: float) -> tuple[skia.Path, float]:
        """Cloth hanging from the hips to `reach` of the thigh (beyond 1: along the shin)."""
        p = self.placed
        points: list[Point] = [p.at("l_hip"), p.at("r_hip")]
        ends: list[Point] = []
        for side in "lr":
            hip, knee, ankle = (p.at(f"{side}_{n}") for n in ("hip", "knee", "ankle"))
            if reach <= 1:
                end = (hip[0] + reach * (knee[0] - hip[0]), hip[1] + reach * (knee[1] - hip[1]))
            else:
                t = reach - 1
                end = (knee[0] + t * (ankle[0] - knee[0]), knee[1] + t * (ankle[1] - knee[1]))
            ends.append(end)
        mid = ((ends[0][0] + ends[1][0]) / 2, (ends[0][1] + ends[1][1]) / 2)
        wide = [(mid[0] + (e[0] - mid[0]) * flare, mid[1] + (e[1] - mid[1]) * 1.0) for e in ends]
        left_first = abs(self.placed.posed.body_yaw) < 90
        spread = self._r(0.016) * (1 if left_first else -1)
        wide = [(wide[0][0] + spread, wide[0][1]), (wide[1][0] - spread, wide[1][1])]
        return polygon([points[0], wide[0], wide[1], points[1]]), self._r(0.040)

    def _torso(self, canvas: skia.Canvas) -> None:
        garment, bottom = self.person.garment, self.person.bottom
        torso = [Shape(path, self.cloth, grow) for path, grow in self._torso_paths()]
        if bottom == "skirt" and garment != "coat":
            path, grow = self._hem(0.78, 1.25)
            paint_group(canvas, [Shape(path, self.below, grow)], self.ink, 0.14)
        if garment == "dress":
            path, grow = self._hem(1.12, 1.45)
            torso.append(Shape(path, self.cloth, grow))
        elif garment == "coat":
            path, grow = self._hem(0.98, 1.2)
            torso.append(Shape(path, self.cloth, grow))
        elif bottom in ("trousers", "shorts") and not self.placed.posed.seated:
            path, grow = self._hem(0.12, 1.0)
            paint_group(canvas, [Shape(path, self.below, grow)], self.ink, 0.1)
        paint_group(canvas, torso, self.ink, 0.14)
        if self.facing or garment == "sweater":
            marks = Marks(canvas, self._chest_point, self.person, self.skin, self.ink, self.size)
            FRONTS[garment](marks)


def seat(canvas: skia.Canvas, placed: Placed, ink: float) -> None:
    """A wooden stool under a seated figure."""
    p = placed
    hips = (np.array(p.at("l_hip")) + np.array(p.at("r_hip"))) / 2
    feet = max(p.at("l_ankle")[1], p.at("r_ankle")[1])
    w = p.stature * 0.12
    top = float(hips[1]) + p.stature * 0.05
    wood: Colour = (164, 112, 70)
    legs = [
        Shape(
            capsule(
                (float(hips[0]) + s * w * 0.8, top),
                (float(hips[0]) + s * w, feet),
                ink * 2,
                ink * 2,
            ),
            darker(wood, 0.25),
        )
        for s in (-1, 1)
    ]
    board = skia.Path()
    board.addRoundRect(
        skia.Rect(
            float(hips[0]) - w * 1.15, top - ink * 2, float(hips[0]) + w * 1.15, top + ink * 4
        ),
        ink * 2,
        ink * 2,
    )
    paint_group(canvas, [*legs, Shape(board, wood)], ink, 0.1)
