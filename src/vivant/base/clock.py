"""What time it is, handed in, so that nothing needs to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Clock: TypeAlias = Callable[[], datetime]
"""Tells the time, aware of its zone."""


def utc_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class SetClock:
    """A clock for tests: it stands still until it is moved.

    Args:
        now: where it stands; by default a moment that is no round number of anything.
    """

    def __init__(self, now: datetime | None = None) -> None:
        self.now = now or datetime(2026, 3, 1, 12, 0, 30, 250_000, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Tell the time."""
        return self.now

    def move(self, **time: float) -> None:
        """Let time pass, in the words of `timedelta`: `move(minutes=5)`."""
        self.now += timedelta(**time)
