"""Unseen stories to evaluate on, told so plainly that there is no doubt what is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from training.judges import HIDDEN
from training.make_data import facts
from training.story_judges import STORY_CLASSES, story_labels
from training.world import vocabulary as words
from training.world.person import Person
from training.world.story import ACTIVITIES, Panel, sample_story
from training.world.story_captions import SKINS, THINGS, with_article

FIRST_SEED = 90_000_000
"""Training sets take their seeds from far below."""

IDENTITIES = 3

SCENE = ("place", "time", "person")
CHARACTER = ("who", "hair", "garment", "garment_colour", "bottom_colour", "skin")


@dataclass(frozen=True)
class StoryCase:
    """One unseen story.

    Attributes:
        seed: of the story, and of its generation.
        panels: what the world would draw.
        prompts: one a panel, without a style.
        labels: class numbers by attribute for each panel; `HIDDEN` where nothing was asked.
        rendered: the same as the world draws it, `HIDDEN` where it does not show.
    """

    seed: int
    panels: tuple[Panel, ...]
    prompts: tuple[str, ...]
    labels: tuple[dict[str, int], ...]
    rendered: tuple[dict[str, int], ...]


def full_description(person: Person) -> str:
    """A character with all attributes named."""
    phrase = f"{with_article(person.who)} with {SKINS[person.skin][0]} and {person.hair} hair"
    garment = f"{person.garment_colour} {words.GARMENTS[person.garment][0]}"
    phrase += f", wearing {with_article(garment)}"
    if person.bottom and person.garment != "suit":
        bottom = f"{person.bottom_colour} {words.BOTTOMS[person.bottom][0]}"
        phrase += f" and {with_article(bottom) if person.bottom == 'skirt' else bottom}"
    return phrase


def plain_line(panel: Panel) -> str:
    """Deed, feeling, thing, place and hour of a panel, always in the same words."""
    scene, person = panel.drawn.scene, panel.person
    parts = []
    if person is not None:
        deed = next((w for w in ACTIVITIES[panel.activity].words if w), "")
        feeling = "" if person.expression == "calm" else words.EXPRESSIONS[person.expression][0]
        parts += [deed, feeling]
    things = [THINGS[name][0] for name, *_ in panel.drawn.props if name in THINGS]
    parts += [f"next to {thing}" if person is not None else thing for thing in things]
    parts += [words.PLACES[scene.place][0], words.TIMES[scene.time][0]]
    if scene.rain:
        parts.append(words.RAIN[0])
    return ", ".join(part for part in parts if part)


def unseen_stories(count: int, *, described: bool, first_seed: int = FIRST_SEED) -> list[StoryCase]:
    """Stories of 4 to 8 panels, `IDENTITIES` of them identity panels.

    Args:
        count: how many.
        described: name all of the character, or only who it is ("a man").
        first_seed: of the stories, which follow each other.
    """
    return [_case(seed, described=described) for seed in range(first_seed, first_seed + count)]


def _case(seed: int, *, described: bool) -> StoryCase:
    rng = np.random.default_rng((seed, 2))
    panels = sample_story(seed, int(rng.integers(4, 9)))
    person = next(p.person for p in panels if p.person is not None)
    who = full_description(person) if described else with_article(person.who)
    prompts, labels, rendered = [], [], []
    for panel in panels:
        line = plain_line(panel)
        prompts.append(line if panel.person is None else f"{who}, {line}")
        record = facts(panel.drawn, 1.0) | {"covered": bool(panel.drawn.front)}
        rendered.append(story_labels(record))
        labels.append(_asked(record, described=described))
    return StoryCase(seed, panels, tuple(prompts), tuple(labels), tuple(rendered))


def _asked(record: dict[str, Any], *, described: bool) -> dict[str, int]:
    """What a prompt asks for, whether or not the world's own drawing shows it."""
    asked = dict.fromkeys(STORY_CLASSES, HIDDEN)
    said = {"place": record["place"], "time": record["time"]}
    said["person"] = "yes" if record["people"] else "no"
    for person in record["people"]:
        said["who"] = person["who"]
        if described:
            said |= {name: person[name] for name in CHARACTER if person[name] is not None}
            if person["bottom"] is None:
                said["bottom_colour"] = "none"
            if person["hat"] and person["hair_style"] in ("short", "bun"):
                said.pop("hair")
    return asked | {name: STORY_CLASSES[name].index(value) for name, value in said.items()}
