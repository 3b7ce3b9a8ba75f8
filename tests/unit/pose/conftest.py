"""Random people for the pose tests: angles within human limits, seen from the front or turned."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from vivant.pose.skeleton import Person, Pose

_BONES = (  # joint, parent, length in head heights, mean angle, spread (degrees, 0 = down)
    (3, 2, 1.1, -30, 60),
    (4, 3, 1.0, -20, 80),
    (6, 5, 1.1, 30, 60),
    (7, 6, 1.0, 20, 80),
    (9, 8, 1.5, -12, 25),
    (10, 9, 1.45, -5, 25),
    (12, 11, 1.5, 12, 25),
    (13, 12, 1.45, 5, 25),
)


def _joints(rng: np.random.Generator) -> np.ndarray:
    """One body, float64 [18, 2], in head heights with the neck at the origin."""
    points = np.zeros((18, 2))
    width = rng.uniform(0.35, 1.0)
    lean = rng.normal(0, 0.12)
    points[2], points[5] = (-0.68 * width, rng.normal(0, 0.05)), (0.68 * width, rng.normal(0, 0.05))
    hips = np.array([1.75 * math.sin(lean), 1.75 * math.cos(lean)])
    aside = np.array([0.36 * width, 0])
    points[8], points[11] = hips - aside, hips + aside
    for joint, parent, length, mean, spread in _BONES:
        angle = math.radians(mean + rng.normal(0, spread))
        reach = length * rng.uniform(0.75, 1.0)  # foreshortening
        points[joint] = points[parent] + [reach * math.sin(angle), reach * math.cos(angle)]
    turn = rng.uniform(-0.6, 0.6)
    points[0] = (0.4 * math.sin(turn) + rng.normal(0, 0.05), -0.72)
    for joint, longitude, radius in (
        (14, -0.42, 0.4),
        (15, 0.42, 0.4),
        (16, -1.5, 0.36),
        (17, 1.5, 0.36),
    ):
        points[joint] = (radius * math.sin(longitude + turn), -0.86 + 0.06 * (joint > 15))
    return points


@pytest.fixture
def random_pose() -> Callable[..., Pose]:
    """`random_pose(rng, side, people=1, missing=0.0)`: people side by side on a square canvas."""

    def make(rng: np.random.Generator, side: int, people: int = 1, missing: float = 0.0) -> Pose:
        found = []
        for index in range(people):
            points = _joints(rng)
            low, high = points.min(axis=0), points.max(axis=0)
            room = np.array([side / people, side]) * rng.uniform(0.75, 0.92)
            scale = (room / (high - low)).min()
            spare = np.array([side / people, side]) - (high - low) * scale
            xy = (points - low) * scale + rng.uniform(0.3, 0.7, 2) * spare
            xy[:, 0] += index * side / people
            there = rng.random(18) >= missing
            body = np.column_stack([xy, np.ones(18)]) * there[:, None]
            found.append(Person(body.astype(np.float32)))
        return Pose(tuple(found), side, side)

    return make
