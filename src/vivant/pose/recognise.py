"""Is this picture a skeleton drawing, and of which skeletons?

Read by analysis and checked by synthesis: colours give candidates for joints, limbs join them
into people, hidden joints are recovered from the limbs that lead to them, and the result drawn
again must account for the picture.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from vivant.base.errors import NobodyFound
from vivant.pose.discs import Disc, find_discs
from vivant.pose.draw import draw
from vivant.pose.grouping import Joints, LimbEvidence, group, merge_parts, recover, without_echoes
from vivant.pose.palette import OTHER, PaletteMap, palette_map
from vivant.pose.skeleton import BODY_18, Person, Pose

MAX_SIDE = 2048
WORKING_RADIUS = 4.0
"""Thicker drawings are reduced to discs of about this radius, pixels: as exact, and faster."""

MIN_BLACK = 0.3
MIN_COLOURED = 0.5
MIN_EXPLAINED = 0.6
MIN_SEEN = 0.75
MIN_MATCHING = 0.7
_WRISTS = ((3, 4), (6, 7))


def is_skeleton(image: Image.Image) -> bool:
    """Whether `image` is a drawing that `read_skeleton` can read."""
    try:
        read_skeleton(image)
    except NobodyFound:
        return False
    return True


def read_skeleton(image: Image.Image) -> Pose:
    """The people in a skeleton drawing, largest first, with confidence 1 for every joint.

    Args:
        image: any mode; drawn at any line width, with limbs dimmed or not, resized or JPEG.

    Returns:
        Bodies in the picture's pixels; hands and faces are not read back.

    Raises:
        NobodyFound: not a skeleton drawing; the message says in which respect.
    """
    size = f"{image.width}x{image.height}"
    factor = math.ceil(max(image.size) / MAX_SIDE)
    small = image.convert("RGB")
    small = small.reduce(factor) if factor > 1 else small
    palette = palette_map(np.asarray(small))
    _check_colours(palette, size)
    discs, radius = find_discs(palette)
    if radius >= 2 * WORKING_RADIUS:
        finer = int(radius / WORKING_RADIUS)
        factor, small = factor * finer, small.reduce(finer)
        palette = palette_map(np.asarray(small))
        discs, radius = find_discs(palette)
    people = _people(discs, LimbEvidence(palette, radius), reach=0.6 * _extent(palette))
    if not people:
        raise NobodyFound(f"picture {size}: no joints joined by limbs in OpenPose's colours")
    pose = Pose(tuple(_person(joints) for joints in people), small.width, small.height)
    _check_synthesis(pose, palette, radius, size)
    scaled = (person.moved(factor, 0.0, 0.0) for person in pose.people)
    return Pose(tuple(scaled), image.width, image.height).largest_first()


def _people(discs: list[Disc], evidence: LimbEvidence, reach: float) -> list[Joints]:
    parts = group(discs, evidence)
    people = merge_parts([part for part in parts if len(part) > 1], evidence)
    people = without_echoes(people, evidence)
    if not evidence.palette.dimmed:  # pieces of limbs look like discs, and two of them like people
        most = max((len(person) for person in people), default=0)
        people = [person for person in people if len(person) >= min(5, most)]
    recover(people, evidence, reach)
    if evidence.palette.dimmed:  # otherwise a single disc may be a piece of a limb
        people = merge_parts(people + [part for part in parts if len(part) == 1], evidence)
    return people


def _person(joints: Joints) -> Person:
    body = np.zeros((len(BODY_18), 3), np.float32)
    for joint, (x, y) in joints.items():
        body[joint] = (x, y, 1.0)
    return Person(body)


def _extent(palette: PaletteMap) -> float:
    """The longer side of the box of everything lit, pixels."""
    rows, columns = np.nonzero(palette.lit)
    return float(max(np.ptp(rows), np.ptp(columns))) + 1 if len(rows) else 1.0


def _check_colours(palette: PaletteMap, size: str) -> None:
    """A drawing is mostly black, and what is not black is coloured."""
    lit = float(palette.lit.mean())
    if lit == 0:
        raise NobodyFound(f"picture {size}: it is all black")
    if 1 - lit < MIN_BLACK:
        raise NobodyFound(
            f"picture {size}: only {1 - lit:.0%} is black, a skeleton drawing is mostly"
        )
    coloured = float((palette.hue != OTHER).mean()) / lit
    if coloured < MIN_COLOURED:
        raise NobodyFound(
            f"picture {size}: only {coloured:.0%} of what is not black is in clear colours"
        )


def _check_synthesis(pose: Pose, palette: PaletteMap, radius: float, size: str) -> None:
    """Drawn again, the skeletons must cover the picture's colours, be seen, and match in hue."""
    again = palette_map(np.asarray(draw(pose, line_width=2 * radius)))
    drawn, coloured = again.lit, palette.hue != OTHER
    near = ndimage.binary_dilation(drawn, iterations=max(2, round(0.75 * radius)))
    near &= coloured
    counted = near | (coloured & ~_hands(pose, coloured.shape))
    both = drawn & coloured
    shares = {
        "of its colours are accounted for by skeletons": (near, counted, MIN_EXPLAINED),
        "of the skeletons in it can be seen": (palette.lit & drawn, drawn, MIN_SEEN),
        "of the skeletons in it have the right colours": (
            both & (again.hue == palette.hue),
            both,
            MIN_MATCHING,
        ),
    }
    for what, (part, whole, least) in shares.items():
        share = float(part.sum()) / max(float(whole.sum()), 1.0)
        if share < least:
            raise NobodyFound(f"picture {size}: only {share:.0%} {what}, at least {least:.0%} must")


def _hands(pose: Pose, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Where hands may be drawn, bool [height, width]: within a forearm's length of a wrist."""
    mask = np.zeros(shape, bool)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    for person in pose.people:
        for elbow, wrist in _WRISTS:
            if person.present[elbow] and person.present[wrist]:
                x, y = person.body[wrist, :2].tolist()
                reach = math.dist(person.body[elbow, :2], person.body[wrist, :2])
                mask |= (columns - x) ** 2 + (rows - y) ** 2 <= reach**2
    return mask
