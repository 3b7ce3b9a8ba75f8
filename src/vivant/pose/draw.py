"""Skeletons as pictures, in the colours that pose control nets were trained on.

A limb is a filled ellipse at 60 % of its colour with the joints at its tips, a joint a disc in
full colour. Shapes are antialiased by their signed distance, evaluated only inside their bounding
boxes: under a millisecond a person at 256 x 256, because training draws tens of thousands.
"""

from __future__ import annotations

import colorsys
import math
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vivant.pose.skeleton import HAND_EDGES, LIMBS, Keypoints, Person, Pose, fit

__all__ = ["COLOURS", "default_line_width", "draw", "fit", "hand_colour"]

Colour: TypeAlias = tuple[float, float, float]

COLOURS: tuple[tuple[int, int, int], ...] = (
    (255, 0, 0),
    (255, 85, 0),
    (255, 170, 0),
    (255, 255, 0),
    (170, 255, 0),
    (85, 255, 0),
    (0, 255, 0),
    (0, 255, 85),
    (0, 255, 170),
    (0, 255, 255),
    (0, 170, 255),
    (0, 85, 255),
    (0, 0, 255),
    (85, 0, 255),
    (170, 0, 255),
    (255, 0, 255),
    (255, 0, 170),
    (255, 0, 85),
)
"""OpenPose's colour wheel: joint i takes entry i, limb i takes entry i at `LIMB_BRIGHTNESS`."""

LIMB_BRIGHTNESS = 0.6
HAND_JOINT_COLOUR = (0, 0, 255)
FACE_COLOUR = (255, 255, 255)


def hand_colour(edge: int) -> tuple[int, int, int]:
    """Colour of hand edge 0 to 19: full saturation at hue edge / 20."""
    red, green, blue = colorsys.hsv_to_rgb(edge / len(HAND_EDGES), 1.0, 1.0)
    return (round(red * 255), round(green * 255), round(blue * 255))


_LIMB_COLOURS: tuple[Colour, ...] = tuple(
    (r * LIMB_BRIGHTNESS, g * LIMB_BRIGHTNESS, b * LIMB_BRIGHTNESS) for r, g, b in COLOURS
)
_HAND_COLOURS = tuple(hand_colour(edge) for edge in range(len(HAND_EDGES)))


def default_line_width(width: int, height: int) -> float:
    """Line width, pixels, for a canvas: 8 (half-width 4) where its shorter side is 512 to 1024.

    Larger canvases scale it up, smaller ones down, but never below 4 (half-width 2, reached at
    256), under which joints and limbs can no longer be told apart.
    """
    side = min(width, height)
    if side > 1024:
        return 8.0 * side / 1024
    return max(4.0, 8.0 * min(side, 512) / 512)


def draw(
    pose: Pose,
    width: int | None = None,
    height: int | None = None,
    *,
    line_width: float | None = None,
    hands: bool = True,
    face: bool = True,
) -> Image.Image:
    """The skeleton drawing of `pose`.

    Args:
        pose: who to draw; people in order, later over earlier.
        width: of the picture, pixels; the canvas's own if None. Another aspect ratio letterboxes.
        height: likewise.
        line_width: full width of a limb at its middle and diameter of a joint, pixels of the
            picture; `default_line_width` if None. Hand edges take a quarter of it.
        hands: draw the hands where there are any.
        face: draw the face points where there are any.

    Returns:
        RGB picture, black where nothing is drawn.

    Raises:
        ValueError: `line_width` is not above 0.
    """
    width, height = width or pose.width, height or pose.height
    if line_width is None:
        line_width = default_line_width(width, height)
    if line_width <= 0:
        raise ValueError(f"line_width {line_width} must be above 0")
    canvas = _Canvas(width, height)
    half = line_width / 2
    for person in fit(pose, width, height).people:
        _draw_body(canvas, person.body, half)
        if hands:
            _draw_hands(canvas, person, half)
        if face and person.face is not None:
            _draw_discs(canvas, person.face, half * 0.75, FACE_COLOUR)
    return canvas.picture()


def _draw_body(canvas: _Canvas, body: Keypoints, half: float) -> None:
    joints: list[list[float]] = body.tolist()
    for (start, end), colour in zip(LIMBS, _LIMB_COLOURS, strict=False):
        (x0, y0, c0), (x1, y1, c1) = joints[start], joints[end]
        if c0 > 0 and c1 > 0:
            canvas.ellipse(x0, y0, x1, y1, half, colour)
    for (x, y, confidence), disc_colour in zip(joints, COLOURS, strict=True):
        if confidence > 0:
            canvas.disc(x, y, half, disc_colour)


def _draw_hands(canvas: _Canvas, person: Person, half: float) -> None:
    for hand in (person.left_hand, person.right_hand):
        if hand is None:
            continue
        points: list[list[float]] = hand.tolist()
        for (start, end), colour in zip(HAND_EDGES, _HAND_COLOURS, strict=True):
            (x0, y0, c0), (x1, y1, c1) = points[start], points[end]
            if c0 > 0 and c1 > 0:
                canvas.line(x0, y0, x1, y1, half / 4, colour)
        _draw_discs(canvas, hand, half, HAND_JOINT_COLOUR)


def _draw_discs(canvas: _Canvas, points: Keypoints, radius: float, colour: Colour) -> None:
    for x, y, confidence in points.tolist():
        if confidence > 0:
            canvas.disc(x, y, radius, colour)


class _Canvas:
    """A black float32 [height, width, 3] canvas on which antialiased shapes are painted."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._pixels = np.zeros((height, width, 3), np.float32)
        self._columns = np.arange(width, dtype=np.float32) + np.float32(0.5)
        self._rows = (np.arange(height, dtype=np.float32) + np.float32(0.5))[:, None]

    def picture(self) -> Image.Image:
        """The canvas as an RGB picture."""
        return Image.fromarray((self._pixels + np.float32(0.5)).astype(np.uint8))

    def disc(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled disc around (x, y)."""
        window = self._window(x - radius, y - radius, x + radius, y + radius)
        if window is None:
            return
        rows, columns = window
        dx, dy = self._columns[columns] - x, self._rows[rows] - y
        distance = np.sqrt(dx * dx + dy * dy)
        self._paint(window, (radius + 0.5) - distance, colour)

    def ellipse(
        self, x0: float, y0: float, x1: float, y1: float, half: float, colour: Colour
    ) -> None:
        """A filled ellipse from tip (x0, y0) to tip (x1, y1), `half` wide to either side."""
        length = math.hypot(x1 - x0, y1 - y0)
        if length < 1e-3:
            return
        a, b = length / 2, half
        cos, sin = (x1 - x0) / length, (y1 - y0) / length
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        reach_x, reach_y = math.hypot(a * cos, b * sin), math.hypot(a * sin, b * cos)
        window = self._window(x - reach_x, y - reach_y, x + reach_x, y + reach_y)
        if window is None:
            return
        rows, columns = window
        dx, dy = self._columns[columns] - x, self._rows[rows] - y
        u = (dx * (cos / a) + dy * (sin / a)) ** 2
        v = (dy * (cos / b) - dx * (sin / b)) ** 2
        # First-order distance to the level set g = 1 of g = u + v: (g - 1) / |grad g|.
        slope = np.sqrt(u * (1 / (a * a)) + v * (1 / (b * b))) + 1e-6
        self._paint(window, 0.5 - (u + v - 1) / (2 * slope), colour)

    def line(self, x0: float, y0: float, x1: float, y1: float, half: float, colour: Colour) -> None:
        """A straight line with round ends, `half` wide to either side."""
        window = self._window(
            min(x0, x1) - half, min(y0, y1) - half, max(x0, x1) + half, max(y0, y1) + half
        )
        if window is None:
            return
        rows, columns = window
        ex, ey = x1 - x0, y1 - y0
        dx, dy = self._columns[columns] - x0, self._rows[rows] - y0
        along = ((dx * ex + dy * ey) / max(ex * ex + ey * ey, 1e-6)).clip(0.0, 1.0)
        dx, dy = dx - along * ex, dy - along * ey
        self._paint(window, (half + 0.5) - np.sqrt(dx * dx + dy * dy), colour)

    def _window(
        self, left: float, top: float, right: float, bottom: float
    ) -> tuple[slice, slice] | None:
        """Rows and columns that a shape with this box can touch; None where it is off canvas."""
        first_x, last_x = max(math.floor(left - 0.5), 0), min(math.ceil(right + 0.5), self._width)
        first_y, last_y = max(math.floor(top - 0.5), 0), min(math.ceil(bottom + 0.5), self._height)
        if first_x >= last_x or first_y >= last_y:
            return None
        return slice(first_y, last_y), slice(first_x, last_x)

    def _paint(
        self, window: tuple[slice, slice], coverage: NDArray[np.floating], colour: Colour
    ) -> None:
        """Blend `colour` over the window by `coverage` (clipped here to 0 to 1)."""
        alpha = np.minimum(np.maximum(coverage, 0), 1)[:, :, None]
        patch = self._pixels[window]
        patch += alpha * (np.array(colour, np.float32) - patch)
