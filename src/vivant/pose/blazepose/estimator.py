"""BlazePose for pictures of any size with any number of people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from vivant.pose.blazepose.detector import Detection, Detector
from vivant.pose.blazepose.faces import Face, FaceFinder
from vivant.pose.blazepose.hands import HandReader
from vivant.pose.blazepose.landmarks import Body, Landmarker
from vivant.pose.skeleton import Keypoints, Person
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views
from vivant.pose.squares.tiles import coarse, fine

LEAST_BODY = 0.5
"""Score of a body."""

LEAST_SHARPNESS = 0.41
"""Of a body. Photos of people had 0.45 to 0.75, trees and stones taken for people 0.23 to 0.47."""

SURE, DOUBT = 0.65, 0.5
"""The score of a sure detection, and by how much sharper a body must be for each one below it."""

LEAST_VISIBLE = 0.5
"""Visibility of a joint; BlazePose's own solution calls those above it visible."""

FEWEST_JOINTS = 5

SAME_DETECTION = 0.15
"""Distance of two detections' faces, by the radius of a body's circle, below which they are one."""

SAME_BODY = 0.15
"""Mean distance of the joints of one body, by its size, below which another one is the same."""

MOST_APART = ((0.25, 0.15, 0.3), (0.25, 0.15, 0.4))
"""How far the two networks may be apart in a square around a whole body and an upper body.

Of the middles of face, shoulders and hips, by the radius of the body's circle. On photos of groups
they were within 0.18, 0.12 and 0.27 for whole bodies, and beyond at least one of these where a
neighbour was read, or nobody was there.
"""

LEAST_FACED_BODY, LEAST_FACED_SHARPNESS = 0.25, 0.33
"""Of a body that is read where its face was found. In groups the network doubts bodies that are
hidden by others, whose faces are right; where nobody was, score or sharpness were below these."""

LEAST_DOUBTED_BODY, LEAST_DOUBTED_SHARPNESS, DOUBTED_FACE = 0.9, 0.5, 0.15
"""The same of a body below a doubted face, and how far at most that may be from it, in widths.
Small people in profile beside others had 1.00, 0.53 to 0.63 and 0.06 to 0.12."""

DOUBTED_SQUARES = 2
"""How many of its squares a doubted face is looked at in: each costs as much as a body."""

OWN_FACE, NO_FACE_OF = 0.2, 0.35
"""How far a face may be from that of its body, and from where on it is another one's, in widths.

In photos of groups bodies were 0.03 to 0.23 from their own face and 0.4 to 2 from others.
"""

NEAR_FACE = 1.0
"""Distance of a face from a body's, in widths, below which it must be the body's own."""

_DETECTOR = "pose_detection.tflite"
_FACES = "face_detection_full_range_sparse.tflite"
LANDMARKER = "pose_landmark_full.tflite"
_HANDS = "hand_landmark_full.tflite"


class BlazePose:
    """An `Estimator` of bodies and of the hands that are seen well, without faces.

    People are found twice: by BlazePose's own detector, which knows a body from its surroundings
    but loses people in a group, and by their faces, which do not hide one another. Where somebody
    is, doubtful faces are looked at, too.

    Args:
        folder: of the networks, as `vivant weights pull blazepose` leaves it.
        threads: that share the work of one call.
        hands: whether hands are read.
    """

    def __init__(self, folder: Path, threads: int = 2, *, hands: bool = True) -> None:
        self._detector = Detector(Network(folder / _DETECTOR, threads))
        self._faces = FaceFinder(Network(folder / _FACES, threads))
        self._landmarker = Landmarker(Network(folder / LANDMARKER, threads))
        self._hands = HandReader(Network(folder / _HANDS, threads)) if hands else None

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """The people in an upright RGB picture, in its pixels, largest first."""
        views = Views(picture)
        whole, parts = coarse(*picture.size), fine(*picture.size)
        faces, doubted = self._all_faces(views, [*whole, *parts])
        seen: list[Detection] = []
        bodies = self._detected(views, whole, faces, seen)
        bodies += self._below_faces(views, faces, bodies)
        if bodies:
            bodies += self._below_faces(views, doubted, bodies)
        else:  # small people whose faces do not show
            bodies = self._detected(views, parts, faces, seen)
        return tuple(sorted(self._people(views, bodies), key=lambda person: -person.size))

    def _people(self, views: Views, bodies: list[Body]) -> list[Person]:
        """Those of whom enough can be seen, with their hands."""
        size = (views.width, views.height)
        every = [(body, _seen(body, *size)) for body in bodies]
        enough = [each for each in every if (each[1][:, 2] > 0).sum() >= FEWEST_JOINTS]
        if self._hands is None:
            return [Person(joints) for _, joints in enough]
        hands = self._hands.hands(views, [body for body, _ in enough], [seen for _, seen in enough])
        return [
            Person(joints, **{f"{side}_hand": hand.keypoints(*size) for side, hand in own.items()})
            for (_, joints), own in zip(enough, hands, strict=True)
        ]

    def _all_faces(self, views: Views, squares: Iterable[Region]) -> tuple[list[Face], list[Face]]:
        """Every sure face, and every doubted one of about the size of a sure one, each once."""
        every = [face for square in squares for face in self._faces.find(views, square)]
        sure = _distinct([face for face in every if face.is_sure], [])
        doubted = [face for face in every if not face.is_sure and any(map(face.is_like, sure))]
        return sure, _distinct(doubted, sure)

    def _detected(
        self, views: Views, squares: Iterable[Region], faces: list[Face], seen: list[Detection]
    ) -> list[Body]:
        """The bodies of whoever is detected, each once, and none whose face is another's.

        Nobody who was `seen` before is looked at again; whoever is detected now is added to them.
        """
        bodies: list[Body] = []
        for square in squares:
            for detection in self._detector.find(views, square):
                if any(_same_detection(detection, other) for other in seen):
                    continue
                seen.append(detection)
                body = self._body(views, detection)
                if body is None or _has_another_face(body, faces):
                    continue
                if not any(_same(body, other) for other in bodies):
                    bodies.append(body)
        return bodies

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

    def _below_faces(self, views: Views, faces: list[Face], bodies: list[Body]) -> list[Body]:
        """The bodies of faces that belong to none of those that are known."""
        found: list[Body] = []
        for face in faces:
            if any(face.apart(body) < NO_FACE_OF for body in bodies):
                continue
            body = self._body_below(views, face)
            if body is not None and not any(_same(body, other) for other in [*bodies, *found]):
                found.append(body)
        return found

    def _body_below(self, views: Views, face: Face) -> Body | None:
        """The body whose face it is, from the largest square in which the network reads it."""
        regions = face.regions if face.is_sure else face.regions[:DOUBTED_SQUARES]
        for region in regions:
            body = self._landmarker.read(views, region)
            if _is_below(face, body):
                return body
        return None


def _is_somebody(detection: Detection, body: Body) -> bool:
    doubt = max(0.0, SURE - detection.score)
    return body.score >= LEAST_BODY and body.sharpness >= LEAST_SHARPNESS + DOUBT * doubt


def _distinct(faces: list[Face], others: list[Face]) -> list[Face]:
    """The first of each face that is none of the others."""
    found: list[Face] = []
    for face in faces:
        if not any(face.is_same(other) for other in [*others, *found]):
            found.append(face)
    return found


def _is_below(face: Face, body: Body) -> bool:
    if not face.is_sure:
        clear = body.score >= LEAST_DOUBTED_BODY and body.sharpness >= LEAST_DOUBTED_SHARPNESS
        return clear and face.apart(body) <= DOUBTED_FACE
    sure = body.score >= LEAST_FACED_BODY and body.sharpness >= LEAST_FACED_SHARPNESS
    return sure and face.apart(body) <= OWN_FACE


def _same_detection(one: Detection, other: Detection) -> bool:
    return float(np.linalg.norm(one.face - other.face)) < SAME_DETECTION * other.radius


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


def _has_another_face(body: Body, faces: list[Face]) -> bool:
    """Whether a face lies where the body's would be, and is not the body's."""
    if not faces or any(face.apart(body) < NO_FACE_OF for face in faces):
        return False
    return any(
        float(np.linalg.norm(face.middle - body.face)) < NEAR_FACE * face.width for face in faces
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
