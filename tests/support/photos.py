"""Photos of people that packages hold, and pictures made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import skimage
from PIL import Image, ImageEnhance, ImageOps

BACKGROUND = (118, 126, 134)

GROUPS = Path(__file__).parents[1] / "server/node/node_modules/@vladmandic/face-api/demo"
"""Photos in a package that npm installs at set-up, pinned by version and hash."""

PEOPLE = {"sample1": 3, "sample2": 3, "sample3": 3, "sample4": 4, "sample5": 5, "sample6": 4}
"""How many people each group has; they touch, hide one another, sit and stand."""

SINGLE: dict[str, dict[str, tuple[int, int, int, int]]] = {
    "sample1": {"left": (200, 150, 720, 1280), "right": (1150, 40, 1920, 1280)},
    "sample2": {"left": (0, 0, 880, 1367), "right": (1180, 0, 1920, 1367)},
    "sample3": {"left": (0, 180, 980, 1350), "right": (1330, 150, 1920, 1350)},
    "sample4": {"left": (0, 40, 560, 1448), "right": (1180, 60, 1920, 1448)},
    "sample5": {"low": (0, 760, 720, 1398), "right": (1330, 250, 1920, 1398)},
    "sample6": {"left": (100, 350, 640, 1537), "right": (1440, 120, 1920, 1537)},
}
"""Parts of groups that show one person: left, top, right, bottom."""


@cache
def photo(name: str) -> Image.Image:
    """`astronaut` (NASA, public domain) or `camera` (CC0) of scikit-image, RGB, 512 x 512."""
    path = Path(skimage.__file__).parent / "data" / f"{name}.png"
    with Image.open(path) as image:
        return image.convert("RGB")


@cache
def group(name: str) -> Image.Image:
    """A photo of women side by side, 1920 pixels wide, by Vladimir Mandic (MIT licence)."""
    assert GROUPS.is_dir(), "`make setup` runs npm ci in tests/server/node"
    with Image.open(GROUPS / f"{name}.jpg") as image:
        return image.convert("RGB")


def single_people() -> Iterator[tuple[str, Image.Image]]:
    """Photos of one person, each with a name: whole ones, parts of groups, and some varied."""
    plain = photo("astronaut")
    yield "astronaut", plain
    yield "camera", photo("camera")
    for name, boxes in SINGLE.items():
        for place, box in boxes.items():
            yield f"{name} {place}", group(name).crop(box)
    yield "astronaut mirrored", ImageOps.mirror(plain)
    yield "astronaut dark", ImageEnhance.Brightness(plain).enhance(0.5)
    yield "astronaut turned", plain.rotate(12, Image.Resampling.BICUBIC)
    yield "astronaut tall", on_canvas([(plain, 60, 300)], 640, 900)
    yield "astronaut small and wide", on_canvas([(resized(plain, 300), 400, 100)], 900, 400)


def resized(picture: Image.Image, height: int) -> Image.Image:
    """The same picture at another height."""
    width = round(picture.width * height / picture.height)
    return picture.resize((width, height), Image.Resampling.LANCZOS)


def on_canvas(placed: list[tuple[Image.Image, int, int]], width: int, height: int) -> Image.Image:
    """Pictures on a plain canvas, each with its left and top."""
    canvas = Image.new("RGB", (width, height), BACKGROUND)
    for picture, left, top in placed:
        canvas.paste(picture, (left, top))
    return canvas
