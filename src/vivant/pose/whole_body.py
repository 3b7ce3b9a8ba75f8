"""People with hands and faces by downloaded networks, on ONNX Runtime.

Two networks, as rtmlib arranges them for DWPose and RTMW: a detector of people (YOLOX) and a
whole-body estimator with 133 COCO-WholeBody keypoints that are read off two axes (SimCC, Li et al.
2022, arXiv 2107.03332).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vivant.base.errors import WeightsCorrupt, WeightsUnavailable
from vivant.pose.skeleton import Keypoints, Person

Array = NDArray[np.float32]

LEAST_PERSON = 0.5
LEAST_KEYPOINT = 0.3
SAME_BOX = 0.45
"""Intersection over union from which two boxes are of one person."""

ROOM = 1.25
"""How much larger than a person's box the part of the picture is that the estimator is shown."""

KEYPOINTS = 133
GREY = 114
STRIDES = (8, 16, 32)
MEAN = np.array([123.675, 116.28, 103.53], np.float32)
SPREAD = np.array([58.395, 57.12, 57.375], np.float32)
"""ImageNet's, which the estimators were trained with."""

BODY_18_FROM_COCO = (0, None, 6, 8, 10, 5, 7, 9, 12, 14, 16, 11, 13, 15, 2, 1, 4, 3)
"""Which of COCO's 17 joints each of body-18 is; the neck is between the shoulders."""

FACE, LEFT_HAND, RIGHT_HAND = slice(23, 91), slice(91, 112), slice(112, 133)


class WholeBody:
    """An `Estimator` of bodies, hands and faces.

    Args:
        folder: with `detector.onnx`, which takes a square picture and gives boxes, and
            `pose.onnx`, which takes a person and gives 133 keypoints.
        threads: that share the work of one call.

    Raises:
        WeightsUnavailable: a file is missing, or ONNX Runtime is not installed.
        WeightsCorrupt: a file is no network of the kind.
    """

    def __init__(self, folder: Path, threads: int) -> None:
        self._detector = _session(folder / "detector.onnx", threads)
        self._pose = _session(folder / "pose.onnx", threads)

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """The people in an upright RGB picture, in its pixels, largest first."""
        found = [self._person(picture, box) for box in self._boxes(picture)]
        people = [person for person in found if person.present.any()]
        return tuple(sorted(people, key=lambda person: -person.size))

    def _boxes(self, picture: Image.Image) -> Array:
        """Left, top, right, bottom of everybody, float32 [n, 4]."""
        height, width = self._detector.get_inputs()[0].shape[2:]
        scale = min(width / picture.width, height / picture.height)
        fitted = (max(round(picture.width * scale), 1), max(round(picture.height * scale), 1))
        canvas = Image.new("RGB", (width, height), (GREY, GREY, GREY))
        canvas.paste(picture.resize(fitted, Image.Resampling.BILINEAR))
        # The detector was trained on BGR pixels as they are.
        pixels = np.asarray(canvas, np.float32)[..., ::-1]
        outputs = _run(self._detector, pixels)
        if outputs[0].shape[-1] == 5:  # boxes and scores, suppressed inside the network
            rows = outputs[0][0]
            boxes, scores = rows[:, :4], rows[:, 4]
        else:
            boxes, scores = decoded(outputs[0][0], width, height)
        keep = suppressed(boxes, scores)
        return np.asarray(boxes[keep] / scale, np.float32)

    def _person(self, picture: Image.Image, box: Array) -> Person:
        height, width = self._pose.get_inputs()[0].shape[2:]
        frame = framed(box, width / height)
        pixels = picture.transform(
            (width, height),
            Image.Transform.AFFINE,
            (frame.width / width, 0, frame.left, 0, frame.height / height, frame.top),
            Image.Resampling.BILINEAR,
        )
        x, y = _run(self._pose, (np.asarray(pixels, np.float32) - MEAN) / SPREAD)
        points = read_off(x[0], y[0])
        points[:, 0] = frame.left + points[:, 0] * frame.width
        points[:, 1] = frame.top + points[:, 1] * frame.height
        points[points[:, 2] < LEAST_KEYPOINT] = 0
        return whole_person(points)


@dataclass(frozen=True)
class Frame:
    """The part of a picture that the estimator is shown, pixels; may reach beyond the picture."""

    left: float
    top: float
    width: float
    height: float


def framed(box: Array, aspect: float) -> Frame:
    """A box with room around it, widened or heightened to an aspect (width by height)."""
    left, top, right, bottom = box.tolist()
    width, height = right - left, bottom - top
    width, height = max(width, height * aspect) * ROOM, max(height, width / aspect) * ROOM
    return Frame((left + right - width) / 2, (top + bottom - height) / 2, width, height)


def decoded(raw: Array, width: int, height: int) -> tuple[Array, Array]:
    """YOLOX's output [n, 5 + classes] as boxes [n, 4] and scores [n] of people, its first class.

    Each row tells its box from a cell of one of three grids: the middle in cells from the cell's
    corner, width and height in logarithms of cells (Ge et al. 2021, arXiv 2107.08430).
    """
    corners, strides = [], []
    for stride in STRIDES:
        rows, columns = np.mgrid[: height // stride, : width // stride]
        corners.append(np.stack([columns, rows], -1).reshape(-1, 2))
        strides.append(np.full((rows.size, 1), stride))
    cell = np.concatenate(strides).astype(np.float32)
    middle = (raw[:, :2] + np.concatenate(corners)) * cell
    half = np.exp(raw[:, 2:4]) * cell / 2
    return np.hstack([middle - half, middle + half]), raw[:, 4] * raw[:, 5]


def suppressed(boxes: Array, scores: Array) -> list[int]:
    """Indices of the boxes that are sure enough and of nobody twice, surest first."""
    left = [int(i) for i in np.argsort(-scores) if scores[i] >= LEAST_PERSON]
    kept: list[int] = []
    while left:
        best, *left = left
        kept.append(best)
        left = [other for other in left if _overlap(boxes[best], boxes[other]) < SAME_BOX]
    return kept


def _overlap(one: Array, other: Array) -> float:
    shared = (np.minimum(one[2:], other[2:]) - np.maximum(one[:2], other[:2])).clip(0).prod()
    union = (one[2:] - one[:2]).prod() + (other[2:] - other[:2]).prod() - shared
    return float(shared / max(float(union), 1e-9))


def read_off(x: Array, y: Array) -> Array:
    """Keypoints [n, 3] from their heat along both axes, [n, steps] each: x, y in 0 to 1, and score.

    The score is the lower of both maxima, as a keypoint must be sure of both.
    """
    score = np.minimum(x.max(axis=1), y.max(axis=1)).clip(0, 1)
    return np.stack([x.argmax(1) / x.shape[1], y.argmax(1) / y.shape[1], score], 1).astype(
        np.float32
    )


def whole_person(points: Array) -> Person:
    """COCO-WholeBody's keypoints [133, 3] as a person; absent ones have confidence 0."""
    body = np.zeros((len(BODY_18_FROM_COCO), 3), np.float32)
    for joint, source in enumerate(BODY_18_FROM_COCO):
        if source is not None:
            body[joint] = points[source]
    shoulders = points[5:7]
    if (shoulders[:, 2] > 0).all():
        body[1] = (*shoulders[:, :2].mean(axis=0), shoulders[:, 2].min())
    return Person(body, _part(points[LEFT_HAND]), _part(points[RIGHT_HAND]), _part(points[FACE]))


def _part(points: Array) -> Keypoints | None:
    return points if (points[:, 2] > 0).any() else None


def _session(path: Path, threads: int) -> Any:
    try:
        import onnxruntime  # type: ignore[import-not-found,import-untyped,unused-ignore]  # noqa: PLC0415  # optional
    except ModuleNotFoundError as error:
        raise WeightsUnavailable(
            "ONNX networks need ONNX Runtime: pip install 'vivant[onnx]'"
        ) from error
    if not path.is_file():
        raise WeightsUnavailable(f"{path}: there is no such file")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    try:
        return onnxruntime.InferenceSession(
            str(path), options, providers=onnxruntime.get_available_providers()
        )
    except Exception as error:  # the runtime's own errors share no class that it exports
        raise WeightsCorrupt(f"{path}: {str(error).splitlines()[0]:.200}") from error


def _run(session: Any, pixels: Array) -> list[Array]:
    """The outputs for a picture [height, width, 3]; sessions take any number of threads."""
    batch = np.ascontiguousarray(pixels.transpose(2, 0, 1)[None])
    outputs: list[Array] = session.run(None, {session.get_inputs()[0].name: batch})
    return outputs
