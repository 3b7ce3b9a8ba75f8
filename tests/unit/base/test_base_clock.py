from __future__ import annotations

from datetime import UTC, datetime, timedelta

from vivant.base.clock import SetClock, utc_now


def test_a_set_clock_moves_only_when_it_is_moved() -> None:
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    assert clock() == clock() == datetime(2026, 1, 1, tzinfo=UTC)
    clock.move(days=1, seconds=0.5)
    assert clock() == datetime(2026, 1, 2, 0, 0, 0, 500_000, tzinfo=UTC)


def test_the_machines_clock_tells_utc() -> None:
    assert utc_now().utcoffset() == timedelta(0)
