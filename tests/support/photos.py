"""Photos of people that a package holds, in many versions, and pictures made of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import skimage
from PIL import Image, ImageEnhance, ImageOps

BACKGROUND = (118, 126, 134)


@cache
def photo(name: str) -> Image.Image:
    """`astronaut` (NASA, public domain) or `camera` (CC0) of scikit-image, RGB, 512 x 512."""
    path = Path(skimage.__file__).parent / "data" / f"{name}.png"
    with Image.open(path) as image:
        return image.convert("RGB")


def single_people() -> Iterator[tuple[str, Image.Image]]:
    """Pictures of one person, each with a name."""
    for name in ("astronaut", "camera"):
        plain = photo(name)
        yield name, plain
        yield f"{name} mirrored", ImageOps.mirror(plain)
        yield f"{name} large", plain.resize((1024, 1024), Image.Resampling.BICUBIC)
        yield f"{name} dark", ImageEnhance.Brightness(plain).enhance(0.5)
        yield f"{name} turned", plain.rotate(12, Image.Resampling.BICUBIC)
        yield f"{name} tall", on_canvas([(plain, 60, 300)], 640, 900)
        yield f"{name} small and wide", on_canvas([(resized(plain, 300), 400, 100)], 900, 400)


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
