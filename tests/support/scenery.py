"""Pictures without people: empty ones, landscapes, pages, noise and textures, one for each seed."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from scipy import ndimage

from training.world.render import paint, sample

SIDES = (240, 320, 480, 640)
TEXT = "It was the best of times, it was the worst of times, it was the age of wisdom"


def nobody(seed: int) -> Image.Image:
    """An empty picture, a landscape, a page of text or pure noise, whose turn it is."""
    rng = np.random.default_rng(seed)
    return (_plain, _landscape, _page, _noise, _painted)[seed % 5](rng, *_size(rng))


def texture(seed: int) -> Image.Image:
    """A texture: clouds, blobs, stripes, cells, wood or scattered shapes, whose turn it is."""
    rng = np.random.default_rng(1000 + seed)
    width, height = _size(rng)
    makers = (_clouds, _blobs, _stripes, _cells, _wood, _scatter)
    return makers[seed % len(makers)](rng, width, height)


def _size(rng: np.random.Generator) -> tuple[int, int]:
    width, height = rng.choice(SIDES, 2).tolist()
    return width, height


def _picture(values: NDArray[np.float64]) -> Image.Image:
    return Image.fromarray(values.clip(0, 255).astype(np.uint8))


def _coloured(grey: NDArray[np.float64], rng: np.random.Generator) -> Image.Image:
    """Grey levels of any range between two random colours."""
    share = (grey - grey.min()) / max(float(np.ptp(grey)), 1e-9)
    low, high = rng.uniform(0, 255, (2, 3))
    return _picture(low + share[..., None] * (high - low))


def _plain(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    top, bottom = rng.uniform(0, 255, (2, 3)) if rng.random() < 0.7 else np.zeros((2, 3))
    share = np.linspace(0, 1, height)[:, None, None]
    return _picture(np.broadcast_to(top + share * (bottom - top), (height, width, 3)))


def _landscape(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Sky, sun, ranges of hills and a field with trees."""
    picture = _plain(rng, width, height)
    pen = ImageDraw.Draw(picture)
    x, y, radius = rng.uniform(0, width), rng.uniform(0, height / 3), rng.uniform(8, 40)
    pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(255, 240, 200))
    for layer in range(4):
        ridge = np.cumsum(rng.normal(0, 3, width)) + height * (0.35 + 0.15 * layer)
        colour = tuple(int(value) for value in rng.uniform(20, 200, 3))
        ground = [(column, float(level)) for column, level in enumerate(ridge)]
        pen.polygon([*ground, (width, height), (0, height)], fill=colour)
    for _ in range(rng.integers(0, 25)):
        x, y, size = rng.uniform(0, width), rng.uniform(height / 2, height), rng.uniform(10, 60)
        pen.rectangle((x - size / 12, y - size, x + size / 12, y), fill=(80, 55, 35))
        crown = (x - size / 2, y - 1.6 * size, x + size / 2, y - 0.5 * size)
        pen.ellipse(crown, fill=(30, int(rng.uniform(70, 150)), 40))
    return picture.filter(ImageFilter.GaussianBlur(rng.uniform(0, 2)))


def _page(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    paper = tuple(int(value) for value in rng.uniform(200, 256, 3))
    picture = Image.new("RGB", (width, height), paper)
    pen = ImageDraw.Draw(picture)
    size = int(rng.integers(10, 32))
    for top in range(size, height - size, int(1.5 * size)):
        start = int(rng.integers(0, 20))
        pen.text((size, top), TEXT[start:], fill=(20, 20, 30), font_size=size)
    return picture.rotate(float(rng.uniform(-4, 4)), fillcolor=paper)


def _noise(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    channels = 3 if rng.random() < 0.5 else 1
    values = rng.uniform(0, 255, (height, width, channels))
    return _picture(np.broadcast_to(values, (height, width, 3)))


def _painted(rng: np.random.Generator, width: int, height: int) -> Image.Image:  # noqa: ARG001  # its own size
    """A scene of the training world in which nobody is."""
    seed = int(rng.integers(10_000_000))
    while (drawn := sample(seed, empty=1.0)).actors:
        seed += 1
    return Image.fromarray(paint(drawn, 2.0)[..., :3])


def _clouds(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    grey = np.zeros((height, width))
    for octave in range(1, 7):
        grid = rng.normal(size=(height // 2**octave + 2, width // 2**octave + 2))
        layer = ndimage.zoom(grid, 2**octave, order=1)[:height, :width]
        grey += layer * 2 ** (octave * rng.uniform(0.5, 1))
    return _coloured(grey, rng)


def _blobs(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    grid = rng.uniform(0, 255, (int(rng.integers(4, 20)), int(rng.integers(4, 20)), 3))
    return _picture(grid).resize((width, height), Image.Resampling.BICUBIC)


def _stripes(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[:height, :width]
    angle, period = rng.uniform(0, np.pi), rng.uniform(5, 60)
    along = columns * np.cos(angle) + rows * np.sin(angle)
    bent = 8 * np.sin(rows / rng.uniform(10, 60)) * rng.integers(0, 2)
    return _coloured(np.sin((along + bent) / period * 2 * np.pi), rng)


def _cells(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Distances to the nearest of some points: stones, cells, leather."""
    points = np.ones((height, width), bool)
    count = int(rng.integers(20, 200))
    points[rng.integers(0, height, count), rng.integers(0, width, count)] = False
    return _coloured(ndimage.distance_transform_edt(points), rng)


def _wood(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    rows, columns = np.mgrid[:height, :width]
    x, y = rng.uniform(-width, 2 * width), rng.uniform(-height, 2 * height)
    grain = ndimage.gaussian_filter(rng.normal(0, 40, (height, width)), 6)
    return _coloured(np.sin((np.hypot(columns - x, (rows - y) * 3) + grain) / 7), rng)


def _scatter(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Ellipses and sticks of all colours."""
    picture = _plain(rng, width, height)
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(20, 150)):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        w, h = rng.uniform(4, 80, 2)
        colour = tuple(int(value) for value in rng.uniform(0, 255, 3))
        if rng.random() < 0.5:
            pen.ellipse((x, y, x + w, y + h), fill=colour)
        else:
            pen.line((x, y, x + w - 40, y + h), fill=colour, width=int(rng.integers(2, 12)))
    return picture
