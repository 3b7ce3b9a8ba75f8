"""From joint candidates to people: limbs in the picture say which joints belong together."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vivant.pose.discs import Disc
from vivant.pose.palette import BLACK_LEVEL, PaletteMap
from vivant.pose.skeleton import BODY_18, LIMBS

WEAKEST_LINK = -0.05
"""Lowest score that joins two joints: nothing of the limb need show, if it can all be covered."""

Joints = dict[int, tuple[float, float]]
"""One person, or a part of one: joint index to (x, y) in pixels."""


@dataclass
class LimbEvidence:
    """Reads limbs off a palette map.

    Attributes:
        palette: the picture.
        radius: of the joints' discs, pixels.
    """

    palette: PaletteMap
    radius: float
    _claimed: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def kinds(
        self, limb: int, xs: NDArray[np.float64], ys: NDArray[np.float64]
    ) -> NDArray[np.int8]:
        """At each point 1 for the limb's colour, -1 for background, 0 for anything over it."""
        height, width = self.palette.hue.shape
        columns, rows = np.floor(xs).astype(int), np.floor(ys).astype(int)
        on = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        columns, rows = columns.clip(0, width - 1), rows.clip(0, height - 1)
        hue, level = self.palette.hue[rows, columns], self.palette.level[rows, columns]
        own = hue == limb
        if self.palette.dimmed:
            own &= level < self.palette.bright_level
        if limb in self._claimed:
            own &= ~self._claimed[limb][rows, columns]
        kinds = np.where(own, 1, np.where(level >= BLACK_LEVEL, 0, -1))
        return np.asarray(np.where(on, kinds, 0), np.int8)

    def score(self, limb: int, start: tuple[float, float], end: tuple[float, float]) -> float:
        """How surely `limb` runs from `start` to `end`: 1 certain, 0 unknown, below 0 no."""
        (x0, y0), (x1, y1) = start, end
        length = math.hypot(x1 - x0, y1 - y0)
        if length < 1e-6:
            return -1.0
        inset = min(self.radius, 0.3 * length) / length
        along = np.linspace(inset, 1 - inset, max(round(length), 5))
        # The middle line or a neighbour: thin limbs and rough joints miss it by a pixel.
        normal = (-(y1 - y0) / length, (x1 - x0) / length)
        kinds = np.max(
            [
                self.kinds(
                    limb,
                    x0 + along * (x1 - x0) + side * normal[0],
                    y0 + along * (y1 - y0) + side * normal[1],
                )
                for side in (-0.7, 0.0, 0.7)
            ],
            axis=0,
        )
        own, missing = float((kinds == 1).mean()), float((kinds == -1).mean())
        if length < 2.5 * self.radius:  # nothing of the limb need show between the discs
            own = max(own, 0.3)
        return own - 3 * missing

    def claim(self, limb: int, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Take the pixels of a limb that is accounted for, so that no other is read there."""
        shape = self.palette.hue.shape
        mask = self._claimed.setdefault(limb, np.zeros(shape, bool))
        (x0, y0), (x1, y1) = start, end
        reach = self.radius + 1.5
        top, bottom = max(int(min(y0, y1) - reach), 0), int(max(y0, y1) + reach) + 1
        left, right = max(int(min(x0, x1) - reach), 0), int(max(x0, x1) + reach) + 1
        window = mask[top:bottom, left:right]
        rows, columns = np.mgrid[top : top + window.shape[0], left : left + window.shape[1]] + 0.5
        ex, ey = x1 - x0, y1 - y0
        along = ((columns - x0) * ex + (rows - y0) * ey) / max(ex * ex + ey * ey, 1e-6)
        along = along.clip(0, 1)
        window |= np.hypot(columns - x0 - along * ex, rows - y0 - along * ey) <= reach


def group(discs: list[Disc], evidence: LimbEvidence) -> list[Joints]:
    """Connected parts of people: every joint at most once in each, single discs included.

    The surest limbs are joined first; one that would give a part two of the same joint is not.
    """
    by_joint = [[d for d in range(len(discs)) if discs[d].joint == j] for j in range(len(BODY_18))]
    links: list[tuple[float, int, int, int]] = []
    for limb, (start, end) in enumerate(LIMBS):
        for a, b in itertools.product(by_joint[start], by_joint[end]):
            score = evidence.score(limb, (discs[a].x, discs[a].y), (discs[b].x, discs[b].y))
            if score < WEAKEST_LINK:
                continue
            if not evidence.palette.dimmed:  # pieces of limbs look like joints: longest first
                score *= math.hypot(discs[a].x - discs[b].x, discs[a].y - discs[b].y)
            links.append((score, limb, a, b))
    part_of = list(range(len(discs)))
    members: dict[int, set[int]] = {index: {index} for index in range(len(discs))}
    used: set[tuple[int, int]] = set()
    for _, limb, a, b in sorted(links, key=lambda link: -link[0]):
        one, other = part_of[a], part_of[b]
        if one == other or (limb, a) in used or (limb, b) in used:
            continue
        joints_one = {discs[index].joint for index in members[one]}
        joints_other = {discs[index].joint for index in members[other]}
        if joints_one & joints_other:
            continue
        used |= {(limb, a), (limb, b)}
        for index in members[other]:
            part_of[index] = one
        members[one] |= members.pop(other)
    return [
        {discs[index].joint: (discs[index].x, discs[index].y) for index in part}
        for part in members.values()
    ]


def recover(parts: list[Joints], evidence: LimbEvidence, reach: float) -> None:
    """Add, in place, joints hidden under others: where a limb visibly leaves a known joint.

    Args:
        parts: people or parts of people.
        evidence: of the picture, with the limbs of all parts claimed.
        reach: longest possible limb, pixels.
    """
    for part in sorted(parts, key=len, reverse=True):
        for _ in range(2):
            for limb, (start, end) in enumerate(LIMBS):
                if (start in part) == (end in part):
                    continue
                known, hidden = (start, end) if start in part else (end, start)
                tip = _far_end(limb, part[known], evidence, reach)
                if tip is not None:
                    part[hidden] = tip
                    evidence.claim(limb, part[known], tip)


_RAY_GAIN = np.array([-0.5, 1.0, -3.0])
"""Worth of a step over something else, over the limb's colour, over background (index -1)."""


def _far_end(
    limb: int, known: tuple[float, float], evidence: LimbEvidence, reach: float
) -> tuple[float, float] | None:
    """Where the limb that leaves `known` ends, if one does and its end is covered.

    Rays are cast in all directions; the one with most of the limb's colour and least background
    wins. Beyond the last colour the joint lies under whatever covers it, about its middle.
    """
    radius = evidence.radius
    distances = np.arange(0.5 * radius, reach, 1.0)
    angles = np.linspace(0, 2 * math.pi, 360, endpoint=False)
    xs = known[0] + np.cos(angles)[:, None] * distances
    ys = known[1] + np.sin(angles)[:, None] * distances
    kinds = evidence.kinds(limb, xs, ys)
    gain = np.cumsum(_RAY_GAIN[kinds], axis=1)
    best = gain.max(axis=1)
    ray = int(np.argmax(best))
    if best[ray] < max(5.0, 2 * radius):
        return None
    # Neighbouring rays run equally well through a thick limb: take the middle one.
    good = np.nonzero(best >= best[ray] - 1)[0]
    turn = (good - ray + 180) % 360 - 180
    ray = (ray + round(float(turn[np.abs(turn) <= 20].mean()))) % 360
    last = int(np.argmax(gain[ray]))
    cover = kinds[ray, last + 1 : last + 1 + math.ceil(2 * radius)]
    covered = int(np.argmax(cover == -1)) if (cover == -1).any() else len(cover)
    distance = float(distances[last]) + min(covered / 2, radius)
    angle = float(angles[ray])
    return known[0] + math.cos(angle) * distance, known[1] + math.sin(angle) * distance


def without_echoes(people: list[Joints], evidence: LimbEvidence) -> list[Joints]:
    """Those people whose limbs mostly show and are no larger person's; claims their limbs."""
    kept = []
    for person in sorted(people, key=len, reverse=True):
        limbs = [
            (limb, person[start], person[end])
            for limb, (start, end) in enumerate(LIMBS)
            if start in person and end in person
        ]
        scores = [
            evidence.score(limb, start, end)
            for limb, start, end in limbs
            if math.dist(start, end) > 2.5 * evidence.radius
        ]
        if scores and sorted(scores)[len(scores) // 2] >= 0.5:
            kept.append(person)
            for limb in limbs:
                evidence.claim(*limb)
    return kept


def merge_parts(parts: list[Joints], evidence: LimbEvidence) -> list[Joints]:
    """Whole people from parts that no visible limb joins (a joint between them is absent).

    Each smaller part goes to the nearest person that has none of its joints and with whom it
    makes no limb that ought to show and does not; distances count per limb of the body between
    the joints. Single discs never make a person of their own.
    """
    people: list[Joints] = []
    for part in sorted(parts, key=lambda part: (-(1 in part and len(part) > 1), -len(part))):
        fitting = [person for person in people if _compatible(person, part, evidence)]
        if fitting and (len(part) < 6 or 1 not in part):
            min(fitting, key=lambda person: _gap(person, part)).update(part)
        elif len(part) > 1:
            people.append(dict(part))
    return people


def _compatible(one: Joints, other: Joints, evidence: LimbEvidence) -> bool:
    if one.keys() & other.keys():
        return False
    both = one | other
    return all(
        evidence.score(limb, both[start], both[end]) >= WEAKEST_LINK
        for limb, (start, end) in enumerate(LIMBS)
        if (start in one and end in other) or (start in other and end in one)
    )


def _gap(one: Joints, other: Joints) -> float:
    return min(
        math.hypot(x0 - x1, y0 - y1) / float(_STEPS[a, b])
        for a, (x0, y0) in one.items()
        for b, (x1, y1) in other.items()
    )


def _limb_steps() -> NDArray[np.float64]:
    """Number of limbs between any two joints, float64 [18, 18]."""
    count = len(BODY_18)
    steps = np.full((count, count), float(count))
    np.fill_diagonal(steps, 0)
    for start, end in LIMBS:
        steps[start, end] = steps[end, start] = 1
    for via in range(count):
        steps = np.minimum(steps, steps[:, via : via + 1] + steps[via : via + 1])
    return steps


_STEPS = _limb_steps()
