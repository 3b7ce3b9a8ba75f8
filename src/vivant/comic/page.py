"""From panels and captions to pages: white gutters, thin ink, captions in boxes.

A caption stands in a box of its own in the panel's lower left corner and may cover the lowest fifth
of the picture there, where feet and floors are. If it needs the whole width, the picture ends above
it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageOps

from vivant.comic.faces import Typecase
from vivant.comic.layout import PageLayout, Rect, lay_out
from vivant.comic.lettering import Block, Caption, Lettering, block_height

INK = "#17161a"
PAPER = "#ffffff"
CAPTION_PAPER = "#fffaeb"

NARROWEST_PAGE = 1200
WIDEST_PAGE = 2400
"""In pixels; between them a page is about twice as wide as a panel."""

LETTERS = 0.022
SMALL_LETTERS = 0.014
SMALLEST_LETTERS = 0.009
"""Size of letters, in page widths: wished for, at least, and where a caption is very long."""

COVERED = 0.2
"""Share of a panel's height that a caption may cover of its picture."""

MOST_NAMED = 5
"""Missing characters that a warning names one by one."""

COMFORTABLE = 0.3
MOST_OF_PANEL = 0.5
"""Shares of a panel's height that captions take at the size common to all, and at most."""

HIGHEST_CROP, LOWEST_CROP = 0.15, 0.55
"""Shares of what a crop takes that it may take from the top, where faces are."""

DETAIL = 64
"""Rows and columns in which a picture's detail is looked for."""


@dataclass(frozen=True)
class Book:
    """A laid-out story.

    Attributes:
        pages: in reading order, RGB.
        warnings: what could not be done as asked, for the user's eyes.
    """

    pages: tuple[Image.Image, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class _Strokes:
    """Widths of lines and room around letters, in pixels."""

    frame: int
    box: int

    @classmethod
    def of(cls, page_width: int) -> _Strokes:
        return cls(frame=max(round(page_width / 330), 2), box=max(round(page_width / 600), 1))


def compose(
    images: Sequence[Image.Image],
    captions: Sequence[str],
    comic_style: str,
    *,
    seed: int,
    typecase: Typecase | None = None,
) -> Book:
    """Lay panels and captions out on pages, in the script's order.

    Args:
        images: the panels, one or more; the first one's shape is taken for that of all.
        captions: one for each panel; an empty one has no box.
        comic_style: a name of `vivant.comic.layout.COMIC_STYLES`.
        seed: chooses among layouts; the same seed gives the same pages.
        typecase: the faces to letter with; None for those that suit the captions' language.

    Raises:
        InvalidInput: there is no such comic style.
        FontsMissing: there is no font at all.
        ValueError: there are no panels, or not as many captions.
    """
    if not images:
        raise ValueError("a book needs at least one panel")
    width, height = images[0].size
    layouts = lay_out(
        len(images),
        comic_style,
        aspect=width / height,
        page_width=min(max(round(2.1 * width), NARROWEST_PAGE), WIDEST_PAGE),
        seed=seed,
    )
    lettering = Lettering(typecase or Typecase.for_text(" ".join(captions)))
    texts = [Caption(caption, lettering) for caption in captions]
    places = [place for layout in layouts for place in layout.panels]
    blocks, warnings = _set_captions(texts, places, layouts[0].width)
    panels = list(zip(images, blocks, places, strict=True))
    pages = []
    for layout in layouts:
        pages.append(_draw_page(layout, panels[: len(layout.panels)], lettering))
        del panels[: len(layout.panels)]
    return Book(tuple(pages), (*warnings, *_missing_glyphs(lettering)))


def _draw_page(
    layout: PageLayout,
    panels: Sequence[tuple[Image.Image, Block, Rect]],
    lettering: Lettering,
) -> Image.Image:
    page = Image.new("RGB", (layout.width, layout.height), PAPER)
    pen = ImageDraw.Draw(page)
    strokes = _Strokes.of(layout.width)
    for image, block, place in panels:
        box = _caption_box(block, place, strokes)
        page.paste(_fitted(image, place, box), (place.left, place.top))
        if block.lines:
            pen.rectangle(_corners(box), fill=CAPTION_PAPER, outline=INK, width=strokes.box)
            left = box.left + (box.width - block.width) / 2
            lettering.draw(pen, block, left, box.top + (box.height - block.height) / 2, INK)
        pen.rectangle(_corners(place), outline=INK, width=strokes.frame)
    return page


def _fitted(image: Image.Image, place: Rect, box: Rect) -> Image.Image:
    """A panel's picture in the size of its place, less what its caption needs of it."""
    covered = 0 if box.width == place.width else box.height
    size = (place.width, place.height - (box.height - covered))
    middle = (0.5, _best_crop(image, size))
    return ImageOps.fit(image.convert("RGB"), size, Image.Resampling.LANCZOS, centering=middle)


def _best_crop(image: Image.Image, size: tuple[int, int]) -> float:
    """Which share of a crop's loss in height to take from the top, so that most detail stays."""
    shown = min(size[1] / size[0] * image.width / image.height, 1.0)
    grey = np.asarray(image.convert("L").resize((DETAIL, DETAIL)), np.float32)
    down, across = np.gradient(grey)
    rows = (np.abs(down) + np.abs(across)).mean(1)
    count = round(shown * DETAIL)
    lost = DETAIL - count
    if lost == 0:
        return HIGHEST_CROP
    starts = range(round(HIGHEST_CROP * lost), round(LOWEST_CROP * lost) + 1)
    best = max(starts, key=lambda start: rows[start : start + count].sum())
    return best / lost


def _caption_box(block: Block, place: Rect, strokes: _Strokes) -> Rect:
    """The corner that a caption takes; the whole width where little would be left beside it."""
    if not block.lines:
        return Rect(place.left, place.bottom, 0, 0)
    height = _box_height(len(block.lines), block.size)
    width = block.width + 2 * _padding(block.size) + 2 * strokes.frame
    if width > 0.8 * place.width or height > COVERED * place.height:
        width = place.width
    return Rect(place.left, place.bottom - height, width, height)


def _padding(size: int) -> int:
    return round(0.6 * size)


def _box_height(lines: int, size: int) -> int:
    return block_height(lines, size) + round(0.7 * size)


def _set_captions(
    captions: Sequence[Caption], places: Sequence[Rect], page_width: int
) -> tuple[list[Block], list[str]]:
    """Choose one size of letters for all captions; a long one may be smaller than the rest."""
    smallest = round(SMALLEST_LETTERS * page_width)
    small = round(SMALL_LETTERS * page_width)
    pairs = list(zip(captions, places, strict=True))
    common = round(LETTERS * page_width)
    while common > small and not all(_fits(*pair, common, COMFORTABLE) for pair in pairs):
        common -= 1
    blocks, warnings = [], []
    for number, (caption, place) in enumerate(pairs, start=1):
        size = common
        while size > smallest and not _fits(caption, place, size, MOST_OF_PANEL):
            size -= 1
        shown = _cut(caption, place, size)
        if shown is not caption:
            warnings.append(f"the caption of panel {number} is too long for its panel and was cut")
        blocks.append(shown.block(size, _room(place, size)))
    return blocks, warnings


def _cut(caption: Caption, place: Rect, size: int) -> Caption:
    """A caption, or as much of it as a panel has room for."""
    if _fits(caption, place, size, MOST_OF_PANEL):
        return caption
    needed = _box_height(caption.lines(size, _room(place, size)), size)
    share = MOST_OF_PANEL * place.height / needed
    shown = caption.shortened(share)
    while not _fits(shown, place, size, MOST_OF_PANEL):
        share *= 0.95
        shown = caption.shortened(share)
    return shown


def _fits(caption: Caption, place: Rect, size: int, share: float) -> bool:
    lines = caption.lines(size, _room(place, size))
    return lines < 2 or _box_height(lines, size) <= share * place.height


def _room(place: Rect, size: int) -> float:
    """Width that letters have in a panel."""
    return max(place.width - 2 * _padding(size) - 2, size)


def _missing_glyphs(lettering: Lettering) -> list[str]:
    missing = lettering.missing
    if not missing:
        return []
    named = [
        f"{mark} (U+{ord(mark):04X} {unicodedata.name(mark, 'without a name')})"
        for mark in missing[:MOST_NAMED]
    ]
    more = len(missing) - len(named)
    shown = ", ".join([*named, f"{more} more"] if more else named)
    return [f"captions: no font here has {shown}; install one that does"]


def _corners(rect: Rect) -> tuple[int, int, int, int]:
    return rect.left, rect.top, rect.right - 1, rect.bottom - 1
