"""How large the pictures are, and how much work."""

from __future__ import annotations

import math
from fractions import Fraction

from vivant.base.errors import InvalidInput
from vivant.endpoints.sd3_med_pose.request import Request

STEEPEST = 2.5
"""Longest side by shortest where the pose's shape decides; the pose is letterboxed into it."""

DEFAULT_STEPS = 20


def output_size(
    request: Request,
    pose_size: tuple[int, int],
    *,
    native_size: int,
    multiple: int,
    longest: int,
) -> tuple[int, int]:
    """Width and height of a request's pictures, in pixels.

    Both sides as asked; with one given, the other follows the pose's shape; with none, the shape
    is the pose's and the area about the model's own.

    Args:
        request: what was asked.
        pose_size: width and height of the pose's canvas, which sets the shape.
        native_size: side of the square that the model was trained on.
        multiple: both sides are multiples of this many pixels.
        longest: longest side that the model can place, in pixels.

    Raises:
        InvalidInput: a side that was asked for is off the grid or too long.
    """
    for field, side in (("width", request.width), ("height", request.height)):
        if side is not None and (side % multiple or not multiple <= side <= longest):
            most = longest // multiple * multiple
            raise InvalidInput(field, side, f"a multiple of {multiple} from {multiple} to {most}")
    aspect = min(max(pose_size[0] / pose_size[1], 1 / STEEPEST), STEEPEST)

    def on_grid(side: float) -> int:
        return min(max(round(side / multiple), 1), longest // multiple) * multiple

    match request.width, request.height:
        case int(width), int(height):
            return width, height
        case int(width), None:
            return width, on_grid(width / aspect)
        case None, int(height):
            return on_grid(height * aspect), height
        case _:
            root = math.sqrt(aspect)
            return on_grid(native_size * root), on_grid(native_size / root)


def effort(
    request: Request, size: tuple[int, int] | None = None, *, native_size: int = 1024
) -> Fraction:
    """How much work a request is: in proportion to pixels, steps and samples, 1 for the defaults.

    Args:
        request: what was asked.
        size: width and height once they are known; None counts as the model's native area.
        native_size: side of the square that the model was trained on, in pixels.
    """
    native = native_size**2
    pixels = size[0] * size[1] if size else native
    work = pixels * request.num_inference_steps * request.samples
    return Fraction(work, native * DEFAULT_STEPS)
