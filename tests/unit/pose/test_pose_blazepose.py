"""The parts of the BlazePose estimator that need no network."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image, ImageDraw

from vivant.pose.blazepose.detector import ANCHORS_PER_CELL, STRIDES, Detection
from vivant.pose.blazepose.landmarks import BODY_18_FROM_33, Body, refined
from vivant.pose.blazepose.ssd import Found, anchors, suppressed
from vivant.pose.squares.regions import Region, Views
from vivant.pose.squares.tiles import coarse, fine


def test_a_region_is_upright_for_a_head_in_any_direction() -> None:
    for angle in np.linspace(-3, 3, 13).tolist():
        head = (50 + 20 * math.sin(angle), 60 - 20 * math.cos(angle))
        region = Region.around((50, 60), head, 1.25)
        assert region.side == pytest.approx(50)
        assert region.angle == pytest.approx(angle)
        top = region.to_picture(np.array([[0.5, 0.1]], np.float32))[0]
        np.testing.assert_allclose(top, head, atol=1e-3)


@pytest.mark.parametrize("angle", [0.0, 0.7, -2.5])
@pytest.mark.parametrize("continued", [False, True])
@pytest.mark.parametrize("scale", [0.5, 3.0, 9.0])
def test_a_cut_shows_what_lies_there(angle: float, continued: bool, scale: float) -> None:  # noqa: FBT001  # a case
    """A dot is found in the cut where the region says it is."""
    picture = Image.new("RGB", (400, 300))
    size = 64
    region = Region(170, 130, size * scale, angle)
    place = np.array([[0.6, 0.55]], np.float32)
    x, y = region.to_picture(place)[0].tolist()
    radius = 2 * scale
    ImageDraw.Draw(picture).ellipse((x - radius, y - radius, x + radius, y + radius), "white")
    cut = Views(picture).cut(region, size, continued=continued)[..., 0]
    rows, columns = np.mgrid[:size, :size]
    found = np.array([(cut * columns).sum(), (cut * rows).sum()]) / cut.sum() / size
    # The dot's middle is drawn to the nearest pixel of the picture.
    np.testing.assert_allclose(found, place[0], atol=(0.3 + 0.6 / scale) / size)


def test_beyond_the_picture_its_edge_goes_on_or_all_is_black() -> None:
    views = Views(Image.new("RGB", (30, 20), (255, 128, 0)))
    beyond = Region(200, -100, 40)
    assert views.cut(beyond, 16).max() == 0
    np.testing.assert_allclose(views.cut(beyond, 16, continued=True)[8, 8], [1, 0.5, 0], atol=0.01)


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (3, 2)])
def test_odd_pictures_can_be_cut(size: tuple[int, int]) -> None:
    views = Views(Image.new("RGB", size, "white"))
    assert views.cut(Region(0, 0, 9000, 0.4), 32, continued=True).min() > 0.99


def test_anchors_are_the_middles_of_their_cells() -> None:
    found = anchors(224, STRIDES, ANCHORS_PER_CELL)
    assert found.shape == (2254, 2)
    np.testing.assert_allclose(found[:2], [[0.5 / 28] * 2] * 2)
    np.testing.assert_allclose(found[1568], [0.5 / 14] * 2)
    np.testing.assert_allclose(found[-1], [6.5 / 7] * 2)
    assert (found[1568 + 392 : 1568 + 398] == found[1568 + 392]).all()


def box(x: float, score: float) -> Found:
    points = [[x, 50], [20, 20], [x, 150], [x, 50], [x, 80], [x, 40]]
    return Found(score, np.array(points, np.float32))


def test_suppression_takes_the_mean_of_one_face_and_keeps_others() -> None:
    found = suppressed([box(50, 0.6), box(54, 0.9), box(90, 0.7)])
    assert [each.score for each in found] == [0.9, 0.7]
    assert found[0].points[0, 0] == pytest.approx((50 * 0.6 + 54 * 0.9) / 1.5)
    assert found[1].points[0, 0] == 90
    assert suppressed([]) == []


def test_a_detection_has_a_square_for_the_body_and_one_for_its_upper_half() -> None:
    detection = Detection(1.0, box(50, 1.0).points)
    whole, upper = detection.regions
    assert (whole.x, whole.y, whole.side, whole.angle) == (50, 150, 250, 0)
    assert (upper.x, upper.y, upper.side) == (50, 80, 100)
    assert detection.radius == 100


def test_heat_refines_places_where_there_is_enough() -> None:
    heat = np.full((64, 64, 2), -20, np.float32)
    heat[30, 33:35, 0] = 5
    heat[10, 10, 1] = -1
    places = np.array([[32 / 64, 31 / 64], [12 / 64, 12 / 64]], np.float32)
    better = refined(places, heat)
    np.testing.assert_allclose(better, [[33.5 / 64, 30 / 64], [12 / 64, 12 / 64]], atol=1e-4)


def test_left_and_right_are_the_persons_own_and_the_neck_is_between_the_shoulders() -> None:
    places = np.arange(78, dtype=np.float32).reshape(39, 2)
    visible = np.linspace(0.1, 1, 39).astype(np.float32)
    joints = Body(1, 1, places, visible, visible).body_18()
    np.testing.assert_array_equal(joints[0, :2], places[0])
    np.testing.assert_array_equal(joints[1, :2], (places[11] + places[12]) / 2)
    np.testing.assert_array_equal(joints[[4, 7], :2], places[[16, 15]])
    np.testing.assert_array_equal(joints[[10, 13], :2], places[[28, 27]])
    assert joints[1, 2] == visible[11]
    assert len(BODY_18_FROM_33) == 18


@pytest.mark.parametrize("size", [(512, 512), (1200, 800), (300, 1500), (640, 480)])
def test_squares_cover_every_place_at_each_scale(size: tuple[int, int]) -> None:
    width, height = size
    squares = [*coarse(*size), *fine(*size)]
    sides = {round(region.side) for region in squares}
    assert max(sides) == max(size)
    for side in sides:
        covered = np.zeros((height, width), bool)
        for region in squares:
            if round(region.side) == side:
                left, top = region.x - side / 2, region.y - side / 2
                rows = slice(max(round(top), 0), round(top + side))
                covered[rows, max(round(left), 0) : round(left + side)] = True
        assert covered.all()


@pytest.mark.parametrize("size", [(1, 8000), (64_000_000, 1), (1, 1), (1000, 100)])
def test_no_picture_takes_endless_squares(size: tuple[int, int]) -> None:
    assert len(coarse(*size)) + len(fine(*size)) < 40
