"""What the pose world draws: heads at a few yaws, and skeletons with faces of their own size."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import skia
from numpy.typing import NDArray

from training.data import Rendered
from training.make_data import main as make_data
from training.world.body import BUILDS, NATURAL, pose_body, towards_natural
from training.world.face import YAWS, Head, drawn_yaw
from training.world.person import Person, sample_person
from training.world.poses import (
    LEFT,
    RELAXED_ARM,
    RIGHT,
    STRAIGHT_LEG,
    BodyPose,
    arm_to_head,
    reaching_arm,
)
from training.world.render import sample, sample_photographed

STANDING = BodyPose(RELAXED_ARM, RELAXED_ARM, STRAIGHT_LEG, STRAIGHT_LEG)


@pytest.mark.parametrize(
    ("yaw", "drawn"),
    [(0, 0), (-19, 0), (21, 40), (-50, -40), (61, 80), (-111, -80), (113, 180), (-179, -180)],
)
def test_heads_are_drawn_at_the_nearest_yaw(yaw: float, drawn: float) -> None:
    assert drawn_yaw(yaw) == drawn
    assert drawn in YAWS


def test_a_smaller_face_keeps_its_middle_and_nothing_else_moves() -> None:
    large, small = (pose_body(STANDING, BUILDS["man"], face=share).points for share in (1.0, 0.5))
    for name in ("nose", "l_eye", "r_ear"):
        far, near = (points[name] - points["head"] for points in (large, small))
        assert np.allclose(near, far / 2)
    assert np.allclose(large["head"], small["head"])
    assert np.allclose(large["l_wrist"], small["l_wrist"])


def test_standing_figures_are_drawn_with_their_heads() -> None:
    """A whole figure that stands fits the picture from its hair to its shoes."""
    stood = 0
    for seed in range(400):
        drawn = sample(seed)
        for actor in drawn.actors:
            ankles = [actor.placed.at(f"{side}_ankle")[1] for side in "lr"]
            if actor.action != "standing" or max(ankles) > drawn.height:
                continue
            radius = actor.placed.posed.build.head / 2 * actor.placed.stature
            assert actor.placed.at("head")[1] - radius > 0
            stood += 1
    assert stood > 10


def test_heads_come_close_as_often_as_asked() -> None:
    """The share of heads and shoulders changes which picture a seed gives, and only that."""

    def close(share: float) -> int:
        statures = [a.placed.stature for s in range(200) for a in sample(s, close=share).actors]
        return sum(stature > 380 for stature in statures)

    assert close(0.0) == 0
    assert 15 <= close(0.13) <= 37
    assert 40 <= close(0.3) <= 80


def _head(person: Person, yaw: float) -> NDArray[np.int64]:
    levels = np.zeros((96, 96, 4), np.uint8)
    head = Head(person, (48.0, 52.0), 24.0, (yaw, 0.0, 0.0), 1.3)
    canvas = skia.Surface(levels, colorType=skia.kRGBA_8888_ColorType).getCanvas()
    head.paint_behind(canvas)
    head.paint(canvas)
    return levels[..., :3].astype(np.int64)


@pytest.mark.parametrize("yaw", [0, 40, 80])
@pytest.mark.parametrize("hat", [None, "blue"])
def test_who_is_seen_in_heads_whose_other_attributes_are_the_same(
    yaw: float, hat: str | None
) -> None:
    """Men have a shade on the jaw, women red lips and earrings, girls bows, children blush."""
    person = sample_person(np.random.default_rng(3), expression="calm")
    person = replace(person, skin="light", hair="brown", hair_style="short", hat=hat, glasses=False)
    kinds = ("man", "woman", "boy", "girl", "old man")
    heads = {who: _head(replace(person, who=who), yaw) for who in kinds}
    drawn = np.any(heads["man"] > 0, axis=-1).sum()
    for one, other in combinations(kinds, 2):
        unlike = np.abs(heads[one] - heads[other]).max(-1) > 40
        assert unlike.sum() > 0.04 * drawn, (one, other)


def test_photographed_builds_reach_from_cartoons_to_people() -> None:
    builds = [towards_natural(np.random.default_rng(seed), BUILDS["man"]) for seed in range(300)]
    arms = [build.upper_arm for build in builds]
    assert min(arms) < BUILDS["man"].upper_arm < NATURAL.upper_arm < max(arms)
    heads = np.array([build.head for build in builds]) / BUILDS["man"].head
    assert np.abs(np.log(heads)).max() < 0.15
    assert len({build.upper_arm / build.forearm for build in builds}) == 300


def test_photographs_cut_people_and_show_faces_of_any_size() -> None:
    shown = [sample_photographed(seed) for seed in range(200)]
    assert np.array_equal(sample_photographed(7).joints(), shown[7].joints())
    joints = np.concatenate([drawn.joints() for drawn in shown])
    assert len(joints) == 200
    knees, ankles = (joints[:, [right, right + 3], 2].any(1) for right in (9, 10))
    assert 0.1 < np.mean(~knees) < 0.6
    assert 0.05 < np.mean(knees & ~ankles) < 0.5
    faced = joints[(joints[:, [2, 5, 14, 15], 2] > 0).all(1)]
    eyes, shoulders = (
        np.linalg.norm(faced[:, left, :2] - faced[:, right, :2], axis=1)
        for left, right in ((15, 14), (5, 2))
    )
    low, high = np.percentile(eyes / np.maximum(shoulders, 20), (10, 90))
    assert high > 2.5 * low


def test_photographed_people_turn_and_have_smaller_heads() -> None:
    shown = [sample_photographed(seed).actors[0] for seed in range(300)]
    drawn = [actor for seed in range(300) for actor in sample(seed).actors]
    turned, faced = (
        np.mean([20 < abs(actor.placed.posed.body_yaw) < 110 for actor in actors])
        for actors in (shown, drawn)
    )
    assert turned > faced + 0.1
    ratios = np.array([a.placed.posed.build.head / BUILDS[a.person.who].head for a in shown])
    whole = np.array([a.placed.stature < 216 for a in shown])
    assert ratios[whole].min() > 0.8
    assert ratios[~whole].mean() < 0.9
    assert all(a.placed.posed.build is BUILDS[a.person.who] for a in drawn)


def test_hands_before_the_body_are_before_it() -> None:
    """Of an upright body: in front of the chest, not above the chin, not far off to the side."""
    rng = np.random.default_rng(0)
    for _ in range(200):
        arms = {"left_arm": reaching_arm(rng, LEFT), "right_arm": reaching_arm(rng, RIGHT)}
        points = pose_body(replace(STANDING, **arms), BUILDS["man"], camera_pitch=0.0).points
        for side in "lr":
            wrist, shoulder = points[f"{side}_wrist"], points[f"{side}_shoulder"]
            assert wrist[2] - shoulder[2] > 0.03
            assert wrist[1] > points["head"][1]
            assert abs(wrist[0]) < 0.3


def test_hands_at_the_head_are_beside_it() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        arms = {"left_arm": arm_to_head(rng), "right_arm": arm_to_head(rng)}
        points = pose_body(replace(STANDING, **arms), BUILDS["man"], camera_pitch=0.0).points
        for side in "lr":
            wrist, shoulder = points[f"{side}_wrist"], points[f"{side}_shoulder"]
            assert wrist[1] < shoulder[1] + 0.04
            assert np.linalg.norm(wrist - points["head"]) < 0.3


def test_half_of_those_photographed_are_at_ease_and_nobody_is_elsewhere() -> None:
    eased = [sample_photographed(seed).actors[0].action == "at ease" for seed in range(200)]
    assert 0.4 < np.mean(eased) < 0.6
    assert all(a.action != "at ease" for seed in range(200) for a in sample(seed).actors)


def test_arms_weigh_more_where_training_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = f"make_data --out {tmp_path} --count 12 --size 64 --photographed 1 --processes 1"
    monkeypatch.setattr("sys.argv", argv.split())
    make_data()
    data = Rendered(tmp_path)
    index = next(i for i, r in enumerate(data.records) if r["joints"][0][3][2] > 0)
    x, y, _ = data.records[index]["joints"][0][3]  # an elbow
    plain, weighted = (data.weights(index, 1.5, 2.0, arm) for arm in (None, 3.0))
    assert weighted[int(y), int(x)] == 3.0
    assert set(np.unique(weighted)) == {*np.unique(plain), 3.0}
    assert np.all(weighted >= plain)


def test_limbs_that_estimators_miss_are_left_out_of_photographed_skeletons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    argv = f"make_data --out {tmp_path} --count 12 --size 64 --photographed 1 --processes 1"
    monkeypatch.setattr("sys.argv", argv.split())
    make_data()
    data = Rendered(tmp_path)
    assert len(data) == 12
    assert all(record["photographed"] for record in data.records)
    whole = data.skeleton(0)
    drawn = [data.skeleton(0, np.random.default_rng(seed)) for seed in range(60)]
    cut = [skeleton for skeleton in drawn if not np.array_equal(skeleton, whole)]
    assert 6 <= len(cut) <= 40
    assert all((skeleton > 0).sum() < (whole > 0).sum() for skeleton in cut)


@pytest.mark.parametrize(("away", "least", "most"), [(0.0, 0.0, 0.3), (1.0, 0.6, 1.0)])
def test_a_set_can_show_people_mostly_from_the_side_or_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, away: float, least: float, most: float
) -> None:
    argv = f"make_data --out {tmp_path} --count 200 --size 16 --photographed 0 --processes 1"
    monkeypatch.setattr("sys.argv", [*argv.split(), "--away", str(away)])
    make_data()
    yaws = [yaw for record in Rendered(tmp_path).records for yaw in record["yaws"]]
    assert len(yaws) > 150
    assert least <= np.mean(np.abs(yaws) > 60) <= most
