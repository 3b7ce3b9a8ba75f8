"""How large panels are drawn, and how much work a story is."""

from __future__ import annotations

import math
from fractions import Fraction

from vivant.endpoints.storydiffusion.request import Request

DEFAULT_WORK = 8 * 768 * 768 * 25
"""Panels x pixels x steps of the default request."""


def drawn_size(request: Request, native_size: int, multiple: int) -> tuple[int, int]:
    """Width and height at which a model draws a request's panels, in pixels.

    As asked up to the area that the model was trained on; beyond it a picture of that area and
    about the same shape, to be enlarged, since networks repeat themselves on larger canvases.

    Args:
        request: what was asked.
        native_size: side of the square that the model was trained on.
        multiple: both sides are multiples of this many pixels.
    """
    asked = request.image_width, request.image_height
    shrink = math.sqrt(native_size**2 / math.prod(asked))
    if shrink >= 1 and not any(side % multiple for side in asked):
        return asked

    def on_grid(side: int) -> int:
        return max(round(side * min(shrink, 1) / multiple), 1) * multiple

    return on_grid(asked[0]), on_grid(asked[1])


def effort(request: Request, panels: int) -> Fraction:
    """How much work a story is: in proportion to panels, pixels and steps, 1 for the defaults.

    Args:
        request: what was asked.
        panels: of its script.
    """
    work = panels * request.image_width * request.image_height * request.num_steps
    return Fraction(work, DEFAULT_WORK)
