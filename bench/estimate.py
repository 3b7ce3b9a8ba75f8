"""How long a photo takes to become a pose map: estimated, letterboxed and drawn, warm.

Without a photo it takes scikit-image's astronaut:

    python bench/estimate.py photo.jpg --megapixels 0.5 1 2 4 --threads 2
"""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from vivant.pose.draw import draw
from vivant.pose.estimate import Everybody, estimated
from vivant.pose.estimators import load_blazepose, load_drawings
from vivant.weights.catalog import find_entry
from vivant.weights.wheel_files import cache_folder, pull


def at_megapixels(picture: Image.Image, megapixels: float) -> Image.Image:
    """The same picture with so many pixels."""
    scale = (megapixels * 1e6 / (picture.width * picture.height)) ** 0.5
    size = (round(picture.width * scale), round(picture.height * scale))
    return picture.resize(size, Image.Resampling.BICUBIC)


def astronaut() -> Image.Image:
    """The photo that scikit-image comes with."""
    import skimage  # noqa: PLC0415  # only for this

    return Image.open(Path(skimage.__file__).parent / "data" / "astronaut.png").convert("RGB")


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photo", nargs="?", type=Path)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[0.25, 1.0, 4.0])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    photo = Image.open(options.photo).convert("RGB") if options.photo else astronaut()
    pull(find_entry("blazepose"), cache_folder())
    photos = load_blazepose(cache_folder(), options.threads)
    estimator = Everybody(load_drawings(options.threads), photos)
    table = Table(title=f"photo to pose map, {options.threads} of {os.cpu_count()} cores")
    for head in ("size", "people", "median ms", "least ms", "CPU ms"):
        table.add_column(head, justify="right")
    for megapixels in options.megapixels:
        picture = at_megapixels(photo, megapixels)
        walls, computing = [], []
        for _ in range(options.repeats + 1):
            wall, busy = time.perf_counter(), time.process_time()
            pose = estimated(estimator, picture)
            draw(pose, 1024, 1024)
            walls.append((time.perf_counter() - wall) * 1e3)
            computing.append((time.process_time() - busy) * 1e3)
        table.add_row(
            f"{picture.width}x{picture.height}",
            str(len(pose.people)),
            f"{statistics.median(walls[1:]):.0f}",
            f"{min(walls[1:]):.0f}",
            f"{statistics.median(computing[1:]):.0f}",
        )
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
