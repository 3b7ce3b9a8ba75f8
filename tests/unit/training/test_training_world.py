"""What the pose world draws: heads at a few yaws, and skeletons with faces of their own size."""

from __future__ import annotations

import numpy as np
import pytest

from training.world.body import BUILDS, pose_body
from training.world.face import YAWS, drawn_yaw
from training.world.poses import RELAXED_ARM, STRAIGHT_LEG, BodyPose
from training.world.render import sample

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
