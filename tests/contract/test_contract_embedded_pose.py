"""The model inside the package: it loads, keeps its size, and draws what it is asked for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

import vivant.weights
from vivant.doors.api import PosePipeline
from vivant.weights.verify import find_problems

FOLDER = Path(vivant.weights.__file__).parent / "embedded" / "pose"
LIMIT = 48_000_000


@pytest.fixture(scope="module")
def pipeline() -> PosePipeline:
    return PosePipeline()


def picture(pipeline: PosePipeline, prompt: str, **settings: object) -> NDArray[np.float32]:
    made = pipeline(prompt, "preset:arms_raised", **{"num_inference_steps": 8, **settings})
    return np.asarray(made.image, np.float32)


def test_it_is_whole_and_small() -> None:
    assert find_problems(FOLDER) == []
    assert sum(f.stat().st_size for f in FOLDER.rglob("*") if f.is_file()) <= LIMIT


def test_the_card_says_what_it_is_for() -> None:
    card = (FOLDER / "README.md").read_text(encoding="utf-8")
    for heading in ("## What it draws", "## How it was made", "## Measured", "## Limits"):
        assert heading in card


def test_it_draws_at_its_native_size(pipeline: PosePipeline) -> None:
    native = pipeline.model.traits.native_size
    made = picture(pipeline, "a man in a red suit, in the park")
    assert made.shape == (native, native, 3)
    assert made.std() > 20  # a picture, not a flat field


def test_the_same_request_gives_the_same_bits(pipeline: PosePipeline) -> None:
    first, second = (picture(pipeline, "a girl in a suit", seed=3) for _ in range(2))
    assert np.array_equal(first, second)


def test_night_is_darker_than_day(pipeline: PosePipeline) -> None:
    night = picture(pipeline, "a man in a grey suit, in the park, at night")
    day = picture(pipeline, "a man in a grey suit, in the park, on a sunny day")
    assert night.mean() < 0.75 * day.mean()


def test_garments_take_their_colour(pipeline: PosePipeline) -> None:
    """Red and blue swap the balance of channels where the body is."""
    body = np.s_[110:160, 108:148]
    red = picture(pipeline, "a man in a red suit, in the park")[body].mean((0, 1))
    blue = picture(pipeline, "a man in a blue suit, in the park")[body].mean((0, 1))
    assert red[0] - red[2] > blue[0] - blue[2] + 40


def test_the_figure_takes_the_pose(pipeline: PosePipeline) -> None:
    """Raised forearms change the picture where they are, not in the far corners."""
    prompt = "a man in a black suit, on a plain background"
    up, down = (
        np.asarray(pipeline(prompt, pose, num_inference_steps=8).image, np.float32)
        for pose in ("preset:arms_raised", "preset:standing")
    )
    difference = np.abs(up - down).mean(-1)
    forearms = np.concatenate([difference[28:75, 70:90], difference[28:75, 166:186]])
    corners = np.concatenate([difference[:40, :40], difference[:40, -40:]])
    assert forearms.mean() > 3 * corners.mean()
