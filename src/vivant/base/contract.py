"""The narrow waist between pipelines and whoever drives them: a stream of events.

A pipeline is a generator: it yields `Progress` after each evaluation of the network and one
`Picture` per finished picture, in order. Whoever drives it may stop between any two events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from PIL import Image

PictureKind: TypeAlias = Literal["picture", "panel", "page"]
"""A picture by itself, one panel of a story, or a page of panels."""


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
