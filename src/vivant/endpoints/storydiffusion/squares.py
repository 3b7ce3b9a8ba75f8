"""Which square of a reference image an identity adapter looks at.

PhotoMaker was trained on faces and looks at a head with its hair; an adapter that is to draw the
clothes as well looks at the whole figure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image

from vivant.pose.skeleton import Keypoints

SMALLEST = 64
"""Shorter side of a reference image in pixels, and of what is cut from it; less shows nobody."""

HEAD_WIDTHS = 3.2
"""Side of the square around a head, in widths of the head."""

MARGIN = 0.08
"""Around a figure, as a share of its longer side."""

Size: TypeAlias = tuple[int, int]
"""Width and height of a picture in pixels."""

_NOSE, _NECK = 0, 1
_FACE = (_NOSE, 14, 15, 16, 17)
_SHOULDERS = (2, 5)
_CROWN = 1.3
"""How far the head reaches above the nose, in distances from the nose to the neck."""

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
    centre = sum(x for x, _ in face) / len(face), sum(y for _, y in face) / len(face)
    return _within(size, centre, max(HEAD_WIDTHS * width, SMALLEST))


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


def _seen(body: Keypoints, joints: Sequence[int]) -> list[Point]:
    rows = (body[joint] for joint in joints)
    return [(float(x), float(y)) for x, y, confidence in rows if confidence > 0]


def _within(size: Size, centre: Point, side: float) -> Square:
    """The square of at most this side around a point, moved to lie within the picture."""
    side = min(side, *size)
    left = min(max(centre[0] - side / 2, 0), size[0] - side)
    top = min(max(centre[1] - side / 2, 0), size[1] - side)
    return Square(left, top, side)
