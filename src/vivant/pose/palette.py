"""Which of the 18 palette colours each pixel of a drawing has, and at which brightness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from vivant.pose.draw import COLOURS

BLACK_LEVEL = 64
"""Brightest channel under which a pixel is background (JPEG leaves noise there)."""

MIN_SATURATION = 0.5
OTHER = -1
"""Hue index of pixels that are black or grey."""


@dataclass(frozen=True, eq=False)
class PaletteMap:
    """A picture read as palette colours.

    Attributes:
        hue: int8 [height, width], index of the nearest palette hue, `OTHER` where there is none.
        level: uint8 [height, width], the brightest channel.
        limb_level: brightness of the limbs' middles, 0 to 255; near `disc_level` where the tool
            that drew them did not dim limbs.
        disc_level: brightness of the joints' middles, 0 to 255.
    """

    hue: NDArray[np.int8]
    level: NDArray[np.uint8]
    limb_level: float
    disc_level: float

    @property
    def dimmed(self) -> bool:
        """Limbs are darker than joints, so that brightness alone tells them apart."""
        return self.limb_level < 0.85 * self.disc_level

    @property
    def lit(self) -> NDArray[np.bool_]:
        """Where the picture is not background, bool [height, width]."""
        return np.asarray(self.level >= BLACK_LEVEL)

    @property
    def bright_level(self) -> float:
        """Brightness from which on a pixel may be part of a joint."""
        return (self.limb_level + self.disc_level) / 2 if self.dimmed else 0.6 * self.disc_level

    @property
    def bright(self) -> NDArray[np.bool_]:
        """Where a joint may be by brightness, bool [height, width]."""
        return np.asarray((self.level >= self.bright_level) & (self.hue != OTHER))


def palette_map(rgb: NDArray[np.uint8]) -> PaletteMap:
    """Classify uint8 [height, width, 3] pixels by hue (20 degrees apart in OpenPose's palette)."""
    # Channel by channel: numpy reduces a last axis of three many times slower.
    red, green, blue = rgb[:, :, 0], rgb[:, :, 1], rgb[:, :, 2]
    level = np.maximum(np.maximum(red, green), blue)
    darkest = np.minimum(np.minimum(red, green), blue)
    hue = np.full(level.shape, OTHER, np.int8)
    coloured = (level >= BLACK_LEVEL) & (level - darkest >= MIN_SATURATION * level)
    if coloured.any():
        hue[coloured] = _nearest_hue(rgb[coloured].astype(np.float32))
    limb_level, disc_level = _levels(level, coloured)
    return PaletteMap(hue, level, limb_level, disc_level)


def _hue_degrees(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Hue of float32 [n, 3] colours, degrees, by the usual hexagon formula."""
    red, green, blue = rgb[:, 0], rgb[:, 1], rgb[:, 2]
    most, least = rgb.max(axis=1), rgb.min(axis=1)
    span = np.maximum(most - least, 1e-6)
    sector = np.where(
        most == red,
        (green - blue) / span,
        np.where(most == green, 2 + (blue - red) / span, 4 + (red - green) / span),
    )
    return np.asarray((60 * sector) % 360, np.float32)


def _nearest_hue(rgb: NDArray[np.float32]) -> NDArray[np.int8]:
    centres = _hue_degrees(np.array(COLOURS, np.float32))
    edges = (centres + np.append(centres[1:], 360)) / 2
    index = np.searchsorted(edges, _hue_degrees(rgb)) % len(COLOURS)
    return np.asarray(index, np.int8)


def _levels(level: NDArray[np.uint8], coloured: NDArray[np.bool_]) -> tuple[float, float]:
    """Brightness of limbs and of discs, judged by pixels no neighbour outshines."""
    core = np.sort(level[coloured & (level == ndimage.maximum_filter(level, 3))])
    if not len(core):
        return 255.0, 255.0
    # Discs may be a handful of pixels beside limbs of thousands: not a percentile.
    disc = float(core[-min(6, len(core))])
    middle = core[(core > 0.35 * disc) & (core < 0.85 * disc)].astype(np.float32)
    if len(middle) < max(0.08 * len(core), 3):
        return disc, disc
    # Dimmed limbs share one level; the faint tips and edges of undimmed ones have every level.
    reach = 0.06 * disc
    ends = np.searchsorted(middle, middle + 2 * reach, side="right")
    counts = ends - np.arange(len(middle))
    start = int(np.argmax(counts))
    if counts[start] < 0.45 * len(middle):
        return disc, disc
    return float(np.median(middle[start : ends[start]])), disc
