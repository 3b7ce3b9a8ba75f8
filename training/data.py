"""The rendered set, read lazily: pictures, skeleton drawings and loss weights."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vivant.pose.draw import draw
from vivant.pose.skeleton import Person, Pose

MISSED = ((3, 4), (6, 7), (4,), (7,), (9, 10), (12, 13), (9, 10, 12, 13), (10, 13), (16,), (17,))
"""Joints that estimators miss together: a forearm, a hand, lower legs, an ear (body-18)."""


ARMS = ((2, 3), (3, 4), (5, 6), (6, 7))
"""Upper arms and forearms (body-18)."""


def _thick_line(
    canvas: NDArray[np.float32], a: Sequence[float], b: Sequence[float], reach: float, value: float
) -> None:
    """Set every pixel within `reach` of the line from a to b (x, y)."""
    start, along = np.array(a), np.array(b) - np.array(a)
    yy, xx = np.ogrid[: canvas.shape[0], : canvas.shape[1]]
    length = max(float(along.dot(along)), 1e-6)
    t = np.clip(((xx - start[0]) * along[0] + (yy - start[1]) * along[1]) / length, 0, 1)
    far = (xx - start[0] - t * along[0]) ** 2 + (yy - start[1] - t * along[1]) ** 2
    canvas[far < reach**2] = value


class Rendered:
    """A folder written by `make_data`."""

    def __init__(self, folder: Path) -> None:
        self.pictures: NDArray[np.uint8] = np.load(folder / "pictures.npy", mmap_mode="r")
        with (folder / "samples.jsonl").open() as lines:
            self.records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self.size = int(self.pictures.shape[1])

    def __len__(self) -> int:
        return len(self.records)

    def pose(self, index: int, dropped: NDArray[np.bool_] | None = None) -> Pose:
        """The skeletons of one picture; `dropped` [18] marks joints to leave out."""
        people = []
        for rows in self.records[index]["joints"]:
            body = np.array(rows, np.float32)
            if dropped is not None:
                body[dropped] = 0
            people.append(Person(body=body))
        return Pose(people=tuple(people), width=self.size, height=self.size)

    def skeleton(self, index: int, rng: np.random.Generator | None = None) -> NDArray[np.uint8]:
        """The control map [size, size, 3]; with `rng` now and then without some joints.

        Estimators leave out what they do not see for sure: of people as photographs show them
        one or two limbs are missing in every other.
        """
        dropped = None
        if rng is not None and rng.random() < 0.08:
            dropped = rng.random(18) < rng.choice([0.08, 0.2])
        if rng is not None and rng.random() < 0.04:
            dropped = np.zeros(18, bool)
            dropped[[0, 14, 15, 16, 17]] = True
        if rng is not None and self.records[index].get("photographed") and rng.random() < 0.5:
            dropped = np.zeros(18, bool)
            for missed in rng.integers(len(MISSED), size=rng.integers(1, 3)):
                dropped[list(MISSED[missed])] = True
        return np.asarray(draw(self.pose(index, dropped)))

    def weights(
        self, index: int, head: float, body: float, arm: float | None = None
    ) -> NDArray[np.float32]:
        """Loss weights [size, size]: 1 outside, `body` over figures, `arm` along arms, `head`."""
        n = self.size
        weight = np.ones((n, n), np.float32)
        record = self.records[index]
        for rows in record["joints"]:
            seen = np.array([r for r in rows if r[2] > 0], np.float32)
            if len(seen):
                pad = 0.05 * n
                x0, y0 = np.maximum(seen[:, :2].min(0) - pad, 0).astype(int)
                x1, y1 = (seen[:, :2].max(0) + pad).astype(int)
                weight[y0:y1, x0:x1] = body
            for a, b in ARMS:
                if arm is not None and rows[a][2] > 0 and rows[b][2] > 0:
                    _thick_line(weight, rows[a][:2], rows[b][:2], 0.04 * n, arm)
        for x, y, r in record["heads"]:
            far = 1.25 * r
            x0, y0 = max(int(x - far), 0), max(int(y - far), 0)
            window = weight[y0 : int(y + far) + 1, x0 : int(x + far) + 1]
            yy, xx = np.ogrid[: window.shape[0], : window.shape[1]]
            window[(yy + y0 - y) ** 2 + (xx + x0 - x) ** 2 < far**2] = head
        return weight
