"""Faces, and the body that hangs from each: how people are told apart where they touch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.detector import ROOM
from vivant.pose.blazepose.landmarks import Body
from vivant.pose.blazepose.ssd import BoxDetector, Points, anchors
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views

STRIDES = (4,)
ANCHORS_PER_CELL = 1

LEAST_SCORE = 0.65
"""Of a face. Those in photos of groups had 0.68 to 0.96; landscapes and textures up to 0.67."""

LEAST_DOUBTED = 0.4
"""Of a face that only a sure body below it makes one. A small one in profile had 0.45 to 0.59."""

SAME_FACE = 0.5
"""Distance of two faces, by the larger one's width, below which they are one."""

LIKE_WIDTHS = (0.6, 1.25)
"""Of a face, by that of another one of its size."""

CIRCLES = ((4.0, 3.2), (3.0, 2.5), (2.2, 1.8), (1.6, 1.4))
"""Radius of a body's circle and how far below the face its middle is, by the face's width.

The first holds a whole body, the last head and shoulders. In a group the large ones show the
neighbours too, and the network may read one of them; the small ones do not.
"""

UPRIGHT = 1.5
"""How much the picture's down counts beside the face's own for where the body is."""

_RIGHT_EYE, _LEFT_EYE, _MOUTH = 2, 3, 5
_LANDMARKS: tuple[tuple[int, ...], ...] = ((5,), (2,), (0,), (9, 10), (8,), (7,))
"""For each of a face's points the landmarks whose mean it is."""


@dataclass(frozen=True)
class Face:
    """A face in pixels of the picture.

    Attributes:
        score: 0 to 1.
        points: middle, width and height of its box, then right eye, left eye, nose, mouth, right
            ear and left ear; float32 [8, 2].
    """

    score: float
    points: Points

    @property
    def is_sure(self) -> bool:
        """Whether its own score says that it is one."""
        return self.score >= LEAST_SCORE

    def is_like(self, other: Face) -> bool:
        """Whether it is about as wide as another one, as people's are who are beside each other."""
        narrowest, widest = LIKE_WIDTHS
        return narrowest * other.width <= self.width <= widest * other.width

    @property
    def middle(self) -> NDArray[np.float32]:
        """Of its box, float32 [2]."""
        return np.asarray(self.points[0])

    @property
    def width(self) -> float:
        """Of its box, pixels."""
        return max(float(self.points[1, 0]), 1e-6)

    @property
    def regions(self) -> list[Region]:
        """Squares that show the body below it, the whole one first, the upper half last."""
        eyes = self.points[[_RIGHT_EYE, _LEFT_EYE]].mean(axis=0)
        down = _unit(_unit(self.points[_MOUTH] - eyes) + np.array([0, UPRIGHT], np.float32))
        found = []
        for radius, below in CIRCLES:
            middle = self.middle + below * self.width * down
            top = middle - radius * self.width * down
            (x, y), (top_x, top_y) = middle.tolist(), top.tolist()
            found.append(Region.around((x, y), (top_x, top_y), ROOM))
        return found

    def apart(self, body: Body) -> float:
        """Mean distance of its points from a body's own, by its width."""
        own = np.stack([body.places[list(sources)].mean(axis=0) for sources in _LANDMARKS])
        return float(np.linalg.norm(self.points[2:] - own, axis=1).mean()) / self.width

    def is_same(self, other: Face) -> bool:
        """Whether both are one face, seen in two squares."""
        distance = float(np.linalg.norm(self.middle - other.middle))
        return distance < SAME_FACE * max(self.width, other.width)


class FaceFinder:
    """Finds faces in a square of a picture, down to a twentieth of its side.

    Args:
        network: BlazeFace of full range.
    """

    def __init__(self, network: Network) -> None:
        middles = anchors(network.size, STRIDES, ANCHORS_PER_CELL)
        self._boxes = BoxDetector(network, middles, LEAST_DOUBTED)

    def find(self, views: Views, region: Region) -> list[Face]:
        """Every face in an upright square, doubted ones too, surest first, none twice."""
        return [Face(each.score, each.points) for each in self._boxes.find(views, region)]


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-6), np.float32)
