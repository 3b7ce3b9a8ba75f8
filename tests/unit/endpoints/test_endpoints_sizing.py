from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vivant.base.errors import InvalidInput
from vivant.endpoints.sd3_med_pose.request import Request
from vivant.endpoints.sd3_med_pose.sizing import STEEPEST, effort, output_size

BRIEF = {
    "prompt": "Anime style illustration of a girl wearing a suit.",
    "image": "...",
    "num_inference_steps": 20,
    "samples": 1,
}


def ask(**fields: object) -> Request:
    return Request.from_fields(BRIEF | fields)


def size(request: Request, pose: tuple[int, int], native: int = 1024) -> tuple[int, int]:
    return output_size(request, pose, native_size=native, multiple=64, longest=2048)


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        ((768, 768), (1024, 1024)),
        ((1280, 720), (1344, 768)),
        ((720, 1280), (768, 1344)),
        ((9000, 10), (1600, 640)),
    ],
)
def test_the_shape_follows_the_pose_at_the_native_area(
    pose: tuple[int, int], expected: tuple[int, int]
) -> None:
    assert size(ask(), pose) == expected


def test_what_was_asked_is_given() -> None:
    assert size(ask(width=512, height=1024), (100, 100)) == (512, 1024)


def test_one_side_asked_the_other_follows() -> None:
    assert size(ask(width=512), (200, 100)) == (512, 256)
    assert size(ask(height=512), (200, 100)) == (1024, 512)


@pytest.mark.parametrize(
    ("field", "value"), [("width", 100), ("height", 1000), ("width", 2112), ("height", 32)]
)
def test_off_the_grid_is_refused(field: str, value: int) -> None:
    with pytest.raises(InvalidInput) as caught:
        size(ask(**{field: value}), (100, 100))
    assert caught.value.field == field
    assert caught.value.allowed == "a multiple of 64 from 64 to 2048"


@given(
    width=st.integers(1, 10_000),
    height=st.integers(1, 10_000),
    native=st.sampled_from([256, 512, 1024]),
)
def test_sizes_are_on_the_grid_near_the_area_and_not_too_steep(
    width: int, height: int, native: int
) -> None:
    got = size(ask(), (width, height), native)
    assert all(side % 64 == 0 and side >= 64 for side in got)
    assert got[0] * got[1] == pytest.approx(native**2, rel=0.4)
    assert max(got) / min(got) <= STEEPEST * 1.5


def test_the_briefs_request_is_the_measure() -> None:
    assert effort(ask()) == 1
    assert effort(ask(), (1024, 1024)) == 1


def test_effort_follows_pixels_steps_and_samples() -> None:
    assert effort(ask(samples=4)) == 4
    assert effort(ask(num_inference_steps=40)) == 2
    assert effort(ask(), (512, 1024)) == Fraction(1, 2)
    assert effort(ask(), (256, 256), native_size=256) == 1
    assert effort(ask(num_inference_steps=1), (64, 64)) > 0
