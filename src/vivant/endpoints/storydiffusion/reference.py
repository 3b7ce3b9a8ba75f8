"""The reference image: read, checked, and cut out around the person in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from PIL import Image

from vivant.base.errors import InvalidInput, NobodyFound, WeightsUnavailable
from vivant.endpoints.storydiffusion.request import Request
from vivant.endpoints.storydiffusion.squares import (
    SMALLEST,
    Square,
    squares_of,
    squares_of_nobody,
)
from vivant.pose.estimate import Estimator
from vivant.pose.inputs import open_picture
from vivant.weights.traits import Sees

TRIGGER = "img"
"""Stands behind the class word that the reference image is for."""

CLASS_WORDS = ("man", "woman", "boy", "girl")
"""What is usually before it; any word will do."""

LATEST_STEP = 30
"""The reference counts from here on at the latest, as in StoryDiffusion's public code."""

_HAS_TRIGGER = re.compile(rf"\w\s+{TRIGGER}\b")


@dataclass(frozen=True)
class Reference:
    """A reference image, and where the person in it is.

    Attributes:
        picture: in RGB.
        squares: what each kind of model looks at.
        found: whether an estimator saw somebody, or none was there to look.
    """

    picture: Image.Image
    squares: Mapping[Sees, tuple[Square, ...]]
    found: bool = True

    def views(self, sees: Sees) -> tuple[Image.Image, ...]:
        """What a model looks at.

        Estimators may miss drawings. A model that looks at whole figures or at their parts looks at
        drawings too, and sees for itself whether anybody is there.

        Raises:
            NobodyFound: the model looks at heads, and nobody was found.
        """
        if sees == "head" and not self.found:
            width, height = self.picture.size
            raise NobodyFound(f"ref_image {width}x{height}: nobody found in it")
        return tuple(square.of(self.picture) for square in self.squares[sees])


def read_references(request: Request, estimator: Estimator | None) -> tuple[Reference, ...]:
    """Whom a request's `ref_image` shows; none where it has none.

    Args:
        request: its `ref_image` is a picture, a file's bytes, or several of these.
        estimator: finds the person; None takes the middle of the picture.

    Raises:
        InvalidInput: the image is no picture or too small, or the description does not say whom it
            shows.
        UnreadablePicture: the bytes are no picture.
    """
    if request.ref_image is None:
        return ()
    if _HAS_TRIGGER.search(request.character_description) is None:
        raise InvalidInput(
            "character_description",
            request.character_description,
            f"the word '{TRIGGER}' behind whom ref_image shows, such as 'a man {TRIGGER}'",
        )
    given = request.ref_image
    several = given if isinstance(given, list | tuple) else [given]
    return tuple(_located(_picture(each), estimator) for each in several)


def merged_from(request: Request) -> int:
    """The first step, from 0, in which the reference counts.

    `style_strength_ratio` percent of the steps come before it, and one more as in PhotoMaker's
    public code.
    """
    before = request.style_strength_ratio * request.num_steps // 100
    return min(before, LATEST_STEP) + 1


def _picture(given: object) -> Image.Image:
    match given:
        case bytes() as data:
            picture = open_picture(data)
        case Image.Image() as image:
            picture = image.convert("RGB")
        case other:
            raise InvalidInput("ref_image", other, "a picture")
    if min(picture.size) < SMALLEST:
        shown = f"{picture.width} x {picture.height}"
        raise InvalidInput("ref_image", shown, f"at least {SMALLEST} x {SMALLEST} pixels")
    return picture


def _located(picture: Image.Image, estimator: Estimator | None) -> Reference:
    """A picture with its largest person, or with its middle in place of one."""
    unknown = Reference(picture, squares_of_nobody(picture.size))
    if estimator is None:
        return unknown
    try:
        people = estimator.people(picture)
    except WeightsUnavailable:  # reading photos is not set up here; a portrait's middle will do
        return unknown
    if not people:
        return replace(unknown, found=False)
    return Reference(picture, squares_of(people[0].body, picture.size))
