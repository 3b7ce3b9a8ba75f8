"""BlazePose's detector: faces with the circle of the body below them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.ssd import BoxDetector, Points, anchors
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views

STRIDES = (8, 16, 32, 32, 32)
ANCHORS_PER_CELL = 2
ROOM = 1.25
"""How much larger than the body's circle the square is that the landmark network is shown."""

LEAST_SCORE = 0.45
"""Of a detection; lower than BlazePose's own 0.5, since whoever is found is looked at again."""


@dataclass(frozen=True)
class Detection:
    """Somebody, roughly, in pixels of the picture.

    Attributes:
        score: 0 to 1.
        points: middle, width and height of a box around the face, of about one size in the
            network's picture; then the middle of the hips, a point on the circle around the whole
            body, the middle of the shoulders and a point on the circle around the upper body;
            float32 [6, 2].
    """

    score: float
    points: Points

    @property
    def regions(self) -> tuple[Region, Region]:
        """The squares that show the whole body and the upper body upright."""
        hips_x, hips_y, top_x, top_y, x, y, upper_x, upper_y = self.points[2:].ravel().tolist()
        return (
            Region.around((hips_x, hips_y), (top_x, top_y), ROOM),
            Region.around((x, y), (upper_x, upper_y), ROOM),
        )

    @property
    def radius(self) -> float:
        """Of the circle around the whole body, pixels."""
        return max(float(np.linalg.norm(self.points[3] - self.points[2])), 1e-6)

    @property
    def face(self) -> NDArray[np.float32]:
        """Middle of the face, float32 [2]."""
        return np.asarray(self.points[0])

    @property
    def hips(self) -> NDArray[np.float32]:
        """Middle of the hips, float32 [2]."""
        return np.asarray(self.points[2])

    @property
    def shoulders(self) -> NDArray[np.float32]:
        """Middle of the shoulders, float32 [2]."""
        return np.asarray(self.points[4])


class Detector:
    """Finds people in a square of a picture.

    Args:
        network: the detector's.
    """

    def __init__(self, network: Network) -> None:
        middles = anchors(network.size, STRIDES, ANCHORS_PER_CELL)
        self._boxes = BoxDetector(network, middles, LEAST_SCORE)

    def find(self, views: Views, region: Region) -> list[Detection]:
        """Everybody in an upright square, surest first, nobody twice."""
        return [Detection(each.score, each.points) for each in self._boxes.find(views, region)]
