"""Which squares of a reference image an identity adapter looks at.

PhotoMaker was trained on faces and looks at a head with its hair; an adapter that is to draw the
clothes as well looks at the whole figure, or at its parts, each as large as can be.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from vivant.pose.skeleton import Keypoints
from vivant.weights.traits import Sees

SMALLEST = 64
"""Shorter side of a reference image in pixels, and of what is cut from it; less shows nobody."""

HEAD_WIDTHS = 3.2
"""Side of the square around a head, in widths of the head."""

MARGIN = 0.08
"""Around a figure, as a share of its longer side."""

Size: TypeAlias = tuple[int, int]
"""Width and height of a picture in pixels."""

PARTS = 3
"""Head, body and legs."""

SMALLEST_PART = 24
"""Side of the square around a part in pixels, at least."""

_NOSE, _NECK = 0, 1
_FACE = (_NOSE, 14, 15, 16, 17)
_SHOULDERS = (2, 5)
_HIPS, _KNEES, _ANKLES = (8, 11), (9, 12), (10, 13)
_CROWN = 1.3
"""How far the head reaches above the nose, in distances from the nose to the neck."""

_HAT = 0.4
"""How far the middle of a head with its hair or hat lies above the nose, in the same distances."""

_HEAD, _BODY, _LEGS = 3.2, 1.5, 1.4
"""Sides of the squares around parts: in the same distances; in the longer one of the shoulders'
width and the body's length; and in the longer side of the box around hips, knees and feet."""

Point: TypeAlias = tuple[float, float]


@dataclass(frozen=True)
class Square:
    """A square within a picture, in pixels."""

    left: float
    top: float
    side: float

    def of(self, picture: Image.Image) -> Image.Image:
        """That part of a picture."""
        right, bottom = self.left + self.side, self.top + self.side
        return picture.crop((round(self.left), round(self.top), round(right), round(bottom)))


def middle(size: Size) -> Square:
    """The largest square in a picture's middle."""
    side = min(size)
    return _within(size, (size[0] / 2, size[1] / 2), side)


def around_head(body: Keypoints, size: Size) -> Square | None:
    """The square around a head, as far as the picture goes; None where no head is seen."""
    face = _seen(body, _FACE)
    if not face:
        return None
    shoulders = _seen(body, _SHOULDERS)
    width = max(x for x, _ in face) - min(x for x, _ in face)
    if len(shoulders) == len(_SHOULDERS):
        width = max(width, 0.5 * math.dist(*shoulders))
    return _within(size, _mean(face), max(HEAD_WIDTHS * width, SMALLEST))


def around_figure(body: Keypoints, size: Size) -> Square | None:
    """The square around a whole figure, hair to feet; None where none of some size is seen.

    What is smaller than `SMALLEST` shows nobody, and is hardly ever somebody. Of a figure that is
    taller than the picture is wide, it takes the upper part.
    """
    joints = _seen(body, range(len(body)))
    if not joints:
        return None
    left, right = min(x for x, _ in joints), max(x for x, _ in joints)
    top, bottom = min(y for _, y in joints), max(y for _, y in joints)
    head = _seen(body, (_NOSE, _NECK))
    if len(head) == 2:
        top = min(top, head[0][1] - _CROWN * math.dist(*head))
    longer = max(right - left, bottom - top)
    if longer < SMALLEST:
        return None
    side = min((1 + 2 * MARGIN) * longer, *size)
    middle_height = min((top + bottom) / 2, top - MARGIN * longer + side / 2)
    return _within(size, ((left + right) / 2, middle_height), side)


def around_parts(body: Keypoints, size: Size) -> tuple[Square | None, ...]:
    """The squares around head, body and legs; None in place of each that is not seen."""
    found = _head_alone(body, size), _body_alone(body, size), _legs_alone(body, size)
    return tuple(
        square if square is not None and square.side >= SMALLEST_PART else None for square in found
    )


def squares_of(body: Keypoints, size: Size) -> dict[Sees, tuple[Square, ...]]:
    """All squares around a person; the picture's middle where one of some size is not seen."""
    centre = middle(size)
    figure = around_figure(body, size) or centre
    return {
        "head": (around_head(body, size) or centre,),
        "figure": (figure,),
        "parts": tuple(part or figure for part in around_parts(body, size)),
    }


def squares_of_nobody(size: Size) -> dict[Sees, tuple[Square, ...]]:
    """The same of a picture in which nobody was found, or nobody looked: its middle."""
    centre = middle(size)
    return {"head": (centre,), "figure": (centre,), "parts": (centre,) * PARTS}


def _head_alone(body: Keypoints, size: Size) -> Square | None:
    ends = _seen(body, (_NOSE, _NECK))
    if len(ends) < 2:
        return None
    nose, neck = ends
    middle_of_head = tuple(n - _HAT * (k - n) for n, k in zip(nose, neck, strict=True))
    return _within(size, (middle_of_head[0], middle_of_head[1]), _HEAD * math.dist(nose, neck))


def _body_alone(body: Keypoints, size: Size) -> Square | None:
    shoulders, hips = _seen(body, _SHOULDERS), _seen(body, _HIPS)
    if not shoulders or len(shoulders) + len(hips) < 2:
        return None
    top = _mean(shoulders)
    wide = math.dist(*shoulders) if len(shoulders) == 2 else 0.0
    bottom = _mean(hips) if hips else (top[0], top[1] + wide)
    return _within(size, _mean((top, bottom)), _BODY * max(wide, math.dist(top, bottom)))


def _legs_alone(body: Keypoints, size: Size) -> Square | None:
    """Around the hips alone, as large as the body, where a picture ends above the knees."""
    hips, trunk = _seen(body, _HIPS), _body_alone(body, size)
    if not hips:
        return None
    if not _seen(body, _KNEES):
        return None if trunk is None else _within(size, _mean(hips), trunk.side)
    joints = _seen(body, (*_HIPS, *_KNEES, *_ANKLES))
    xs, ys = [x for x, _ in joints], [y for _, y in joints]
    centre = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return _within(size, centre, _LEGS * max(max(xs) - min(xs), max(ys) - min(ys)))


def _mean(points: Sequence[Point]) -> Point:
    return sum(x for x, _ in points) / len(points), sum(y for _, y in points) / len(points)


def _seen(body: Keypoints, joints: Sequence[int]) -> list[Point]:
    rows = (body[joint] for joint in joints)
    return [(float(x), float(y)) for x, y, confidence in rows if confidence > 0]


def _within(size: Size, centre: Point, side: float) -> Square:
    """The square of at most this side around a point, moved to lie within the picture."""
    side = min(side, *size)
    left = min(max(centre[0] - side / 2, 0), size[0] - side)
    top = min(max(centre[1] - side / 2, 0), size[1] - side)
    return Square(left, top, side)
