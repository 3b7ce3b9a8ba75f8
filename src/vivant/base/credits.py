"""Credits as whole micro-credits, so that sums are exact: 1 credit is 1,000,000 micro-credits."""

from __future__ import annotations

from decimal import Decimal

MICRO = 1_000_000
"""Micro-credits in one credit."""


def credits_of(micro: int) -> float:
    """Micro-credits as credits, for JSON and headers."""
    return micro / MICRO


def micro_of(amount: float | str | Decimal) -> int:
    """Credits as micro-credits, rounded half to even.

    Raises:
        ValueError: this is no finite number.
    """
    value = Decimal(str(amount)) * MICRO
    if not value.is_finite():
        raise ValueError(f"{amount} is no amount of credits")
    return int(value.to_integral_value())


def show_credits(micro: int) -> str:
    """Credits in words, with no more decimals than they need: "0.017", "12", "-0.5"."""
    text = f"{Decimal(micro) / MICRO:.6f}"
    return text.rstrip("0").rstrip(".")
