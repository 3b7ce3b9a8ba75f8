"""Hands: 21 points of each, read where the body's wrist and knuckles are seen.

The network is that of MediaPipe Hands (Zhang et al. 2020, arXiv 2006.10214); which square it is
shown first follows MediaPipe Holistic, which also starts from the body's landmarks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vivant.pose.blazepose.landmarks import Body
from vivant.pose.skeleton import HAND_POINTS, Keypoints
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views

Places: TypeAlias = NDArray[np.float32]
"""x, y in the picture's pixels, float32 [n, 2]."""

Side: TypeAlias = Literal["left", "right"]

WRIST, PINKY, INDEX = 0, 1, 2
LANDMARKS: dict[Side, list[int]] = {"left": [15, 17, 19], "right": [16, 18, 20]}
"""Of a body's 33: the wrist, and the bases of pinky and index; left and right are its own."""

BODY_18_WRIST: dict[Side, int] = {"left": 7, "right": 4}

ALONG, ACROSS = 2.5, 1.6
"""Side of the first square around a hand, by its wrist to knuckles and by its pinky to index.

A hand that points at the camera is short but not narrow. Squares of four fifths of this side lost
2 hands of 9.
"""

PALM = [0, 1, 2, 3, 5, 6, 9, 10, 13, 14, 17, 18]
PALM_ROOM, FINGERWARDS = 2.0, 0.1
"""The second square has twice the side of the box around these points, which bent fingers hardly
change, and lies a tenth of the box's height towards the finger tips: MediaPipe Hands' own figures
for following a hand, with which its network was trained."""

LEAST_HINT, LEAST_SCORE = 0.25, 0.9
"""Presence in the first square and in the second. In photos hands had from 0.47 and 0.93 on;
whatever else was taken for a hand had 0.86 at most in the second."""

LEAST_SIZE = 24.0
"""Pixels, of the longer side of a hand's box."""

FIRST_SIDE = 1.3
"""Least side of the first square by its hand's size, 1.3 to 2.6 in photos; where it is too small
for a hand of `LEAST_SIZE`, nothing is looked at."""

MOST_APART = 0.5
"""Distance of a hand's wrist from its body's, by the hand's size: 0.04 to 0.46 in photos."""

FEWEST_POINTS = 11
"""Of a hand, within the picture: what lies beyond its edge is made up."""

SAME_HAND = 0.25
"""Mean distance of two hands' points, by their size, below which they are one."""


@dataclass(frozen=True)
class Hand:
    """One hand's points in pixels of the picture.

    Attributes:
        score: how surely there is a hand, 0 to 1.
        right: how surely it is somebody's own right one, 0 to 1.
        places: x, y of the points in OpenPose's order, which is the network's: the wrist, then four
            of each finger from its base to its tip, thumb first; float32 [21, 2].
    """

    score: float
    right: float
    places: Places

    @property
    def side(self) -> Side:
        """Which it looks like, whoever's it is."""
        return "right" if self.right >= 0.5 else "left"

    @property
    def size(self) -> float:
        """The longer side of its box, pixels."""
        return max(float(np.ptp(self.places, axis=0).max()), 1e-6)

    @property
    def region(self) -> Region:
        """The square around it, the fingers' bases above the wrist."""
        wrist, bases = self.places[0], self.places[[5, 9, 9, 13]].mean(axis=0)
        dx, dy = (bases - wrist).tolist()
        angle = math.atan2(dx, -dy)
        cos, sin = math.cos(angle), math.sin(angle)
        axes = np.array([[cos, sin], [-sin, cos]], np.float32)  # to the hand's right, and down
        palm = (self.places[PALM] - wrist) @ axes.T
        low, high = palm.min(axis=0), palm.max(axis=0)
        middle = (low + high) / 2 - [0, FINGERWARDS * (high - low)[1]]
        x, y = (wrist + middle @ axes).tolist()
        return Region(x, y, PALM_ROOM * float((high - low).max()), angle)

    def keypoints(self, width: int, height: int) -> Keypoints:
        """Its points [21, 3] in a picture; those outside have confidence 0."""
        points = np.column_stack([self.places, np.full(HAND_POINTS, self.score)])
        inside = (self.places >= 0).all(axis=1) & (self.places < (width, height)).all(axis=1)
        points[~inside] = 0
        return np.asarray(points, np.float32)

    def is_same(self, other: Hand) -> bool:
        """Whether both are one hand, read at two wrists."""
        apart = float(np.linalg.norm(self.places - other.places, axis=1).mean())
        return apart < SAME_HAND * max(self.size, other.size)


@dataclass(frozen=True)
class Claim:
    """A hand that was read at a body's wrist.

    Attributes:
        body: whose, its place among the bodies.
        hand: what was read there.
        apart: distance of its wrist from the body's, by its size.
    """

    body: int
    hand: Hand
    apart: float


class HandReader:
    """Reads the hands of bodies.

    Args:
        network: the hand landmark network.
    """

    def __init__(self, network: Network) -> None:
        self._network = network

    def hands(
        self, views: Views, bodies: Sequence[Body], seen: Sequence[Keypoints]
    ) -> list[dict[Side, Hand]]:
        """For each body the hands that are to be seen, each hand once.

        Args:
            views: of the picture.
            bodies: in it.
            seen: their joints of body-18; hands hang from wrists that are there.
        """
        claims = [
            claim
            for place, (body, joints) in enumerate(zip(bodies, seen, strict=True))
            for claim in self._claims(views, place, body, joints)
        ]
        return settled(claims, len(bodies))

    def read(self, views: Views, region: Region) -> Hand:
        """The points of the hand in a square, as if there were one."""
        places, score, right, _ = self._network.in_order(views.cut(region, self._network.size))
        points = places.reshape(HAND_POINTS, 3)[:, :2] / np.float32(self._network.size)
        return Hand(float(score[0]), float(right[0]), region.to_picture(points))

    def _claims(self, views: Views, place: int, body: Body, joints: Keypoints) -> Iterator[Claim]:
        for side, landmarks in LANDMARKS.items():
            if joints[BODY_18_WRIST[side], 2] == 0:
                continue
            points = body.places[landmarks]
            hand = self._seen_twice(views, around(points))
            # What looks like the other hand is somebody else's, or no hand.
            if hand is None or hand.side != side:
                continue
            apart = math.dist(hand.places[0], points[WRIST]) / hand.size
            if apart <= MOST_APART:
                yield Claim(place, hand, apart)

    def _seen_twice(self, views: Views, region: Region) -> Hand | None:
        """The hand in a square, read again in the square around what is read first."""
        if region.side < FIRST_SIDE * LEAST_SIZE:
            return None
        hint = self.read(views, region)
        if hint.score < LEAST_HINT:
            return None
        hand = self.read(views, hint.region)
        inside = (hand.keypoints(views.width, views.height)[:, 2] > 0).sum()
        clear = hand.score >= LEAST_SCORE and inside >= FEWEST_POINTS
        return hand if clear and hand.size >= LEAST_SIZE else None


def settled(claims: Sequence[Claim], bodies: int) -> list[dict[Side, Hand]]:
    """For each body its hands; where bodies touch and claim one hand, the nearer wrist has it."""
    found: list[dict[Side, Hand]] = [{} for _ in range(bodies)]
    taken: list[Hand] = []
    for claim in sorted(claims, key=lambda claim: claim.apart):
        if not any(claim.hand.is_same(other) for other in taken):
            taken.append(claim.hand)
            found[claim.body][claim.hand.side] = claim.hand
    return found


def around(points: Places) -> Region:
    """The square around a hand, fingers up, as a body's landmarks `LANDMARKS` [3, 2] tell it.

    Its middle is the base of the middle finger, a third of the way from index to pinky.
    """
    middle = (2 * points[INDEX] + points[PINKY]) / 3
    dx, dy = (middle - points[WRIST]).tolist()
    across = math.dist(points[INDEX], points[PINKY])
    x, y = middle.tolist()
    return Region(x, y, ALONG * math.hypot(dx, dy) + ACROSS * across, math.atan2(dx, -dy))
