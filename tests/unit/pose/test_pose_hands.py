"""Hands: the squares that show them, whose they are, and photos through the real network."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from tests.support.photos import BACKGROUND, PEOPLE, group, resized, single_people
from vivant.pose.blazepose.estimator import BlazePose
from vivant.pose.blazepose.hands import LANDMARKS, Claim, Hand, HandReader, Side, around, settled
from vivant.pose.blazepose.landmarks import Body
from vivant.pose.draw import draw
from vivant.pose.openpose import pose_from_json, pose_to_json
from vivant.pose.recognise import read_skeleton
from vivant.pose.skeleton import HAND_EDGES, Keypoints, Person, Pose
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Views
from vivant.weights.catalog import find_entry
from vivant.weights.wheel_files import cache_folder, find

REFERENCE = Path(__file__).parents[2] / "reference" / "mediapipe_hands.json"


def flat_hand(
    x: float = 0, y: float = 0, size: float = 100, turn: float = 0
) -> NDArray[np.float32]:
    """An open left hand's back, [21, 2]: wrist at x, y, fingers up, turned clockwise by `turn`."""
    points = np.zeros((21, 2))
    points[1:5] = [(0.1, -0.1), (0.15, -0.25), (0.2, -0.4), (0.25, -0.5)]
    for finger, aside in enumerate((0.1, 0.0, -0.1, -0.2)):
        for joint, up in enumerate((0.5, 0.7, 0.85, 1.0)):
            points[5 + 4 * finger + joint] = (aside, -up)
    cos, sin = math.cos(turn), math.sin(turn)
    turned = points @ np.array([[cos, sin], [-sin, cos]])
    return (turned * size + [x, y]).astype(np.float32)


def test_the_first_square_has_the_fingers_up_and_the_middle_one_s_base_in_its_middle() -> None:
    landmarks = np.array([[0, 0], [-20, -100], [10, -100]], np.float32)  # wrist, pinky, index
    for turn in np.linspace(-3, 3, 13).tolist():
        cos, sin = math.cos(turn), math.sin(turn)
        axes = np.array([[cos, sin], [-sin, cos]], np.float32)
        region = around(landmarks @ axes + np.float32(500))
        assert (region.x, region.y) == pytest.approx((500 + 100 * sin, 500 - 100 * cos), abs=1e-3)
        assert region.angle == pytest.approx(turn, abs=1e-5)
        assert region.side == pytest.approx(2.5 * 100 + 1.6 * 30, abs=1e-3)


@pytest.mark.parametrize("turn", [0.0, 1.0, -2.5])
def test_the_second_square_lies_around_the_palm_and_turns_with_it(turn: float) -> None:
    region = Hand(1, 0, flat_hand(300, 400, 100, turn)).region
    # The palm's box is 0.4 wide and 0.7 high, its middle 0.35 above the wrist; a tenth more.
    up = 35 + 7
    middle = (300 + up * math.sin(turn), 400 - up * math.cos(turn))
    assert region.angle == pytest.approx(turn, abs=1e-5)
    assert region.side == pytest.approx(2 * 70, abs=1e-3)
    assert (region.x, region.y) == pytest.approx(middle, abs=1e-3)


def test_points_outside_the_picture_are_absent() -> None:
    points = Hand(0.95, 0, flat_hand(50, 60, 100)).keypoints(100, 100)
    assert points.shape == (21, 3)
    np.testing.assert_allclose(points[0], [50, 60, 0.95])
    assert (points[[8, 12, 16, 20]] == 0).all()  # finger tips, 40 above the edge


def test_one_hand_is_one_and_two_are_two() -> None:
    hand = Hand(1, 0, flat_hand(100, 100))
    assert hand.is_same(Hand(1, 0, flat_hand(115, 100)))
    assert not hand.is_same(Hand(1, 0, flat_hand(100, 160)))


class Told:
    """A network that sees one hand wherever it is asked to look, until it is told otherwise."""

    size = 224

    def __init__(self, right: float, score: float = 1.0) -> None:
        self.right, self.score, self.looks = right, score, 0

    def in_order(self, picture: NDArray[np.float32]) -> list[NDArray[np.float32]]:  # noqa: ARG002  # it needs not look
        self.looks += 1
        points = np.zeros((21, 3), np.float32)
        points[:, :2] = flat_hand(112, 180, 120)
        return [
            points.ravel(),
            np.array([self.score], np.float32),
            np.array([self.right], np.float32),
            np.zeros(63, np.float32),
        ]


def body_with_hand(side: Side, x: float, y: float, size: float = 100) -> tuple[Body, Keypoints]:
    """A body of which only one wrist and its knuckles are seen."""
    places, sure = np.zeros((39, 2), np.float32), np.ones(39, np.float32)
    wrist, pinky, index = LANDMARKS[side]
    places[wrist] = (x, y)
    places[pinky], places[index] = (x - size / 5, y - size / 2), (x + size / 5, y - size / 2)
    joints = np.zeros((18, 3), np.float32)
    joints[4 if side == "right" else 7] = (x, y, 1)
    return Body(1, 1, places, sure, sure), joints


def read(network: Told, *bodies: tuple[Body, Keypoints]) -> list[dict[Side, Hand]]:
    reader = HandReader(cast("Network", network))
    views = Views(Image.new("RGB", (400, 400)))
    return reader.hands(views, [body for body, _ in bodies], [joints for _, joints in bodies])


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_hand_that_looks_like_the_other_one_is_somebody_else_s(side: Side) -> None:
    looks_right = Told(right=0.9)
    assert list(read(looks_right, body_with_hand(side, 200, 250))[0]) == (
        ["right"] if side == "right" else []
    )


def test_a_hand_is_read_twice_and_what_is_none_once() -> None:
    sure, none = Told(right=0.1), Told(right=0.1, score=0.2)
    [own] = read(sure, body_with_hand("left", 200, 250))
    assert (list(own), sure.looks) == (["left"], 2)
    assert read(none, body_with_hand("left", 200, 250)) == [{}]
    assert none.looks == 1


def test_nothing_is_read_where_the_wrist_is_not_seen_or_the_hand_is_tiny() -> None:
    network = Told(right=0.1)
    body, joints = body_with_hand("left", 200, 250)
    assert read(network, (body, joints * 0)) == [{}]
    assert read(network, body_with_hand("left", 200, 250, size=10)) == [{}]
    assert network.looks == 0


def test_of_two_wrists_the_nearer_one_has_the_hand() -> None:
    """And a body keeps both of its own."""
    left, again = Hand(1, 0.1, flat_hand(100, 100)), Hand(1, 0.1, flat_hand(105, 100))
    right = Hand(1, 0.9, flat_hand(300, 100))
    claims = [Claim(0, left, 0.3), Claim(1, again, 0.1), Claim(1, right, 0.4)]
    assert settled(claims, 3) == [{}, {"left": again, "right": right}, {}]


@pytest.fixture(scope="module")
def estimator() -> BlazePose:
    folder = find(find_entry("blazepose"), cache_folder())
    assert folder is not None, "`vivant weights pull blazepose` was not run"
    return BlazePose(folder)


def hands_of(people: tuple[Person, ...]) -> Iterator[tuple[Side, Keypoints]]:
    for person in people:
        if person.left_hand is not None:
            yield "left", person.left_hand
        if person.right_hand is not None:
            yield "right", person.right_hand


def test_hands_agree_with_mediapipe_s_own_solution(estimator: BlazePose) -> None:
    """Measured: of its 12 hands 8 are found, 1.5 % of the hand's size away, and one more.

    It looks for hands anywhere. The other 4 are of people whose wrist the body model sees elsewhere
    or not at all, or who are outside the picture.
    """
    reference = json.loads(REFERENCE.read_text(encoding="utf-8"))
    groups = ((f"group {name}", group(name)) for name in PEOPLE)
    apart, found = [], 0
    for name, picture in [*single_people(), *groups]:
        ours = list(hands_of(estimator.people(picture)))
        found += len(ours)
        for hand in reference[name]:
            points = np.array(hand["points"])
            size = np.ptp(points, axis=0).max()
            for side, own in ours:
                median = float(np.median(np.linalg.norm(own[:, :2] - points, axis=1)) / size)
                if median < 0.5:
                    apart.append(median)
                    assert side == hand["side"], name
    assert sum(len(each) for each in reference.values()) == 12
    assert len(apart) >= 7
    assert found <= len(apart) + 1
    assert np.median(apart) < 0.03
    assert max(apart) < 0.1


def test_covered_hands_are_not_made_up(estimator: BlazePose) -> None:
    pictures = dict(single_people())
    for name, count in (("sample2 left", 2), ("sample2 right", 1)):
        covered = pictures[name].copy()
        hands = list(hands_of(estimator.people(covered)))
        assert len(hands) == count
        pen = ImageDraw.Draw(covered)
        for _, hand in hands:
            middle, reach = hand[:, :2].mean(axis=0), 0.7 * np.ptp(hand[:, :2], axis=0).max()
            pen.ellipse([*(middle - reach).tolist(), *(middle + reach).tolist()], BACKGROUND)
        assert list(hands_of(estimator.people(covered))) == []


def test_small_hands_are_as_right_as_large_ones_and_tiny_ones_left_out(
    estimator: BlazePose,
) -> None:
    """Of one photo, at 1367, 342 and 150 pixels; its right hand is 186, 46 and 20 pixels large."""
    picture = dict(single_people())["sample2 left"]
    large = estimator.people(picture)[0].right_hand
    small = estimator.people(resized(picture, 342))[0].right_hand
    assert large is not None
    assert small is not None
    apart = np.linalg.norm(small[:, :2] * (1367 / 342) - large[:, :2], axis=1)
    assert np.median(apart) < 0.05 * 186
    tiny = estimator.people(resized(picture, 150))
    assert len(tiny) == 1
    assert list(hands_of(tiny)) == []


def test_fingers_go_from_the_wrist_to_their_tips(estimator: BlazePose) -> None:
    """An open hand on a knee in a photo: along each finger the points are ever farther away."""
    hand = estimator.people(dict(single_people())["sample2 left"])[0].left_hand
    assert hand is not None
    away = np.linalg.norm(hand[:, :2] - hand[0, :2], axis=1)
    assert all(away[end] > away[start] for start, end in HAND_EDGES if end > 4)


def test_maps_and_json_carry_hands_and_maps_read_back_as_the_same_body(
    estimator: BlazePose,
) -> None:
    picture = dict(single_people())["sample2 left"]
    person = estimator.people(picture)[0]
    pose = Pose((person,), *picture.size)
    assert draw(pose) != draw(pose, hands=False)
    again = pose_from_json(pose_to_json(pose)).people[0]
    for (_, ours), (_, theirs) in zip(hands_of((person,)), hands_of((again,)), strict=True):
        np.testing.assert_allclose(ours[:, :2], theirs[:, :2], atol=1e-2)
    body = read_skeleton(draw(pose)).people[0]
    both = person.present & body.present
    assert both.sum() >= 0.9 * person.present.sum()
    apart = np.linalg.norm(person.body[both, :2] - body.body[both, :2], axis=1)
    assert np.median(apart) < 0.01 * person.size


def test_hands_can_be_left_out(estimator: BlazePose) -> None:
    folder = find(find_entry("blazepose"), cache_folder())
    assert folder is not None
    picture = resized(dict(single_people())["sample2 left"], 684)
    [plain] = BlazePose(folder, hands=False).people(picture)
    [person] = estimator.people(picture)
    assert list(hands_of((plain,))) == []
    np.testing.assert_array_equal(plain.body, person.body)
