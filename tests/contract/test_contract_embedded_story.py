"""The story model inside the package: it loads, keeps its size, and draws what lines name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vivant.weights
from vivant import Story, StoryPipeline
from vivant.weights.verify import find_problems

FOLDER = Path(vivant.weights.__file__).parent / "embedded" / "story"
LIMIT = 48_000_000

SCRIPT = """\
at home, reading
[NC] the forest, at night
[NC] the forest, on a sunny day
[NC] a house filled with treasure"""


@pytest.fixture(scope="module")
def pipeline() -> StoryPipeline:
    return StoryPipeline()


@pytest.fixture(scope="module")
def story(pipeline: StoryPipeline) -> Story:
    return tell(pipeline)


def tell(pipeline: StoryPipeline) -> Story:
    small = {"num_steps": 20, "num_ids": 1, "image_width": 256, "image_height": 256}
    return pipeline("a man in a black suit", SCRIPT, style_name="(No style)", **small)


def pixels(story: Story, place: int) -> NDArray[np.float32]:
    return np.asarray(story.panels[place].image, np.float32)


def test_it_is_whole_and_small() -> None:
    assert find_problems(FOLDER) == []
    assert sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()) <= LIMIT


def test_the_card_says_what_it_is_for() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for heading in ("## What it draws", "## How it was made", "## Measured", "## Limits"):
        assert heading in card


def test_it_draws_at_its_native_size(story: Story) -> None:
    assert all(panel.image.size == (256, 256) for panel in story.panels)
    assert pixels(story, 0).std() > 20  # a picture, not a flat field
    assert story.warnings == ()


def test_the_same_request_gives_the_same_bits(pipeline: StoryPipeline, story: Story) -> None:
    again = tell(pipeline)
    for one, other in zip(story.panels, again.panels, strict=True):
        assert one.image.tobytes() == other.image.tobytes()


def test_night_is_darker_than_day(story: Story) -> None:
    assert pixels(story, 1).mean() < 0.75 * pixels(story, 2).mean()


def test_places_take_their_colours(story: Story) -> None:
    """A forest is greener than a room, whose treasure is more yellow than anything green."""
    forest, treasure = (pixels(story, place)[128:].mean((0, 1)) for place in (2, 3))
    assert forest[1] - forest[0] > treasure[1] - treasure[0] + 20
