"""People in photos: what every estimator offers, and one that is loaded when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from PIL import Image

from vivant.base.errors import NobodyFound, WeightsUnavailable
from vivant.pose.skeleton import Person, Pose


class Estimator(Protocol):
    """Finds people in photos; for any number of threads at a time."""

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """Everybody in an upright RGB picture of any size, in its pixels, largest first.

        Joints that cannot be seen have confidence 0. Where nobody is, there is nobody.
        """
        ...


class LazyEstimator:
    """An `Estimator` that is loaded by the first photo and kept for all others.

    Args:
        load: makes it; what it raises is raised for the photo, and the next one tries again.
    """

    def __init__(self, load: Callable[[], Estimator]) -> None:
        self._load = load
        self._loaded: Estimator | None = None
        self._lock = threading.Lock()

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """As `Estimator.people`, once it is loaded."""
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            estimator = self._loaded
        return estimator.people(picture)


class Everybody:
    """An `Estimator` of drawn people and photographed ones, also side by side.

    Whoever reads photos sees people in drawings, too, though not where their joints are: in a
    figure that is drawn, the joints are those that were read in drawings.

    Args:
        drawings: reads drawn people, and sees hardly any in photos.
        photos: reads photographed people.
    """

    def __init__(self, drawings: Estimator, photos: Estimator) -> None:
        self._drawings, self._photos = drawings, photos

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """As `Estimator.people`.

        Raises:
            WeightsUnavailable: nobody is drawn, and whoever reads photos cannot be loaded.
        """
        drawn = self._drawings.people(picture)
        try:
            photographed = self._photos.people(picture)
        except WeightsUnavailable:
            if not drawn:
                raise
            photographed = ()
        others = (each for each in photographed if not any(_meet(each, one) for one in drawn))
        return tuple(sorted([*drawn, *others], key=lambda person: -person.size))


def _meet(one: Person, other: Person) -> bool:
    """Whether the middle of either one's box lies in the other's."""
    return _holds(one, other) or _holds(other, one)


def _holds(outer: Person, inner: Person) -> bool:
    left, top, right, bottom = outer.box
    x, y = (inner.box[0] + inner.box[2]) / 2, (inner.box[1] + inner.box[3]) / 2
    return left <= x <= right and top <= y <= bottom


class NoEstimator:
    """An `Estimator` for whoever has none: it refuses every photo."""

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        """Refuse.

        Raises:
            WeightsUnavailable: always.
        """
        size = f"{picture.width}x{picture.height}"
        raise WeightsUnavailable(f"picture {size}: photos are not read here; expected a skeleton")


def estimated(estimator: Estimator, picture: Image.Image) -> Pose:
    """The pose of a photo, on its own canvas.

    Raises:
        NobodyFound: nobody is in it.
        WeightsUnavailable: the estimator cannot be loaded.
    """
    people = estimator.people(picture)
    if not people:
        raise NobodyFound(
            f"picture {picture.width}x{picture.height}: no person is to be seen in it"
        )
    return Pose(people, picture.width, picture.height)
