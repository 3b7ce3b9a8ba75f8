from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from vivant.base.errors import InvalidInput, UnreadablePicture
from vivant.output.encode import SOURCE_TYPE, Format, content_type, encode, format_of, read_settings

FORMATS: tuple[Format, ...] = ("png", "jpg", "webp")


def picture() -> Image.Image:
    ramp = np.linspace(0, 255, 32, dtype=np.uint8)
    red, green = np.meshgrid(ramp, ramp)
    return Image.fromarray(np.stack([red, green, red // 2], axis=-1))


@pytest.mark.parametrize("kind", FORMATS)
@settings(deadline=None, max_examples=15)
@given(prompt=st.text(st.characters(exclude_categories=["Cs"])), seed=st.integers(0, 2**63))
def test_settings_come_back(kind: Format, prompt: str, seed: int) -> None:
    made = {"prompt": prompt, "seed": seed, "strength": 0.8}
    assert read_settings(encode(picture(), kind, settings=made)) == made


@pytest.mark.parametrize("kind", FORMATS)
def test_the_file_is_what_it_says(kind: Format) -> None:
    image = Image.open(io.BytesIO(encode(picture(), kind)))
    assert Image.MIME[str(image.format)] == content_type(kind)
    assert image.size == (32, 32)
    assert image.mode == "RGB"


@pytest.mark.parametrize("kind", FORMATS)
def test_the_picture_says_that_a_model_made_it(kind: Format) -> None:
    assert SOURCE_TYPE.encode() in encode(picture(), kind)


def test_png_is_exact_and_the_others_are_close() -> None:
    original = np.asarray(picture(), dtype=int)
    for kind, most in (("png", 0), ("jpg", 12), ("webp", 24)):
        decoded = np.asarray(Image.open(io.BytesIO(encode(picture(), kind))).convert("RGB"))
        assert np.abs(decoded - original).max() <= most


@pytest.mark.parametrize("kind", ["jpg", "webp"])
def test_quality_costs_bytes(kind: Format) -> None:
    noisy = Image.fromarray(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    sizes = [len(encode(noisy, kind, quality=quality)) for quality in (0, 50, 100)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2] / 3


@pytest.mark.parametrize("kind", FORMATS)
def test_same_picture_and_settings_same_bytes(kind: Format) -> None:
    made = {"seed": 1}
    assert encode(picture(), kind, settings=made) == encode(picture(), kind, settings=made)


def test_a_foreign_picture_has_no_settings(tmp_path: Path) -> None:
    path = tmp_path / "foreign.png"
    picture().save(path)
    assert read_settings(path) == {}


def test_no_picture_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "text.png"
    path.write_text("hello", encoding="utf-8")
    with pytest.raises(UnreadablePicture, match=r"text\.png"):
        read_settings(path)
    with pytest.raises(UnreadablePicture):
        read_settings(b"hello")


def test_names_ask_for_formats() -> None:
    names = ("a.png", "b.JPG", "c.jpeg", "d.webp")
    assert [format_of(Path(name)) for name in names] == ["png", "jpg", "jpg", "webp"]
    with pytest.raises(InvalidInput, match="gif"):
        format_of(Path("e.gif"))
