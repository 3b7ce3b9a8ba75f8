"""People as keypoints: the OpenPose body-18 skeleton with optional hands and face.

Coordinates are continuous pixels: x to the right, y down, and pixel (column i, row j) covers
[i, i + 1) x [j, j + 1), so that scaling a picture by s scales every coordinate by s.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Keypoints: TypeAlias = NDArray[np.float32]
"""float32 [n, 3]: x, y in pixels and a confidence in 0 to 1; confidence 0 means absent."""

BODY_18: tuple[str, ...] = (
    "nose",
    "neck",
    "right_shoulder",
    "right_elbow",
    "right_wrist",
    "left_shoulder",
    "left_elbow",
    "left_wrist",
    "right_hip",
    "right_knee",
    "right_ankle",
    "left_hip",
    "left_knee",
    "left_ankle",
    "right_eye",
    "left_eye",
    "right_ear",
    "left_ear",
)
"""Joint names in order; left and right are the person's own."""

LIMBS: tuple[tuple[int, int], ...] = (
    (1, 2),
    (1, 5),
    (2, 3),
    (3, 4),
    (5, 6),
    (6, 7),
    (1, 8),
    (8, 9),
    (9, 10),
    (1, 11),
    (11, 12),
    (12, 13),
    (1, 0),
    (0, 14),
    (14, 16),
    (0, 15),
    (15, 17),
)
"""Pairs of indices into `BODY_18` in OpenPose's drawing order; a tree, so 17 edges on 18 joints."""

HAND_EDGES: tuple[tuple[int, int], ...] = tuple(
    (0 if step == 0 else 4 * finger + step, 4 * finger + step + 1)
    for finger in range(5)
    for step in range(4)
)
"""Wrist 0 to each finger's base, then along the finger: 20 edges on 21 points."""

HAND_POINTS = 21


def _keypoints(points: NDArray[np.generic], count: int | None, name: str) -> Keypoints:
    """A read-only float32 copy of `points`, checked for shape and finiteness."""
    array = np.array(points, dtype=np.float32)
    if array.ndim != 2 or array.shape[1] != 3 or count not in (None, len(array)):
        raise ValueError(f"{name}: shape {array.shape} is not ({count or 'n'}, 3)")
    if not np.isfinite(array).all():
        raise ValueError(f"{name}: coordinates must be finite")
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Person:
    """One person's keypoints, each read-only float32 (x, y, confidence).

    Attributes:
        body: [18, 3] in the order of `BODY_18`.
        left_hand: [21, 3] or None.
        right_hand: [21, 3] or None.
        face: [n, 3] or None; drawn as dots, so any number of points will do.

    Raises:
        ValueError: a wrong shape or a coordinate that is not finite.
    """

    body: Keypoints
    left_hand: Keypoints | None = None
    right_hand: Keypoints | None = None
    face: Keypoints | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "body", _keypoints(self.body, len(BODY_18), "body"))
        for name, count in (
            ("left_hand", HAND_POINTS),
            ("right_hand", HAND_POINTS),
            ("face", None),
        ):
            points = getattr(self, name)
            if points is not None:
                object.__setattr__(self, name, _keypoints(points, count, name))

    @property
    def present(self) -> NDArray[np.bool_]:
        """Which body joints are there, bool [18]."""
        return np.asarray(self.body[:, 2] > 0)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """left, top, right, bottom of the present body joints; all 0 where there is none."""
        points = self.body[self.present, :2]
        if not len(points):
            return (0.0, 0.0, 0.0, 0.0)
        (left, top), (right, bottom) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return (left, top, right, bottom)

    @property
    def size(self) -> float:
        """The longer side of `box`, pixels."""
        left, top, right, bottom = self.box
        return max(right - left, bottom - top)

    def moved(self, scale: float, dx: float, dy: float) -> Person:
        """The same person with every point at (x * scale + dx, y * scale + dy)."""

        def move(points: Keypoints) -> Keypoints:
            factor = np.array([scale, scale, 1.0], np.float32)
            return points * factor + np.array([dx, dy, 0.0], np.float32)

        return Person(
            move(self.body),
            None if self.left_hand is None else move(self.left_hand),
            None if self.right_hand is None else move(self.right_hand),
            None if self.face is None else move(self.face),
        )


@dataclass(frozen=True, eq=False)
class Pose:
    """People on a canvas.

    Attributes:
        people: in drawing order (later over earlier).
        width: canvas width, pixels.
        height: canvas height, pixels.

    Raises:
        ValueError: a side is below 1.
    """

    people: tuple[Person, ...]
    width: int
    height: int

    def __post_init__(self) -> None:
        if self.width < 1 or self.height < 1:
            raise ValueError(f"canvas {self.width}x{self.height}: both sides must be at least 1")

    def largest_first(self) -> Pose:
        """The same people, sorted by the size of their box, largest first."""
        people = tuple(sorted(self.people, key=lambda person: -person.size))
        return Pose(people, self.width, self.height)


def fit(pose: Pose, width: int, height: int) -> Pose:
    """`pose` letterboxed onto width x height: one scale for both axes, centred, nothing cut."""
    if (pose.width, pose.height) == (width, height):
        return pose
    scale = min(width / pose.width, height / pose.height)
    dx = (width - pose.width * scale) / 2
    dy = (height - pose.height * scale) / 2
    return Pose(tuple(person.moved(scale, dx, dy) for person in pose.people), width, height)
