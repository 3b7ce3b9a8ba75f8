"""Unseen samples to evaluate on, each with a caption that says its labels without ambiguity."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from PIL import Image

from training.judges import CLASSES, HIDDEN, labels_of
from training.make_data import record
from training.world import vocabulary as words
from training.world.render import Sample, paint, sample
from vivant.pose.skeleton import Person, Pose

FIRST_SEED = 9_000_000
"""No training set holds seeds from here to a million beyond."""

MIN_JOINTS = 6


@dataclass(frozen=True)
class Case:
    """One unseen sample: its render, its pose, a caption of its labels, and what that says."""

    seed: int
    render: Image.Image
    pose: Pose
    caption: str
    labels: tuple[int, ...]


def _article(phrase: str) -> str:
    return f"an {phrase}" if phrase[0] in "aeiou" else f"a {phrase}"


def caption_of(sampled: dict[str, Any]) -> tuple[str, set[str]]:
    """A plain caption of a record's only person and scene, and the attributes that it says."""
    person = sampled["people"][0]
    said = {"who", "hair", "garment", "garment_colour", "place", "time"}
    noun, hair = person["who"], f"{person['hair']} hair"
    if person["skin"] in ("dark", "pale"):
        said.add("skin")
        hair = f"{person['skin']} skin and {hair}"
    garment = words.GARMENTS[person["garment"]][0]
    phrase = f"{_article(noun)} with {hair} wearing {_article(person['garment_colour'])} {garment}"
    if person["bottom"] and person["garment"] != "suit":
        said |= {"bottom", "bottom_colour"}
        bottom = f"{person['bottom_colour']} {words.BOTTOMS[person['bottom']][0]}"
        phrase += f" and {_article(bottom) if person['bottom'] == 'skirt' else bottom}"
    if person["hat"]:
        said.add("hat")
        phrase += f", wearing {_article(person['hat'])} hat"
    if person["glasses"]:
        said.add("glasses")
        phrase += ", with glasses"
    if person["expression"] != "calm":
        said.add("expression")
        phrase += f", {words.EXPRESSIONS[person['expression']][0]}"
    parts = [phrase, words.TIMES[sampled["time"]][0], words.PLACES[sampled["place"]][0]]
    if sampled["rain"]:
        said.add("rain")
        parts.append(words.RAIN[0])
    return ", ".join(parts), said


def unseen_cases(
    count: int, size: int, first_seed: int = FIRST_SEED, draw: Callable[[int], Sample] | None = None
) -> list[Case]:
    """The first `count` samples from `first_seed` on that show exactly one person well.

    Args:
        count: of cases.
        size: of their pictures.
        first_seed: that is tried.
        draw: a sample from a seed; by default `sample`, always with somebody.
    """
    draw = draw or partial(sample, empty=0.0)
    cases: list[Case] = []
    seed = first_seed - 1
    while len(cases) < count:
        seed += 1
        drawn = draw(seed)
        joints = drawn.joints(size / 256)
        if len(joints) != 1 or (joints[0, :, 2] > 0).sum() < MIN_JOINTS:
            continue
        sampled = record(drawn, seed, size / 256)
        caption, said = caption_of(sampled)
        labels = labels_of(sampled)
        judged = tuple(labels[name] if name in said else HIDDEN for name in CLASSES)
        pose = Pose((Person(joints[0]),), size, size)
        render = Image.fromarray(paint(drawn, size / 256))
        cases.append(Case(seed, render, pose, caption, judged))
    return cases
