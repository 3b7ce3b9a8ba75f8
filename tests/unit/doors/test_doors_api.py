from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import vivant
from vivant import PosePipeline
from vivant.base.contract import Progress
from vivant.base.errors import InvalidInput
from vivant.output.encode import read_settings
from vivant.pose.draw import draw
from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset
from vivant.service.files import PictureFile
from vivant.weights.tiny import save_tiny_pose_model


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> PosePipeline:
    return PosePipeline(str(save_tiny_pose_model(tmp_path_factory.mktemp("api"))), device="cpu")


def test_importing_vivant_loads_nothing_heavy() -> None:
    code = "import sys, vivant; assert not {'torch', 'pydantic', 'PIL'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603


def test_an_unknown_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="StoryPipeline2"):
        vivant.StoryPipeline2  # noqa: B018


def test_one_call_one_picture(pipeline: PosePipeline, tmp_path: Path) -> None:
    picture = pipeline("a girl", "preset:waving", num_inference_steps=1, seed=3, samples=4)
    assert isinstance(picture, PictureFile)
    assert picture.image.size == (64, 64)
    path = picture.save(tmp_path / "girl.png")
    assert read_settings(path)["seed"] == picture.seed == 3
    with Image.open(path) as image:
        assert np.array_equal(np.asarray(image), np.asarray(picture.image))


def test_every_kind_of_pose(pipeline: PosePipeline, tmp_path: Path) -> None:
    pose = load_preset("waving")
    drawing = draw(pose)
    path = tmp_path / "pose.png"
    drawing.save(path)
    kinds = ("preset:waving", pose_to_json(pose), drawing, path, str(path), path.read_bytes())
    for kind in kinds:
        picture = pipeline("a girl", kind, num_inference_steps=1)
        assert picture.image.size == (64, 64)


def test_events_come_in_order(pipeline: PosePipeline) -> None:
    events = list(pipeline.events("a girl", "preset:waving", num_inference_steps=3, samples=2))
    steps = [event.step for event in events if isinstance(event, Progress)]
    assert steps == [1, 2, 3]
    assert [event.seed for event in events if isinstance(event, PictureFile)] == [698845, 698846]
    assert isinstance(events[-1], PictureFile)


def test_the_pose_matters_and_at_strength_zero_it_does_not(pipeline: PosePipeline) -> None:
    def make(pose: str, strength: float) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        picture = pipeline("a girl", pose, num_inference_steps=2, strength=strength)
        return np.asarray(picture.image)

    assert not np.array_equal(make("preset:waving", 1.0), make("preset:sitting", 1.0))
    assert np.array_equal(make("preset:waving", 0.0), make("preset:sitting", 0.0))


def test_bad_settings_are_told(pipeline: PosePipeline) -> None:
    with pytest.raises(InvalidInput, match="strength"):
        pipeline("a girl", "preset:waving", strength=2)
