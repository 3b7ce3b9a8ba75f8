"""A judge that is not ours: BlazePose's landmark network (Bazarevsky et al. 2020, 2006.10204).

The product reads photos with it (`vivant.pose.blazepose`); here it is shown the place where a
figure was asked for, whoever stands there. `vivant weights pull blazepose` fetches it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vivant.pose.blazepose.estimator import LANDMARKER
from vivant.pose.blazepose.landmarks import Landmarker
from vivant.pose.skeleton import Keypoints, Person
from vivant.pose.squares.network import Network
from vivant.pose.squares.regions import Region, Views
from vivant.weights.catalog import find_entry
from vivant.weights.wheel_files import pull

MARGIN = 1.45
"""The square's half side, by the distance from the middle of the hips to the farthest joint.

The network was trained on squares around the hips that hold the whole body with air around it. On
104 plain renders it found 77 % of the joints in this square, against 62 % in a square 1.6 times the
box of the joints and 49 % in one 1.25 times that box; most of the difference is on half figures.
"""

HIPS_BELOW_NECK = 1.9
"""Distance from neck to hips by that from face to neck, for figures cut above the hips."""

_NECK = 1
_HIPS = np.isin(np.arange(18), (8, 11))
_FACE = np.isin(np.arange(18), (0, 14, 15, 16, 17))


def square_around(person: Person) -> Region:
    """The square that shows the asked figure as the network likes.

    Raises:
        ValueError: the figure has no joints, or all of them in one place.
    """
    centre = _hips(person)
    distances = np.linalg.norm(person.body[person.present, :2] - centre, axis=1)
    half = float(distances.max(initial=0.0)) * MARGIN
    if half <= 0:
        raise ValueError("a figure without an extent cannot be cropped")
    return Region(float(centre[0]), float(centre[1]), 2 * half)


def _hips(person: Person) -> NDArray[np.float32]:
    """Middle of the hips [2], guessed from head and neck, or else the box, where they are cut."""
    body, present = person.body, person.present
    hips, face = present & _HIPS, present & _FACE
    if hips.any():
        return np.asarray(body[hips, :2].mean(0))
    if present[_NECK] and face.any():
        down = body[_NECK, :2] - body[face, :2].mean(0)
        return np.asarray(body[_NECK, :2] + HIPS_BELOW_NECK * down)
    left, top, right, bottom = person.box
    return np.array([(left + right) / 2, (top + bottom) / 2], np.float32)


def joints_at(landmarker: Landmarker, picture: Image.Image, asked: Person) -> Keypoints:
    """Body-18 joints [18, 3] in pixels of the figure at the place of `asked`, all of them seen."""
    body = landmarker.read(Views(picture.convert("RGB")), square_around(asked))
    joints = body.body_18()
    joints[:, 2] = 1
    return joints


def load_landmarker(cache: Path, threads: int = 1) -> Landmarker:
    """The network from a cache of weights, fetched if need be."""
    folder = pull(find_entry("blazepose"), cache)
    return Landmarker(Network(folder / LANDMARKER, threads))
