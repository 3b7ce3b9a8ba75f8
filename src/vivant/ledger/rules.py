"""The rules of credits and jobs, pure: what may follow what, and what it moves.

A hold takes its amount from the balance when it is opened. It is closed once: settled, which gives
back what was held and not charged, or released, which gives back all of it.

All amounts are micro-credits, see `vivant.base.credits`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from vivant.base.credits import show_credits
from vivant.base.errors import HoldClosed, InvalidInput


class Kind(StrEnum):
    """What a movement of credits is for."""

    TOPUP = "topup"
    HOLD = "hold"
    SETTLE = "settle"
    RELEASE = "release"


class HoldState(StrEnum):
    """Where a hold stands; the last two are final."""

    HELD = "held"
    SETTLED = "settled"
    RELEASED = "released"


class JobStatus(StrEnum):
    """Where a job stands; the last three are final."""

    QUEUED = "QUEUED"
    PROCESSING = "PROCESSING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class DeliveryState(StrEnum):
    """Where the delivery of a webhook stands; the last two are final."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    GIVEN_UP = "given_up"


OPEN = frozenset({JobStatus.QUEUED, JobStatus.PROCESSING})
"""What a job can still come out of."""

LARGEST = 2**53
"""Largest amount of one movement: nine billion credits, exact as a JSON number."""


@dataclass(frozen=True)
class Hold:
    """Credits set aside for one job.

    Attributes:
        id: names it.
        account_id: whose credits.
        amount: set aside, 0 or more.
        expires_at: from then on it can only be released.
        state: where it stands.
        charged: what was kept of it; 0 until it is settled.
    """

    id: str
    account_id: str
    amount: int
    expires_at: datetime
    state: HoldState = HoldState.HELD
    charged: int = 0


def settled(hold: Hold, charge: int | None, now: datetime) -> Hold:
    """The hold after it was settled; the same hold where it was settled before.

    Args:
        hold: as it stands.
        charge: what to keep, 0 to the hold's amount; None for all of it.
        now: what time it is.

    Raises:
        HoldClosed: it was released, or has expired.
        ValueError: the charge is more than was held, or negative.
    """
    if hold.state is HoldState.SETTLED:
        return hold
    if hold.state is HoldState.RELEASED:
        raise HoldClosed(f"hold {hold.id} was released and cannot be settled")
    if now >= hold.expires_at:
        raise HoldClosed(f"hold {hold.id} expired at {hold.expires_at:%Y-%m-%d %H:%M:%S} UTC")
    charged = hold.amount if charge is None else charge
    if not 0 <= charged <= hold.amount:
        raise ValueError(f"cannot charge {charged} of a hold of {hold.amount} micro-credits")
    return replace(hold, state=HoldState.SETTLED, charged=charged)


def released(hold: Hold) -> Hold:
    """The hold after it was released; the same hold where it was released before.

    Raises:
        HoldClosed: it was settled.
    """
    if hold.state is HoldState.SETTLED:
        raise HoldClosed(f"hold {hold.id} was settled and cannot be released")
    return replace(hold, state=HoldState.RELEASED)


def given_back(hold: Hold) -> int:
    """What closing a hold puts back into the balance; 0 while it is open."""
    return 0 if hold.state is HoldState.HELD else hold.amount - hold.charged


def check_topup(amount: int) -> None:
    """Check what an account is to be topped up with.

    Raises:
        InvalidInput: it is not more than nothing, or it is absurd.
    """
    if not 0 < amount <= LARGEST:
        raise InvalidInput(
            "credits", show_credits(amount), f"more than 0, to {show_credits(LARGEST)}"
        )
