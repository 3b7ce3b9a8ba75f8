"""Writes what mediapipe's own solutions see: mediapipe.json and mediapipe_hands.json.

The first holds the pose in pictures of one person, the second every hand in these and in groups.

Run it in an environment of its own, since mediapipe needs numpy 1 and much else:

    python -m venv mp && mp/bin/pip install mediapipe==0.10.21 scikit-image
    PYTHONPATH=. mp/bin/python tests/reference/make_mediapipe.py

With names of photos it writes their poses only:

    PYTHONPATH=. mp/bin/python tests/reference/make_mediapipe.py theirs.json photos/*.jpg
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import mediapipe
import numpy as np
from PIL import Image

from tests.support.photos import PEOPLE, group, single_people

FULL = 1
"""The model of medium size, which is the one that Vivant runs."""

MIRRORED = {"Left": "right", "Right": "left"}
"""The hands' solution names them for pictures that are mirrored, as cameras show oneself."""


def landmarks(pictures: Iterable[tuple[str, Image.Image]]) -> dict[str, list[list[float]] | None]:
    """For each picture its 33 landmarks as x, y in pixels and visibility; None for nobody."""
    found: dict[str, list[list[float]] | None] = {}
    with mediapipe.solutions.pose.Pose(static_image_mode=True, model_complexity=FULL) as pose:
        for name, picture in pictures:
            seen = pose.process(np.asarray(picture.convert("RGB"))).pose_landmarks
            found[name] = seen and [
                [
                    round(point.x * picture.width, 2),
                    round(point.y * picture.height, 2),
                    round(point.visibility, 3),
                ]
                for point in seen.landmark
            ]
    return found


def hands(pictures: Iterable[tuple[str, Image.Image]]) -> dict[str, list[Any]]:
    """For each picture its hands: which of its person's, and 21 points x, y in pixels."""
    found: dict[str, list[Any]] = {}
    with mediapipe.solutions.hands.Hands(static_image_mode=True, max_num_hands=10) as solution:
        for name, picture in pictures:
            seen = solution.process(np.asarray(picture.convert("RGB")))
            hand_marks, labels = seen.multi_hand_landmarks or [], seen.multi_handedness or []
            found[name] = [
                {
                    "side": MIRRORED[label.classification[0].label],
                    "points": [
                        [round(point.x * picture.width, 1), round(point.y * picture.height, 1)]
                        for point in hand.landmark
                    ],
                }
                for hand, label in zip(hand_marks, labels, strict=True)
            ]
    return found


def write(path: Path, found: Mapping[str, list[Any] | None]) -> None:
    """One picture a line."""
    lines = (f"{json.dumps(name)}: {json.dumps(seen)}" for name, seen in found.items())
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def main() -> None:
    """Writes the files."""
    if len(sys.argv) > 2:
        write(Path(sys.argv[1]), landmarks((name, Image.open(name)) for name in sys.argv[2:]))
        return
    folder = Path(__file__).parent
    write(folder / "mediapipe.json", landmarks(single_people()))
    groups = ((f"group {name}", group(name)) for name in PEOPLE)
    write(folder / "mediapipe_hands.json", hands(chain(single_people(), groups)))


if __name__ == "__main__":
    main()
