"""Reference pictures to train an identity adapter on: what the product cuts out, and a little off.

The product cuts squares around head, body and legs of the figure that the pose estimator finds; it
takes the figure in place of a part that is not seen, and the picture's middle where nobody is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from transformers import CLIPVisionConfig

from training.judges import HIDDEN
from training.story_judges import story_labels
from training.world import vocabulary as words
from vivant.diffusion.reference import as_seen
from vivant.endpoints.storydiffusion.squares import PARTS, Square, around_parts, squares_of
from vivant.pose.skeleton import LIMBS

Rng = np.random.Generator

WHOLE = 0.1
"""Share of references that are whole pictures, as where nobody was found."""

LOST_JOINTS = 0.15
"""Share of figures of which the estimator misses joints."""

LIMB = 0.8
"""How far a figure reaches around the bones of its limbs, in radii of its head."""

REGIONS = ("scene", "figure", "head")

TRAITS: dict[str, tuple[str, ...]] = {
    "person": ("no", "yes"),
    "who": tuple(words.WHO),
    "skin": tuple(words.SKIN_TONES),
    "hair": tuple(words.HAIR_COLOURS),
    "hair_style": tuple(words.HAIR_STYLES),
    "garment": tuple(words.GARMENTS),
    "garment_colour": tuple(words.GARMENT_COLOURS),
    "bottom": (*words.BOTTOMS, "none"),
    "bottom_colour": (*words.GARMENT_COLOURS, "none"),
    "hat": (*words.GARMENT_COLOURS, "none"),
    "glasses": ("no", "yes"),
}
"""What an adapter learns to see before it learns to tell a UNet."""


SEEN_IN: tuple[tuple[str, ...], ...] = (
    ("person", "who", "skin", "hair", "hair_style", "hat", "glasses"),
    ("person", "skin", "garment", "garment_colour"),
    ("person", "garment", "garment_colour", "bottom", "bottom_colour"),
)
"""What head, body and legs show of them."""

SHOWN_IN = torch.tensor([[name in names for name in TRAITS] for names in SEEN_IN])
"""The same as a mask, [parts, traits]."""


def trait_labels(record: dict[str, Any]) -> list[int]:
    """Class numbers of a record of `make_story_data`, as `TRAITS` orders them.

    `HIDDEN` where the picture does not show a trait, and for all but `person` where nobody is.
    """
    labels = dict.fromkeys(TRAITS, HIDDEN) | {"person": int(bool(record["people"]))}
    if record["people"]:
        person, seen = record["people"][0], story_labels(record)
        said = {name: person[name] for name in TRAITS if name in person}
        said |= {"hat": person["hat"] or "none", "glasses": "yes" if person["glasses"] else "no"}
        if person["bottom"] is None:
            said |= {"bottom": "none", "bottom_colour": "none"}
        if seen["bottom_shown"] != 1:
            said = {name: value for name, value in said.items() if "bottom" not in name}
        for name in ("garment", "hair", "glasses"):
            if seen[name] == HIDDEN:
                del said[name]
        labels |= {name: TRAITS[name].index(value) for name, value in said.items()}
    return list(labels.values())


@dataclass(frozen=True)
class View:
    """What the product might look at in place of one part.

    Attributes:
        square: of the picture.
        alone: whether it is around that part; otherwise it is around the figure or the picture.
    """

    square: Square
    alone: bool


def any_views(rng: Rng, record: dict[str, Any], side: int) -> tuple[View, ...]:
    """Views of head, body and legs in a picture of `side` pixels, a little off."""
    body = np.array(record["joints"][0] if record["joints"] else np.zeros((18, 3)), np.float32)
    if rng.random() < LOST_JOINTS:
        body[rng.random(18) < rng.choice([0.1, 0.3]), 2] = 0
    if not record["joints"] or rng.random() < WHOLE:
        square = _near(rng, Square(0, 0, side), side)
        return (View(square, alone=False),) * PARTS
    alone = around_parts(body, (side, side))
    squares = squares_of(body, (side, side))["parts"]
    return tuple(
        View(_near(rng, square, side), part is not None)
        for square, part in zip(squares, alone, strict=True)
    )


def _near(rng: Rng, found: Square, side: int) -> Square:
    """A square that is not quite as found, in a picture of `side` pixels."""
    size = min(found.side * float(rng.uniform(0.85, 1.2)), side)
    shift = rng.normal(0, 0.05, 2) * found.side
    corner = np.array([found.left, found.top]) + (found.side - size) / 2 + shift
    left, top = np.clip(corner, 0, side - size)
    return Square(float(left), float(top), float(size))


@dataclass(frozen=True)
class Cut:
    """One view, cut out.

    Attributes:
        picture: [side, side, 3].
        regions: 0 for the scene, 1 for the figure, 2 for the head, [cells, cells].
    """

    picture: NDArray[np.uint8]
    regions: NDArray[np.int64]


@dataclass(frozen=True)
class Look:
    """How a reference differs from the picture that it was cut from.

    Attributes:
        mirrored: left and right are exchanged.
        fewer: pixels that it had before it was enlarged; None for enough.
        gain: of its levels.
        offset: added to them.
    """

    mirrored: bool
    fewer: int | None
    gain: float
    offset: float

    @classmethod
    def any(cls, rng: Rng, side: int) -> Look:
        """Sometimes mirrored, brighter, darker or blurred."""
        fewer = int(rng.integers(side // 2, side)) if rng.random() < 0.3 else None
        mirrored = bool(rng.random() < 0.5)
        return cls(mirrored, fewer, float(rng.normal(1, 0.04)), float(rng.normal(0, 4)))


def cut(
    look: Look,
    square: Square,
    picture: NDArray[np.uint8],
    record: dict[str, Any],
    side: int,
    cells: int,
) -> Cut:
    """One view of a reference."""
    regions = regions_in(square, record, cells)
    part = square.of(Image.fromarray(picture))
    if look.mirrored:
        part = part.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        regions = regions[:, ::-1]
    if look.fewer is not None:
        part = part.resize((look.fewer, look.fewer), Image.Resampling.BILINEAR)
    seen = np.asarray(part.resize((side, side), Image.Resampling.BICUBIC), np.float32)
    return Cut(np.clip(seen * look.gain + look.offset, 0, 255).astype(np.uint8), regions)


def regions_in(square: Square, record: dict[str, Any], cells: int) -> NDArray[np.int64]:
    """What the centres of a square's cells lie on, as `Cut.regions`."""
    steps = (np.arange(cells) + 0.5) / cells * square.side
    x, y = np.meshgrid(square.left + steps, square.top + steps)
    regions = np.zeros((cells, cells), np.int64)
    for rows, (head_x, head_y, radius) in zip(record["joints"], record["heads"], strict=True):
        body = np.array(rows)
        limbs = [(body[i], body[j]) for i, j in LIMBS if body[i, 2] > 0 and body[j, 2] > 0]
        for start, end in limbs:
            regions[_distance(x, y, start, end) < LIMB * radius] = 1
        regions[np.hypot(x - head_x, y - head_y) < 1.2 * radius] = 2
    return regions


def _distance(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    start: NDArray[np.float64],
    end: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Of points from a segment between two joints."""
    along, across = end[0] - start[0], end[1] - start[1]
    length = max(along**2 + across**2, 1e-6)
    share = ((x - start[0]) * along + (y - start[1]) * across) / length
    share = share.clip(0, 1)
    return np.hypot(x - start[0] - share * along, y - start[1] - share * across)


@dataclass(frozen=True)
class Cuts:
    """Views of some references.

    Attributes:
        pictures: as an encoder takes them, [n, PARTS, 3, side, side].
        regions: [n, PARTS, patches].
        shown: which traits each view can show, [n, PARTS, traits].
    """

    pictures: Tensor
    regions: Tensor
    shown: Tensor

    def labels(self, traits: Tensor) -> Tensor:
        """Labels [n, traits] for each view, [n, PARTS, traits]; `HIDDEN` where it cannot tell."""
        return torch.where(self.shown, traits[:, None], HIDDEN)


def cuts(
    rng: Rng,
    pictures: NDArray[np.uint8],
    records: Sequence[dict[str, Any]],
    which: NDArray[np.int64],
    vision: CLIPVisionConfig,
) -> Cuts:
    """Views of the pictures of some numbers."""
    side = vision.image_size
    views = [any_views(rng, records[i], pictures.shape[1]) for i in which]
    looks = [Look.any(rng, side) for _ in which]
    each = [
        cut(look, view.square, pictures[i], records[i], side, side // vision.patch_size)
        for i, look, parts in zip(which, looks, views, strict=True)
        for view in parts
    ]
    levels = torch.from_numpy(np.stack([one.picture for one in each]))
    regions = torch.from_numpy(np.stack([one.regions.ravel() for one in each]))
    alone = torch.tensor([[view.alone for view in parts] for parts in views])
    return Cuts(
        pictures=as_seen(levels).unflatten(0, (-1, PARTS)),
        regions=regions.unflatten(0, (-1, PARTS)),
        shown=SHOWN_IN | ~alone[..., None],
    )
