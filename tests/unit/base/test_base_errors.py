from __future__ import annotations

import pytest

from vivant.base import errors


def test_invalid_input_is_one_line_with_field_value_and_allowed() -> None:
    error = errors.InvalidInput("strength", 2, "0 to 1")
    assert str(error) == "strength: 2 is not allowed; expected 0 to 1"
    assert (error.field, error.value, error.allowed) == ("strength", 2, "0 to 1")


def test_a_long_value_is_shortened_and_line_breaks_are_shown() -> None:
    text = str(errors.InvalidInput("prompt", "x\n" * 500, "less"))
    assert len(text) < 130
    assert "\n" not in text


def test_bytes_are_counted_and_not_shown() -> None:
    text = str(errors.InvalidInput("image", b"\x89PNG" * 1000, "a picture"))
    assert text == "image: 4000 bytes is not allowed; expected a picture"


@pytest.mark.parametrize(
    "kind",
    ["InvalidInput", "UnreadablePicture", "NobodyFound", "WeightsUnavailable", "WeightsCorrupt"],
)
def test_all_errors_share_one_base(kind: str) -> None:
    assert issubclass(getattr(errors, kind), errors.VivantError)


def test_money_errors_name_price_balance_and_waiting_time() -> None:
    poor = errors.NotEnoughCredits(price=17_000, balance=5)
    assert str(poor) == "not enough credits: this costs 0.017, and 0.000005 are left"
    assert (
        str(errors.RateLimited(60, 0.2)) == "rate limit: 60 requests per minute; try again in 1 s"
    )
