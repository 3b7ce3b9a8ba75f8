"""Human poses in three dimensions: named actions, joint-limit sampling, perspective.

Body frame, unit = the figure's stature: x to the figure's left, y down, z out of the chest.
A direction is given by two angles in degrees: `swing` from hanging straight down (90 is
horizontal, 180 straight up) and `azimuth` around the vertical (0 is sideways outwards, 90 straight
forward, negative backwards).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
Rng = np.random.Generator

LEFT, RIGHT = 1.0, -1.0


@dataclass(frozen=True)
class Limb:
    """One arm or leg: the directions of its two segments, each (swing, azimuth) in degrees."""

    upper: tuple[float, float]
    lower: tuple[float, float]


@dataclass(frozen=True)
class BodyPose:
    """A whole posture; angles in degrees.

    Attributes:
        yaw: how far the body is turned from facing the viewer, positive to the viewer's right.
        bend: torso pitch, positive forward; lean: torso roll; twist: shoulders against hips.
        head_yaw, head_pitch, head_tilt: of the head against the shoulders.
        lift: how far the feet are off the ground, in statures.
        seated: whether a seat belongs under the hips.
    """

    left_arm: Limb
    right_arm: Limb
    left_leg: Limb
    right_leg: Limb
    yaw: float = 0.0
    bend: float = 0.0
    lean: float = 0.0
    twist: float = 0.0
    head_yaw: float = 0.0
    head_pitch: float = 0.0
    head_tilt: float = 0.0
    lift: float = 0.0
    seated: bool = False


def direction(swing: float, azimuth: float, side: float) -> Vector:
    """The unit vector of a limb segment; `side` is +1 for the figure's left, -1 for its right."""
    a, f = np.deg2rad(swing), np.deg2rad(azimuth)
    return np.array([side * np.sin(a) * np.cos(f), np.cos(a), np.sin(a) * np.sin(f)])


def angles(vector: Vector, side: float) -> tuple[float, float]:
    """The inverse of `direction`."""
    v = vector / np.linalg.norm(vector)
    swing = np.rad2deg(np.arccos(np.clip(v[1], -1, 1)))
    azimuth = np.rad2deg(np.arctan2(v[2], side * v[0]))
    return float(swing), float(azimuth)


# --- random limbs within joint limits -------------------------------------------------------


def _bent(rng: Rng, upper: Vector, towards: Vector, flex: float) -> Vector:
    """A lower segment bent by `flex` degrees from `upper`, towards a direction."""
    across = towards + rng.normal(0, 0.35, 3)
    across -= across.dot(upper) * upper
    across /= np.linalg.norm(across) + 1e-9
    f = np.deg2rad(flex)
    return np.cos(f) * upper + np.sin(f) * across


def any_arm(rng: Rng, side: float) -> Limb:
    """An arm anywhere within the shoulder's and elbow's limits."""
    swing = float(rng.triangular(0, 25, 175))
    azimuth = float(rng.uniform(-25, 100))
    upper = direction(swing, azimuth, side)
    inward = np.array([-side * 0.7, -0.5, 0.9])
    flex = float(rng.choice([rng.uniform(0, 30), rng.uniform(20, 140)]))
    return Limb((swing, azimuth), angles(_bent(rng, upper, inward, flex), side))


def any_leg(rng: Rng, side: float) -> Limb:
    """A leg within the hip's and knee's limits; often nearly straight."""
    if rng.random() < 0.5:
        swing, azimuth, flex = rng.uniform(0, 18), rng.uniform(-60, 100), rng.uniform(0, 15)
    else:
        swing, azimuth, flex = rng.uniform(5, 80), rng.uniform(5, 100), rng.uniform(0, 110)
    upper = direction(float(swing), float(azimuth), side)
    lower = _bent(rng, upper, np.array([0.0, 0.15, -1.6]), float(flex))
    return Limb((float(swing), float(azimuth)), angles(lower, side))


def reaching_arm(rng: Rng, side: float) -> Limb:
    """An arm whose hand is before the body: in the lap, on the other arm, at the chin.

    The elbow lies on the circle where an upper arm and a forearm of one length meet, mostly low
    and outwards. Photographs show arms so more often than any other way.
    """
    wrist = np.array([rng.normal(-0.05, 0.07), rng.uniform(-0.06, 0.30), rng.uniform(0.07, 0.20)])
    wrist[0] = side * (wrist[0] - 0.06)  # from the shoulder; its own side is positive
    bone = 0.165
    distance = min(float(np.linalg.norm(wrist)), 1.96 * bone)
    along = wrist / np.linalg.norm(wrist)
    outwards = np.array([side * rng.uniform(0.1, 1.2), 1.0, -0.3]) + rng.normal(0, 0.25, 3)
    outwards -= outwards.dot(along) * along
    outwards /= np.linalg.norm(outwards) + 1e-9
    elbow = along * distance / 2 + outwards * np.sqrt(bone**2 - distance**2 / 4)
    return Limb(angles(elbow, side), angles(along * distance - elbow, side))


def _jitter(rng: Rng, limb: Limb, degrees: float) -> Limb:
    n = rng.normal(0, degrees, 4)
    return Limb(
        (max(limb.upper[0] + n[0], 0.0), limb.upper[1] + n[1]),
        (max(limb.lower[0] + n[2], 0.0), limb.lower[1] + n[3]),
    )


RELAXED_ARM = Limb((10, 20), (12, 60))
STRAIGHT_LEG = Limb((5, 10), (3, -20))


def _stand(rng: Rng) -> BodyPose:
    arm = [RELAXED_ARM, Limb((16, 0), (10, 40)), Limb((12, 40), (30, 80))][rng.integers(3)]
    spread = rng.uniform(3, 12)
    leg = Limb((spread, 10), (spread * 0.8, 0))
    return BodyPose(arm, arm, leg, leg)


def _raise(rng: Rng) -> BodyPose:
    arm = Limb((rng.uniform(125, 160), 15), (rng.uniform(150, 178), 20))
    return replace(_stand(rng), left_arm=arm, right_arm=arm)


def _wave(rng: Rng) -> BodyPose:
    arm = Limb((rng.uniform(85, 115), 15), (rng.uniform(150, 185), 10))
    pose = _stand(rng)
    return replace(pose, left_arm=arm) if rng.random() < 0.5 else replace(pose, right_arm=arm)


def _hips(rng: Rng) -> BodyPose:
    arm = Limb((42, -10), (38, 165))
    return replace(_stand(rng), left_arm=arm, right_arm=arm)


def _walk(rng: Rng) -> BodyPose:
    s = rng.uniform(18, 30)
    front, back = Limb((s, 85), (s * 0.6, 80)), Limb((s, -85), (s + 18, -85))
    fore, aft = Limb((s * 0.9, 80), (s * 1.8, 85)), Limb((s, -75), (s * 0.5, -40))
    turned = rng.choice([-1, 1]) * rng.uniform(25, 85)
    if rng.random() < 0.5:
        return BodyPose(fore, aft, back, front, yaw=turned)
    return BodyPose(aft, fore, front, back, yaw=turned)


def _run(rng: Rng) -> BodyPose:
    s = rng.uniform(48, 68)
    front, back = Limb((s, 88), (12, -80)), Limb((28, -88), (84, -88))
    fore, aft = Limb((48, 80), (118, 88)), Limb((50, -80), (40, 85))
    turned = rng.choice([-1, 1]) * rng.uniform(35, 90)
    pose = BodyPose(fore, aft, back, front, yaw=turned, bend=14, lift=0.03)
    if rng.random() < 0.5:
        return pose
    return replace(pose, left_arm=aft, right_arm=fore, left_leg=front, right_leg=back)


def _sit(rng: Rng) -> BodyPose:
    leg = Limb((rng.uniform(78, 88), 78), (rng.uniform(0, 8), 80))
    arm = Limb((22, 60), (62, 100))
    turned = rng.choice([-1, 1]) * rng.uniform(15, 75)
    return BodyPose(arm, arm, leg, leg, yaw=turned, seated=True)


def _read(rng: Rng) -> BodyPose:
    base = _sit(rng) if rng.random() < 0.5 else _stand(rng)
    arm = Limb((28, 45), (98, 122))
    return replace(base, left_arm=arm, right_arm=arm, head_pitch=10, yaw=base.yaw * 0.6)


def _jump(rng: Rng) -> BodyPose:
    arm = Limb((rng.uniform(110, 150), 15), (rng.uniform(130, 170), 20))
    leg = Limb((rng.uniform(25, 50), 35), (rng.uniform(30, 75), -60))
    other = _jitter(rng, leg, 14)
    return BodyPose(arm, arm, leg, other, lift=rng.uniform(0.08, 0.16))


def _dance(rng: Rng) -> BodyPose:
    pose = BodyPose(
        any_arm(rng, LEFT),
        any_arm(rng, RIGHT),
        any_leg(rng, LEFT),
        STRAIGHT_LEG,
        lean=rng.uniform(-12, 12),
        twist=rng.uniform(-20, 20),
    )
    raised = Limb((rng.uniform(110, 165), 20), (rng.uniform(130, 178), 30))
    return replace(pose, right_arm=raised)


def _point(rng: Rng) -> BodyPose:
    arm = Limb((rng.uniform(80, 100), rng.uniform(0, 40)), (rng.uniform(84, 98), 20))
    pose = _stand(rng)
    return replace(pose, left_arm=arm) if rng.random() < 0.5 else replace(pose, right_arm=arm)


def _crouch(rng: Rng) -> BodyPose:
    leg = Limb((rng.uniform(85, 105), 68), (rng.uniform(12, 28), -88))
    arm = Limb((35, 70), (60, 100))
    turned = rng.choice([-1, 1]) * rng.uniform(10, 70)
    return BodyPose(arm, arm, leg, _jitter(rng, leg, 5), yaw=turned, bend=22)


def _think(rng: Rng) -> BodyPose:
    chin = Limb((28, 60), (150, 118))
    across = Limb((18, 30), (82, 150))
    pose = _stand(rng)
    if rng.random() < 0.5:
        return replace(pose, left_arm=chin, right_arm=across, head_tilt=7)
    return replace(pose, left_arm=across, right_arm=chin, head_tilt=-7)


def _cross_arms(rng: Rng) -> BodyPose:
    arm = Limb((22, 50), (86, 158))
    return replace(_stand(rng), left_arm=arm, right_arm=arm)


def _fright(rng: Rng) -> BodyPose:
    arm = Limb((46, 50), (150, 118))
    if rng.random() < 0.4:
        arm = Limb((80, 30), (160, 40))
    return replace(_stand(rng), left_arm=arm, right_arm=arm, bend=rng.uniform(-8, 6))


def _at_table(rng: Rng) -> BodyPose:
    arm = Limb((rng.uniform(14, 24), 50), (rng.uniform(74, 92), 112))
    other = Limb((30, 55), (rng.uniform(108, 132), 120)) if rng.random() < 0.4 else arm
    return replace(_stand(rng), left_arm=arm, right_arm=other, yaw=rng.normal(0, 8))


def _face_seated(rng: Rng) -> BodyPose:
    """On a seat, the knees towards the viewer or a little apart."""
    leg = Limb((rng.uniform(65, 88), rng.uniform(60, 95)), (rng.uniform(0, 15), 80))
    return BodyPose(RELAXED_ARM, RELAXED_ARM, leg, _jitter(rng, leg, 8), seated=True)


def _cross_legged(rng: Rng) -> BodyPose:
    """On the floor, the shins crossed before the body."""
    leg = Limb((rng.uniform(72, 92), rng.uniform(20, 50)), (rng.uniform(68, 88), 165))
    return BodyPose(RELAXED_ARM, RELAXED_ARM, leg, _jitter(rng, leg, 8))


def arm_to_head(rng: Rng) -> Limb:
    """A hand at hair, ear or cheek."""
    return Limb(
        (rng.uniform(35, 130), rng.uniform(0, 55)),
        (rng.uniform(140, 172), rng.uniform(105, 165)),
    )


EASY: tuple[tuple[Callable[[Rng], BodyPose], float], ...] = (
    (_stand, 0.4),
    (_sit, 0.15),
    (_face_seated, 0.15),
    (_cross_legged, 0.1),
    (_walk, 0.2),
)
"""What people do before a camera, and how often."""


def _at_ease(rng: Rng) -> BodyPose:
    """Hands before the body or at the head, one or both, standing, sitting or walking."""
    makers, shares = zip(*EASY, strict=True)
    pose = makers[rng.choice(len(makers), p=shares)](rng)
    which = rng.integers(4)
    if which != 0:
        pose = replace(pose, left_arm=_easy_arm(rng, LEFT))
    if which != 1:
        pose = replace(pose, right_arm=_easy_arm(rng, RIGHT))
    return replace(pose, bend=rng.normal(3, 11), lean=rng.normal(0, 8), twist=rng.normal(0, 12))


def _easy_arm(rng: Rng, side: float) -> Limb:
    return arm_to_head(rng) if rng.random() < 0.15 else reaching_arm(rng, side)


def _anything(rng: Rng) -> BodyPose:
    return BodyPose(
        any_arm(rng, LEFT),
        any_arm(rng, RIGHT),
        any_leg(rng, LEFT),
        any_leg(rng, RIGHT),
        bend=rng.normal(2, 9),
        lean=rng.normal(0, 8),
        twist=rng.normal(0, 12),
    )


@dataclass(frozen=True)
class Action:
    """A named posture: how to draw one at random, the words for it, how often it comes unasked."""

    make: Callable[[Rng], BodyPose]
    words: tuple[str, ...]
    weight: float
    turns: bool = True
    props: tuple[str, ...] = field(default=())


ACTIONS: dict[str, Action] = {
    "standing": Action(_stand, ("standing",), 2.0),
    "arms raised": Action(_raise, ("arms raised", "with raised arms", "cheering"), 1.0),
    "waving": Action(_wave, ("waving", "waving a hand"), 1.2),
    "hands on hips": Action(_hips, ("hands on hips",), 0.8),
    "walking": Action(_walk, ("walking",), 1.2, turns=False),
    "running": Action(_run, ("running", "running very fast"), 1.4, turns=False),
    "sitting": Action(_sit, ("sitting", "seated"), 1.2, turns=False),
    "reading": Action(
        _read,
        ("reading a newspaper", "read new paper", "reading a book", "reading"),
        1.0,
        turns=False,
        props=("newspaper", "book"),
    ),
    "jumping": Action(_jump, ("jumping", "leaping"), 0.8),
    "dancing": Action(_dance, ("dancing",), 1.0),
    "pointing": Action(_point, ("pointing",), 0.8),
    "crouching": Action(_crouch, ("crouching", "squatting"), 0.6, turns=False),
    "thinking": Action(_think, ("thinking",), 0.6),
    "arms crossed": Action(_cross_arms, ("arms crossed", "with crossed arms"), 0.6),
    "frightened": Action(_fright, ("very frightened", "scared"), 0.7),
    "posing": Action(_anything, ("posing",), 4.5),
    "at ease": Action(_at_ease, ("standing",), 0.0),
    "at a table": Action(_at_table, ("sitting at a table",), 0.0, turns=False),
}


@dataclass(frozen=True)
class Turns:
    """How often bodies face the viewer, are half turned, and in profile; the rest face away."""

    facing: float
    half: float
    profile: float

    def sample(self, rng: Rng) -> float:
        """A yaw in degrees."""
        kind = rng.random()
        if kind < self.facing:
            return float(rng.normal(0, 14))
        if kind < self.facing + self.half:
            return float(rng.choice([-1, 1]) * rng.uniform(20, 60))
        if kind < self.facing + self.half + self.profile:
            return float(rng.choice([-1, 1]) * rng.uniform(60, 110))
        return float(180 + rng.normal(0, 18))


FACING = Turns(0.55, 0.27, 0.09)
"""Of drawn people: who faces the viewer is recognised best."""

TURNED = Turns(0.30, 0.45, 0.20)
"""Of photographed people, who mind each other more than the camera."""

AWAY = Turns(0.10, 0.20, 0.35)
"""Of sets that teach what is rare among the others: profiles, and people from behind."""


def sample_pose(rng: Rng, action: str, turns: Turns = FACING) -> BodyPose:
    """A random posture of the named action; `turns` counts where the action itself has none."""
    spec = ACTIONS[action]
    pose = spec.make(rng)
    pose = replace(
        pose,
        left_arm=_jitter(rng, pose.left_arm, 5),
        right_arm=_jitter(rng, pose.right_arm, 5),
        left_leg=_jitter(rng, pose.left_leg, 2.5),
        right_leg=_jitter(rng, pose.right_leg, 2.5),
        head_yaw=pose.head_yaw + float(rng.normal(0, 14)),
        head_pitch=pose.head_pitch + float(rng.normal(0, 6)),
        head_tilt=pose.head_tilt + float(rng.normal(0, 6)),
        bend=pose.bend + float(rng.normal(0, 2)),
        lean=pose.lean + float(rng.normal(0, 2)),
    )
    return replace(pose, yaw=pose.yaw + turns.sample(rng)) if spec.turns else pose
