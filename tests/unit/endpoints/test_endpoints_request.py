from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.base.errors import InvalidInput
from vivant.base.requests import MAX_SEED
from vivant.diffusion.samplers.registry import SAMPLER_NAMES
from vivant.diffusion.schedules import SCHEDULERS
from vivant.endpoints.sd3_med_pose.request import (
    Request,
    SamplerName,
    SchedulerName,
)

LEAST = {"prompt": "a girl", "image": b"..."}


def test_the_defaults_are_the_pages() -> None:
    request = Request.from_fields(LEAST)
    assert request.settings() == {
        "prompt": "a girl",
        "negative_prompt": "low quality,less details",
        "num_inference_steps": 20,
        "guidance_scale": 7.0,
        "seed": 698845,
        "samples": 1,
        "strength": 0.8,
        "sampler": "dpmpp_2m",
        "scheduler": "sgm_uniform",
        "pose_input": "auto",
        "output_format": "jpg",
        "output_quality": 95,
    }
    assert request.base64 is False
    assert request.width is None


def test_names_are_those_that_exist() -> None:
    assert set(get_args(SamplerName)) == set(SAMPLER_NAMES)
    assert set(get_args(SchedulerName)) == set(SCHEDULERS)


def test_every_field_may_come_as_a_string() -> None:
    request = Request.from_fields(
        LEAST
        | {
            "num_inference_steps": "30",
            "guidance_scale": "4.5",
            "seed": "7",
            "samples": "3",
            "strength": "0.25",
            "base64": "true",
            "width": "512",
            "height": " 768 ",
            "output_quality": "80",
        }
    )
    assert (request.num_inference_steps, request.guidance_scale, request.seed) == (30, 4.5, 7)
    assert (request.samples, request.strength, request.base64) == (3, 0.25, True)
    assert (request.width, request.height, request.output_quality) == (512, 768, 80)


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_blank_fields_take_their_defaults(blank: object) -> None:
    fields = dict.fromkeys(["samples", "strength", "sampler", "width", "base64"], blank)
    assert Request.from_fields(LEAST | fields) == Request.from_fields(LEAST)


def test_an_empty_negative_prompt_is_a_wish() -> None:
    assert Request.from_fields(LEAST | {"negative_prompt": ""}).negative_prompt == ""
    assert Request.from_fields(LEAST | {"negative_prompt": None}).negative_prompt != ""


@pytest.mark.parametrize("value", [-1, "-1", "", None])
def test_a_seed_is_chosen(value: object) -> None:
    seeds = {Request.from_fields(LEAST | {"seed": value}).seed for _ in range(4)}
    assert len(seeds) == 4
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_each_sample_has_its_own_seed() -> None:
    assert Request.from_fields(LEAST | {"seed": 5, "samples": 3}).seeds == (5, 6, 7)


def test_unknown_fields_are_ignored() -> None:
    assert Request.from_fields(LEAST | {"colour": "blue"}) == Request.from_fields(LEAST)


def test_jpeg_is_jpg() -> None:
    assert Request.from_fields(LEAST | {"output_format": "jpeg"}).output_format == "jpg"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("prompt", "", "some text of up to 10000 characters"),
        ("prompt", "  ", "some text"),
        ("prompt", None, "some text"),
        ("num_inference_steps", 0, "a whole number from 1 to 100"),
        ("num_inference_steps", 101, "a whole number from 1 to 100"),
        ("num_inference_steps", "many", "a whole number from 1 to 100"),
        ("num_inference_steps", 2.5, "a whole number from 1 to 100"),
        ("guidance_scale", 0.5, "a number from 1 to 20"),
        ("guidance_scale", float("nan"), "a number from 1 to 20"),
        ("seed", -2, f"a whole number from 0 to {MAX_SEED}"),
        ("samples", 5, "a whole number from 1 to 4"),
        ("strength", 2, "a number from 0 to 1"),
        ("strength", "-0.1", "a number from 0 to 1"),
        ("sampler", "magic", "one of: euler, euler_ancestral"),
        ("scheduler", 3, "one of: sgm_uniform"),
        ("base64", "perhaps", "true or false"),
        ("width", 0, "a whole number from 16 to 4096"),
        ("pose_input", "video", "one of: auto, photo, skeleton, json"),
        ("output_format", "gif", "one of: jpg, png, webp"),
        ("output_quality", 101, "a whole number from 0 to 100"),
    ],
)
def test_a_refusal_names_field_value_and_what_is_allowed(
    field: str, value: object, words: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        Request.from_fields(LEAST | {field: value})
    assert caught.value.field == field
    assert words in caught.value.allowed
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("field", ["prompt", "image"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Request.from_fields({name: value for name, value in LEAST.items() if name != field})
    assert caught.value.field == field


def test_every_field_can_say_what_it_allows() -> None:
    assert all(Request.allowed(name) for name in Request.model_fields)


@given(steps=st.integers(), strength=st.floats(), seed=st.integers(max_value=2**64))
def test_whatever_comes_it_is_accepted_in_range_or_refused(
    steps: int, strength: float, seed: int
) -> None:
    fields = {"num_inference_steps": steps, "strength": strength, "seed": seed}
    fine = 1 <= steps <= 100 and 0 <= strength <= 1 and -1 <= seed <= MAX_SEED
    try:
        request = Request.from_fields(LEAST | fields)
    except InvalidInput:
        assert not fine
    else:
        assert fine
        assert request.seed in {seed, request.seed if seed == -1 else seed}
