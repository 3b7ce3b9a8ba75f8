"""Contact sheets."""

from __future__ import annotations

import pytest
from PIL import Image

from vivant.output.sheet import GAP, contact_sheet


def plain(colour: str, width: int = 40, height: int = 60) -> Image.Image:
    return Image.new("RGB", (width, height), colour)


@pytest.mark.parametrize(("count", "columns", "rows"), [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2)])
def test_pictures_stand_in_rows(count: int, columns: int, rows: int) -> None:
    sheet = contact_sheet([plain("red")] * count)
    assert sheet.size == (columns * (40 + GAP) + GAP, rows * (60 + GAP) + GAP)


def test_the_order_is_that_of_reading() -> None:
    sheet = contact_sheet([plain("red"), plain("lime"), plain("blue"), plain("black")])
    left, right, top, bottom = GAP + 20, 2 * GAP + 60, GAP + 30, 2 * GAP + 90
    seen = [
        sheet.getpixel(at) for at in ((left, top), (right, top), (left, bottom), (right, bottom))
    ]
    assert seen == [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)]


def test_smaller_pictures_stand_in_the_middle() -> None:
    sheet = contact_sheet([plain("red", 100, 100), plain("lime", 20, 20)])
    assert sheet.getpixel((GAP + 100 + GAP + 50, GAP + 50)) == (0, 255, 0)
    assert sheet.getpixel((GAP + 100 + GAP + 10, GAP + 10)) == (255, 255, 255)
