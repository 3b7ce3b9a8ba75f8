"""Faces and the bodies below them: the parts that need no network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vivant.pose.blazepose.faces import CIRCLES, Face
from vivant.pose.blazepose.landmarks import Body


def face(x: float = 100, y: float = 80, width: float = 40, turn: float = 0) -> Face:
    """A face whose mouth is below its eyes, turned clockwise by so many radians."""
    cos, sin = math.cos(turn), math.sin(turn)
    own = np.array([[-0.2, -0.2], [0.2, -0.2], [0, 0], [0, 0.25], [-0.5, -0.1], [0.5, -0.1]])
    places = own @ np.array([[cos, sin], [-sin, cos]]) * width + [x, y]
    return Face(0.9, np.vstack([[x, y], [width, width], places]).astype(np.float32))


def body(shown: Face, shift: float) -> Body:
    """A body whose face is another one, shifted to the right by so many widths."""
    places = np.zeros((39, 2), np.float32)
    sources = {5: 2, 2: 3, 0: 4, 9: 5, 10: 5, 8: 6, 7: 7}
    for landmark, point in sources.items():
        places[landmark] = shown.points[point] + [shift * shown.width, 0]
    sure = np.ones(39, np.float32)
    return Body(1.0, 1.0, places, sure, sure)


@pytest.mark.parametrize("shift", [0.0, 0.1, 2.0])
def test_a_face_knows_how_far_a_body_s_is_from_it(shift: float) -> None:
    assert face().apart(body(face(), shift)) == pytest.approx(shift, abs=1e-5)


def test_bodies_are_looked_for_below_an_upright_face_the_largest_first() -> None:
    regions = face(100, 80, 40).regions
    for region, (radius, below) in zip(regions, CIRCLES, strict=True):
        assert (region.x, region.angle) == pytest.approx((100, 0), abs=1e-3)
        assert region.y == pytest.approx(80 + 40 * below, abs=1e-3)
        assert region.side == pytest.approx(2.5 * 40 * radius, abs=1e-2)
    sides = [region.side for region in regions]
    assert sides == sorted(sides, reverse=True)


@pytest.mark.parametrize("turn", [-0.8, 0.3, 0.8])
def test_a_body_leans_with_its_face_but_less(turn: float) -> None:
    angle = face(turn=turn).regions[0].angle
    assert 0 < angle / turn < 0.6


def test_one_face_in_two_squares_is_one() -> None:
    assert face().is_same(face(115, 85, 45))
    assert not face().is_same(face(150, 80, 40))
    assert face(100, 80, 10).is_same(face(110, 80, 40))
