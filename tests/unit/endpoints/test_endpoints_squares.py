from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from vivant.endpoints.storydiffusion.squares import (
    PARTS,
    SMALLEST,
    SMALLEST_PART,
    Square,
    around_figure,
    around_head,
    around_parts,
    middle,
    squares_of,
    squares_of_nobody,
)
from vivant.pose.skeleton import Keypoints

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
    size = width, height
    whole = [(around_head(joints, size), SMALLEST), (around_figure(joints, size), SMALLEST)]
    parts = [(part, SMALLEST_PART) for part in around_parts(joints, size)]
    for square, least in whole + parts:
        if square is not None:
            assert square.left >= 0
            assert square.top >= 0
            assert square.left + square.side <= width + 1e-6
            assert square.top + square.side <= height + 1e-6
            assert square.side >= least - 1e-6


def test_without_joints_there_is_no_square() -> None:
    nobody = np.zeros((18, 3), np.float32)
    assert around_head(nobody, (300, 300)) is None
    assert around_figure(nobody, (300, 300)) is None
    assert around_parts(nobody, (300, 300)) == (None,) * PARTS
    assert squares_of(nobody, (300, 300)) == squares_of_nobody((300, 300))


def standing() -> Keypoints:
    """In 400 x 400 pixels: nose at 100, neck at 130, hips at 210, knees at 280, feet at 350."""
    body = np.zeros((18, 3), np.float32)
    body[[0, 1, 2, 5]] = [(200, 100, 1), (200, 130, 1), (170, 132, 1), (230, 132, 1)]
    body[[8, 11, 9, 12]] = [(185, 210, 1), (215, 210, 1), (185, 280, 1), (215, 280, 1)]
    body[[10, 13]] = [(185, 350, 1), (215, 350, 1)]
    return body


def rows_of(square: Square | None) -> tuple[float, float]:
    assert square is not None
    return square.top, square.top + square.side


def test_parts_are_seen_one_below_the_other() -> None:
    head, trunk, legs = (rows_of(part) for part in around_parts(standing(), (400, 400)))
    assert head[0] < 100 - 30
    assert 130 < head[1] < 150
    assert trunk[0] < 132
    assert 210 < trunk[1] < 240
    assert 170 < legs[0] < 210
    assert legs[1] > 350


def test_where_a_picture_ends_above_the_knees_the_waist_is_looked_at() -> None:
    body = standing()
    body[[9, 10, 12, 13]] = 0
    top, bottom = rows_of(around_parts(body, (400, 240))[2])
    assert bottom == 240
    assert 100 < top < 210


def test_in_place_of_a_part_that_is_not_seen_the_figure_is_looked_at() -> None:
    body = standing()
    body[0] = 0
    squares = squares_of(body, (400, 400))
    head, trunk, legs = squares["parts"]
    assert (head,) == squares["figure"]
    assert rows_of(trunk) != rows_of(head) != rows_of(legs)


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
