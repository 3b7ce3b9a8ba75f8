"""Who is in the picture: attributes drawn at random, each one visible and nameable."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.world import vocabulary as words

Rng = np.random.Generator


@dataclass(frozen=True)
class Person:
    """Everything that makes a figure look as it does; each value is a key in `vocabulary`."""

    who: str
    skin: str
    hair: str
    hair_style: str
    garment: str
    garment_colour: str
    bottom: str | None
    bottom_colour: str
    hat: str | None
    glasses: bool
    expression: str

    @property
    def old(self) -> bool:
        """White-haired."""
        return self.who.startswith("old")

    @property
    def female(self) -> bool:
        """Woman, girl or old woman."""
        return self.who in ("woman", "girl", "old woman")

    @property
    def child(self) -> bool:
        """Boy or girl."""
        return self.who in ("boy", "girl")


def _pick(rng: Rng, options: dict[str, object] | tuple[str, ...] | list[str]) -> str:
    return str(rng.choice(list(options)))


def sample_person(rng: Rng, expression: str | None = None) -> Person:
    """A random character; suits have matching trousers, dresses none."""
    who = str(
        rng.choice(
            ["man", "woman", "boy", "girl", "old man", "old woman"],
            p=[0.28, 0.25, 0.15, 0.18, 0.07, 0.07],
        )
    )
    old, female = who.startswith("old"), who in ("woman", "girl", "old woman")
    hair = (
        "white"
        if old
        else str(
            rng.choice(["black", "brown", "blond", "red", "white"], p=[0.3, 0.26, 0.22, 0.17, 0.05])
        )
    )
    options = ["suit", "shirt", "t-shirt", "jacket", "coat", "sweater"]
    weights = [0.22, 0.16, 0.17, 0.17, 0.13, 0.15]
    if female:
        options.append("dress")
        weights = [w * 0.78 for w in weights] + [0.22]
    garment = str(rng.choice(options, p=np.array(weights) / sum(weights)))
    colour = _pick(rng, words.GARMENT_COLOURS)
    if garment == "suit" and rng.random() < 0.4:
        colour = str(rng.choice(["black", "grey", "blue", "brown"]))
    if garment == "dress":
        bottom: str | None = None
    elif garment == "suit":
        bottom = "trousers"
    elif female:
        bottom = str(rng.choice(["trousers", "skirt", "shorts"], p=[0.45, 0.43, 0.12]))
    else:
        bottom = str(rng.choice(["trousers", "shorts"], p=[0.85, 0.15]))
    others = [c for c in words.GARMENT_COLOURS if c != colour]
    bottom_colour = colour if garment == "suit" else _pick(rng, others)
    return Person(
        who=who,
        skin=str(rng.choice(["pale", "light", "tan", "dark"], p=[0.18, 0.38, 0.2, 0.24])),
        hair=hair,
        hair_style=_pick(rng, words.HAIR_BY_WHO[who]),
        garment=garment,
        garment_colour=colour,
        bottom=bottom,
        bottom_colour=bottom_colour,
        hat=_pick(rng, words.GARMENT_COLOURS) if rng.random() < 0.14 else None,
        glasses=bool(rng.random() < 0.16),
        expression=expression
        or str(rng.choice(list(words.EXPRESSIONS), p=[0.36, 0.16, 0.14, 0.1, 0.08, 0.16])),
    )
