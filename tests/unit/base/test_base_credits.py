from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.credits import credits_of, micro_of, show_credits


@settings(deadline=None)
@given(st.integers(-(10**15), 10**15))
def test_micro_credits_come_back_exactly(micro: int) -> None:
    assert micro_of(show_credits(micro)) == micro


@pytest.mark.parametrize(("micro", "shown"), [(0, "0"), (17_000, "0.017"), (12_000_000, "12")])
def test_no_more_decimals_than_needed(micro: int, shown: str) -> None:
    assert show_credits(micro) == shown
    assert credits_of(micro) == float(shown)


def test_a_float_is_taken_as_it_is_written() -> None:
    assert micro_of(0.166) == 166_000


@pytest.mark.parametrize("amount", ["nan", "inf", float("nan"), float("-inf")])
def test_what_is_no_number_is_refused(amount: float | str) -> None:
    with pytest.raises(ValueError, match="no amount of credits"):
        micro_of(amount)
