"""Drawn people: renders of the world that our models learn from, alone and in rows."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

from training.evaluate_drawings import in_a_row, matched, near, render
from vivant.base.errors import WeightsUnavailable
from vivant.pose import estimators
from vivant.pose.drawings import Found
from vivant.pose.estimate import Estimator, LazyEstimator
from vivant.pose.estimators import estimator_by_name, load_drawings
from vivant.pose.skeleton import Person
from vivant.weights.catalog import Entry

FIRST = 9_200_000


@pytest.fixture(scope="module")
def estimator() -> Estimator:
    return estimator_by_name()


@pytest.fixture(scope="module")
def renders() -> list[tuple[Image.Image, list[Person]]]:
    """Pictures of somebody, none of which was trained on."""
    every = (render(seed, photographed=False) for seed in range(FIRST, FIRST + 14))
    return [(picture, people) for picture, people in every if people]


def test_joints_are_read_where_they_were_drawn(
    estimator: Estimator, renders: list[tuple[Image.Image, list[Person]]]
) -> None:
    joints = []
    for picture, asked in renders:
        pairs = list(matched(estimator.people(picture), asked))
        assert len(pairs) == len(asked)
        joints += [near(*pair) for pair in pairs]
    assert np.concatenate(joints).mean() > 0.9


@pytest.mark.parametrize("height", [640, 400, 260])
@pytest.mark.parametrize("count", [2, 3])
def test_in_rows_of_renders_all_are_found_and_nobody_twice(
    estimator: Estimator,
    renders: list[tuple[Image.Image, list[Person]]],
    count: int,
    height: int,
) -> None:
    for first in range(0, len(renders) - count, count):
        picture, asked = in_a_row(renders[first : first + count], height)
        people = estimator.people(picture)
        assert len(people) == len(asked)
        assert len(list(matched(people, asked))) == len(asked)
        assert all(one.size >= other.size for one, other in pairwise(people))


def test_without_the_network_for_photos_drawings_are_read(
    monkeypatch: pytest.MonkeyPatch, renders: list[tuple[Image.Image, list[Person]]]
) -> None:
    def absent(_: object) -> Estimator:
        raise WeightsUnavailable("not pulled")

    monkeypatch.setattr(estimators, "load_blazepose", absent)
    picture, asked = renders[0]
    assert len(estimator_by_name().people(picture)) == len(asked)
    with pytest.raises(WeightsUnavailable, match="not pulled"):
        estimator_by_name().people(Image.new("RGB", (64, 64)))


def test_a_copy_without_the_network_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = Entry(
        id="drawings",
        about="",
        kind="estimator",
        source="package:embedded/nowhere",
        licence="Apache-2.0",
        gated=False,
        files={"people.tflite": {}},  # type: ignore[dict-item]  # pydantic reads it
    )
    monkeypatch.setattr(estimators, "find_entry", lambda _: lacking)
    with pytest.raises(WeightsUnavailable, match="came without the network that reads drawn"):
        LazyEstimator(load_drawings).people(Image.new("RGB", (8, 8)))


def test_two_looks_at_one_person_are_one() -> None:
    joints = np.random.default_rng(0).uniform(0, 100, (18, 2)).astype(np.float32)
    shown = np.ones(18, np.float32)
    one = Found(0.9, joints, shown)
    assert one.is_same(Found(0.6, joints + 5, shown))
    assert not one.is_same(Found(0.6, joints + 40, shown))
    assert one.size == pytest.approx(np.ptp(joints, axis=0).max())
    assert Found(0.9, joints, np.zeros(18, np.float32)).size == 0
