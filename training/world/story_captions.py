"""What a story's prompts say, composed as the product does: the character, then the line.

A character's description is the same in all panels of a story and leaves much open; a line tells
one panel. Panels without anybody have only their line.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.world import vocabulary as words
from training.world.person import Person
from training.world.story import ACTIVITIES, Panel
from vivant.comic.styles import STYLES, styled
from vivant.endpoints.storydiffusion.request import NEGATIVE_PROMPT

Rng = np.random.Generator

OPEN = 0.45
"""Chance that a description leaves an attribute open, of those that tell some."""

DESCRIPTIONS = ((OPEN, 0.35), (1.0, 0.30), (0.05, 0.35))
"""How much descriptions leave open, and how often: some of the looks, all (only "a man"), hardly
any. With one in ten of the last kind, trousers that were named took other clothes' colours."""

SKINS: dict[str, tuple[str, ...]] = {
    "pale": ("pale skin",),
    "light": ("light skin", "fair skin"),
    "tan": ("tan skin", "tanned skin"),
    "dark": ("dark skin",),
}

HOURS: dict[str, tuple[str, ...]] = {
    "day": (*words.TIMES["day"], "at noon", "in the afternoon", "during the day"),
    "sunset": words.TIMES["sunset"],
    "night": (*words.TIMES["night"], "at night", "late at night"),
}

THINGS: dict[str, tuple[str, ...]] = {
    "car": ("a car", "the car", "a red car"),
    "house": ("a house", "a small house", "the house"),
    "tree": ("a tree", "a big tree"),
    "tiger": ("a tiger", "a tiger", "the tiger"),
    "cat": ("a cat", "the cat"),
    "dog": ("a dog", "the dog"),
    "chest": ("a treasure chest", "a chest of gold", "the treasure chest"),
}

PLAIN = "(No style)"


def unwanted() -> tuple[str, ...]:
    """The negative prompts that users send: the default one in every style, and some others."""
    default = (styled(name, "", NEGATIVE_PROMPT)[1] for name in STYLES)
    return (*default, *words.NEGATIVES)


def _one(rng: Rng, options: Sequence[str]) -> str:
    return str(options[int(rng.integers(len(options)))])


def with_article(phrase: str) -> str:
    """A phrase behind "a" or "an"."""
    return f"an {phrase}" if phrase[0] in "aeiou" else f"a {phrase}"


def describe_character(rng: Rng, person: Person, left_open: float) -> str:
    """A noun phrase; each attribute is left open with probability `left_open`, never `who`."""

    def says() -> bool:
        return bool(rng.random() >= left_open)

    features = []
    if says():
        features.append(_one(rng, SKINS[person.skin]))
    if says():
        features.append(_hair(rng, person))
    if person.glasses and says():
        features.append("glasses")
    rng.shuffle(features)
    clothes = _clothes(rng, person, garment=says(), bottom=says())
    if person.hat and says():
        clothes.append(f"{with_article(person.hat)} hat")
    parts = [with_article(_one(rng, words.WHO[person.who]))]
    comma = ", " if rng.random() < 0.5 else " "
    extras = []
    if features:
        extras.append(f"with {' and '.join(features)}")
    if clothes:
        verb = _one(rng, ("wearing", "wearing", "in", "dressed in"))
        if rng.random() < 0.35:
            clothes = [c.removeprefix("a ").removeprefix("an ") for c in clothes]
        extras.append(f"{verb} {' and '.join(clothes)}")
    if rng.random() < 0.35:
        extras.reverse()
    return comma.join([*parts, *extras])


def _hair(rng: Rng, person: Person) -> str:
    style = _one(rng, words.HAIR_STYLES[person.hair_style])
    kind = rng.random()
    if kind < 0.6:
        return f"{person.hair} hair"
    if style.endswith(" hair") and not style.startswith("a "):
        return f"{style.removesuffix(' hair')} {person.hair} hair"
    return f"{person.hair} hair and {style}"


def _clothes(rng: Rng, person: Person, *, garment: bool, bottom: bool) -> list[str]:
    """What is worn, as far as it is to be said; now and then only the kind or only the colour."""
    said = []
    if garment:
        noun = _one(rng, words.GARMENTS[person.garment])
        kind = rng.random()
        if kind < 0.08:
            said.append(person.garment_colour)
        else:
            said.append(with_article(noun if kind < 0.16 else f"{person.garment_colour} {noun}"))
    if bottom and person.bottom and person.garment != "suit":
        noun = f"{person.bottom_colour} {_one(rng, words.BOTTOMS[person.bottom])}"
        said.append(with_article(noun) if person.bottom == "skirt" else noun)
    return said


def _setting(rng: Rng, panel: Panel) -> list[str]:
    """Place, hour and weather; an hour left unsaid is the day, a place hardly ever is."""
    scene = panel.drawn.scene
    parts = []
    if rng.random() < 0.95 and not (scene.place == "home" and panel.activity == "bed"):
        parts.append(_one(rng, words.PLACES[scene.place]))
    if scene.time != "day" or rng.random() < 0.35:
        parts.append(_one(rng, HOURS[scene.time]))
    if scene.rain:
        parts.append(_one(rng, words.RAIN))
    return parts


def _empty_line(rng: Rng, panel: Panel) -> str:
    setting = _setting(rng, panel)
    place = words.PLACES[panel.drawn.scene.place]
    if not any(part in place for part in setting):
        setting.insert(0, _one(rng, place))
    if panel.drawn.props:
        name = panel.drawn.props[0][0]
        thing = _one(rng, THINGS[name])
        if name in ("tiger", "cat", "dog") and rng.random() < 0.45:
            thing += _one(rng, (" appeared", " appears", " is coming", " is waiting"))
        joiner = " " if rng.random() < 0.6 else ", "
        return thing + joiner + ", ".join(setting)
    start = _one(rng, ("", "", "a view ", "nobody ", "an empty scene "))
    return start + ", ".join(setting)


def line_of(rng: Rng, panel: Panel) -> str:
    """One line of a script: what this panel shows, the character left out."""
    person = panel.person
    if person is None:
        return _empty_line(rng, panel)
    parts = _setting(rng, panel)
    deed = _one(rng, ACTIVITIES[panel.activity].words)
    if deed and (rng.random() < 0.95 or ACTIVITIES[panel.activity].front):
        parts.append(deed)
    felt = person.expression
    if felt != "smiling" or rng.random() < 0.4:
        parts.append(_one(rng, words.EXPRESSIONS[felt]))
    rng.shuffle(parts)
    named = [p[0] for p in panel.drawn.props if p[0] in THINGS]
    if named and rng.random() < 0.92:
        how = _one(rng, ("with ", "next to ", "near ", "and "))
        parts.insert(int(rng.integers(len(parts) + 1)), how + _one(rng, THINGS[named[0]]))
    if panel.view == "close":
        parts.insert(0, _one(rng, ("close-up", "portrait")))
    return (", " if rng.random() < 0.88 else " ").join(parts)


def compose(rng: Rng, description: str, line: str) -> str:
    """The character before the line."""
    return description + _one(rng, (", ", ", ", ", ", ",", ". ", " ")) + line


def any_style(rng: Rng) -> str:
    """One of the product's styles, none left out but `PLAIN`."""
    return _one(rng, [name for name in STYLES if name != PLAIN])


def story_prompts(
    rng: Rng, panels: Sequence[Panel], style: str = PLAIN, left_open: float | None = None
) -> list[str]:
    """One prompt a panel, with one description of the character throughout.

    Args:
        rng: picks the words.
        panels: of one story.
        style: around all of them; its words change nothing in these pictures.
        left_open: chance that an attribute is left open; by default any of `DESCRIPTIONS`.
    """
    if left_open is None:
        chances, shares = zip(*DESCRIPTIONS, strict=True)
        left_open = float(rng.choice(chances, p=shares))
    people = [panel.person for panel in panels if panel.person is not None]
    description = describe_character(rng, people[0], left_open) if people else ""
    prompts = []
    for panel in panels:
        line = line_of(rng, panel)
        prompt = compose(rng, description, line) if panel.person is not None and line else line
        prompts.append(styled(style, prompt or description, "")[0])
    return prompts
