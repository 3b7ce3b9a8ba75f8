"""Estimators are loaded once, when the first photo comes, and tried again after a failure."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from vivant.base.errors import InvalidInput, NobodyFound, WeightsUnavailable
from vivant.pose.estimate import Estimator, Everybody, LazyEstimator, NoEstimator, estimated
from vivant.pose.estimators import estimator_by_name
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person

PHOTO = Image.new("RGB", (40, 30))
SOMEBODY = load_preset("waving").people[0]


class Seer:
    def __init__(self, *people: Person) -> None:
        self.there = people

    def people(self, picture: Image.Image) -> tuple[Person, ...]:  # noqa: ARG002  # it knows
        return self.there


def test_many_threads_load_one() -> None:
    together = threading.Barrier(8)
    loaded: list[Seer] = []

    def load() -> Estimator:
        loaded.append(Seer(SOMEBODY))
        return loaded[-1]

    lazy = LazyEstimator(load)

    def ask(_: int) -> tuple[Person, ...]:
        together.wait()
        return lazy.people(PHOTO)

    assert not loaded
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(8))) == [(SOMEBODY,)] * 8
    assert len(loaded) == 1


def test_what_could_not_be_loaded_is_tried_again() -> None:
    tries = iter([WeightsUnavailable("not yet"), Seer(SOMEBODY)])

    def load() -> Estimator:
        outcome = next(tries)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    lazy = LazyEstimator(load)
    with pytest.raises(WeightsUnavailable, match="not yet"):
        lazy.people(PHOTO)
    assert lazy.people(PHOTO) == (SOMEBODY,)


def test_a_photo_gives_a_pose_on_its_canvas_or_nobody() -> None:
    pose = estimated(Seer(SOMEBODY), PHOTO)
    assert (pose.width, pose.height, pose.people) == (40, 30, (SOMEBODY,))
    with pytest.raises(NobodyFound, match="picture 40x30: no person is to be seen in it"):
        estimated(Seer(), PHOTO)


def test_drawn_people_are_read_as_drawings_and_others_as_photos() -> None:
    """BlazePose sees people in drawings, too, a little beside where they are."""
    drawn, beside = SOMEBODY.moved(1.0, 0, 0), SOMEBODY.moved(1.1, 0.1 * SOMEBODY.size, 0)
    far = SOMEBODY.moved(2.0, 5 * SOMEBODY.size, 0)
    assert Everybody(Seer(drawn), Seer(beside, far)).people(PHOTO) == (far, drawn)
    assert Everybody(Seer(), Seer(beside, far)).people(PHOTO) == (far, beside)
    assert Everybody(Seer(drawn), Seer()).people(PHOTO) == (drawn,)
    assert Everybody(Seer(), Seer()).people(PHOTO) == ()


def test_drawings_need_no_network_for_photos() -> None:
    photos = LazyEstimator(_fails)
    assert Everybody(Seer(SOMEBODY), photos).people(PHOTO) == (SOMEBODY,)
    with pytest.raises(WeightsUnavailable, match="not yet"):
        Everybody(Seer(), photos).people(PHOTO)


def _fails() -> Estimator:
    raise WeightsUnavailable("not yet")


def test_whoever_has_no_estimator_says_so() -> None:
    with pytest.raises(WeightsUnavailable, match="40x30: photos are not read here"):
        NoEstimator().people(PHOTO)


def test_an_unknown_estimator_is_refused() -> None:
    with pytest.raises(InvalidInput, match="blazepose, or a folder with detector"):
        estimator_by_name("openpose")
