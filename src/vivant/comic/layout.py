"""Where panels go on their pages: geometry only, in pixels.

A page is a pile of rows; a row holds columns from left to right, and its last column may hold two
panels above each other. Reading order is rows from the top, columns from the left, and within a
column from the top, and so is the order of the rectangles.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import TypeAlias

from vivant.base.errors import InvalidInput

FOUR_PANELS = "Four Pannel"
CLASSIC = "Classic Comic Style"
COMIC_STYLES = (CLASSIC, FOUR_PANELS)
"""Spelt as requests spell them."""

Row: TypeAlias = tuple[int, ...]
"""How many panels each column of a row holds."""

Pile: TypeAlias = tuple[Row, ...]
"""The rows of a page from the top."""

ROWS: Pile = ((1,), (1, 1), (1, 2), (1, 1, 1), (1, 1, 1, 1))
"""Rows whose reading order nobody mistakes: a column of two stands at the end only."""

FEWEST_PER_PAGE = 3
MOST_PER_PAGE = 8
"""Panels of a page where a story has several."""

LONGEST_PAGE = 1.6
"""Height over width at most, but for a single row."""

PREFERRED_PAGE = 1.4
PAGE_RATIOS = tuple(step / 100 for step in range(100, round(LONGEST_PAGE * 100) + 1, 10))
"""Heights over widths that stories of several pages choose from."""

NARROW = 0.25
"""Below this share of the page's width, captions want letters too small or lines too many."""

LUCK = 0.3
"""How much dearer chance may make a page, in the units of `_cost`."""

LEAN = 0.12
"""How much wider than the others one panel of a row of equals is made."""

LARGEST_TO_SMALLEST = 4.5
"""Above this ratio of areas on one page, panels look giant or tiny."""


@dataclass(frozen=True)
class Rect:
    """A rectangle in pixels; right and bottom edges are exclusive."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column beyond it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row beyond it."""
        return self.top + self.height


@dataclass(frozen=True)
class PageLayout:
    """One page: its size in pixels and its panels in reading order."""

    width: int
    height: int
    panels: tuple[Rect, ...]


@dataclass(frozen=True)
class _Grid:
    """What all pages of a story share: aspect is a panel's width over its height."""

    page_width: int
    aspect: float

    @property
    def margin(self) -> int:
        return max(round(self.page_width * 0.03), 2)

    @property
    def gutter(self) -> int:
        return max(round(self.page_width * 0.014), 1)

    @property
    def width(self) -> int:
        return self.page_width - 2 * self.margin


def lay_out(
    count: int, comic_style: str, *, aspect: float, page_width: int, seed: int
) -> tuple[PageLayout, ...]:
    """Pages for a number of panels; the same arguments give the same pages.

    Args:
        count: panels, 1 or more.
        comic_style: a name of `COMIC_STYLES`.
        aspect: the panels' width over their height; rectangles stay near it.
        page_width: in pixels, 200 or more.
        seed: chooses among the classic style's layouts.

    Raises:
        InvalidInput: there is no such comic style.
    """
    if comic_style not in COMIC_STYLES:
        raise InvalidInput("comic_style", comic_style, f"one of: {', '.join(COMIC_STYLES)}")
    if comic_style == FOUR_PANELS:
        return _squares_of_four(count, aspect, page_width)
    return _classic(count, _Grid(page_width, aspect), Random(seed))  # noqa: S311 - no secret


def _squares_of_four(count: int, aspect: float, page_width: int) -> tuple[PageLayout, ...]:
    """Pages of 2 x 2; a lone last panel stands in the middle of its row."""
    grid = _Grid(page_width, aspect)
    width = (grid.width - grid.gutter) // 2
    height = round(width / aspect)
    full = grid.page_width if count > 1 else width + 2 * grid.margin
    pages = []
    for first in range(0, count, 4):
        panels = min(count - first, 4)
        rects = []
        for place in range(panels):
            alone = place == panels - 1 and place % 2 == 0
            left = (full - width) // 2 if alone else grid.margin + place % 2 * (width + grid.gutter)
            top = grid.margin + place // 2 * (height + grid.gutter)
            rects.append(Rect(left, top, width, height))
        pages.append(PageLayout(full, rects[-1].bottom + grid.margin, tuple(rects)))
    return tuple(pages)


def _classic(count: int, grid: _Grid, random: Random) -> tuple[PageLayout, ...]:
    """Choose the piles of rows that crop least and vary most; chance decides between near equals.

    A story of one page has the height that suits its rows; several pages are all of one size.
    """
    if count <= MOST_PER_PAGE:
        luck = {rows: LUCK * random.random() for rows in _piles(count)}
        rows = min(luck, key=lambda rows: _cost(rows, _ratio(rows, grid), grid) + luck[rows])
        ratio = _ratio(rows, grid)
        return (_place(rows, round(ratio * grid.page_width), grid, random),)
    ratio, shares = _page_plan(count, grid)
    pages = []
    for share in shares:
        luck = {rows: LUCK * random.random() for rows in _piles(share)}
        rows = min(luck, key=lambda rows: _cost(rows, ratio, grid) + luck[rows])
        pages.append(_place(rows, round(ratio * grid.page_width), grid, random))
    return tuple(pages)


def _page_plan(count: int, grid: _Grid) -> tuple[float, tuple[int, ...]]:
    """The height over width that suits all pages best, and how many panels go on each."""
    plans = []
    for ratio in PAGE_RATIOS:
        costs = {
            panels: min(_cost(rows, ratio, grid) for rows in _piles(panels))
            for panels in range(FEWEST_PER_PAGE, MOST_PER_PAGE + 1)
        }
        for shares in _spreads(count, math.ceil(count / MOST_PER_PAGE)):
            uneven = 0.1 * (max(shares) - min(shares))
            plans.append((sum(costs[share] for share in shares) + uneven, ratio, shares))
    _, ratio, shares = min(plans)
    return ratio, shares


def _spreads(count: int, pages: int) -> Iterator[tuple[int, ...]]:
    """Every way to fill so many pages, no page with more panels than the one before it."""
    if pages == 1:
        yield (count,)
        return
    for first in range(MOST_PER_PAGE, FEWEST_PER_PAGE - 1, -1):
        for rest in _spreads(count - first, pages - 1):
            if FEWEST_PER_PAGE <= rest[0] <= first and rest[-1] >= FEWEST_PER_PAGE:
                yield (first, *rest)


def _piles(count: int) -> Iterator[Pile]:
    """Every pile of rows that holds so many panels."""
    if count == 0:
        yield ()
    for row in ROWS:
        if sum(row) <= count:
            for rest in _piles(count - sum(row)):
                yield (row, *rest)


def _row_height(row: Row, grid: _Grid) -> float:
    """The height at which a row fills the width with no panel cropped."""
    joints = grid.aspect * grid.gutter * sum((stack - 1) / stack for stack in row)
    free = grid.width - (len(row) - 1) * grid.gutter + joints
    return free / (grid.aspect * sum(1 / stack for stack in row))


def _spaces(rows: Pile, grid: _Grid) -> int:
    return 2 * grid.margin + (len(rows) - 1) * grid.gutter


def _ratio(rows: Pile, grid: _Grid) -> float:
    """Height over width of the page on which these rows crop nothing, as far as a page may go."""
    height = sum(_row_height(row, grid) for row in rows) + _spaces(rows, grid)
    ratio = height / grid.page_width
    return ratio if len(rows) == 1 else min(ratio, LONGEST_PAGE)


def _cost(rows: Pile, ratio: float, grid: _Grid) -> float:
    """How far a page is from what we like; weights were set by looking at pages."""
    heights = [_row_height(row, grid) for row in rows]
    stretch = (ratio * grid.page_width - _spaces(rows, grid)) / sum(heights)
    if stretch <= 0:
        return math.inf
    cropped = 1 - min(stretch, 1 / stretch)
    sides = [height / stack for row, height in zip(rows, heights, strict=True) for stack in row]
    areas = (max(sides) / min(sides)) ** 2
    narrow = min(sides) * grid.aspect < NARROW * grid.page_width
    same = sum(one == other for one, other in pairwise(rows))
    return (
        8 * cropped
        + 30 * max(cropped - 0.1, 0)
        + 0.5 * abs(math.log(ratio / PREFERRED_PAGE))
        + 3 * max(math.log(areas / LARGEST_TO_SMALLEST), 0)
        + 0.5 * narrow
        + 0.2 * same
    )


def _place(rows: Pile, height: int, grid: _Grid, random: Random) -> PageLayout:
    heights = [_row_height(row, grid) for row in rows]
    rects: list[Rect] = []
    side = random.randrange(2)
    for row, (top, tall) in zip(
        rows, _split(grid.margin, height - 2 * grid.margin, heights, grid.gutter), strict=True
    ):
        shares = [1 / stack for stack in row]
        if len(row) > 1 and set(row) == {1}:
            # The wide panel changes sides from row to row, so that gutters do not line up.
            shares[side * (len(row) - 1)] += LEAN
            side = 1 - side
        columns = _split(grid.margin, grid.width, shares, grid.gutter)
        for stack, (left, wide) in zip(row, columns, strict=True):
            pieces = _split(top, tall, [1.0] * stack, grid.gutter)
            rects.extend(Rect(left, start, wide, length) for start, length in pieces)
    return PageLayout(grid.page_width, height, tuple(rects))


def _split(start: int, length: int, shares: Sequence[float], gutter: int) -> list[tuple[int, int]]:
    """Cut a length into parts of these shares with a gutter between: each part's start and size."""
    free = length - gutter * (len(shares) - 1)
    edges = [round(free * sum(shares[:place]) / sum(shares)) for place in range(len(shares) + 1)]
    return [
        (start + edges[place] + place * gutter, edges[place + 1] - edges[place])
        for place in range(len(shares))
    ]
