"""Skeletons of real people as cases for the evaluation of the pose model."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from tests.support.photos import photo
from training.cases import unseen_cases
from training.evaluate_photos import photo_cases, poses_of
from training.judges import HIDDEN
from vivant.pose.estimators import estimator_by_name


def test_photos_give_one_pose_each_at_the_model_s_size(tmp_path: Path) -> None:
    photo("astronaut").save(tmp_path / "astronaut.png")
    Image.new("RGB", (300, 200), (120, 130, 140)).save(tmp_path / "empty.png")
    poses = poses_of(tmp_path, estimator_by_name(), 256)
    assert list(poses) == ["astronaut"]
    pose = poses["astronaut"]
    assert (pose.width, pose.height, len(pose.people)) == (256, 256, 1)


def test_photos_take_turns_with_the_drawn_cases_captions(tmp_path: Path) -> None:
    photo("astronaut").save(tmp_path / "astronaut.png")
    poses = list(poses_of(tmp_path, estimator_by_name(), 256).values())
    drawn = unseen_cases(3, 256)
    cases = photo_cases(poses, drawn)
    assert [case.caption for case in cases] == [case.caption for case in drawn]
    assert all(case.pose is poses[0] for case in cases)
    assert all(label == HIDDEN for case in cases for label in case.labels)
