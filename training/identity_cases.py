"""Unseen characters to evaluate an identity adapter on: a picture of each, and a story to tell."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image

from training.judges import HIDDEN
from training.make_data import facts
from training.story_cases import plain_line
from training.story_judges import STORY_CLASSES, story_labels
from training.world.render import paint
from training.world.story import Panel, sample_story
from training.world.story_captions import with_article

FIRST_SEED = 95_000_000
"""Training sets take their seeds from far below."""

PANELS = 4
"""Of each story, beside the reference."""

SHOWN = ("hair", "skin", "garment", "garment_colour", "bottom_colour", "hat", "glasses")
"""What only the reference tells; `who` is in the prompt."""

ASKED = ("person", "place", "time", "expression")
"""What the lines tell."""


@dataclass(frozen=True)
class Encounter:
    """One character, a picture of theirs, and a story.

    Attributes:
        seed: of the story, and of its generation.
        who: "a man".
        picture: the reference, as the world draws it.
        shown: class numbers of what it shows, as `STORY_CLASSES` orders them; else `HIDDEN`.
        panels: what the world would draw of the story.
        lines: its script.
        asked: class numbers of what the lines ask for, for each panel; else `HIDDEN`.
    """

    seed: int
    who: str
    picture: Image.Image
    shown: tuple[int, ...]
    panels: tuple[Panel, ...]
    lines: tuple[str, ...]
    asked: tuple[tuple[int, ...], ...]


def encounters(count: int, first_seed: int = FIRST_SEED) -> list[Encounter]:
    """That many characters whom no training has seen, each by the first picture of theirs."""
    return [_encounter(seed) for seed in range(first_seed, first_seed + count)]


def _encounter(seed: int) -> Encounter:
    panels = list(sample_story(seed, PANELS + 1))
    reference = panels.pop(next(i for i, p in enumerate(panels) if p.person is not None))
    assert reference.person is not None  # noqa: S101 - it was chosen by that
    return Encounter(
        seed=seed,
        who=with_article(reference.person.who),
        picture=Image.fromarray(paint(reference.drawn)),
        shown=_labels(reference, SHOWN),
        panels=tuple(panels),
        lines=tuple(f"{'' if p.person else '[NC] '}{plain_line(p)}" for p in panels),
        asked=tuple(_labels(panel, ASKED) for panel in panels),
    )


def _labels(panel: Panel, names: tuple[str, ...]) -> tuple[int, ...]:
    """Class numbers of these attributes as a panel shows them, `HIDDEN` for all others."""
    labels = story_labels(facts(panel.drawn, 1.0) | {"covered": bool(panel.drawn.front)})
    return tuple(labels[name] if name in names else HIDDEN for name in STORY_CLASSES)
