"""Drawn people, by a network of ours that was trained on the pictures that our models learn from.

It finds people "as points" (Zhou et al. 2019, arXiv 1904.07850): a peak at each neck, which says
where the other joints are. Everybody is looked at twice, at last in a square of their own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vivant.pose.skeleton import Person
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views
from vivant.pose.squares.tiles import coarse

SIDE, STEP = 256, 8
"""Of the square that the network sees and of its cells, pixels."""

JOINTS = 18
REACH = 64.0
"""Pixels by which the network counts ways from a cell to a joint."""

LEAST_CANDIDATE = 0.6
"""Score of a neck at which somebody is looked at closely."""

LEAST_SCORE = 0.74
"""Mean score of a neck in both looks. Unseen renders had 0.77 to 0.98; people in photos, textures
and empty scenes at most 0.71."""

LEAST_VISIBLE = 0.5
FEWEST_JOINTS = 5

MARGIN = 1.5
"""Side of somebody's own square by their size."""

OWN_NECK = 0.15
"""How far the neck may move between both looks, by the side of the square."""

SAME_PERSON = 0.2
"""Mean distance of two people's joints, by their size, below which they are one."""

_NECK = 1


@dataclass(frozen=True)
class Found:
    """Somebody in a picture.

    Attributes:
        score: of the neck, 0 to 1.
        joints: float32 [18, 2], the picture's pixels.
        shown: float32 [18], how likely each joint shows.
    """

    score: float
    joints: NDArray[np.float32]
    shown: NDArray[np.float32]

    @property
    def size(self) -> float:
        """The longer side of the box of what shows, pixels; 0 where next to nothing does."""
        seen = self.joints[self.shown >= LEAST_VISIBLE]
        return float(np.ptp(seen, axis=0).max()) if len(seen) > 1 else 0.0

    @property
    def region(self) -> Region:
        """The square of their own."""
        seen = self.joints[self.shown >= LEAST_VISIBLE]
        x, y = ((seen.min(axis=0) + seen.max(axis=0)) / 2).tolist()
        return Region(x, y, MARGIN * self.size)

    def is_same(self, other: Found) -> bool:
        """Whether both are one person."""
        apart = np.linalg.norm(self.joints - other.joints, axis=1)
        return float(apart.mean()) < SAME_PERSON * max(self.size, other.size)


class Drawings:
    """An `Estimator` of the bodies of drawn people.

    Args:
        path: of the network.
        threads: that share the work of one call.
    """

    def __init__(self, path: Path, threads: int = 2) -> None:
        self._network = Network(path, threads)

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """The people in an upright RGB picture, in its pixels, largest first."""
        views = Views(picture)
        found: list[Found] = []
        for each in self._candidates(views, coarse(*picture.size)):
            closely = self._closely(views, each)
            if closely is not None and not any(closely.is_same(other) for other in found):
                found.append(closely)
        people = [person for each in found if (person := _person(each, *picture.size))]
        return tuple(sorted(people, key=lambda person: -person.size))

    def _candidates(self, views: Views, squares: Iterable[Region]) -> list[Found]:
        """Whoever may be there, each once, surest first."""
        every = [
            each
            for square in squares
            for each in self._look(views, square, LEAST_CANDIDATE)
            if each.size > 0
        ]
        found: list[Found] = []
        for each in sorted(every, key=lambda each: -each.score):
            if not any(each.is_same(other) for other in found):
                found.append(each)
        return found

    def _closely(self, views: Views, candidate: Found) -> Found | None:
        """The same person as seen in a square of their own, if somebody is there."""
        square = candidate.region
        neck = candidate.joints[_NECK]
        near = [
            (float(np.linalg.norm(each.joints[_NECK] - neck)), each)
            for each in self._look(views, square, 2 * LEAST_SCORE - candidate.score)
        ]
        apart, closest = min(near, key=lambda pair: pair[0], default=(np.inf, None))
        return closest if apart <= OWN_NECK * square.side else None

    def _look(self, views: Views, square: Region, least: float) -> list[Found]:
        """Everybody in a square."""
        (maps,) = self._network.in_order(views.cut(square, SIDE))
        score = _sigmoid(maps[..., 0])
        rows, columns = np.nonzero(_peaks(score) & (score >= least))
        found = []
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            cell = maps[row, column]
            middle = (np.array([column, row]) + 0.5) * STEP
            ways = cell[1 : 1 + 2 * JOINTS].reshape(JOINTS, 2) * REACH
            joints = square.to_picture(np.asarray((middle + ways) / SIDE, np.float32))
            shown = _sigmoid(cell[1 + 2 * JOINTS :])
            found.append(Found(float(score[row, column]), joints, shown))
        return found


def _person(found: Found, width: int, height: int) -> Person | None:
    """With the joints that show in the picture, if they are enough."""
    inside = (found.joints >= 0).all(axis=1) & (found.joints < (width, height)).all(axis=1)
    seen = inside & (found.shown >= LEAST_VISIBLE)
    if seen.sum() < FEWEST_JOINTS:
        return None
    return Person(np.column_stack([found.joints, found.shown]) * seen[:, None])


def _peaks(score: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which cells [h, w] are no lower than any of the eight around them."""
    height, width = score.shape
    padded = np.pad(score, 1, constant_values=-1.0)
    around = [
        padded[down : down + height, right : right + width]
        for down in range(3)
        for right in range(3)
    ]
    return np.asarray(score >= np.max(around, axis=0))


def _sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(1 / (1 + np.exp(-logits)), np.float32)
