"""The narrow waist between pipelines and whoever drives them: work in, a stream of events out.

A pipeline is a generator: it yields `Progress` after each evaluation of the network and one
`Picture` per finished picture, in order. Whoever drives it may stop between any two events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal, TypeAlias

from PIL import Image

PictureKind: TypeAlias = Literal["picture", "panel", "page"]
"""A picture by itself, one panel of a story, or a page of panels."""


@dataclass(frozen=True)
class Work:
    """A request in which nothing is left to refuse before it runs.

    Attributes:
        request: as it was checked, of the endpoint's own class.
        prepared: what checking it has read already, such as a pose, so that it is read once.
        effort: how much work it is, in default requests of its endpoint; above 0.
        steps: denoising steps.
    """

    request: Any
    prepared: Any
    effort: Fraction
    steps: int


@dataclass(frozen=True)
class Progress:
    """One denoising step is done.

    Attributes:
        step: steps finished so far, 1 to `total`.
        total: steps that the request takes in all.
        preview: a small RGB picture of the current clean prediction, or None.
        panels: places in the script of a story's panels that took a step each; else empty.
    """

    step: int
    total: int
    preview: Image.Image | None = None
    panels: tuple[int, ...] = ()


@dataclass(frozen=True)
class Picture:
    """One finished picture.

    Attributes:
        image: RGB.
        seed: the seed that makes exactly this picture again, alone.
        index: its place among the request's pictures of its kind, from 0.
        settings: how it was made, JSON-serialisable, for metadata.
        warnings: what the user should know of it, a sentence each.
        kind: what it is.
    """

    image: Image.Image
    seed: int
    index: int
    settings: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    kind: PictureKind = "picture"


Event: TypeAlias = Progress | Picture
Events: TypeAlias = Iterator[Event]
