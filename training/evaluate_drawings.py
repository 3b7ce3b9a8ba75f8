"""Measure how an estimator reads people of unseen renders, alone and in rows, and empty scenes.

    python -m training.evaluate_drawings --model RUN/people.tflite --count 200

Without --model the product's own estimator is measured, photos' networks and all.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from training.world.render import paint, sample, sample_photographed
from vivant.pose.drawings import Drawings
from vivant.pose.estimate import Estimator
from vivant.pose.estimators import estimator_by_name
from vivant.pose.skeleton import Person

FIRST_SEED = 9_000_000
NEAR = 0.1
"""How far a joint may be from its place, by the longer side of the person's box."""

HEIGHTS = (640, 400, 260)


def render(seed: int, *, photographed: bool) -> tuple[Image.Image, list[Person]]:
    """One unseen picture with the people in it whose neck shows."""
    drawn = sample_photographed(seed) if photographed else sample(seed)
    people = [Person(rows) for rows in drawn.joints(2.0) if rows[1, 2] > 0]
    return Image.fromarray(paint(drawn, 2.0)), people


def in_a_row(
    parts: list[tuple[Image.Image, list[Person]]], height: int
) -> tuple[Image.Image, list[Person]]:
    """Pictures side by side at a height, and everybody in them."""
    canvas = Image.new("RGB", (height * len(parts), height))
    people = []
    for place, (picture, there) in enumerate(parts):
        canvas.paste(
            picture.resize((height, height), Image.Resampling.LANCZOS), (place * height, 0)
        )
        people += [each.moved(height / picture.height, place * height, 0) for each in there]
    return canvas, people


def matched(found: tuple[Person, ...], asked: list[Person]) -> Iterator[tuple[Person, Person]]:
    """Who was found for whom: the nearest by the joints, each once, within half of their size."""
    left = list(found)
    for person in asked:
        apart = [distance(each, person) for each in left]
        if apart and min(apart) < 0.5 * person.size:
            yield left.pop(int(np.argmin(apart))), person


def distance(one: Person, other: Person) -> float:
    """Mean distance of the joints that both have, pixels; infinite where there are none."""
    both = one.present & other.present
    if not both.any():
        return float("inf")
    return float(np.linalg.norm(one.body[both, :2] - other.body[both, :2], axis=1).mean())


def near(found: Person, asked: Person) -> NDArray[np.bool_]:
    """Whether each joint that was asked for is found and in its place."""
    apart = np.linalg.norm(found.body[:, :2] - asked.body[:, :2], axis=1)
    return np.asarray((apart < NEAR * asked.size) & found.present)[asked.present]


def measure(estimator: Estimator, pictures: Iterator[tuple[Image.Image, list[Person]]]) -> str:
    """A line: who was found of whom, who was not there, and how many joints are near."""
    there = found = more = 0
    joints: list[NDArray[np.bool_]] = []
    for picture, asked in pictures:
        people = estimator.people(picture)
        pairs = list(matched(people, asked))
        there, found, more = there + len(asked), found + len(pairs), more + len(people) - len(pairs)
        joints += [near(*pair) for pair in pairs]
    share = np.concatenate(joints).mean() if joints else float("nan")
    return f"{found} of {there} found, {more} who are not there, joints {share:.3f}"


def main() -> None:
    """Print a line for each kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path)
    parser.add_argument("--count", type=int, default=200)
    args = parser.parse_args()
    estimator: Estimator = Drawings(args.model) if args.model else estimator_by_name()
    seeds = range(FIRST_SEED, FIRST_SEED + args.count)
    for name, photographed in (("renders", False), ("as photographs show people", True)):
        singles = (render(seed, photographed=photographed) for seed in seeds)
        print(f"{name:28}", measure(estimator, singles), flush=True)
    for size in (2, 3):
        for height in HEIGHTS:
            rows = (
                in_a_row([render(s, photographed=False) for s in seeds[at : at + size]], height)
                for at in range(0, args.count - size, size)
            )
            print(
                f"rows of {size}, {height} pixels".ljust(28), measure(estimator, rows), flush=True
            )


if __name__ == "__main__":
    main()
