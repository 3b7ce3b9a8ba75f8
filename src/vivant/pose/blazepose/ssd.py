"""What detectors of one kind answer: boxes with keypoints, each told from an anchor.

A network with several strides looks at the picture in one grid for each (Liu et al. 2016, "SSD",
arXiv 1512.02325).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views

Points: TypeAlias = NDArray[np.float32]
"""A box's middle, its width and height, then keypoints, in the picture's pixels; float32 [n, 2]."""

SAME_BOX = 0.3
"""Intersection over union from which two boxes are of one thing."""


@dataclass(frozen=True)
class Found:
    """Something that was detected.

    Attributes:
        score: 0 to 1.
        points: see `Points`.
    """

    score: float
    points: Points


class BoxDetector:
    """Finds what its network was trained on in a square of a picture.

    Args:
        network: whose outputs are scores and boxes with keypoints, one for each anchor.
        middles: of the anchors' cells, see `anchors`.
        least: score of what counts as found.
    """

    def __init__(self, network: Network, middles: NDArray[np.float32], least: float) -> None:
        self._network = network
        self._anchors = middles
        self._least = least

    def find(self, views: Views, region: Region) -> list[Found]:
        """Everything in an upright square, surest first, nothing twice."""
        outputs = self._network(views.cut(region, self._network.size) * 2 - 1)
        count = len(self._anchors)
        [boxes] = [each for shape, each in outputs.items() if shape != (count, 1)]
        logits = outputs[count, 1][:, 0].astype(np.float64)
        scores = 1 / (1 + np.exp(-logits.clip(-100, 100)))
        sure = scores >= self._least
        points = boxes.reshape(count, -1, 2)[sure] / np.float32(self._network.size)
        placed = np.arange(points.shape[1]) != 1  # all but the box's width and height
        points[:, placed] += self._anchors[sure, None]
        points *= region.side
        points[:, placed] += [region.x - region.side / 2, region.y - region.side / 2]
        return suppressed(
            [Found(*pair) for pair in zip(scores[sure].tolist(), points, strict=True)]
        )


def anchors(size: int, strides: tuple[int, ...], per_cell: int) -> NDArray[np.float32]:
    """Middles of the cells that boxes are told from, 0 to 1, float32 [n, 2], in their order.

    Strides that are equal share one grid, cell by cell.

    Args:
        size: of the network's picture, pixels.
        strides: pixels of a cell's side.
        per_cell: anchors of a cell for each stride.
    """
    grids = []
    for stride in sorted(set(strides)):
        cells = size // stride
        rows, columns = np.mgrid[:cells, :cells]
        middles = (np.stack([columns, rows], -1).reshape(-1, 2) + 0.5) / cells
        grids.append(middles.repeat(per_cell * strides.count(stride), axis=0))
    return np.concatenate(grids).astype(np.float32)


def suppressed(found: list[Found]) -> list[Found]:
    """Weighted non-maximum suppression: each thing once, surest first.

    The surest box takes the mean, weighted by score, of all that overlap it; a mean is steadier
    than any one of them (Bazarevsky et al. 2019, arXiv 1907.05047, section 4.3).
    """
    if not found:
        return []
    scores = np.array([each.score for each in found])
    points = np.stack([each.points for each in found])
    kept = []
    left = np.argsort(-scores)
    while len(left):
        best = left[0]
        same = _overlap(points[best], points[left]) > SAME_BOX
        same[0] = True
        group, left = left[same], left[~same]
        mean = np.average(points[group], axis=0, weights=scores[group])
        kept.append(Found(float(scores[best]), mean.astype(np.float32)))
    return kept


def _overlap(one: Points, others: NDArray[np.float32]) -> NDArray[np.float32]:
    """Intersection over union of a box with others, float32 [n]."""
    low = np.maximum(one[0] - one[1] / 2, others[:, 0] - others[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, others[:, 0] + others[:, 1] / 2)
    shared = (high - low).clip(0).prod(axis=1)
    union = one[1].prod() + others[:, 1].prod(axis=1) - shared
    return np.asarray(shared / np.maximum(union, 1e-9), np.float32)
