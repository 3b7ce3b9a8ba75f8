"""A story model before its judge: what evaluations of stories share."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image
from torch import Tensor

from training.generate import encode_again
from training.story_judges import StoryJudge
from training.world.render import paint
from training.world.story import Panel
from vivant.weights.model import StoryModel


class Told(Protocol):
    """A story of the world's."""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """What each panel shows."""


class Court:
    """A model, its judge, and what the judge finds.

    Args:
        model: whose autoencoder the judge was trained on.
        judge: of panels.
        pictures: folder for strips of panels; None for none.
    """

    def __init__(self, model: StoryModel, judge: StoryJudge, pictures: Path | None) -> None:
        self.model, self.judge, self.pictures = model, judge, pictures

    def judged(self, images: Sequence[Image.Image]) -> Tensor:
        """What the judge finds in a story's panels, [panels, attributes]."""
        return self.judge.net.classes(encode_again(self.model, images))

    def rendered(self, stories: Sequence[Told]) -> list[Tensor]:
        """The same in the world's own drawings of stories."""
        return [
            self.judged([Image.fromarray(paint(panel.drawn)) for panel in story.panels])
            for story in stories
        ]

    def keep(self, images: Sequence[Image.Image], name: str) -> None:
        """Save pictures side by side, if strips are wanted."""
        if self.pictures is None:
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        strip = np.concatenate([np.asarray(image) for image in images], 1)
        Image.fromarray(strip).save(self.pictures / f"{name}.png")
