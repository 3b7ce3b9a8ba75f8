"""Turned squares of a picture: what the networks are shown, and where their answers lie."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True)
class Region:
    """A square of a picture, which may be turned and may reach beyond the picture.

    Attributes:
        x: of the middle, pixels.
        y: of the middle, pixels.
        side: pixels.
        angle: by which it is turned clockwise, radians; at 0 its top is the picture's.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    @classmethod
    def around(cls, middle: tuple[float, float], top: tuple[float, float], scale: float) -> Region:
        """The square around a circle, upright for somebody whose head is towards `top`.

        Args:
            middle: of the circle.
            top: a point on the circle.
            scale: how much larger than the circle's own square.
        """
        dx, dy = top[0] - middle[0], top[1] - middle[1]
        return cls(*middle, 2 * scale * math.hypot(dx, dy), math.atan2(dx, -dy))

    def to_picture(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points [n, 2] of the square, 0 to 1, in the picture's pixels."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        axes = np.array([[cos, sin], [-sin, cos]]) * self.side
        return np.asarray((points - 0.5) @ axes + [self.x, self.y], np.float32)

    def from_picture(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Points [n, 2] in the picture's pixels as places of the square, 0 to 1 inside."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        axes = np.array([[cos, -sin], [sin, cos]]) / self.side
        return np.asarray((points - np.array([self.x, self.y])) @ axes + 0.5, np.float32)

    def scaled(self, factor: float) -> Region:
        """The same square in a picture that is `factor` times as large."""
        return replace(self, x=self.x * factor, y=self.y * factor, side=self.side * factor)


class Views:
    """A picture from which squares are cut, at any scale, without jagged edges.

    Args:
        picture: RGB.

    Attributes:
        width: of the picture, pixels.
        height: of the picture, pixels.
    """

    def __init__(self, picture: Image.Image) -> None:
        self.width, self.height = picture.size
        self._levels = {1: picture}

    def cut(self, region: Region, size: int, *, continued: bool = False) -> NDArray[np.float32]:
        """A square as [size, size, 3], 0 to 1.

        Pixel i shows the place i / size of the side, as the networks have learned it; a shift by
        half a pixel would be half a percent of the body.

        Args:
            region: the square.
            size: pixels of its side.
            continued: the picture's edge goes on where the square reaches beyond it; else black.
        """
        level = self._reduced(region.side / size)
        scaled = region.scaled(1 / level)
        right = math.cos(scaled.angle) * scaled.side / size
        down = math.sin(scaled.angle) * scaled.side / size
        (x, y), *others = scaled.to_picture(_CORNERS).tolist()
        picture, left, top = self._levels[level], 0, 0
        if continued:
            columns, rows = zip((x, y), *others, strict=True)
            box = (min(columns), min(rows), max(columns), max(rows))
            picture, left, top = _continued(picture, box)
        # Pillow takes the middle of a pixel for its place: half a pixel to the right and down.
        x, y = x - (right - down) / 2 - left, y - (down + right) / 2 - top
        square = picture.transform(
            (size, size),
            Image.Transform.AFFINE,
            (right, -down, x, down, right, y),
            Image.Resampling.BILINEAR,
        )
        return np.asarray(np.asarray(square, np.float32) / np.float32(255))

    def _reduced(self, scale: float) -> int:
        """The power of two by which the picture is reduced to be read at `scale` pixels a step."""
        wanted = 1 << math.floor(math.log2(max(scale, 1.0)))
        last = max(self._levels)
        while last < wanted and max(self._levels[last].size) > 1:
            self._levels[last * 2] = self._levels[last].reduce(2)
            last *= 2
        return min(wanted, last)


_CORNERS = np.array([[0, 0], [1, 0], [0, 1], [1, 1]], np.float32)


def _continued(
    picture: Image.Image, box: tuple[float, float, float, float]
) -> tuple[Image.Image, int, int]:
    """What a box of a picture shows, its edges repeated beyond them, and the left and top of it."""
    wide = (math.floor(box[0]) - 1, math.floor(box[1]) - 1, math.ceil(box[2]), math.ceil(box[3]))
    left, top = min(wide[0], picture.width - 1), min(wide[1], picture.height - 1)
    right, bottom = max(wide[2] + 1, 1), max(wide[3] + 1, 1)
    inside = (max(left, 0), max(top, 0), min(right, picture.width), min(bottom, picture.height))
    pixels = np.asarray(picture.crop(inside))
    around = (
        (inside[1] - top, bottom - inside[3]),
        (inside[0] - left, right - inside[2]),
        (0, 0),
    )
    return Image.fromarray(np.pad(pixels, around, "edge")), left, top
