from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageChops

from vivant.base.errors import InvalidInput
from vivant.comic.faces import Typecase, packaged_faces
from vivant.comic.layout import COMIC_STYLES, lay_out
from vivant.comic.page import CAPTION_PAPER, Book, compose

TYPECASE = Typecase(packaged_faces())
SIZE = (96, 96)


def panel(number: int) -> Image.Image:
    return Image.new("RGB", SIZE, (40 + 8 * number, 90, 200 - 6 * number))


def book(captions: list[str], comic_style: str, seed: int = 0) -> Book:
    panels = [panel(number) for number in range(len(captions))]
    return compose(panels, captions, comic_style, seed=seed, typecase=TYPECASE)


def paper(page: Image.Image) -> NDArray[np.bool_]:
    """Where a page shows a caption's paper."""
    colour = np.asarray(Image.new("RGB", (1, 1), CAPTION_PAPER))
    shown: NDArray[np.bool_] = (np.asarray(page) == colour).all(axis=2)
    return shown


@pytest.mark.parametrize("comic_style", COMIC_STYLES)
@pytest.mark.parametrize("count", [1, 3, 5, 9])
def test_every_picture_and_every_caption_is_there_in_order(comic_style: str, count: int) -> None:
    made = book([f"caption {number}" for number in range(count)], comic_style, seed=4)
    layouts = lay_out(count, comic_style, aspect=1.0, page_width=1200, seed=4)
    assert [page.size for page in made.pages] == [(each.width, each.height) for each in layouts]
    number = 0
    for page, layout in zip(made.pages, layouts, strict=True):
        captioned = paper(page)
        for place in layout.panels:
            middle = (place.left + place.width // 2, place.top + place.height // 3)
            assert page.getpixel(middle) == panel(number).getpixel((0, 0))
            assert captioned[place.top : place.bottom, place.left : place.right].any()
            number += 1
    assert number == count
    assert not made.warnings


@settings(deadline=None, max_examples=12)
@given(
    captions=st.lists(
        st.sampled_from(["", "short", "a caption of some words, as captions are", "long " * 40]),
        min_size=1,
        max_size=9,
    ),
    comic_style=st.sampled_from(COMIC_STYLES),
    seed=st.integers(0, 99),
)
def test_captions_stay_in_the_lower_half_of_their_panels(
    captions: list[str], comic_style: str, seed: int
) -> None:
    made = book(captions, comic_style, seed)
    layouts = lay_out(len(captions), comic_style, aspect=1.0, page_width=1200, seed=seed)
    texts = iter(captions)
    for page, layout in zip(made.pages, layouts, strict=True):
        captioned = paper(page)
        for place in layout.panels:
            within = captioned[place.top : place.bottom, place.left : place.right]
            assert within.any() == bool(next(texts))
            assert not within[: place.height // 2 - 2].any()
            captioned[place.top : place.bottom, place.left : place.right] = False
        assert not captioned.any()


def test_a_picture_makes_room_for_a_long_caption_and_keeps_its_top() -> None:
    striped = Image.new("RGB", (100, 100), "green")
    striped.paste("red", (0, 0, 100, 10))
    for caption in ("short", "long " * 60):
        made = compose([striped], [caption], COMIC_STYLES[0], seed=0, typecase=TYPECASE)
        (layout,) = lay_out(1, COMIC_STYLES[0], aspect=1.0, page_width=1200, seed=0)
        place = layout.panels[0]
        top = made.pages[0].getpixel((place.left + place.width // 2, place.top + 12))
        assert top == (255, 0, 0)


@pytest.mark.parametrize("top", [10, 130])
def test_a_wide_caption_takes_room_where_least_is_drawn(top: int) -> None:
    picture = Image.new("RGB", (200, 200), "#204080")
    picture.paste("#00ff00", (40, top, 160, top + 55))
    made = compose([picture], ["so many words " * 20], COMIC_STYLES[0], seed=0, typecase=TYPECASE)
    shown = np.asarray(made.pages[0], int)
    green = (shown[..., 1] > 200) & (shown[..., 0] < 80)
    assert green.any(1).sum() / green.any(0).sum() == pytest.approx(55 / 120, rel=0.03)


def test_frames_are_ink_and_gutters_white() -> None:
    made = book(["one", "two", "three", "four"], "Four Pannel")
    (layout,) = lay_out(4, "Four Pannel", aspect=1.0, page_width=1200, seed=0)
    page, (first, second, *_) = made.pages[0], layout.panels
    assert sum(page.getpixel((first.left, first.top + 20))) < 100  # type: ignore[arg-type]
    between = ((first.right + second.left) // 2, first.top + 20)
    assert page.getpixel(between) == (255, 255, 255)
    assert page.getpixel((2, 2)) == (255, 255, 255)


@pytest.mark.parametrize("comic_style", COMIC_STYLES)
def test_the_same_story_gives_the_same_pages(comic_style: str) -> None:
    one, other = (book(["one", "two", "three"], comic_style, seed=8) for _ in range(2))
    for page, again in zip(one.pages, other.pages, strict=True):
        assert ImageChops.difference(page, again).getbbox() is None


def test_missing_glyphs_are_named_and_nothing_else_is_lost() -> None:
    made = book(["the eye 𓁹 of Horus", "𓁹𓀀"], "Four Pannel")
    (warning,) = made.warnings
    assert f"𓁹 (U+13079 {unicodedata.name('𓁹')})" in warning
    assert "U+13000" in warning
    assert warning.count("U+13079") == 1


def test_a_hopelessly_long_caption_is_cut_with_a_warning() -> None:
    made = book(["fine", "word " * 2000], "Four Pannel")
    assert made.warnings == ("the caption of panel 2 is too long for its panel and was cut",)


def test_panels_of_other_modes_and_sizes_are_taken() -> None:
    odd = Image.new("LA", (50, 80), (120, 255))
    made = compose([panel(1), odd], ["a", "b"], COMIC_STYLES[0], seed=0, typecase=TYPECASE)
    assert made.pages[0].mode == "RGB"


def test_what_cannot_be_laid_out_is_refused() -> None:
    with pytest.raises(InvalidInput, match="comic_style"):
        book(["one"], "Manga")
    with pytest.raises(ValueError, match="at least one panel"):
        book([], "Four Pannel")
    with pytest.raises(ValueError, match="argument 2 is"):
        compose([panel(1), panel(2)], ["one"], "Four Pannel", seed=0, typecase=TYPECASE)
