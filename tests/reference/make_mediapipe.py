"""Writes mediapipe.json: what mediapipe's own pose solution sees in pictures of one person.

Run it in an environment of its own, since mediapipe needs numpy 1 and much else:

    python -m venv mp && mp/bin/pip install mediapipe==0.10.21 scikit-image
    PYTHONPATH=. mp/bin/python tests/reference/make_mediapipe.py

With names of photos it writes the same for these:

    PYTHONPATH=. mp/bin/python tests/reference/make_mediapipe.py theirs.json photos/*.jpg
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path

import mediapipe
import numpy as np
from PIL import Image

from tests.support.photos import single_people

FULL = 1
"""The model of medium size, which is the one that Vivant runs."""


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


def main() -> None:
    """Writes the file."""
    if len(sys.argv) > 2:
        path = Path(sys.argv[1])
        pictures = ((name, Image.open(name)) for name in sys.argv[2:])
    else:
        path, pictures = Path(__file__).with_name("mediapipe.json"), single_people()
    lines = (
        f"{json.dumps(name)}: {json.dumps(seen)}" for name, seen in landmarks(pictures).items()
    )
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
