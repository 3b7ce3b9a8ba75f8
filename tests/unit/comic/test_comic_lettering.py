# ruff: noqa: RUF001 - wide marks and other alphabets are what this is about
from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from vivant.comic.faces import Typecase, packaged_faces
from vivant.comic.lettering import Block, Caption, Lettering

FACES = packaged_faces()
DELIUS, COMFORTAA, NOTO = FACES
LONG = "at home, The newspaper says there is a treasure house in the forest."


@pytest.fixture(scope="module")
def lettering() -> Lettering:
    return Lettering(Typecase(FACES))


def lines_of(block: Block) -> list[str]:
    return ["".join(run.text for run in line) for line in block.lines]


@settings(deadline=None, max_examples=30)
@given(
    words=st.lists(
        st.sampled_from(
            [
                "tiger",
                "a",
                "森林里，夜晚。",
                "сокровища",
                "half-asleep",
                "Donaudampfschifffahrtsgesellschaft",
            ]
        ),
        max_size=25,
    ),
    size=st.integers(10, 40),
    width=st.integers(100, 700),
)
def test_no_line_is_wider_than_asked_and_no_word_is_lost(
    words: list[str], size: int, width: int
) -> None:
    block = Caption(" ".join(words), Lettering(Typecase(FACES))).block(size, width)
    assert block.width <= width
    assert "".join(lines_of(block)).replace(" ", "") == "".join(words)


def test_lines_are_as_few_as_can_be_and_even(lettering: Lettering) -> None:
    caption = Caption(LONG, lettering)
    block = caption.block(30, 640)
    assert len(block.lines) == caption.lines(30, 640) == 2
    widths = [lettering.width(line, 30) for line in block.lines]
    assert min(widths) > 0.75 * max(widths)


def test_an_empty_caption_has_no_lines(lettering: Lettering) -> None:
    block = Caption(" \n", lettering).block(30, 300)
    assert (block.lines, block.width, block.height) == ((), 0, 0)


def test_a_caption_keeps_to_one_face_for_its_alphabets(lettering: Lettering) -> None:
    def faces(text: str) -> set[object]:
        block = Caption(text, lettering).block(30, 2000)
        return {run.face for line in block.lines for run in line}

    assert faces("only Latin, 100 %") == {DELIUS}
    assert faces("Том нашёл treasure") == {COMFORTAA}
    assert faces("Işık yağmurda kayboldu") == {COMFORTAA}
    assert faces("他说OK") == {DELIUS, NOTO}


def test_missing_characters_are_remembered_once_each(lettering: Lettering) -> None:
    block = Caption("a 𓀀 and 𓀀 and 𓁐", lettering).block(30, 2000)
    assert lines_of(block) == ["a □ and □ and □"]
    assert lettering.missing == ("𓀀", "𓁐")


def test_only_what_no_face_has_counts_as_missing(lettering: Lettering) -> None:
    Caption("𓀀\u200d\ufe0f a𓁐", lettering)
    assert lettering.missing == ("𓀀", "𓁐")


@pytest.mark.parametrize("text", ["Ágjpq Ühm", "Ёжик щука", "森林夜晚，藏屋"])
def test_letters_stay_inside_their_block(text: str, lettering: Lettering) -> None:
    block = Caption(text, lettering).block(40, 150)
    page = Image.new("L", (300, block.height + 100), 255)
    lettering.draw(ImageDraw.Draw(page), block, 50, 50, "black")
    rows, columns = np.nonzero(np.asarray(page) < 200)
    accents = 0.2 * block.size  # of capitals; a box leaves more room than that
    assert rows.min() >= 50 - accents
    assert rows.max() <= 50 + block.height + 1
    assert columns.min() >= 50 - 3
    assert columns.max() <= 50 + block.width + 3
    assert len(np.unique(rows)) > 0.6 * block.height


def test_shortening_leaves_an_ellipsis(lettering: Lettering) -> None:
    assert Caption("one two three", lettering).shortened(0.6).text == "one two…"
