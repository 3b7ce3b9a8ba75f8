"""Stories: one character in several panels, and panels without anybody.

Who they are stays the same; place, hour, action, feeling and things change from panel to panel, as
they do in a script. Each activity is staged in one way, chosen by eye: what a line leaves unsaid is
not left to chance, so that a small network has few things to learn and can learn them well.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from training.world.person import Person, sample_person
from training.world.render import UNITS, Actor, Prop, Sample, place_actor
from training.world.sky import INDOORS, Scene

Rng = np.random.Generator


@dataclass(frozen=True)
class Activity:
    """What a line can have somebody do.

    Attributes:
        action: the posture, a key of the world's `ACTIONS`.
        words: what a line calls it; an empty one leaves it unsaid.
        weight: how often it comes, beside the others'.
        stage: seed of its posture and place, chosen by eye.
        view: how much of the figure is seen: full or half.
        places: where it happens; empty for anywhere.
        held: what the hands hold.
        expression: the feeling that always comes with it.
        behind, front: furniture behind and in front of the figure.
    """

    action: str
    words: tuple[str, ...]
    weight: float
    stage: int
    view: str = "full"
    places: tuple[str, ...] = ()
    held: str | None = None
    expression: str | None = None
    behind: str | None = None
    front: str | None = None


ACTIVITIES: dict[str, Activity] = {
    "standing": Activity("standing", ("", "", "standing", "is standing", "looking around"), 1.8, 3),
    "walking": Activity(
        "walking",
        ("walking", "is walking", "takes a walk", "taking a walk", "goes for a walk"),
        1.4,
        7,
    ),
    "running": Activity(
        "running",
        ("running", "running very fast", "running fast", "runs away", "is running", "running away"),
        1.4,
        7,
    ),
    "sitting": Activity("sitting", ("sitting", "sits down", "is sitting", "seated"), 1.0, 7),
    "newspaper": Activity(
        "reading",
        ("read new paper", "reading a newspaper", "reading the newspaper", "reads the newspaper"),
        1.3,
        4,
        "half",
        held="newspaper",
    ),
    "book": Activity("reading", ("reading a book", "reads a book"), 0.8, 4, "half", held="book"),
    "cheering": Activity("arms raised", ("cheering", "arms raised", "with raised arms"), 0.8, 8),
    "waving": Activity(
        "waving", ("waving", "waving a hand", "waves", "says hello"), 0.9, 7, "half"
    ),
    "jumping": Activity("jumping", ("jumping", "jumps", "jumping for joy", "leaping"), 0.8, 0),
    "dancing": Activity("dancing", ("dancing", "dances", "is dancing"), 0.8, 6),
    "pointing": Activity("pointing", ("pointing", "points the way", "is pointing"), 0.7, 8, "half"),
    "thinking": Activity(
        "thinking", ("thinking", "is thinking", "wonders what to do"), 0.7, 11, "half"
    ),
    "hiding": Activity("crouching", ("crouching", "hiding", "crouches down"), 0.7, 4),
    "frightened": Activity(
        "frightened", ("", "", "screaming"), 1.4, 4, "half", expression="frightened"
    ),
    "bed": Activity(
        "at a table",
        ("wake up in the bed", "wakes up in bed", "in bed", "lying in bed", "in the bed"),
        1.0,
        3,
        "half",
        ("home",),
        behind="bed",
        front="quilt",
    ),
    "breakfast": Activity(
        "at a table",
        ("having breakfast", "have breakfast", "eating breakfast", "eating at the table", "eating"),
        0.9,
        6,
        "half",
        ("home",),
        front="breakfast",
    ),
    "desk": Activity(
        "at a table",
        ("working at the desk", "working", "at work", "using a computer", "work in the office"),
        0.9,
        6,
        "half",
        ("home",),
        front="desk",
    ),
}

CLOSE = 0.15
"""Share of standing figures that are shown close up; their lines say so."""

PLACE_WEIGHTS: dict[str, float] = {
    "home": 1.3,
    "road": 1.2,
    "forest": 1.6,
    "beach": 1.0,
    "city": 1.1,
    "mountains": 1.0,
    "park": 1.1,
    "treasure": 1.1,
    "snow": 0.8,
    "plain": 0.4,
}

FEELINGS: dict[str, float] = {
    "smiling": 0.5,
    "laughing": 0.22,
    "frightened": 0.06,
    "sad": 0.11,
    "angry": 0.11,
}

SUN = 0.8
"""Where the sun or the moon stands, as a share of the width."""

NOBODY = 0.16
"""Share of panels without anybody."""


@dataclass(frozen=True)
class Panel:
    """One panel: what to paint, and what of it a line may tell.

    Attributes:
        drawn: the picture; it has one actor, or none.
        activity: a key of `ACTIVITIES`; empty where nobody is there.
        view: full, half or close; empty where nobody is there.
    """

    drawn: Sample
    activity: str = ""
    view: str = ""

    @property
    def person(self) -> Person | None:
        """Who is there, with this panel's expression."""
        return self.drawn.actors[0].person if self.drawn.actors else None


def _pick(rng: Rng, weights: dict[str, float]) -> str:
    total = np.array(list(weights.values()))
    return str(rng.choice(list(weights), p=total / total.sum()))


def sample_story_scene(rng: Rng, places: tuple[str, ...] = ()) -> Scene:
    """A place out of `places` (any, if empty) and an hour."""
    allowed = {p: w for p, w in PLACE_WEIGHTS.items() if not places or p in places}
    place = _pick(rng, allowed)
    time = _pick(rng, {"day": 0.48, "sunset": 0.16, "night": 0.36})
    rain = bool(rng.random() < 0.08) and place not in ("plain", "snow", "treasure")
    return Scene(place, time, rain, SUN)


def _thing(rng: Rng, scene: Scene) -> str:
    choices = ["cat", "dog", "chest", "chest"]
    if scene.place not in INDOORS and scene.place != "plain":
        choices = ["cat", "dog", "chest", "car", "car", "house", "house", "tree", "tiger", "tiger"]
    return str(rng.choice(choices))


def _empty_panel(rng: Rng) -> Panel:
    scene = sample_story_scene(rng)
    if rng.random() < 0.22 and scene.place != "plain":
        return Panel(Sample(scene, (), (), UNITS, UNITS))
    name = _thing(rng, scene)
    size = 1.5 * (1.1 if name == "house" else 1.0)
    thing = (name, UNITS * 0.5, UNITS * 0.9, size, False)
    return Panel(Sample(scene, (), (thing,), UNITS, UNITS))


def _person_panel(rng: Rng, character: Person) -> Panel:
    name = _pick(rng, {n: a.weight for n, a in ACTIVITIES.items()})
    activity = ACTIVITIES[name]
    scene = sample_story_scene(rng, activity.places)
    view = "close" if name == "standing" and rng.random() < CLOSE else activity.view
    person = replace(character, expression=activity.expression or _pick(rng, FEELINGS))
    has_company = view == "full" and rng.random() < 0.3
    x = (0.36 if has_company else 0.5) + float(rng.normal(0, 0.012))
    stage = np.random.default_rng(activity.stage)
    placed = place_actor(stage, person, activity.action, view, x, UNITS, UNITS)
    actor = Actor(person, activity.action, placed, "", activity.held)
    props: list[Prop] = []
    if activity.behind:
        props.append((activity.behind, UNITS / 2, UNITS * 0.86, 1.05, False))
    elif has_company:
        props.append(_beside(rng, scene))
    front: tuple[Prop, ...] = ()
    if activity.front:
        front = ((activity.front, UNITS / 2, UNITS * 1.0, 1.06, False),)
    return Panel(Sample(scene, (actor,), tuple(props), UNITS, UNITS, front), name, view)


def _beside(rng: Rng, scene: Scene) -> Prop:
    """A thing at the right of a figure, turned towards it."""
    name = _thing(rng, scene)
    size = {"house": 0.95, "car": 0.9, "tree": 0.9, "tiger": 0.85}.get(name, 1.0)
    depth = 0.90 if name not in ("house", "tree") else 0.82
    return (name, UNITS * 0.8, UNITS * depth, size, True)


def sample_story(seed: int, panels: int = 4, nobody: float = NOBODY) -> tuple[Panel, ...]:
    """One character in `panels` panels; at least half of them show the character."""
    rng = np.random.default_rng(seed)
    character = sample_person(rng)
    empty = np.zeros(panels, bool)
    for i in rng.permutation(panels)[: panels // 2]:
        empty[i] = rng.random() < nobody * panels / max(panels // 2, 1)
    return tuple(_empty_panel(rng) if none else _person_panel(rng, character) for none in empty)
