from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vivant.base.errors import HoldClosed
from vivant.ledger.rules import Hold, HoldState, given_back, released, settled

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HELD = Hold("hold_1", "account_1", 100, NOW + timedelta(minutes=1))


@settings(deadline=None)
@given(charge=st.none() | st.integers(0, 100))
def test_what_is_charged_and_what_is_given_back_is_what_was_held(charge: int | None) -> None:
    done = settled(HELD, charge, NOW)
    assert done.charged == (100 if charge is None else charge)
    assert done.charged + given_back(done) == 100
    assert settled(done, 7, NOW) is done


def test_a_released_hold_charges_nothing() -> None:
    done = released(HELD)
    assert (done.charged, given_back(done)) == (0, 100)
    assert released(done) == done


def test_an_open_hold_gives_nothing_back() -> None:
    assert given_back(HELD) == 0


def test_the_moment_of_expiry_is_too_late() -> None:
    assert settled(HELD, None, HELD.expires_at - timedelta(microseconds=1)).charged == 100
    with pytest.raises(HoldClosed, match="expired at 2026-03-01 00:01:00 UTC"):
        settled(HELD, None, HELD.expires_at)


def test_ends_are_final() -> None:
    with pytest.raises(HoldClosed):
        settled(replace(HELD, state=HoldState.RELEASED), None, NOW)
    with pytest.raises(HoldClosed):
        released(replace(HELD, state=HoldState.SETTLED, charged=100))
