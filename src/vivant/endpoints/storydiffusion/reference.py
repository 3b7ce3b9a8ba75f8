"""The reference image: read, checked, and cut out around the person's head and shoulders."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from PIL import Image

from vivant.base.errors import InvalidInput, NobodyFound, WeightsUnavailable
from vivant.endpoints.storydiffusion.request import Request
from vivant.pose.estimate import Estimator
from vivant.pose.inputs import open_picture
from vivant.pose.skeleton import Person

TRIGGER = "img"
"""Stands behind the class word that the reference image is for."""

CLASS_WORDS = ("man", "woman", "boy", "girl")
"""What is usually before it; any word will do."""

SMALLEST = 64
"""Shorter side of a reference image in pixels; less shows nobody."""

LATEST_STEP = 30
"""The reference counts from here on at the latest, as in StoryDiffusion's public code."""

_NOSE, _NECK, _EYES_AND_EARS = 0, 1, (14, 15, 16, 17)
_SHOULDERS = (2, 5)

_HAS_TRIGGER = re.compile(rf"\w\s+{TRIGGER}\b")


def read_references(request: Request, estimator: Estimator | None) -> tuple[Image.Image, ...]:
    """Squares around the person that a request's `ref_image` shows; none where it has none.

    Args:
        request: its `ref_image` is a picture, a file's bytes, or several of these.
        estimator: finds the person; None takes the middle of the picture.

    Raises:
        InvalidInput: the image is no picture or too small, or the description does not say whom it
            shows.
        UnreadablePicture: the bytes are no picture.
        NobodyFound: it shows nobody.
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
    return tuple(_square(_picture(each), estimator) for each in several)


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


def _square(picture: Image.Image, estimator: Estimator | None) -> Image.Image:
    """The square around a picture's largest person's head, or its middle."""
    if estimator is None:
        return _cut(picture, picture.width / 2, picture.height / 2, min(picture.size))
    try:
        people = estimator.people(picture)
    except WeightsUnavailable:  # reading photos is not set up here; a portrait's middle will do
        return _square(picture, None)
    if not people:
        raise NobodyFound(f"ref_image {picture.width}x{picture.height}: nobody found in it")
    return _around_head(picture, people[0])


def _around_head(picture: Image.Image, person: Person) -> Image.Image:
    """Three head widths around the head, as far as the picture goes."""
    head = _seen(person, (_NOSE, *_EYES_AND_EARS))
    shoulders = _seen(person, _SHOULDERS)
    if not head:
        return _square(picture, None)
    x = sum(at[0] for at in head) / len(head)
    y = sum(at[1] for at in head) / len(head)
    width = max(at[0] for at in head) - min(at[0] for at in head)
    if len(shoulders) == len(_SHOULDERS):
        width = max(width, 0.5 * math.dist(*shoulders))
    side = min(max(3.2 * width, SMALLEST), *picture.size)
    return _cut(picture, x, y, side)


def _seen(person: Person, joints: Sequence[int]) -> list[tuple[float, float]]:
    rows = (person.body[joint] for joint in joints)
    return [(float(x), float(y)) for x, y, confidence in rows if confidence > 0]


def _cut(picture: Image.Image, x: float, y: float, side: float) -> Image.Image:
    """The square of this side around a point, moved to lie within the picture."""
    left = min(max(x - side / 2, 0), picture.width - side)
    top = min(max(y - side / 2, 0), picture.height - side)
    return picture.crop((round(left), round(top), round(left + side), round(top + side)))
