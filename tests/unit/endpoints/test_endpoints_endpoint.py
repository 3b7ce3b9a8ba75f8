from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest
from PIL import Image

from vivant.base.contract import Picture, Progress
from vivant.base.errors import InvalidInput, NobodyFound, UnreadablePicture, WeightsUnavailable
from vivant.endpoints.sd3_med_pose import endpoint
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.pose.draw import draw
from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person, Pose
from vivant.weights.model import PoseModel
from vivant.weights.tiny import save_tiny_pose_model


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> PoseModel:
    folder = save_tiny_pose_model(tmp_path_factory.mktemp("endpoint"))
    return endpoint.load(str(folder), device="cpu")


def ask(image: object, **fields: object) -> Request:
    return Request.from_fields(
        {"prompt": "a girl", "image": image, "num_inference_steps": 1} | fields
    )


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def joints(pose: Pose) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return pose.people[0].body


@pytest.mark.parametrize("kind", ["pose", "preset", "text", "parsed", "bytes", "png", "picture"])
def test_every_kind_of_image_is_read_as_the_same_pose(kind: str) -> None:
    pose = load_preset("waving")
    parsed = pose_to_json(pose)
    images: dict[str, object] = {
        "pose": pose,
        "preset": "preset:waving",
        "text": json.dumps(parsed),
        "parsed": [parsed],
        "bytes": json.dumps(parsed).encode(),
        "png": png(draw(pose)),
        "picture": draw(pose),
    }
    read = endpoint.read_pose(ask(images[kind]))
    assert (read.width, read.height) == (pose.width, pose.height)
    assert np.abs(joints(read)[:, :2] - joints(pose)[:, :2]).max() < 4


@pytest.mark.parametrize("image", ["somewhere.png", "/etc/passwd", 3, "preset:swimming", ""])
def test_names_of_files_and_nonsense_are_refused(image: object) -> None:
    with pytest.raises(InvalidInput):
        endpoint.read_pose(ask(image))


def test_unreadable_and_empty_pictures_are_told_apart() -> None:
    with pytest.raises(UnreadablePicture):
        endpoint.read_pose(ask(b"hello, I am not a picture"))
    with pytest.raises(NobodyFound, match="64x48"):
        endpoint.read_pose(ask(png(Image.new("RGB", (64, 48)))), Seer())


class Seer:
    """An estimator that sees what it was told to see."""

    def __init__(self, *people: Person) -> None:
        self.there = people

    def people(self, picture: Image.Image) -> tuple[Person, ...]:  # noqa: ARG002  # it knows
        return self.there


def test_photos_are_read_and_pose_input_is_obeyed() -> None:
    drawing = png(draw(load_preset("waving")))
    somebody = load_preset("sitting").people[0]
    request = ask(drawing, pose_input="photo")
    assert endpoint.read_pose(request, Seer(somebody)).people == (somebody,)
    assert endpoint.check(request, estimator=Seer(somebody)).prepared.people == (somebody,)
    assert endpoint.read_pose(ask(drawing), Seer(somebody)).people != (somebody,)
    with pytest.raises(WeightsUnavailable, match="photos are not read here"):
        endpoint.read_pose(request)


def test_the_size_follows_the_pose(model: PoseModel) -> None:
    pose = load_preset("waving")
    wide = dataclasses.replace(pose, width=2 * pose.width)
    for given, size in ((pose, (64, 64)), (wide, (96, 48))):
        *steps, picture = endpoint.run(model, ask(given))
        assert isinstance(picture, Picture)
        assert picture.image.size == size
        assert all(isinstance(step, Progress) for step in steps)


@pytest.mark.parametrize("whole_body", [False, True])
def test_hands_and_faces_are_shown_to_models_that_know_them(
    model: PoseModel,
    whole_body: bool,  # noqa: FBT001  # a case
) -> None:
    body = load_preset("waving")
    hand = np.column_stack([np.linspace(5, 40, 21), np.full(21, 9), np.ones(21)])
    pose = Pose((Person(body.people[0].body, left_hand=hand, face=hand),), body.width, body.height)
    traits = dataclasses.replace(model.traits, whole_body=whole_body)
    drawn = endpoint.control_map(dataclasses.replace(model, traits=traits), pose, (64, 64))
    assert drawn == draw(pose if whole_body else body, 64, 64)
    assert draw(pose, 64, 64) != draw(body, 64, 64)


def test_a_side_off_the_grid_or_too_long_is_refused(model: PoseModel) -> None:
    for width in (40, 400):
        with pytest.raises(InvalidInput, match="a multiple of 16 from 16 to 384"):
            list(endpoint.run(model, ask("preset:waving", width=width)))


def test_pictures_remember_what_makes_them_again(model: PoseModel) -> None:
    request = ask("preset:waving", samples=2, seed=11, guidance_scale=3, scheduler="karras")
    pictures = [event for event in endpoint.run(model, request) if isinstance(event, Picture)]
    assert [picture.seed for picture in pictures] == [11, 12]
    again = Request.from_fields(dict(pictures[1].settings) | {"image": "preset:waving"})
    (second,) = (event for event in endpoint.run(model, again) if isinstance(event, Picture))
    difference = np.asarray(second.image, int) - np.asarray(pictures[1].image, int)
    assert np.abs(difference).max() <= 2
