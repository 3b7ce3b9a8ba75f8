"""Bodies: bone lengths, and from a pose's angles to points in space, in statures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.world.poses import LEFT, RIGHT, BodyPose, Vector, direction


@dataclass(frozen=True)
class Build:
    """Bone lengths in statures. Heads are a cartoon's: on a whole figure they must carry a face."""

    head: float = 0.240
    neck: float = 0.018
    torso: float = 0.285
    upper_arm: float = 0.160
    forearm: float = 0.150
    thigh: float = 0.235
    shin: float = 0.225
    shoulder: float = 0.108
    hip: float = 0.062


BUILDS: dict[str, Build] = {
    "man": Build(shoulder=0.115),
    "woman": Build(head=0.242, shoulder=0.096, hip=0.064),
    "boy": Build(head=0.280, torso=0.265, thigh=0.210, shin=0.205, upper_arm=0.145, forearm=0.135),
    "girl": Build(
        head=0.282,
        torso=0.260,
        thigh=0.210,
        shin=0.207,
        upper_arm=0.143,
        forearm=0.133,
        shoulder=0.096,
    ),
    "old man": Build(head=0.244, shoulder=0.110),
    "old woman": Build(head=0.246, shoulder=0.096, hip=0.066),
}


NATURAL = Build(
    torso=0.288,
    upper_arm=0.186,
    forearm=0.146,
    thigh=0.245,
    shin=0.246,
    shoulder=0.110,
    hip=0.056,
)
"""The limbs that photographed people have (Drillis and Contini 1966, by way of Winter,
"Biomechanics and Motor Control of Human Movement", figure 4.1), under a cartoon's head."""


def towards_natural(rng: np.random.Generator, build: Build) -> Build:
    """A build between a cartoon's and a natural one; no two bones have quite the same ratio.

    Torsos come out shorter by up to a fifth: estimators put hips higher than they are, so that
    the skeletons of photographs have longer arms beside them.
    """
    share = float(rng.uniform(0, 1))
    lengths = {}
    for name, cartoon in vars(build).items():
        natural = cartoon if name in ("head", "neck") else getattr(NATURAL, name)
        lengths[name] = (cartoon + share * (natural - cartoon)) * float(
            np.exp(rng.normal(0, 0.06 if name != "head" else 0.03))
        )
    lengths["torso"] *= float(rng.uniform(0.8, 1.0))
    return Build(**lengths)


def rotation(axis: int, degrees: float) -> NDArray[np.float64]:
    """A right-handed rotation about x (0), y (1) or z (2)."""
    c, s = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    i, j = [(1, 2), (2, 0), (0, 1)][axis]
    matrix = np.eye(3)
    matrix[i, i] = matrix[j, j] = c
    matrix[i, j], matrix[j, i] = -s, s
    return matrix


JOINTS = (
    "nose",
    "neck",
    "r_shoulder",
    "r_elbow",
    "r_wrist",
    "l_shoulder",
    "l_elbow",
    "l_wrist",
    "r_hip",
    "r_knee",
    "r_ankle",
    "l_hip",
    "l_knee",
    "l_ankle",
    "r_eye",
    "l_eye",
    "r_ear",
    "l_ear",
)


@dataclass(frozen=True)
class Posed:
    """A body in camera space: x right, y down, z towards the viewer, in statures.

    Attributes:
        points: joint name -> [3]; also head, l_toe, r_toe, pelvis.
        head_turn: yaw, pitch, tilt of the head against the viewer, degrees; |yaw| > 90 is from
            behind.
        body_yaw: of the chest against the viewer, degrees in (-180, 180].
        build: the bone lengths.
    """

    points: dict[str, Vector]
    head_turn: tuple[float, float, float]
    body_yaw: float
    build: Build
    seated: bool
    lift: float


def pose_body(pose: BodyPose, build: Build, camera_pitch: float = 7.0, face: float = 0.7) -> Posed:
    """Forward kinematics, then the body's yaw and the camera's pitch.

    `face` is how far the face's joints lie from the head's middle, as a share of where they are
    drawn: skeletons of people have smaller faces than drawings do (0.3 to 0.5), drawn ones larger.
    """
    spine = rotation(0, -pose.bend) @ rotation(2, pose.lean)
    chest = spine @ rotation(1, pose.twist)
    points: dict[str, Vector] = {"pelvis": np.zeros(3)}
    neck = spine @ np.array([0.0, -build.torso, 0.0])
    points["neck"] = neck
    for name, side, arm, leg in (
        ("l", LEFT, pose.left_arm, pose.left_leg),
        ("r", RIGHT, pose.right_arm, pose.right_leg),
    ):
        shoulder = neck + chest @ np.array([side * build.shoulder, 0.006, 0.0])
        elbow = shoulder + chest @ direction(*arm.upper, side) * build.upper_arm
        wrist = elbow + chest @ direction(*arm.lower, side) * build.forearm
        hip = np.array([side * build.hip, 0.0, 0.0])
        knee = hip + direction(*leg.upper, side) * build.thigh
        ankle = knee + direction(*leg.lower, side) * build.shin
        shin = direction(*leg.lower, side)
        toe = np.array([side * 0.25, 0.0, 1.0])
        toe = toe - toe.dot(shin) * shin * 0.9
        toe = ankle + toe / np.linalg.norm(toe) * 0.072 + shin * 0.028
        for part, where in (
            ("shoulder", shoulder),
            ("elbow", elbow),
            ("wrist", wrist),
            ("hip", hip),
            ("knee", knee),
            ("ankle", ankle),
            ("toe", toe),
        ):
            points[f"{name}_{part}"] = where
    r = build.head / 2
    turn = chest @ rotation(1, pose.head_yaw) @ rotation(0, -pose.head_pitch)
    turn = turn @ rotation(2, pose.head_tilt)
    head = neck + spine @ np.array([0.0, -build.neck - r, 0.012])
    points["head"] = head
    for name, spot in (
        ("nose", (0.0, 0.22, 0.98)),
        ("l_eye", (0.40, 0.02, 0.86)),
        ("r_eye", (-0.40, 0.02, 0.86)),
        ("l_ear", (0.92, 0.12, -0.05)),
        ("r_ear", (-0.92, 0.12, -0.05)),
    ):
        points[name] = head + turn @ (np.array(spot) * r * face)
    camera = rotation(0, -camera_pitch) @ rotation(1, pose.yaw)
    points = {name: camera @ p for name, p in points.items()}
    face = camera @ turn
    yaw = float(np.rad2deg(np.arctan2(face[0, 2], face[2, 2])))
    pitch = float(np.rad2deg(np.arcsin(np.clip(face[1, 2], -1, 1))))
    upright = face @ np.array([0.0, 1.0, 0.0])
    tilt = float(np.rad2deg(np.arctan2(-upright[0], upright[1])))
    body = (pose.yaw + pose.twist + 180) % 360 - 180
    return Posed(points, (yaw, pitch, tilt), float(body), build, pose.seated, pose.lift)
