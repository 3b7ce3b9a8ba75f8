"""OpenPose JSON in and out.

One frame is `{"people": [{"pose_keypoints_2d": [x, y, c] * 18, ...}], "canvas_width": ...,
"canvas_height": ...}`. Tools also write a list of frames, one bare person, a list of bare people,
25 BODY_25 joints, nested points, 0-1 coordinates, no canvas, and null for what is missing; all of
these are read.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

import numpy as np

from vivant.base.errors import InvalidInput
from vivant.pose.skeleton import BODY_18, HAND_POINTS, Keypoints, Person, Pose

MAX_PEOPLE = 20
MAX_SIDE = 8192
MAX_FACE_POINTS = 128
MAX_COORDINATE = 100_000.0
MAX_TEXT = 4_000_000
DEFAULT_SIDE = 1024
"""Canvas side for 0-1 coordinates that come without a canvas size."""

CONFIDENCE_THRESHOLD = 0.05
"""Joints less certain than this are absent (OpenPose's own threshold for drawing bodies)."""

_BODY_25_TO_18 = (*range(8), *range(9, 19))
"""BODY_25 inserts the mid-hip as joint 8 and appends the feet."""

_BODY_KEYS = ("pose_keypoints_2d", "pose_keypoints")
_LEFT_KEYS = ("hand_left_keypoints_2d", "hand_left_keypoints")
_RIGHT_KEYS = ("hand_right_keypoints_2d", "hand_right_keypoints")
_FACE_KEYS = ("face_keypoints_2d", "face_keypoints")
_PERSON_KEYS = frozenset((*_BODY_KEYS, *_LEFT_KEYS, *_RIGHT_KEYS, *_FACE_KEYS))


def pose_from_json(data: object, *, field: str = "pose") -> Pose:
    """The pose in OpenPose JSON; of several frames the first.

    Args:
        data: the JSON text (str or bytes) or what it parses to.
        field: what to call the input in error messages.

    Returns:
        The people with any joint, in order, in pixels; `people` is empty where there is none.

    Raises:
        InvalidInput: not JSON, not an OpenPose shape, a wrong number of keypoints, a value that
            is not a finite number, more than 20 people or a canvas side outside 1 to 8192.
    """
    if isinstance(data, str | bytes | bytearray):
        data = _parse(data, field)
    frame = _frame(data, field)
    people = frame.get("people")
    if people is None:
        people = []
    if not isinstance(people, list):
        raise InvalidInput(f"{field}.people", people, "a list of people")
    if len(people) > MAX_PEOPLE:
        raise InvalidInput(f"{field}.people", len(people), f"at most {MAX_PEOPLE} people")
    found = [_person(entry, f"{field}.people[{index}]") for index, entry in enumerate(people)]
    width = _side(frame, ("canvas_width", "width"), field)
    height = _side(frame, ("canvas_height", "height"), field)
    return _placed([person for person in found if _points(person).size], width, height)


def pose_to_json(pose: Pose) -> dict[str, object]:
    """`pose` as one OpenPose frame, in pixels.

    Confidence is 1.0 for every joint that is there (other tools drop joints below 1) and absent
    joints are 0, 0, 0; missing hands and faces are empty lists.
    """
    return {
        "people": [
            {
                "pose_keypoints_2d": _flat(person.body),
                "hand_left_keypoints_2d": _flat(person.left_hand),
                "hand_right_keypoints_2d": _flat(person.right_hand),
                "face_keypoints_2d": _flat(person.face),
            }
            for person in pose.people
        ],
        "canvas_width": pose.width,
        "canvas_height": pose.height,
    }


def _flat(points: Keypoints | None) -> list[float]:
    if points is None:
        return []
    there = points[:, 2] > 0
    rows = np.where(there[:, None], np.column_stack([points[:, :2], there]), 0.0)
    return [round(float(value), 3) for value in rows.ravel()]


def _parse(text: str | bytes | bytearray, field: str) -> object:
    if len(text) > MAX_TEXT:
        raise InvalidInput(field, f"{len(text)} bytes", f"JSON of at most {MAX_TEXT} bytes")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        shown = text if isinstance(text, str) else bytes(text)
        raise InvalidInput(field, shown[:40], f"OpenPose JSON ({reason})") from error


def _frame(data: object, field: str) -> Mapping[str, object]:
    """The first frame of whatever shape the JSON has."""
    if isinstance(data, dict):
        if "people" in data:
            return data
        if _PERSON_KEYS & data.keys():
            return {**data, "people": [data]}
    if isinstance(data, list) and data and all(isinstance(entry, dict) for entry in data):
        if _PERSON_KEYS & data[0].keys():
            return {"people": data}
        return _frame(data[0], field)
    allowed = 'OpenPose JSON: {"people": [{"pose_keypoints_2d": [...]}]}, or a list of such'
    raise InvalidInput(field, data, allowed)


def _person(entry: object, field: str) -> Person:
    if not isinstance(entry, dict):
        raise InvalidInput(field, entry, "an object with pose_keypoints_2d")
    body = _keypoints(entry, _BODY_KEYS, field, (len(BODY_18), 25))
    if body is None:
        body = np.zeros((len(BODY_18), 3), np.float32)
    elif len(body) == 25:
        body = body[list(_BODY_25_TO_18)]
    return Person(
        body,
        _keypoints(entry, _LEFT_KEYS, field, (HAND_POINTS,)),
        _keypoints(entry, _RIGHT_KEYS, field, (HAND_POINTS,)),
        _keypoints(entry, _FACE_KEYS, field, range(1, MAX_FACE_POINTS + 1)),
    )


def _keypoints(
    entry: Mapping[str, object], keys: Sequence[str], field: str, counts: Sequence[int]
) -> Keypoints | None:
    """The points under the first of `keys` that has any; None where none is there."""
    key = next((key for key in keys if entry.get(key)), None)
    if key is None:
        return None
    field = f"{field}.{key}"
    values = _flattened(entry[key], field)
    if len(values) % 3 or len(values) // 3 not in counts:
        wanted = " or ".join(str(3 * count) for count in counts[:2])
        if len(counts) > 2:
            wanted = f"3 to {3 * counts[-1]}, a multiple of 3"
        raise InvalidInput(field, f"{len(values)} numbers", f"{wanted} numbers (x, y, confidence)")
    points = np.array([_number(value, field) for value in values], np.float32).reshape(-1, 3)
    points[:, 2] = np.where(points[:, 2] < CONFIDENCE_THRESHOLD, 0, points[:, 2].clip(0, 1))
    points[points[:, 2] == 0] = 0
    return points if points.any() else None


def _flattened(values: object, field: str) -> list[object]:
    """Numbers as x, y, c, x, y, c, ...; nested points may be pairs (certain) or null (absent)."""
    if not isinstance(values, list):
        raise InvalidInput(field, values, "a list of numbers")
    if len(values) > 3 * MAX_FACE_POINTS:
        raise InvalidInput(field, f"{len(values)} entries", f"at most {3 * MAX_FACE_POINTS}")
    if not any(isinstance(value, list) for value in values):
        return values
    flat: list[object] = []
    for value in values:
        if value is None:
            flat += [0, 0, 0]
        elif isinstance(value, list) and len(value) in (2, 3):
            flat += value if len(value) == 3 else [*value, 1]
        else:
            raise InvalidInput(field, value, "points as [x, y, confidence]")
    return flat


def _number(value: object, field: str) -> float:
    # Written so that NaN fails and an integer too large for a float is never converted.
    allowed = f"finite numbers within {MAX_COORDINATE:.0f}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(field, value, allowed)
    if not -MAX_COORDINATE <= value <= MAX_COORDINATE:
        raise InvalidInput(field, value, allowed)
    return float(value)


def _side(frame: Mapping[str, object], keys: Sequence[str], field: str) -> int | None:
    key = next((key for key in keys if frame.get(key) is not None), None)
    if key is None:
        return None
    number = _number(frame[key], f"{field}.{key}")
    if not 1 <= round(number) <= MAX_SIDE:
        raise InvalidInput(f"{field}.{key}", frame[key], f"1 to {MAX_SIDE} pixels")
    return round(number)


def _points(person: Person) -> Keypoints:
    """Every present point of a person, [n, 3]."""
    parts = [
        part
        for part in (person.body, person.left_hand, person.right_hand, person.face)
        if part is not None
    ]
    points = np.concatenate(parts)
    return np.asarray(points[points[:, 2] > 0], np.float32)


def _placed(people: list[Person], width: int | None, height: int | None) -> Pose:
    """People in pixels on a canvas, whichever units they came in."""
    if not people:
        return Pose((), width or DEFAULT_SIDE, height or DEFAULT_SIDE)
    points = np.concatenate([_points(person) for person in people])
    # A figure in pixels is never two pixels large; one in 0-1 may reach a little outside.
    if np.abs(points[:, :2]).max() <= 2:
        width, height = width or height or DEFAULT_SIDE, height or width or DEFAULT_SIDE
        return Pose(tuple(_stretched(person, width, height) for person in people), width, height)
    right, bottom = (float(value) for value in points[:, :2].max(axis=0))
    return Pose(tuple(people), width or _roomy(right), height or _roomy(bottom))


def _stretched(person: Person, width: int, height: int) -> Person:
    def stretch(points: Keypoints | None) -> Keypoints | None:
        return None if points is None else points * np.array([width, height, 1], np.float32)

    body = person.body * np.array([width, height, 1], np.float32)
    return Person(body, stretch(person.left_hand), stretch(person.right_hand), stretch(person.face))


def _roomy(reach: float) -> int:
    """A canvas side, a multiple of 64, that leaves a tenth of margin beyond the farthest point."""
    return min(max(64, 64 * math.ceil(max(reach, 1) * 1.1 / 64)), MAX_SIDE)
