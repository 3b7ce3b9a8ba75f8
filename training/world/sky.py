"""The light of an hour, the sky, and what falls from it. Units: 256 is the picture's side."""

from __future__ import annotations

from dataclasses import dataclass

import skia

from training.world.brush import Colour, darker, fill, glow, gradient, mix, stroke

INDOORS = ("home", "treasure")


@dataclass(frozen=True)
class Light:
    """The colours of an hour: sky from top to horizon, haze, and what falls on everything."""

    sky: tuple[Colour, Colour, Colour]
    tint: Colour
    strength: float
    cloud: Colour


LIGHTS: dict[str, Light] = {
    "day": Light(
        ((92, 168, 240), (150, 206, 250), (224, 242, 255)), (255, 248, 220), 0.04, (255, 255, 255)
    ),
    "sunset": Light(
        ((120, 84, 168), (246, 136, 96), (255, 212, 130)), (255, 140, 70), 0.20, (255, 190, 160)
    ),
    "night": Light(
        ((16, 20, 62), (34, 44, 108), (70, 86, 152)), (30, 40, 110), 0.40, (84, 96, 156)
    ),
}
RAINY = Light(
    ((104, 116, 138), (140, 152, 172), (186, 196, 208)), (96, 110, 140), 0.16, (120, 130, 150)
)


@dataclass(frozen=True)
class Scene:
    """Where and when; `sun` is the horizontal place of sun or moon, 0 to 1."""

    place: str
    time: str
    rain: bool
    sun: float

    @property
    def light(self) -> Light:
        """The hour's light, greyed by rain."""
        base = LIGHTS[self.time]
        if not self.rain:
            return base
        share = 0.75 if self.time == "day" else 0.45
        sky = tuple(mix(a, b, share) for a, b in zip(base.sky, RAINY.sky, strict=True))
        if self.time == "night":
            sky = tuple(darker(c, 0.35) for c in sky)
        return Light(
            sky,
            mix(base.tint, RAINY.tint, 0.4),
            base.strength + 0.04,
            mix(base.cloud, RAINY.cloud, 0.7),
        )  # type: ignore[arg-type]


@dataclass(frozen=True)
class Window:
    """A rectangle of the picture through which the sky is seen."""

    x: float
    y: float
    width: float
    height: float

    @property
    def scale(self) -> float:
        """1 for the sky of a whole picture."""
        return min(self.width, self.height) / 184

    def at(self, across: float, down: float) -> tuple[float, float]:
        """Shares of width and height to a point."""
        return self.x + self.width * across, self.y + self.height * down


def paint_sky(c: skia.Canvas, scene: Scene, window: Window) -> None:
    """Sky, clouds, and sun or moon; at night the moon shows through rain, too."""
    light = scene.light
    box = skia.Rect.MakeXYWH(window.x, window.y, window.width, window.height)
    c.drawRect(box, gradient((0, box.top()), (0, box.bottom()), light.sky))
    if scene.rain:
        for across, down, size in ((0.12, 0.1, 1.6), (0.45, 0.05, 1.9), (0.8, 0.1, 1.7)):
            _cloud(c, light.cloud, window.at(across, down), size * window.scale)
    if scene.time == "night":
        _moon(c, scene, window)
    elif scene.time == "sunset":
        _disc(c, window.at(scene.sun, 0.66), 25 * window.scale, (255, 240, 180), (255, 226, 130))
    elif not scene.rain:
        _disc(c, window.at(scene.sun, 0.2), 19 * window.scale, (255, 236, 120), (255, 246, 190))
    if scene.time != "night" and not scene.rain:
        for across, down, size in ((0.22, 0.3, 0.8), (0.74, 0.2, 1.0)):
            if abs(across - scene.sun) > 0.2:
                _cloud(c, light.cloud, window.at(across, down), size * window.scale)


def _disc(
    c: skia.Canvas, centre: tuple[float, float], radius: float, colour: Colour, halo: Colour
) -> None:
    far = radius * 3.3
    c.drawCircle(*centre, far, glow(centre, far, halo, 0.85))
    c.drawCircle(*centre, radius, fill(colour))


def _moon(c: skia.Canvas, scene: Scene, window: Window) -> None:
    k = window.scale
    x, y = window.at(scene.sun, 0.22)
    c.drawCircle(x, y, 62 * k, glow((x, y), 62 * k, (190, 205, 255), 0.55))
    c.drawCircle(x, y, 19 * k, fill((252, 246, 214)))
    for dx, dy, r in ((-6, -4, 4.5), (5, 5, 3.6), (6, -7, 2.8)):
        c.drawCircle(x + dx * k, y + dy * k, r * k, fill((226, 218, 186)))
    if scene.rain:
        return
    for spot in ((0.1, 0.12), (0.3, 0.3), (0.52, 0.1), (0.72, 0.34), (0.92, 0.14)):
        sx, sy = window.at(*spot)
        if abs(sx - x) > 26 * k:
            c.drawCircle(sx, sy, 2.3 * k, fill((255, 250, 225)))


def _cloud(c: skia.Canvas, colour: Colour, centre: tuple[float, float], s: float) -> None:
    x, y = centre
    puffs = ((-26, 4, 15), (-8, -5, 20), (14, -2, 18), (30, 6, 12))
    for dx, dy, r in puffs:
        c.drawCircle(x + dx * s, y + (dy + 5) * s, r * s, fill(darker(colour, 0.10)))
    for dx, dy, r in puffs:
        c.drawCircle(x + dx * s, y + dy * s, r * s * 0.93, fill(colour))


def drops(c: skia.Canvas, x0: float, y0: float, w: float, h: float, s: float) -> None:
    """Broad drops on a lattice over a rectangle; `s` scales them."""
    paint = stroke((214, 230, 250), 4.0 * s, 0.62)
    step = 46 * s
    for j in range(int(h / step) + 2):
        for i in range(int(w / step) + 2):
            x = x0 + (i + (0.5 if j % 2 else 0.0)) * step
            y = y0 + j * step - 8
            c.drawLine(x, y, x - 6 * s, y + 19 * s, paint)


def weather(canvas: skia.Canvas, scene: Scene, width: float, height: float) -> None:
    """What falls in front of everything: broad drops of rain, outdoors only."""
    if scene.rain and scene.place not in INDOORS:
        canvas.drawRect(skia.Rect(0, 0, width, height), fill((120, 140, 175), 0.12))
        drops(canvas, 0, 0, width, height, 1.0)


def tint(scene: Scene) -> tuple[Colour, float]:
    """The veil of light over figures and things, mild so that their colours stay nameable."""
    place_indoors = scene.place in INDOORS or scene.place == "plain"
    if scene.time == "night":
        return (40, 52, 130), 0.10 if place_indoors else 0.18
    if scene.time == "sunset":
        return (255, 130, 60), 0.08 if place_indoors else 0.13
    return (255, 255, 255), 0.0
