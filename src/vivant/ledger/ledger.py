"""Credits: top up, hold, settle or release, and the history of it all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import HoldClosed, InvalidInput
from vivant.ledger.database import Database
from vivant.ledger.paging import Page, check_limit, page_of
from vivant.ledger.postings import (
    Posted,
    balance_of,
    post_hold,
    post_release,
    post_settle,
    post_topup,
)
from vivant.ledger.rows import columns
from vivant.ledger.rules import HoldState, Kind, check_topup
from vivant.ledger.tables import accounts, holds, movements


@dataclass(frozen=True)
class Movement:
    """One line of an account's book; it never changes.

    Attributes:
        number: grows with time.
        kind: what it is for.
        amount: micro-credits, below 0 where they leave the balance.
        balance: of the account after it.
        hold_id: the hold that it opens or closes, or None.
        note: the operator's words.
        created_at: when.
    """

    number: int
    kind: Kind
    amount: int
    balance: int
    hold_id: str | None
    note: str
    created_at: datetime


class Ledger:
    """The book of credits; `clock` tells the time. All amounts are whole micro-credits."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def topup(self, account_id: str, amount: int, note: str = "") -> int:
        """Put credits into an account.

        Returns:
            Its balance.

        Raises:
            InvalidInput: the amount is not above 0, or the note is longer than 200 characters.
            NoSuchAccount: there is no such account.
        """
        check_topup(amount)
        if len(note) > 200:
            raise InvalidInput("note", note, "up to 200 characters")
        with self._database.write() as connection:
            return post_topup(connection, account_id, amount, self._clock(), note)

    def hold(self, account_id: str, amount: int, expires_at: datetime) -> Posted:
        """Set credits aside until they are settled, released or `expires_at`.

        Raises:
            NotEnoughCredits: the balance is below the amount.
            NoSuchAccount: there is no such account.
            ValueError: the amount is negative.
        """
        with self._database.write() as connection:
            return post_hold(connection, account_id, amount, self._clock(), expires_at)

    def settle(self, hold_id: str, charge: int | None = None) -> Posted:
        """Charge what was held, or `charge` of it; to settle again changes nothing.

        Raises:
            HoldClosed: it was released, or has expired.
            NoSuchHold: there is no such hold.
            ValueError: the charge is negative or more than was held.
        """
        with self._database.write() as connection:
            return post_settle(connection, hold_id, charge, self._clock())

    def release(self, hold_id: str) -> Posted:
        """Give back what was held; to release again changes nothing.

        Raises:
            HoldClosed: it was settled.
            NoSuchHold: there is no such hold.
        """
        with self._database.write() as connection:
            return post_release(connection, hold_id, self._clock())

    def sweep(self) -> int:
        """Release every hold that has expired; returns how many there were."""
        now = self._clock()
        query = (
            select(holds.c.id)
            .where(holds.c.state == HoldState.HELD)
            .where(holds.c.expires_at <= now)
            .order_by(holds.c.expires_at)
        )
        with self._database.read() as connection:
            expired = connection.execute(query).scalars().all()
        # A transaction each: others get their turn, and no two sweepers lock in opposite orders.
        return sum(self._released(hold_id) for hold_id in expired)

    def balance(self, account_id: str) -> int:
        """Micro-credits that are neither spent nor held.

        Raises:
            NoSuchAccount: there is no such account.
        """
        with self._database.read() as connection:
            return balance_of(connection, account_id)

    def history(
        self, account_id: str, *, before: str | None = None, limit: int = 50
    ) -> Page[Movement]:
        """An account's movements, newest first.

        Args:
            account_id: whose.
            before: the `next` of the page before; None for the newest.
            limit: movements of a page, 1 to 200.

        Raises:
            InvalidInput: the limit or the cursor is none.
        """
        check_limit(limit)
        query = (
            select(*columns(movements, Movement))
            .where(movements.c.account_id == account_id)
            .order_by(movements.c.number.desc())
            .limit(limit + 1)
        )
        if before is not None:
            if not (before.isascii() and before.isdigit() and len(before) < 19):
                raise InvalidInput("cursor", before, "the `next` of a page")
            query = query.where(movements.c.number < int(before))
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return page_of(rows, limit, lambda row: Movement(**row), lambda last: str(last.number))

    def discrepancies(self) -> tuple[str, ...]:
        """Ids of the accounts whose balance is not the sum of their movements: none, always."""
        total = func.coalesce(func.sum(movements.c.amount), 0)
        query = (
            select(accounts.c.id)
            .join(movements, movements.c.account_id == accounts.c.id, isouter=True)
            .group_by(accounts.c.id, accounts.c.balance)
            .having(accounts.c.balance != total)
        )
        with self._database.read() as connection:
            return tuple(connection.execute(query).scalars())

    def _released(self, hold_id: str) -> bool:
        try:
            self.release(hold_id)
        except HoldClosed:  # settled since it was looked up
            return False
        return True
