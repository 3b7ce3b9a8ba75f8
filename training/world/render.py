"""One seed, one sample: its picture, its skeletons and its captions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import skia
from numpy.typing import NDArray

from training.world import vocabulary as words
from training.world.body import BUILDS, Build, pose_body, towards_natural
from training.world.brush import fill
from training.world.captions import caption
from training.world.figure import Figure, Placed, seat
from training.world.person import Person, sample_person
from training.world.poses import ACTIONS, FACING, TURNED, Turns, sample_pose
from training.world.props import paint_held, paint_prop
from training.world.scenes import Painter
from training.world.sky import INDOORS, Scene, tint, weather

Rng = np.random.Generator
UNITS = 256.0
Prop: TypeAlias = tuple[str, float, float, float, bool]


@dataclass(frozen=True)
class Actor:
    """A posed person at a place in the picture.

    Attributes:
        side: left, centre or right where that can be said, else empty.
        held: what the hands hold.
    """

    person: Person
    action: str
    placed: Placed
    side: str
    held: str | None = None


@dataclass(frozen=True)
class Sample:
    """Everything needed to paint one picture, in units of 256 to the shorter side.

    Attributes:
        props: name, x, y, scale, and whether it looks to the left; painted behind the actors.
        front: the same, painted in front of them.
    """

    scene: Scene
    actors: tuple[Actor, ...]
    props: tuple[Prop, ...]
    width: float
    height: float
    front: tuple[Prop, ...] = ()

    def joints(self, pixels_per_unit: float = 1.0) -> NDArray[np.float32]:
        """Body-18 joints of all actors [n, 18, 3], in pixels."""
        rows = [a.placed.body_18(self.width, self.height) for a in self.actors]
        if not rows:
            return np.zeros((0, 18, 3), np.float32)
        joints = np.stack(rows)
        joints[..., :2] *= pixels_per_unit
        return joints


def sample_scene(rng: Rng) -> Scene:
    """A random place and hour."""
    places = list(words.PLACES)
    weights = np.array([1.2, 1.2, 1.2, 1.0, 1.1, 1.0, 1.5, 0.8, 0.7, 0.8])
    place = str(rng.choice(places, p=weights / weights.sum()))
    time = str(rng.choice(["day", "sunset", "night"], p=[0.46, 0.2, 0.34]))
    rain = bool(rng.random() < 0.16) and place not in ("plain", "snow", "treasure")
    return Scene(place, time, rain, float(rng.choice([0.2, 0.5, 0.8]) + rng.uniform(-0.03, 0.03)))


def _stature(rng: Rng, person: Person, view: str, height: float) -> float:
    k = height / UNITS
    if view == "full":
        return float(rng.uniform(186, 216)) * k * (0.84 if person.child else 1.0)
    if view == "half":
        return float(rng.uniform(290, 380)) * k * (0.92 if person.child else 1.0)
    if view == "knees":
        return float(rng.uniform(220, 290)) * k * (0.9 if person.child else 1.0)
    return float(rng.uniform(430, 560)) * k * (0.9 if person.child else 1.0)


@dataclass(frozen=True)
class Shot:
    """How a person is shown: as the world's own pictures show people unless said otherwise.

    Attributes:
        build: bone lengths.
        turns: which way people face whose action does not say.
        at_ease: share of them with hands before the body, 0-1.
        faces: range of where the face's joints lie (see `pose_body`).
        pitch: of the camera, degrees, positive from above.
        distances: range of the camera's from the pelvis, in statures.
        scale: of the figure.
        room: what the space above the head is multiplied by where the frame cuts the figure.
    """

    build: Build
    turns: Turns = FACING
    at_ease: float = 0.0
    faces: tuple[float, float] = (0.5, 0.9)
    pitch: float = 7.0
    distances: tuple[float, float] = (4.5, 6.5)
    scale: float = 1.0
    room: float = 1.0


def photographed_shot(rng: Rng, person: Person, view: str) -> Shot:
    """People's limbs, faces of any size, cameras from near, from above and from below.

    A whole figure's head stays a cartoon's; from near also a smaller one can carry a face.
    """
    build = towards_natural(rng, BUILDS[person.who])
    if view != "full":
        build = replace(build, head=build.head * float(rng.uniform(0.58, 1.0)))
    return Shot(
        build,
        turns=TURNED,
        at_ease=0.5,
        faces=(0.3, 1.0),
        pitch=float(rng.uniform(-8, 25)),
        distances=(2.6, 6.5),
        scale=float(rng.uniform(1.1, 1.4)) if view in ("knees", "half") else 1.0,
        room=float(rng.uniform(0.3, 1.5)),
    )


def place_actor(
    rng: Rng,
    person: Person,
    action: str,
    view: str,
    x: float,
    width: float,
    height: float,
    shot: Shot | None = None,
) -> Placed:
    """Stand, seat or crop a posed body so that it fits its view; `x` is 0-1 of the width."""
    shot = shot or Shot(BUILDS[person.who])
    pose = sample_pose(rng, action, shot.turns)
    face = float(rng.uniform(*shot.faces))
    stature = _stature(rng, person, view, height) * shot.scale
    camera = float(rng.uniform(*shot.distances))
    posed = pose_body(pose, shot.build, shot.pitch, face)
    placed = Placed(posed, stature, (width * x, 0.0), camera)
    points = {n: placed.at(n) for n in posed.points}
    crown = 1.1 if person.hat is None else 1.6
    top = points["head"][1] - posed.build.head / 2 * stature * crown
    if view == "full":
        feet = max(points[n][1] for n in ("l_toe", "r_toe", "l_ankle", "r_ankle"))
        feet += 0.03 * stature
        floor = height * float(rng.uniform(0.925, 0.965)) - posed.lift * stature
        origin_y = floor - feet
        low = min(points[n][1] for n in ("l_wrist", "r_wrist", "l_elbow", "r_elbow"))
        top = min(top, low - 0.04 * stature)
        origin_y = max(origin_y, 6 - top) if feet - top < height * 0.94 else origin_y
    else:
        margin = float(rng.uniform(0.05, 0.14) if view == "close" else rng.uniform(0.07, 0.17))
        origin_y = margin * shot.room * height - top
    left = min(points[n][0] for n in points)
    right = max(points[n][0] for n in points)
    x_pixels = width * x
    if view == "full" and right - left < width - 16:
        x_pixels += max(0.0, 8 + 0.03 * stature - left) - max(
            0.0, right - width + 8 + 0.03 * stature
        )
    return replace(placed, origin=(x_pixels, float(origin_y)))


def _action(rng: Rng, at_ease: float) -> str:
    names = list(ACTIONS)
    weights = np.array([ACTIONS[n].weight for n in names])
    shares = (1 - at_ease) * weights / weights.sum()
    shares[names.index("at ease")] += at_ease
    return str(rng.choice(names, p=shares))


def _actor(
    rng: Rng,
    person: Person,
    view: str,
    x: float,
    side: str,
    width: float,
    height: float,
    shot: Shot,
) -> Actor:
    action = _action(rng, shot.at_ease)
    if action == "frightened":
        person = replace(person, expression="frightened")
    held = str(rng.choice(["newspaper", "book"])) if action == "reading" else None
    placed = place_actor(rng, person, action, view, x, width, height, shot)
    return Actor(person, action, placed, side if view == "full" else "", held)


def _action_words(rng: Rng, actor: Actor) -> str:
    if actor.held == "newspaper":
        return str(rng.choice(["reading a newspaper", "read new paper", "reading the newspaper"]))
    if actor.held == "book":
        return "reading a book"
    if actor.action in ("posing", "at ease"):
        return ""
    return str(rng.choice(ACTIONS[actor.action].words))


VIEWS = {"full": 0.14, "knees": 0.24, "half": 0.50, "close": 0.12}
"""How much of a person photographs show, and how often."""


def sample_photographed(seed: int, width: float = UNITS, height: float = UNITS) -> Sample:
    """Draw one sample with one person, placed and built as in photographs (`Shot`)."""
    rng = np.random.default_rng((seed, 2))
    scene, person = sample_scene(rng), sample_person(rng)
    view = str(rng.choice(list(VIEWS), p=list(VIEWS.values())))
    x = 0.5 + float(rng.normal(0, 0.13))
    shot = photographed_shot(rng, person, view)
    return Sample(
        scene, (_actor(rng, person, view, x, "", width, height, shot),), (), width, height
    )


CLOSE = 0.13
"""How often the world's own pictures show no more than head and shoulders."""


def sample(
    seed: int,
    width: float = UNITS,
    height: float = UNITS,
    empty: float = 0.05,
    close: float = CLOSE,
    turns: Turns = FACING,
) -> Sample:
    """Draw one sample.

    Args:
        seed: settles all of it.
        width: in units of 256 to the shorter side.
        height: the same.
        empty: share of scenes without a person, 0-1.
        close: share of people of whom no more than head and shoulders shows, 0-0.79.
        turns: how people are turned against the viewer.
    """
    rng = np.random.default_rng(seed)

    def drawn(view: str, x: float, side: str) -> Actor:
        person = sample_person(rng)
        shot = Shot(BUILDS[person.who], turns=turns)
        return _actor(rng, person, view, x, side, width, height, shot)

    scene = sample_scene(rng)
    kind = rng.random()
    actors: list[Actor] = []
    props: list[Prop] = []
    view = str(rng.choice(["full", "half", "close"], p=[0.79 - close, 0.21, close]))
    if kind < empty:
        view = "none"
    elif kind < empty + 0.07:
        view = "full"
        for x, side in ((0.29, "left"), (0.71, "right")):
            actors.append(drawn(view, x, side))
    else:
        side = str(rng.choice(["left", "centre", "right"], p=[0.22, 0.56, 0.22]))
        if view == "close":
            side = "centre"
        x = {"left": 0.3, "centre": 0.5, "right": 0.7}[side] + float(rng.normal(0, 0.025))
        actors.append(drawn(view, x, side))
    if view == "none" or (view == "full" and len(actors) == 1 and rng.random() < 0.34):
        outdoors = scene.place not in INDOORS and scene.place != "plain"
        choices = ["cat", "dog", "chest"]
        if outdoors:
            choices += ["car", "house", "tree", "tiger", "tiger", "car"]
        name = str(rng.choice(choices))
        if actors:
            figure_x = actors[0].placed.origin[0] / width
            x = 0.8 if figure_x < 0.5 else 0.2
            size = {"house": 0.95, "car": 0.9, "tree": 0.9, "tiger": 0.8}.get(name, 1.0)
            depth = 0.90 if name not in ("house", "tree") else 0.82
        else:
            x, size, depth = float(rng.choice([0.35, 0.5, 0.65])), 1.45, 0.90
        props.append((name, width * x, height * depth, size, bool(x > 0.5)))
    return Sample(scene, tuple(actors), tuple(props), width, height)


def describe_sample(rng: Rng, drawn: Sample) -> str:
    """One of the many captions that fit a sample."""
    people = [(a.person, _action_words(rng, a), a.side) for a in drawn.actors]
    named = [str(rng.choice(words.PROPS[p[0]])) for p in drawn.props]
    return caption(rng, people, drawn.scene, named)


def paint(sample: Sample, pixels_per_unit: float = 1.0) -> NDArray[np.uint8]:
    """The picture as RGB [h, w, 3] uint8."""
    w, h = round(sample.width * pixels_per_unit), round(sample.height * pixels_per_unit)
    array = np.zeros((h, w, 4), np.uint8)
    surface = skia.Surface(array, colorType=skia.kRGBA_8888_ColorType)
    canvas = surface.getCanvas()
    canvas.scale(pixels_per_unit, pixels_per_unit)
    Painter(sample.scene, sample.width, sample.height).paint(canvas)
    colour, alpha = tint(sample.scene)
    veil = skia.Paint(
        ColorFilter=skia.ColorFilters.Blend(
            int(skia.Color(*colour, round(255 * alpha))), skia.BlendMode.kSrcATop
        )
    )
    canvas.saveLayer(None, veil)
    for name, x, y, scale, mirrored in sample.props:
        paint_prop(canvas, name, x, y, scale, mirrored=mirrored)
    for actor in sorted(sample.actors, key=lambda a: a.placed.stature):
        _paint_actor(canvas, actor, sample.height)
    for name, x, y, scale, mirrored in sample.front:
        paint_prop(canvas, name, x, y, scale, mirrored=mirrored)
    canvas.restore()
    weather(canvas, sample.scene, sample.width, sample.height)
    surface.flushAndSubmit()
    return np.ascontiguousarray(array[..., :3])


def _paint_actor(canvas: skia.Canvas, actor: Actor, height: float) -> None:
    placed = actor.placed
    ink = Figure(actor.person, placed).ink
    feet = [placed.at("l_ankle"), placed.at("r_ankle")]
    floor = max(f[1] for f in feet) + placed.stature * (0.035 + placed.posed.lift)
    if floor < height + 20:
        x = sum(f[0] for f in feet) / 2
        wide = placed.stature * 0.15
        canvas.drawOval(
            skia.Rect(x - wide, floor - 5, x + wide, floor + 6), fill((20, 14, 44), 0.28)
        )
    if placed.posed.seated:
        seat(canvas, placed, ink)
    Figure(actor.person, placed).paint(canvas)
    if actor.held and abs(placed.posed.body_yaw) < 75:
        paint_held(canvas, actor.held, placed, ink)
