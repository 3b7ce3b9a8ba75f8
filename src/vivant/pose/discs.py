"""Joints as a drawing shows them: blobs of one palette colour, measured as discs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vivant.pose.palette import BLACK_LEVEL, PaletteMap
from vivant.pose.skeleton import BODY_18

_OWN_LIMB_JOINTS = frozenset((1, 2, 3, 14, 15))
"""Joints at an end of the limb that shares their palette entry; undimmed, the two merge."""

MAX_CANDIDATES = 600


@dataclass(frozen=True)
class Disc:
    """A place where a joint's colour was seen.

    Attributes:
        joint: index into `BODY_18`.
        x: centre, pixels.
        y: centre, pixels.
        fill: seen share of the full disc's area, about 0 to 1.
    """

    joint: int
    x: float
    y: float
    fill: float


def find_discs(palette: PaletteMap) -> tuple[list[Disc], float]:
    """Candidates for every joint, and the discs' radius in pixels.

    Too many where colours are ambiguous (undimmed limbs, hands): limbs decide later. No
    candidates where the picture has too many blobs to be a drawing of a few people.
    """
    bright = np.where(palette.bright, palette.hue + 1, 0)
    windows = ndimage.find_objects(bright, max_label=len(BODY_18))
    blobs = [
        blob
        for joint in (np.unique(bright[bright > 0]) - 1).tolist()
        for blob in _blobs(palette, joint, bright, *windows[joint])
    ]
    if not blobs or len(blobs) > 10 * MAX_CANDIDATES:
        return [], 1.0
    radius = _radius(palette, blobs)
    blobs = [blob for blob in blobs if len(blob.xs) >= 0.2 * math.pi * radius**2]
    discs: list[Disc] = []
    for blob in blobs[:MAX_CANDIDATES]:
        discs += _discs_of(palette, blob, radius)
    return _without_doubles(discs, radius), radius


@dataclass(frozen=True, eq=False)
class _Blob:
    """Connected pixels of one joint's colour: their centres, and their spread along two axes."""

    joint: int
    xs: NDArray[np.float64]
    ys: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def centre(self) -> tuple[float, float]:
        total = self.weights.sum()
        x, y = (self.xs * self.weights).sum() / total, (self.ys * self.weights).sum() / total
        return float(x), float(y)

    def axes(self) -> tuple[float, float, NDArray[np.float64]]:
        """Half-length and half-width of the ellipse of equal moments, and its direction [2]."""
        points = np.column_stack([self.xs, self.ys])
        if len(points) < 3:
            return 0.6, 0.6, np.array([1.0, 0.0])
        variances, directions = np.linalg.eigh(np.cov(points.T))
        # A uniform ellipse of half-axis a has variance a^2 / 4; a pixel adds 1 / 12.
        half = 2 * np.sqrt(np.maximum(variances, 0) + 1 / 12)
        return float(half[1]), float(half[0]), directions[:, 1]


def _blobs(
    palette: PaletteMap, joint: int, bright: NDArray[np.int8], rows_in: slice, columns_in: slice
) -> list[_Blob]:
    """Connected blobs of a joint's colour (`joint` + 1 in `bright`), all within a window."""
    top, left = rows_in.start, columns_in.start
    labels, _ = ndimage.label(bright[rows_in, columns_in] == joint + 1, np.ones((3, 3)))
    blobs = []
    for label, box in enumerate(ndimage.find_objects(labels), start=1):
        rows, columns = np.nonzero(labels[box] == label)
        rows, columns = rows + top + box[0].start, columns + left + box[1].start
        level = palette.level[rows, columns].astype(np.float64)
        blobs.append(_Blob(joint, columns + 0.5, rows + 0.5, level))
    return blobs


def _radius(palette: PaletteMap, blobs: list[_Blob]) -> float:
    """Radius of a typical disc."""
    if palette.dimmed:
        # Of each joint the largest round blob, since hands add slivers and merged clusters.
        areas = np.zeros(len(BODY_18))
        for blob in blobs:
            half_length, half_width, _ = blob.axes()
            if half_length <= 1.6 * half_width:
                areas[blob.joint] = max(areas[blob.joint], len(blob.xs))
        areas = areas[areas > 0]
        return max(math.sqrt(float(np.percentile(areas, 60)) / math.pi), 0.8) if len(areas) else 1.0
    widths = [blob.axes()[1] for blob in blobs if len(blob.xs) > 4]
    return max(float(np.percentile(widths, 60)) if widths else 1.0, 0.8)


def _discs_of(palette: PaletteMap, blob: _Blob, radius: float) -> list[Disc]:
    fill = len(blob.xs) / (math.pi * radius**2)
    half_length, half_width, direction = blob.axes()
    if half_length > max(1.7 * half_width, 1.5 * radius) and not palette.dimmed:
        return _tips(blob, direction, radius)
    if half_length > 2.5 * radius:
        return []
    # Hand edges are slivers, and where two colours blend is never as bright as a disc's middle.
    blend = fill < 0.5 and blob.weights.max() < 0.93 * palette.disc_level
    if palette.dimmed and (half_width < 0.4 * radius or blend):
        return []
    if fill < 0.75 and radius >= 1.5:
        x, y = _completed(palette, blob, radius)
    else:
        x, y = blob.centre
    return [Disc(blob.joint, x, y, fill)]


def _tips(blob: _Blob, direction: NDArray[np.float64], radius: float) -> list[Disc]:
    """Both ends of a limb at full brightness, where it shares its colour with one of its joints."""
    if blob.joint not in _OWN_LIMB_JOINTS:
        return []
    x, y = blob.centre
    along = (blob.xs - x) * direction[0] + (blob.ys - y) * direction[1]
    reach = (float(along.min()) + radius - 0.5, float(along.max()) - radius + 0.5)
    return [Disc(blob.joint, x + direction[0] * r, y + direction[1] * r, 1.0) for r in reach]


def _completed(palette: PaletteMap, blob: _Blob, radius: float) -> tuple[float, float]:
    """Centre of the disc of which `blob` is the part that others have not covered.

    The best of a grid of centres: the blob inside the disc, and the rest of the disc hidden
    under other discs or at least under something that is not background.
    """
    x, y = blob.centre
    reach = 2.2 * radius
    height, width = palette.hue.shape
    left, right = max(int(x - reach), 0), min(math.ceil(x + reach) + 1, width)
    top, bottom = max(int(y - reach), 0), min(math.ceil(y + reach) + 1, height)
    window = (slice(top, bottom), slice(left, right))
    level = palette.level[window]
    value = np.where(level >= palette.bright_level, 0.0, np.where(level >= BLACK_LEVEL, -0.5, -1.0))
    own_rows, own_columns = blob.ys.astype(int) - top, blob.xs.astype(int) - left
    seen = (own_rows >= 0) & (own_rows < value.shape[0])
    seen &= (own_columns >= 0) & (own_columns < value.shape[1])
    value[own_rows[seen], own_columns[seen]] = 1.0
    rows, columns = np.mgrid[top:bottom, left:right] + 0.5
    steps = np.linspace(-radius, radius, 17)
    centres = np.stack(np.meshgrid(x + steps, y + steps), axis=-1).reshape(-1, 2)
    distance = np.hypot(columns.ravel() - centres[:, :1], rows.ravel() - centres[:, 1:])
    inside = np.clip(radius + 0.5 - distance, 0, 1)
    gain = inside @ value.ravel()
    best = centres[gain >= gain.max() - 0.25].mean(axis=0)
    return float(best[0]), float(best[1])


def _without_doubles(discs: list[Disc], radius: float) -> list[Disc]:
    """Fuller discs first, without those of the same joint that overlap a fuller one's middle."""
    kept: list[Disc] = []
    for disc in sorted(discs, key=lambda disc: -disc.fill):
        near = max(1.2 * radius, 1.5)
        if all(
            disc.joint != other.joint or math.hypot(disc.x - other.x, disc.y - other.y) > near
            for other in kept
        ):
            kept.append(disc)
    return kept
