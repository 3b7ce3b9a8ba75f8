import io
import json
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vivant.base.errors import InvalidInput, NobodyFound, UnreadablePicture, VivantError
from vivant.pose.draw import draw
from vivant.pose.inputs import (
    PoseInput,
    open_picture,
    pose_from_bytes,
    pose_from_picture,
    pose_from_text,
    upright_rgb,
)
from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset
from vivant.pose.skeleton import Person

POSE = load_preset("waving")
DRAWING = draw(POSE, 384, 384)


class Seer:
    """An estimator that sees what it was told to see, and remembers where it looked."""

    def __init__(self, *people: Person) -> None:
        self.people_there = people
        self.asked: list[Image.Image] = []

    def people(self, picture: Image.Image) -> tuple[Person, ...]:
        self.asked.append(picture)
        return self.people_there


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_drawing_in_any_format_gives_its_pose(kind: str) -> None:
    pose = pose_from_bytes(encoded(DRAWING, kind), estimator=Seer())
    assert (pose.width, pose.height) == (384, 384)
    expected = POSE.people[0].body[:, :2] / 2
    apart = np.linalg.norm(pose.people[0].body[:, :2] - expected, axis=1)
    assert np.median(apart) < 0.005 * POSE.people[0].size / 2


@pytest.mark.parametrize("pose_input", ["auto", "json"])
def test_json_is_told_by_its_content(pose_input: PoseInput) -> None:
    data = b"\xef\xbb\xbf \n" + json.dumps([pose_to_json(POSE)]).encode()
    pose = pose_from_bytes(data, pose_input, estimator=Seer())
    np.testing.assert_allclose(pose.people[0].body, POSE.people[0].body, atol=1e-3)


def test_json_without_people_is_nobody() -> None:
    with pytest.raises(NobodyFound, match="512x640"):
        pose_from_text('{"people": [], "canvas_width": 512, "canvas_height": 640}')


PHOTO = Image.effect_noise((80, 60), 90)
SOMEBODY = load_preset("waving").people[0]


@pytest.mark.parametrize("pose_input", ["auto", "photo"])
def test_what_is_no_drawing_is_read_as_a_photo(pose_input: PoseInput) -> None:
    seer = Seer(SOMEBODY)
    pose = pose_from_picture(PHOTO, pose_input, estimator=seer)
    assert pose.people == (SOMEBODY,)
    assert (pose.width, pose.height) == (80, 60)
    assert seer.asked[0].mode == "RGB"


def test_a_drawing_is_read_as_a_photo_only_where_it_is_called_one() -> None:
    seer = Seer(SOMEBODY)
    for pose_input in ("auto", "skeleton"):
        pose_from_picture(DRAWING, pose_input, estimator=seer)
    assert not seer.asked
    assert pose_from_picture(DRAWING, "photo", estimator=seer).people == (SOMEBODY,)


def test_nobody_is_an_error_that_says_what_was_tried() -> None:
    with pytest.raises(NobodyFound) as error:
        pose_from_picture(PHOTO, estimator=Seer())
    for part in ("80x60", "no person is to be seen", "nor is it a skeleton drawing"):
        assert part in str(error.value)
    assert "\n" not in str(error.value)


def test_who_asks_for_a_skeleton_gets_no_photo() -> None:
    seer = Seer(SOMEBODY)
    with pytest.raises(NobodyFound, match="picture 80x60: only"):
        pose_from_picture(PHOTO, "skeleton", estimator=seer)
    assert not seer.asked


@pytest.mark.parametrize(
    ("pose_input", "told"),
    [("json", "auto, photo or skeleton"), ("picture", "one of: auto")],
)
def test_a_pose_input_that_cannot_be_is_refused(pose_input: PoseInput, told: str) -> None:
    with pytest.raises(InvalidInput, match=told):
        pose_from_picture(DRAWING, pose_input, estimator=Seer())


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the file's rows run from right to left of the picture: turn by 90 degrees
    wide = Image.new("RGB", (40, 20))
    wide.paste((255, 0, 0), (0, 0, 10, 20))
    picture = open_picture(encoded(wide, exif=exif))
    assert picture.size == (20, 40)
    assert picture.getpixel((10, 4)) == (255, 0, 0)


def test_transparency_becomes_black() -> None:
    picture = Image.new("RGBA", (8, 8), (255, 255, 255, 0))
    picture.putpixel((1, 1), (0, 255, 0, 255))
    rgb = open_picture(encoded(picture))
    assert rgb.getpixel((0, 0)) == (0, 0, 0)
    assert rgb.getpixel((1, 1)) == (0, 255, 0)
    palette = picture.quantize(4)
    assert open_picture(encoded(palette)).getpixel((0, 0)) == (0, 0, 0)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "YCbCr", "LAB", "HSV", "I;16"]
)
def test_every_mode_becomes_rgb(mode: str) -> None:
    picture = Image.new(mode, (5, 4))
    rgb = upright_rgb(picture)
    assert (rgb.mode, rgb.size) == ("RGB", (5, 4))


@pytest.mark.parametrize(
    "values", [np.uint16([[0, 32768, 65535]]), np.float32([[0, 0.5, 1]]), np.int32([[0, 128, 255]])]
)
def test_deep_grey_is_scaled_not_clipped(values: np.ndarray) -> None:
    rgb = np.asarray(upright_rgb(Image.fromarray(values)))
    assert np.abs(rgb[0, :, 0].astype(int) - [0, 128, 255]).max() <= 1


def test_an_animation_gives_its_first_frame() -> None:
    frames = [Image.new("RGB", (6, 6), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert open_picture(data).getpixel((0, 0)) == (255, 0, 0)


def huge_png() -> bytes:
    """A PNG that says it is 50000 x 50000, in a few bytes."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0"))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"\x89PNG\r\n\x1a\n",
        encoded(DRAWING)[:1500],
        encoded(DRAWING, "JPEG")[:900],
        huge_png(),
    ],
)
def test_what_is_no_picture_is_one_clear_line(data: bytes) -> None:
    with pytest.raises(UnreadablePicture) as error:
        open_picture(data)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) > 20


def test_too_many_pixels_are_refused_before_decoding() -> None:
    with pytest.raises(UnreadablePicture, match="384x384 has 147456 pixels"):
        open_picture(encoded(DRAWING), max_pixels=100_000)


@settings(deadline=None)  # a busy machine is not a failure
@given(st.integers(0, 3000), st.integers(0, 255))
def test_a_damaged_file_is_a_domain_error_or_a_picture(place: int, value: int) -> None:
    data = bytearray(encoded(DRAWING.resize((64, 64))))
    data[place % len(data)] = value
    message = ""
    try:
        assert open_picture(bytes(data)).mode == "RGB"
    except VivantError as error:
        message = str(error)
    assert "\n" not in message
