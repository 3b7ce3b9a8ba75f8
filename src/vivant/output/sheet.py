"""Several pictures on one sheet."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PIL import Image

GAP = 16
"""Pixels between pictures, and around them."""

BACKGROUND = (255, 255, 255)


def contact_sheet(images: Sequence[Image.Image]) -> Image.Image:
    """All pictures in rows of equal cells, as near to a square of them as there is, in order.

    Args:
        images: RGB, at least one; smaller ones stand in the middle of their cells.
    """
    columns = math.ceil(math.sqrt(len(images)))
    rows = math.ceil(len(images) / columns)
    width = max(image.width for image in images) + GAP
    height = max(image.height for image in images) + GAP
    sheet = Image.new("RGB", (columns * width + GAP, rows * height + GAP), BACKGROUND)
    for place, image in enumerate(images):
        row, column = divmod(place, columns)
        left = GAP + column * width + (width - GAP - image.width) // 2
        top = GAP + row * height + (height - GAP - image.height) // 2
        sheet.paste(image, (left, top))
    return sheet
