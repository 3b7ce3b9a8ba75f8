"""Webhooks to deliver: what is due, what was tried, and when to try again.

A delivery is entered in the transaction that finishes its job, so none is lost and none is sent for
a job that did not finish. Sending is up to the caller: claim, send, record.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select, update

from vivant.base.clock import Clock, utc_now
from vivant.ledger.database import Database
from vivant.ledger.ids import new_id
from vivant.ledger.rows import columns
from vivant.ledger.rules import DeliveryState
from vivant.ledger.tables import deliveries, delivery_attempts

BACK_OFF = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 7200, 21600, 43200)
)
"""Waits after the first failed attempt, the second and so on; after these it is given up."""

LEASE = timedelta(minutes=2)
"""A claimed delivery that nobody records within this time is due again: its sender has died."""


@dataclass(frozen=True)
class Delivery:
    """One webhook on its way.

    Attributes:
        id: names it at each attempt.
        account_id: whose secret signs it.
        request_id: the job that it tells of.
        url: where it goes.
        state: where it stands.
        attempts: how often it was sent, or began to be.
        due_at: when to send it next, while it waits.
        created_at: when its job was finished.
    """

    id: str
    account_id: str
    request_id: str
    url: str
    state: DeliveryState
    attempts: int
    due_at: datetime
    created_at: datetime


@dataclass(frozen=True)
class Attempt:
    """One line of the delivery log; it never changes.

    Attributes:
        delivery_id: what was sent.
        attempt: which time, from 1.
        status_code: the receiver's answer, or None where there was none.
        error: why there was none, or None.
        at: when it ended.
    """

    delivery_id: str
    attempt: int
    status_code: int | None
    error: str | None
    at: datetime

    @property
    def arrived(self) -> bool:
        """Whether the receiver took it: any status from 200 to 299."""
        return self.status_code is not None and 200 <= self.status_code < 300


class Webhooks:
    """The deliveries of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def claim(self, limit: int = 20) -> tuple[Delivery, ...]:
        """Take deliveries that are due, the longest waiting first; no two senders get the same.

        Each must be recorded within `LEASE`, or it is due again.
        """
        now = self._clock()
        due = (
            select(deliveries.c.id)
            .where(deliveries.c.state == DeliveryState.WAITING)
            .where(deliveries.c.due_at <= now)
            .order_by(deliveries.c.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        take = (
            update(deliveries)
            .where(deliveries.c.id.in_(due.scalar_subquery()))
            .values(due_at=now + LEASE, attempts=deliveries.c.attempts + 1)
            .returning(*columns(deliveries, Delivery))
        )
        with self._database.write() as connection:
            taken = [Delivery(**row) for row in connection.execute(take).mappings()]
        return tuple(sorted(taken, key=lambda delivery: delivery.created_at))

    def record(
        self, delivery: Delivery, *, status_code: int | None = None, error: str | None = None
    ) -> DeliveryState:
        """Enter how an attempt ended, and when the next one is due if it failed.

        Args:
            delivery: as it was claimed.
            status_code: the receiver's answer, if there was one.
            error: why there was none.

        Returns:
            Where the delivery stands now.
        """
        now = self._clock()
        attempt = Attempt(delivery.id, delivery.attempts, status_code, error, now)
        state, due_at = _after(attempt)
        change = (
            update(deliveries)
            .where(deliveries.c.id == delivery.id)
            .where(deliveries.c.state == DeliveryState.WAITING)
            .values(state=state, due_at=due_at)
        )
        with self._database.write() as connection:
            connection.execute(insert(delivery_attempts), vars(attempt))
            connection.execute(change)
        return state

    def log(self, request_id: str) -> tuple[Attempt, ...]:
        """Every attempt to tell of a job, in order."""
        query = (
            select(*columns(delivery_attempts, Attempt))
            .join(deliveries, deliveries.c.id == delivery_attempts.c.delivery_id)
            .where(deliveries.c.request_id == request_id)
            .order_by(delivery_attempts.c.number)
        )
        with self._database.read() as connection:
            return tuple(Attempt(**row) for row in connection.execute(query).mappings())


def wait_after(attempt: int) -> timedelta | None:
    """How long to wait after a failed attempt, counted from 1; None to give up."""
    return BACK_OFF[attempt - 1] if attempt <= len(BACK_OFF) else None


def post_delivery(
    connection: Connection, account_id: str, request_id: str, url: str, now: datetime
) -> None:
    """Enter a webhook to be sent at once, inside a transaction of the caller's."""
    delivery = Delivery(
        new_id("msg"), account_id, request_id, url, DeliveryState.WAITING, 0, now, now
    )
    connection.execute(insert(deliveries), vars(delivery))


def _after(attempt: Attempt) -> tuple[DeliveryState, datetime]:
    if attempt.arrived:
        return DeliveryState.DELIVERED, attempt.at
    wait = wait_after(attempt.attempt)
    if wait is None:
        return DeliveryState.GIVEN_UP, attempt.at
    return DeliveryState.WAITING, attempt.at + wait
