"""The narrow waist between pipelines and whoever drives them: a stream of events.

A pipeline is a generator: it yields `Progress` after each denoising step and one `Picture` per
finished picture, in order. Whoever drives it may stop between any two events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from PIL import Image


@dataclass(frozen=True)
class Progress:
    """One denoising step is done.

    Attributes:
        step: steps finished so far, 1 to `total`.
        total: steps that the request takes in all.
        preview: a small RGB picture of the current clean prediction, or None.
    """

    step: int
    total: int
    preview: Image.Image | None = None


@dataclass(frozen=True)
class Picture:
    """One finished picture.

    Attributes:
        image: RGB.
        seed: the seed that makes exactly this picture again, alone.
        index: its place among the request's pictures, from 0.
        settings: how it was made, JSON-serialisable, for metadata.
        warnings: what the user should know of it, a sentence each.
    """

    image: Image.Image
    seed: int
    index: int
    settings: Mapping[str, object] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


Event: TypeAlias = Progress | Picture
Events: TypeAlias = Iterator[Event]
