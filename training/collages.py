"""Pictures of any number of drawn people: renders side by side, at any scale, as files show them.

Every sample is a canvas of one to four cells in a row or a square, each a render with people, a
scene without any, or a texture; and a square cut out of it, where the product would look.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter
from torch.utils.data import Dataset

from training.data import Rendered
from vivant.pose.drawings import SIDE
from vivant.pose.squares.regions import Region, Views

MOST_PEOPLE = 6

LAYOUTS = ((1, 1), (2, 1), (3, 1), (2, 2))
"""Columns and rows of cells, and (below) how often."""

SHARES = (0.55, 0.17, 0.16, 0.12)

NOBODY, TEXTURE = 0.12, 0.06
"""Shares of cells that show a scene without people, and a texture."""

ENOUGH = 5
"""Joints of a person in the square, from which on it shows that person."""

MIRRORED = np.array([0, 1, 5, 6, 7, 2, 3, 4, 11, 12, 13, 8, 9, 10, 15, 14, 17, 16])
"""Body-18 joints by the joints that a mirror shows in their place."""

Rng: TypeAlias = np.random.Generator
Cell: TypeAlias = tuple[Image.Image, NDArray[np.float32]]


class Collages(Dataset[tuple[NDArray[np.uint8], NDArray[np.float32]]]):
    """Squares [256, 256, 3] uint8 and the joints [6, 18, 3] of the people in them.

    Args:
        folders: written by `make_data`.
        count: of samples.
        seed: of all of them.
    """

    def __init__(self, folders: Sequence[Path], count: int, seed: int = 0) -> None:
        self.sets = [Rendered(folder) for folder in folders]
        every = [(s, i) for s, each in enumerate(self.sets) for i in range(len(each))]
        self.somebody = [at for at in every if self.sets[at[0]].records[at[1]]["joints"]]
        self.nobody = [at for at in every if not self.sets[at[0]].records[at[1]]["joints"]]
        self.count, self.seed = count, seed

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
        if not 0 <= index < self.count:
            raise IndexError(index)
        rng = np.random.default_rng((self.seed, index))
        canvas, joints = self._canvas(rng)
        square = _square(rng, canvas.size, joints)
        pixels = Views(canvas).cut(square, SIDE, continued=bool(rng.random() < 0.3))
        shown = Image.fromarray((pixels * 255).round().astype(np.uint8))
        return np.asarray(_as_files_show(rng, shown)), _in_square(joints, square)

    def _canvas(self, rng: Rng) -> Cell:
        """Cells side by side, and the joints [people, 18, 3] of all who are in them."""
        columns, rows = LAYOUTS[rng.choice(len(LAYOUTS), p=SHARES)]
        height = int(rng.integers(160, 257))
        gap = int(rng.choice([0, 0, 2, 6]))
        paper = tuple(int(v) for v in rng.integers(0, 256, 3)) if rng.random() < 0.5 else (255,) * 3
        placed, right, bottom = [], 0, 0
        for row in range(rows):
            left = gap
            for _ in range(columns):
                picture, joints = self._cell(rng)
                scale = height / picture.height
                picture = picture.resize((max(round(picture.width * scale), 8), height))
                top = gap + row * (height + gap)
                joints = joints * np.float32([scale, scale, 1]) + np.float32([left, top, 0])
                placed.append((picture, (left, top), joints))
                left += picture.width + gap
                right, bottom = max(right, left), top + height + gap
        canvas = Image.new("RGB", (right, bottom), paper)
        for picture, corner, _ in placed:
            canvas.paste(picture, corner)
        return canvas, np.concatenate([joints for _, _, joints in placed])

    def _cell(self, rng: Rng) -> Cell:
        luck = rng.random()
        if luck < TEXTURE:
            return _texture(rng), np.zeros((0, 18, 3), np.float32)
        choices = self.nobody if luck < TEXTURE + NOBODY and self.nobody else self.somebody
        which, row = choices[rng.integers(len(choices))]
        source = self.sets[which]
        picture = Image.fromarray(source.pictures[row])
        joints = np.array(source.records[row]["joints"], np.float32).reshape(-1, 18, 3)
        if rng.random() < 0.5:
            picture = picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            joints = joints[:, MIRRORED]
            joints[..., 0] = picture.width - joints[..., 0]
        if rng.random() < 0.4:
            picture, joints = _narrower(rng, picture, joints)
        return picture, joints


def _narrower(rng: Rng, picture: Image.Image, joints: NDArray[np.float32]) -> Cell:
    """A part of a picture in which everybody stays."""
    seen = joints[joints[..., 2] > 0]
    low = float(seen[:, 0].min(initial=picture.width)) - 12
    high = float(seen[:, 0].max(initial=0)) + 12
    left = int(rng.uniform(0, max(low, 0) + 1e-3))
    right = int(np.ceil(rng.uniform(min(high, picture.width - 1), picture.width)))
    if right - left < 48:
        return picture, joints
    return picture.crop((left, 0, right, picture.height)), joints - np.float32([left, 0, 0])


def _square(rng: Rng, size: tuple[int, int], joints: NDArray[np.float32]) -> Region:
    """Where the product would look: at all of it, at a part, or closely at one person."""
    width, height = size
    kind = rng.random()
    people = joints[(joints[:, 1, 2] > 0)] if len(joints) else joints
    if kind < 0.45 and len(people):
        seen = people[rng.integers(len(people))]
        points = seen[seen[:, 2] > 0, :2]
        middle, side = (points.min(0) + points.max(0)) / 2, float(np.ptp(points, axis=0).max())
        x, y = (middle + rng.normal(0, 0.06, 2) * side).tolist()
        return Region(x, y, max(side, 24.0) * float(rng.uniform(1.15, 1.8)), _turn(rng))
    if kind < 0.75:
        return Region(width / 2, height / 2, max(width, height) * float(rng.uniform(0.9, 1.1)))
    side = min(width, height) * float(rng.uniform(0.7, 1.2))
    x, y = rng.uniform(0, width), rng.uniform(0.35 * height, 0.65 * height)
    return Region(float(x), float(y), side, _turn(rng))


def _turn(rng: Rng) -> float:
    return float(np.deg2rad(rng.normal(0, 8))) if rng.random() < 0.5 else 0.0


def _in_square(joints: NDArray[np.float32], square: Region) -> NDArray[np.float32]:
    """The joints [6, 18, 3] of those whose neck and enough else is in the square, in its pixels."""
    found = np.zeros((MOST_PEOPLE, 18, 3), np.float32)
    count = 0
    for person in joints:
        points = square.from_picture(person[:, :2]) * SIDE
        inside = (points >= 0).all(1) & (points < SIDE).all(1) & (person[:, 2] > 0)
        if inside[1] and inside.sum() >= ENOUGH and count < MOST_PEOPLE:
            found[count] = np.concatenate([points, person[:, 2:]], 1) * inside[:, None]
            count += 1
    return found


def _as_files_show(rng: Rng, picture: Image.Image) -> Image.Image:
    """The same picture in other light, softer, noisier, and through a JPEG file."""
    for change in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color):
        if rng.random() < 0.5:
            picture = change(picture).enhance(float(rng.uniform(0.6, 1.4)))
    if rng.random() < 0.1:
        picture = picture.convert("L").convert("RGB")
    if rng.random() < 0.35:
        side = int(SIDE * rng.uniform(0.35, 0.9))
        picture = picture.resize((side, side)).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    if rng.random() < 0.2:
        noise = rng.normal(0, rng.uniform(2, 14), (SIDE, SIDE, 3))
        picture = Image.fromarray((np.asarray(picture) + noise).clip(0, 255).astype(np.uint8))
    if rng.random() < 0.3:
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=int(rng.integers(25, 90)))
        picture = Image.open(file).convert("RGB")
    return picture


def _texture(rng: Rng) -> Image.Image:
    """Bands, dabs or noise of a few colours at any scale, without anybody."""
    width = height = 256
    colours = rng.integers(0, 256, (4, 3))
    kind = rng.integers(3)
    if kind == 0:
        coarse = rng.integers(0, 256, (*rng.integers(2, 64, 2), 3), dtype=np.uint8)
        smooth = Image.Resampling.BICUBIC if rng.random() < 0.5 else Image.Resampling.NEAREST
        return Image.fromarray(coarse).resize((width, height), smooth)
    picture = Image.new("RGB", (width, height), tuple(colours[0].tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(int(rng.integers(5, 90))):
        x, y = rng.uniform(-20, 256, 2)
        w, h = rng.uniform(3, 110, 2)
        colour = tuple(colours[rng.integers(1, 4)].tolist())
        if kind == 1:
            pen.ellipse((x, y, x + w, y + h), fill=colour)
        else:
            pen.line((x, y, x + w - 50, y + h), fill=colour, width=int(rng.integers(1, 14)))
    return picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0, 3))))
