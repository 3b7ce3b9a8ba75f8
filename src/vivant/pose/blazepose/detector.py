"""BlazePose's detector: faces with the circle of the body below them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.network import Network
from vivant.pose.blazepose.regions import Region, Views

STRIDES = (8, 16, 32, 32, 32)
ANCHORS_PER_CELL = 2
ROOM = 1.25
"""How much larger than the body's circle the square is that the landmark network is shown."""

LEAST_SCORE = 0.45
"""Of a detection; lower than BlazePose's own 0.5, since whoever is found is looked at again."""

SAME_FACE = 0.3
"""Intersection over union from which two boxes are of one face."""


@dataclass(frozen=True)
class Detection:
    """Somebody, roughly, in pixels of the picture.

    Attributes:
        score: 0 to 1.
        values: x, y, width, height of a box around the face, of about one size in the network's
            picture (x, y are its middle); then x, y of the middle of the hips, of a point on the
            circle around the whole body, of the middle of the shoulders and of a point on the
            circle around the upper body; float32 [12].
    """

    score: float
    values: NDArray[np.float32]

    @property
    def regions(self) -> tuple[Region, Region]:
        """The squares that show the whole body and the upper body upright."""
        hips_x, hips_y, top_x, top_y, x, y, upper_x, upper_y = self.values[4:].tolist()
        return (
            Region.around((hips_x, hips_y), (top_x, top_y), ROOM),
            Region.around((x, y), (upper_x, upper_y), ROOM),
        )

    @property
    def radius(self) -> float:
        """Of the circle around the whole body, pixels."""
        return max(float(np.linalg.norm(self.values[6:8] - self.values[4:6])), 1e-6)

    @property
    def face(self) -> NDArray[np.float32]:
        """Middle of the face, float32 [2]."""
        return self.values[:2]

    @property
    def hips(self) -> NDArray[np.float32]:
        """Middle of the hips, float32 [2]."""
        return self.values[4:6]

    @property
    def shoulders(self) -> NDArray[np.float32]:
        """Middle of the shoulders, float32 [2]."""
        return self.values[8:10]


class Detector:
    """Finds people in a square of a picture.

    Args:
        network: the detector's.
    """

    def __init__(self, network: Network) -> None:
        self._network = network
        self._anchors = anchors(network.size)

    def find(self, views: Views, region: Region) -> list[Detection]:
        """Everybody in an upright square, surest first, nobody twice."""
        outputs = self._network(views.cut(region, self._network.size) * 2 - 1)
        count = len(self._anchors)
        logits = outputs[count, 1][:, 0].astype(np.float64)
        scores = 1 / (1 + np.exp(-logits.clip(-100, 100)))
        sure = scores >= LEAST_SCORE
        values = outputs[count, 12][sure] / self._network.size
        points = values.reshape(-1, 6, 2)
        points[:, [0, 2, 3, 4, 5]] += self._anchors[sure, None]
        points *= region.side
        points[:, [0, 2, 3, 4, 5]] += [region.x - region.side / 2, region.y - region.side / 2]
        return suppressed(
            [Detection(*pair) for pair in zip(scores[sure].tolist(), values, strict=True)]
        )


def anchors(size: int) -> NDArray[np.float32]:
    """Middles of the cells that boxes are told from, 0 to 1, float32 [n, 2], in their order.

    Each stride has its grid, with two anchors a cell; strides that follow each other and are equal
    share one grid, cell by cell.

    Args:
        size: of the network's picture, pixels.
    """
    grids = []
    for stride in sorted(set(STRIDES)):
        cells = size // stride
        rows, columns = np.mgrid[:cells, :cells]
        middles = (np.stack([columns, rows], -1).reshape(-1, 2) + 0.5) / cells
        grids.append(middles.repeat(ANCHORS_PER_CELL * STRIDES.count(stride), axis=0))
    return np.concatenate(grids).astype(np.float32)


def suppressed(detections: list[Detection]) -> list[Detection]:
    """Weighted non-maximum suppression: one detection for each face, surest first.

    The surest detection takes the mean, weighted by score, of all whose boxes overlap its own; a
    mean is steadier than any one of them (Bazarevsky et al. 2019, arXiv 1907.05047, section 4.3).
    """
    if not detections:
        return []
    scores = np.array([each.score for each in detections])
    values = np.stack([each.values for each in detections])
    found = []
    left = np.argsort(-scores)
    while len(left):
        best = left[0]
        same = _overlap(values[best], values[left]) > SAME_FACE
        same[0] = True
        group, left = left[same], left[~same]
        mean = np.average(values[group], axis=0, weights=scores[group])
        found.append(Detection(float(scores[best]), mean.astype(np.float32)))
    return found


def _overlap(one: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of a box with others, float32 [n]."""
    low = np.maximum(one[:2] - one[2:4] / 2, others[:, :2] - others[:, 2:4] / 2)
    high = np.minimum(one[:2] + one[2:4] / 2, others[:, :2] + others[:, 2:4] / 2)
    shared = (high - low).clip(0).prod(axis=1)
    union = one[2:4].prod() + others[:, 2:4].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)
