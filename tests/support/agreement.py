"""How well our joints agree with those of mediapipe's own pose solution."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.landmarks import BODY_18_FROM_33
from vivant.pose.skeleton import Person

VISIBLE = 0.5
"""Above it mediapipe's own drawing shows a landmark."""


def theirs(landmarks: Sequence[Sequence[float]], width: int, height: int) -> Person:
    """Their 33 landmarks as a person: joints that are visible and inside the picture."""
    points = np.asarray(landmarks, np.float32)
    body = np.zeros((18, 3), np.float32)
    for joint, sources in enumerate(BODY_18_FROM_33):
        x, y = points[list(sources), :2].mean(axis=0)
        visible = points[list(sources), 2].min() >= VISIBLE
        if visible and 0 <= x < width and 0 <= y < height:
            body[joint] = (x, y, 1)
    return Person(body)


def compared(ours: Person, them: Person) -> tuple[NDArray[np.float32], float]:
    """Distances of joints that both see, by their person's size, and the share of joints that
    both see or neither does.
    """
    both = ours.present & them.present
    apart = np.linalg.norm(ours.body[both, :2] - them.body[both, :2], axis=1) / them.size
    return np.asarray(apart, np.float32), float((ours.present == them.present).mean())
