"""BlazePose's landmark network: the joints of one person."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.detector import ROOM
from vivant.pose.skeleton import Keypoints
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views

LANDMARKS = 33
POINTS = 39
"""The landmarks, and six points that tell where the body is."""

HEAT_SIDE = 64
WINDOW = 7
LEAST_HEAT = 0.5
_HIPS, _TOP = 33, 34
_FACE, _SHOULDERS = slice(0, 11), slice(11, 13)

BODY_18_FROM_33: tuple[tuple[int, ...], ...] = (
    (0,), (11, 12), (12,), (14,), (16,), (11,), (13,), (15,), (24,), (26,), (28,), (23,), (25,),
    (27,), (5,), (2,), (8,), (7,),
)  # fmt: skip
"""For each joint of body-18 the landmarks whose mean it is: the neck is between the shoulders."""


@dataclass(frozen=True)
class Body:
    """One person's landmarks in pixels of the picture.

    Attributes:
        score: how surely there is somebody, 0 to 1.
        sharpness: mean height of the landmarks' heat maps, 0 to 1; things that look like people
            leave the network in doubt of where their joints are.
        places: x, y, float32 [39, 2].
        visible: how surely each is in the picture and not hidden, 0 to 1, float32 [39].
        present: how surely each is in the square, hidden or not, 0 to 1, float32 [39].
    """

    score: float
    sharpness: float
    places: NDArray[np.float32]
    visible: NDArray[np.float32]
    present: NDArray[np.float32]

    @property
    def face(self) -> NDArray[np.float32]:
        """Middle of the face, float32 [2]."""
        return np.asarray(self.places[_FACE].mean(axis=0))

    @property
    def shoulders(self) -> NDArray[np.float32]:
        """Middle of the shoulders, float32 [2]."""
        return np.asarray(self.places[_SHOULDERS].mean(axis=0))

    @property
    def hips(self) -> NDArray[np.float32]:
        """Middle of the hips, float32 [2]."""
        return np.asarray(self.places[_HIPS])

    @property
    def region(self) -> Region:
        """The square that shows the whole body upright, as these landmarks tell it."""
        hips_x, hips_y, top_x, top_y = self.places[_HIPS : _TOP + 1].ravel().tolist()
        return Region.around((hips_x, hips_y), (top_x, top_y), ROOM)

    def body_18(self) -> Keypoints:
        """The joints of body-18 [18, 3], wherever they are; the confidence is the visibility."""
        joints = np.empty((len(BODY_18_FROM_33), 3), np.float32)
        for row, sources in zip(joints, BODY_18_FROM_33, strict=True):
            row[:2] = self.places[list(sources)].mean(axis=0)
            row[2] = self.visible[list(sources)].min()
        return joints


class Landmarker:
    """Reads the joints of the person in a square of a picture.

    Args:
        network: the landmark network.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def read(self, views: Views, region: Region) -> Body:
        """The landmarks of whoever fills the square, as if there were somebody."""
        outputs = self._network(views.cut(region, self._network.size, continued=True))
        rows = outputs[(POINTS * 5,)].reshape(POINTS, 5)
        heat = outputs[HEAT_SIDE, HEAT_SIDE, POINTS]
        places = refined(rows[:, :2] / np.float32(self._network.size), heat)
        visible, present = sigmoid(rows[:, 3:].T)
        score = float(outputs[(1,)][0])
        sharpness = float(sigmoid(heat.max(axis=(0, 1)))[:LANDMARKS].mean())
        return Body(score, sharpness, region.to_picture(places), visible, present)


def refined(places: NDArray[np.float32], heat: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each place moved to the middle of its heat map's mass around it, where there is enough.

    Args:
        places: x, y in 0 to 1, [n, 2].
        heat: logits [side, side, n].
    """
    side, reach = heat.shape[0], WINDOW // 2
    better = places.copy()
    for point, (x, y) in enumerate((places * side).astype(int).tolist()):
        if not (0 <= x < side and 0 <= y < side):
            continue
        top, left = max(y - reach, 0), max(x - reach, 0)
        window = sigmoid(heat[top : y + reach + 1, left : x + reach + 1, point])
        if window.max() < LEAST_HEAT:
            continue
        rows, columns = np.mgrid[top : top + window.shape[0], left : left + window.shape[1]]
        mass = window.sum()
        better[point] = (columns * window).sum() / mass / side, (rows * window).sum() / mass / side
    return better


def sigmoid(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """1 / (1 + exp(-logits))."""
    return np.asarray(1 / (1 + np.exp(-logits.clip(-80, 80))), np.float32)
