"""How large panels are drawn, and what a story costs."""

from __future__ import annotations

import math

from vivant.endpoints.storydiffusion.request import Request

PRICE = 166_000
"""Micro-credits for 8 panels of 768 x 768 in 25 steps: 0.166 credits."""

PRICED_WORK = 8 * 768 * 768 * 25
"""Panels x pixels x steps of that price."""


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


def price(request: Request, panels: int) -> int:
    """What a story costs in micro-credits: in proportion to panels, pixels and steps.

    Args:
        request: what was asked.
        panels: of its script.
    """
    work = panels * request.image_width * request.image_height * request.num_steps
    return math.ceil(PRICE * work / PRICED_WORK)
