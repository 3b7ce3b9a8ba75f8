"""BlazePose for pictures of any size with any number of people."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from vivant.pose.blazepose.detector import Detection, Detector
from vivant.pose.blazepose.landmarks import Body, Landmarker
from vivant.pose.blazepose.network import Network
from vivant.pose.blazepose.regions import Views
from vivant.pose.blazepose.tiles import squares
from vivant.pose.skeleton import Keypoints, Person

LEAST_BODY = 0.5
"""Score of a body."""

LEAST_SHARPNESS = 0.41
"""Of a body. Photos of people had 0.45 to 0.75, trees and stones taken for people 0.23 to 0.47."""

SURE, DOUBT = 0.65, 0.5
"""The score of a sure detection, and by how much sharper a body must be for each one below it."""

LEAST_VISIBLE = 0.5
"""Visibility of a joint; BlazePose's own solution calls those above it visible."""

FEWEST_JOINTS = 5

SAME_FACE = 0.15
"""Distance of two faces, by the radius of a body's circle, below which they are one."""

SAME_BODY = 0.15
"""Mean distance of the joints of one body, by its size, below which another one is the same."""

MOST_APART = ((0.25, 0.15, 0.3), (0.25, 0.15, 0.4))
"""How far the two networks may be apart in a square around a whole body and an upper body.

Of the middles of face, shoulders and hips, by the radius of the body's circle. On photos of groups
they were within 0.18, 0.12 and 0.27 for whole bodies, and beyond at least one of these where a
neighbour was read, or nobody was there.
"""

_DETECTOR = "pose_detection.tflite"
LANDMARKER = "pose_landmark_full.tflite"


class BlazePose:
    """An `Estimator` of bodies, without hands and faces.

    Args:
        folder: of the two networks, as `vivant weights pull blazepose` leaves it.
        threads: that share the work of one call.
    """

    def __init__(self, folder: Path, threads: int = 2) -> None:
        self._detector = Detector(Network(folder / _DETECTOR, threads))
        self._landmarker = Landmarker(Network(folder / LANDMARKER, threads))

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """The people in an upright RGB picture, in its pixels, largest first."""
        views = Views(picture)
        bodies: list[Body] = []
        for detection in self._detections(views):
            body = self._body(views, detection)
            if body is not None and not any(_same(body, other) for other in bodies):
                bodies.append(body)
        people = (Person(_seen(body, picture.width, picture.height)) for body in bodies)
        found = [person for person in people if person.present.sum() >= FEWEST_JOINTS]
        return tuple(sorted(found, key=lambda person: -person.size))

    def _detections(self, views: Views) -> Iterator[Detection]:
        """Everybody, once for each face."""
        found: list[Detection] = []
        for square in squares(views.width, views.height):
            for detection in self._detector.find(views, square):
                if not any(_same_face(detection, other) for other in found):
                    found.append(detection)
                    yield detection

    def _body(self, views: Views, detection: Detection) -> Body | None:
        """The body that was detected, if there is one.

        In a square around a whole body a neighbour may be the larger one; the square around the
        upper body shows less of them.
        """
        for region, most in zip(detection.regions, MOST_APART, strict=True):
            body = self._landmarker.read(views, region)
            if _is_somebody(detection, body) and _agree(detection, body, most):
                return body
        return None


def _is_somebody(detection: Detection, body: Body) -> bool:
    doubt = max(0.0, SURE - detection.score)
    return body.score >= LEAST_BODY and body.sharpness >= LEAST_SHARPNESS + DOUBT * doubt


def _same_face(one: Detection, other: Detection) -> bool:
    return float(np.linalg.norm(one.face - other.face)) < SAME_FACE * other.radius


def _agree(detection: Detection, body: Body, most: tuple[float, float, float]) -> bool:
    pairs = (
        (detection.face, body.face),
        (detection.shoulders, body.shoulders),
        (detection.hips, body.hips),
    )
    return all(
        float(np.linalg.norm(one - other)) <= limit * detection.radius
        for (one, other), limit in zip(pairs, most, strict=True)
    )


def _same(one: Body, other: Body) -> bool:
    joints = one.body_18(), other.body_18()
    size = max(float(np.ptp(each[:, :2], axis=0).max()) for each in joints)
    apart = np.linalg.norm(joints[0][:, :2] - joints[1][:, :2], axis=1)
    return float(apart.mean()) < SAME_BODY * size


def _seen(body: Body, width: int, height: int) -> Keypoints:
    """The joints that can be seen in the picture; the others have confidence 0."""
    joints = body.body_18()
    inside = (joints[:, :2] >= 0).all(axis=1) & (joints[:, :2] < (width, height)).all(axis=1)
    joints[~inside | (joints[:, 2] < LEAST_VISIBLE)] = 0
    return joints
