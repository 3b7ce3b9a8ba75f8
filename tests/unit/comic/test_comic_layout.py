from __future__ import annotations

from itertools import combinations, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.errors import InvalidInput
from vivant.comic.layout import COMIC_STYLES, LONGEST_PAGE, PageLayout, Rect, lay_out

any_story = given(
    count=st.integers(1, 40),
    comic_style=st.sampled_from(COMIC_STYLES),
    aspect=st.sampled_from([0.5, 0.67, 1.0, 1.25, 1.78, 2.0]),
    page_width=st.integers(400, 2400),
    seed=st.integers(0, 2**63),
)


def overlap(one: Rect, other: Rect) -> bool:
    across = one.left < other.right and other.left < one.right
    return across and one.top < other.bottom and other.top < one.bottom


def reads_on(one: Rect, other: Rect) -> bool:
    """Whether an eye that goes right, or else down and back, comes from one to the other."""
    return (one.right < other.left and other.top <= one.bottom) or one.bottom < other.top


@settings(deadline=None, max_examples=25)
@any_story
def test_every_panel_has_a_place_of_its_own_inside_its_page(
    count: int, comic_style: str, aspect: float, page_width: int, seed: int
) -> None:
    pages = lay_out(count, comic_style, aspect=aspect, page_width=page_width, seed=seed)
    assert sum(len(page.panels) for page in pages) == count
    for page in pages:
        for rect in page.panels:
            assert rect.left > 0
            assert rect.top > 0
            assert rect.right < page.width
            assert rect.bottom < page.height
        assert not any(overlap(one, other) for one, other in combinations(page.panels, 2))


@settings(deadline=None, max_examples=25)
@any_story
def test_panels_are_read_in_the_scripts_order(
    count: int, comic_style: str, aspect: float, page_width: int, seed: int
) -> None:
    for page in lay_out(count, comic_style, aspect=aspect, page_width=page_width, seed=seed):
        assert all(reads_on(one, other) for one, other in pairwise(page.panels))


@settings(deadline=None, max_examples=25)
@any_story
def test_little_is_cropped_and_nothing_is_giant_or_tiny(
    count: int, comic_style: str, aspect: float, page_width: int, seed: int
) -> None:
    for page in lay_out(count, comic_style, aspect=aspect, page_width=page_width, seed=seed):
        for rect in page.panels:
            share = rect.width / rect.height / aspect
            assert min(share, 1 / share) > 0.68
        areas = [rect.width * rect.height for rect in page.panels]
        assert max(areas) / min(areas) < 10


@pytest.mark.parametrize("count", range(1, 25))
def test_square_panels_lose_a_sixth_at_most_on_balanced_pages(count: int) -> None:
    for seed in range(4):
        for page in lay_out(count, COMIC_STYLES[0], aspect=1.0, page_width=1600, seed=seed):
            areas = [rect.width * rect.height for rect in page.panels]
            assert max(areas) / min(areas) < 5
            for rect in page.panels:
                assert 0.84 < rect.width / rect.height < 1 / 0.84


def test_a_lone_panel_is_not_cropped() -> None:
    (page,) = lay_out(1, COMIC_STYLES[0], aspect=0.25, page_width=1600, seed=0)
    assert page.panels[0].width / page.panels[0].height == pytest.approx(0.25, abs=0.001)


@pytest.mark.parametrize("comic_style", COMIC_STYLES)
def test_the_same_seed_gives_the_same_pages(comic_style: str) -> None:
    def pages(seed: int) -> tuple[PageLayout, ...]:
        return lay_out(11, comic_style, aspect=1.0, page_width=1600, seed=seed)

    assert pages(7) == pages(7)


def test_seeds_choose_among_classic_layouts() -> None:
    eight = {
        lay_out(8, "Classic Comic Style", aspect=1.0, page_width=1600, seed=seed)
        for seed in range(20)
    }
    assert len(eight) >= 4


def test_classic_pages_mix_sizes_and_share_one_page_size() -> None:
    pages = lay_out(24, "Classic Comic Style", aspect=1.0, page_width=1600, seed=42)
    assert len({(page.width, page.height) for page in pages}) == 1
    assert pages[0].height <= round(LONGEST_PAGE * pages[0].width)
    for page in pages:
        areas = [rect.width * rect.height for rect in page.panels]
        assert max(areas) > 1.5 * min(areas)


def test_four_panels_fill_each_page_two_by_two() -> None:
    first, second, last = lay_out(9, "Four Pannel", aspect=1.0, page_width=1600, seed=0)
    assert [len(page.panels) for page in (first, second, last)] == [4, 4, 1]
    assert first == second
    assert len({(rect.width, rect.height) for rect in (*first.panels, *last.panels)}) == 1
    assert {(rect.left, rect.top) for rect in first.panels} == {
        (left, top)
        for left in (first.panels[0].left, first.panels[1].left)
        for top in (first.panels[0].top, first.panels[2].top)
    }
    alone = last.panels[0]
    assert abs(alone.left - (last.width - alone.right)) <= 1


def test_four_panels_keep_the_panels_shape() -> None:
    for page in lay_out(6, "Four Pannel", aspect=0.75, page_width=1600, seed=0):
        for rect in page.panels:
            assert rect.width / rect.height == pytest.approx(0.75, abs=0.01)


def test_unknown_comic_styles_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"comic_style: 'Manga' .* Four Pannel"):
        lay_out(4, "Manga", aspect=1.0, page_width=1600, seed=0)
