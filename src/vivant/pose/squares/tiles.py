"""Which squares of a picture are searched for people."""

from __future__ import annotations

import math
from collections.abc import Iterator

from vivant.pose.squares.regions import Region

FINER = 0.6
"""Side of the finest squares by the picture's shorter side."""

SHIFT = 0.67
"""Most that neighbouring squares are apart, by their side."""

LONGEST = 6
"""Most of a picture's longer side by the side of its finest squares, however narrow it is."""


def coarse(width: int, height: int) -> list[Region]:
    """The whole picture, then its shorter side's squares along the longer one if it is not square.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    found = [Region(width / 2, height / 2, max(width, height))]
    long, short = max(width, height), min(width, height)
    if long > (2 - SHIFT) * short:
        found += _grid(width, height, max(short, long / LONGEST))
    return found


def fine(width: int, height: int) -> list[Region]:
    """The squares that show small people.

    Args:
        width: of the picture, pixels.
        height: of the picture, pixels.
    """
    return list(_grid(width, height, max(FINER * min(width, height), max(width, height) / LONGEST)))


def _grid(width: int, height: int, side: float) -> Iterator[Region]:
    for y in _middles(height, side):
        for x in _middles(width, side):
            yield Region(x, y, side)


def _middles(length: int, side: float) -> list[float]:
    """Middles of the fewest squares that cover a length, no farther apart than `SHIFT`."""
    spare = max(length - side, 0.0)
    steps = math.ceil(spare / (SHIFT * side) - 1e-9)
    if not steps:
        return [length / 2]
    return [side / 2 + spare * step / steps for step in range(steps + 1)]
