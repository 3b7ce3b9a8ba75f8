"""Captions in many forms. What is left unsaid was drawn at random."""

from __future__ import annotations

import numpy as np

from training.world import vocabulary as words
from training.world.person import Person
from training.world.sky import Scene

Rng = np.random.Generator


SKIN_SAID = {"pale": 0.6, "light": 0.1, "tan": 0.7, "dark": 0.9}
"""How often a skin is told, beside other looks: the commonest is what goes without saying."""


def _one(rng: Rng, options: tuple[str, ...]) -> str:
    return str(options[int(rng.integers(len(options)))])


def _article(phrase: str) -> str:
    return f"an {phrase}" if phrase[0] in "aeiou" else f"a {phrase}"


def _clothes(rng: Rng, person: Person, *, colour: bool) -> str:
    noun = _one(rng, words.GARMENTS[person.garment])
    return _article(f"{person.garment_colour} {noun}" if colour else noun)


def _bottom(rng: Rng, person: Person) -> str:
    noun = _one(rng, words.BOTTOMS[str(person.bottom)])
    named = f"{person.bottom_colour} {noun}"
    return _article(named) if person.bottom == "skirt" else named


def _hair(rng: Rng, person: Person) -> str:
    style = _one(rng, words.HAIR_STYLES[person.hair_style])
    kind = rng.random()
    if kind < 0.45:
        return f"{person.hair} hair"
    if kind < 0.85 and style.endswith(" hair"):
        return f"{style.removesuffix(' hair')} {person.hair} hair"
    return f"{person.hair} hair and {style}"


def describe(rng: Rng, person: Person, detail: float) -> str:
    """A noun phrase for a person; each attribute is said with probability `detail`."""
    noun = _one(rng, words.WHO[person.who])
    says = lambda share=1.0: rng.random() < detail * share  # noqa: E731
    if says(SKIN_SAID[person.skin]):
        noun = f"{noun} with {person.skin} skin"
    phrase = _article(noun)
    hair_first = rng.random() < 0.5
    hair = _hair(rng, person) if says(0.8) else None
    if hair and hair_first:
        joiner = "and" if "with" in phrase else "with"
        phrase = f"{phrase} {joiner} {hair}"
    if says(1.1):
        verb = _one(rng, ("wearing", "wearing", "in", "dressed in"))
        clothes = _clothes(rng, person, colour=rng.random() < 0.88)
        if rng.random() < 0.12:
            clothes = clothes.split(" ", 1)[1]
        phrase = f"{phrase} {verb} {clothes}"
        if person.bottom and person.garment != "suit" and says(0.9):
            phrase = f"{phrase} and {_bottom(rng, person)}"
    if hair and not hair_first:
        phrase = f"{phrase}, {hair}"
    if person.hat and says(1.2):
        phrase = f"{phrase}, {_one(rng, ('with', 'wearing'))} {_article(person.hat)} hat"
    if person.glasses and says(1.2):
        phrase = f"{phrase}, with glasses"
    return phrase


def _setting(rng: Rng, scene: Scene, detail: float) -> list[str]:
    parts = []
    if rng.random() < detail * 1.15:
        parts.append(_one(rng, words.PLACES[scene.place]))
    named_time = scene.time != "day" or rng.random() < 0.5
    if named_time and rng.random() < detail * 1.25:
        parts.append(_one(rng, words.TIMES[scene.time]))
    if scene.rain and rng.random() < max(detail * 1.3, 0.75):
        parts.append(_one(rng, words.RAIN))
    return parts


def caption(
    rng: Rng,
    people: list[tuple[Person, str, str]],
    scene: Scene,
    props: list[str],
) -> str:
    """The whole caption.

    Args:
        rng: picks the form.
        people: (person, action words or "", side or "") for each figure.
        scene: where and when.
        props: the words of each prop that is there.
    """
    detail = 0.45 if rng.random() < 0.2 else 0.95
    subjects = []
    for person, action, side in people:
        phrase = describe(rng, person, detail)
        if action and rng.random() < detail:
            phrase = f"{phrase}, {action}"
        if rng.random() < detail * 0.75 and person.expression != "calm":
            phrase = f"{phrase}, {_one(rng, words.EXPRESSIONS[person.expression])}"
        if side and rng.random() < 0.35:
            phrase = f"{phrase} {_one(rng, words.SIDES[side])}"
        subjects.append(phrase)
    things = [t for t in props if rng.random() < max(detail, 0.8)]
    setting = _setting(rng, scene, detail)
    if not subjects:
        subjects, things = ([" and ".join(things)] if things else []), []
        setting = setting or [_one(rng, words.PLACES[scene.place])]
    subject = " and ".join(subjects)
    if things:
        subject = (
            f"{subject}{_one(rng, (' and ', ', ', ' with ', ' next to '))}{' and '.join(things)}"
        )
    if not people:
        ordered = [subject, *setting] if subject else setting
    elif rng.random() < 0.22 and setting:
        ordered = [setting[0], subject, *setting[1:]]
    else:
        rng.shuffle(setting)
        ordered = [subject, *setting]
    separator = ". " if rng.random() < 0.2 else ", " if rng.random() < 0.7 else " "
    text = separator.join(p for p in ordered if p)
    if rng.random() < 0.3 and people:
        text = f"{_one(rng, words.STYLE_WORDS)} {text}"
    return text
