from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vivant.endpoints.storydiffusion.squares import (
    SMALLEST,
    Square,
    around_figure,
    around_head,
    middle,
)

sides = st.integers(SMALLEST, 900)
places = st.lists(
    st.tuples(st.floats(-0.2, 1.2), st.floats(-0.2, 1.2), st.sampled_from([0.0, 1.0])),
    min_size=18,
    max_size=18,
)


@given(places, sides, sides)
def test_squares_lie_within_the_picture(
    body: list[tuple[float, float, float]], width: int, height: int
) -> None:
    joints = np.array(body, np.float32) * np.array([width, height, 1], np.float32)
    for find in (around_head, around_figure):
        square = find(joints, (width, height))
        if square is not None:
            assert square.left >= 0
            assert square.top >= 0
            assert square.left + square.side <= width + 1e-6
            assert square.top + square.side <= height + 1e-6
            assert square.side >= SMALLEST - 1e-6


def test_without_joints_there_is_no_square() -> None:
    assert around_head(np.zeros((18, 3), np.float32), (300, 300)) is None
    assert around_figure(np.zeros((18, 3), np.float32), (300, 300)) is None


def test_a_figure_smaller_than_a_reference_may_be_is_nobody() -> None:
    body = np.zeros((18, 3), np.float32)
    body[[0, 10]] = [(100, 100, 1), (100, 100 + SMALLEST - 1, 1)]
    assert around_figure(body, (300, 300)) is None
    body[10, 1] += 2
    assert around_figure(body, (300, 300)) is not None


def test_of_a_figure_taller_than_the_picture_is_wide_the_upper_part_is_taken() -> None:
    body = np.zeros((18, 3), np.float32)
    body[[0, 1, 10]] = [(100, 150, 1), (100, 200, 1), (100, 950, 1)]
    square = around_figure(body, (200, 1000))
    assert square is not None
    assert square.side == 200
    assert square.top < 150 - 50


@pytest.mark.parametrize("size", [(300, 200), (200, 300)])
def test_the_middle_is_as_far_from_either_end(size: tuple[int, int]) -> None:
    square = middle(size)
    assert square.side == 200
    assert sorted((square.left, square.top)) == [0, 50]


def test_a_square_is_cut_to_whole_pixels() -> None:
    picture = Image.new("RGB", (30, 30))
    picture.paste("red", (10, 10, 20, 20))
    cut = np.asarray(Square(10.2, 9.8, 10.0).of(picture))
    assert cut.shape == (10, 10, 3)
    assert cut[..., 0].min() == 255
