"""Accounts: who has credits, and how many requests a minute they may make."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import InvalidInput, NoSuchAccount, RateLimited
from vivant.ledger.database import Database
from vivant.ledger.ids import new_id
from vivant.ledger.rows import columns
from vivant.ledger.tables import accounts

WINDOW = timedelta(minutes=1)
"""Rate limits count requests in fixed windows of this length, from the full minute."""


@dataclass(frozen=True)
class Account:
    """One account.

    Attributes:
        id: names it.
        name: chosen by the operator, unique.
        balance: micro-credits that are neither spent nor held.
        webhook_secret: 32 bytes that sign its webhooks.
        requests_per_minute: None for no limit.
        created_at: when.
    """

    id: str
    name: str
    balance: int
    webhook_secret: bytes
    requests_per_minute: int | None
    created_at: datetime


@dataclass(frozen=True)
class Room:
    """What a rate limit has left.

    Attributes:
        remaining: requests that may still be made in this window.
        resets_at: when the next window begins.
    """

    remaining: int
    resets_at: datetime


class Accounts:
    """The accounts of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def create(self, name: str, requests_per_minute: int | None = None) -> Account:
        """Open an account with no credits.

        Raises:
            InvalidInput: the name is empty, too long or taken, or the limit is not above 0.
        """
        if not name.strip() or len(name) > 200:
            raise InvalidInput("name", name, "1 to 200 characters")
        account = Account(
            id=new_id("account"),
            name=name,
            balance=0,
            webhook_secret=secrets.token_bytes(32),
            requests_per_minute=_checked(requests_per_minute),
            created_at=self._clock(),
        )
        row = {**vars(account), "window_count": 0}
        try:
            with self._database.write() as connection:
                connection.execute(insert(accounts).values(row))
        except IntegrityError as error:
            raise InvalidInput("name", name, "a name that no account has yet") from error
        return account

    def get(self, account_id: str) -> Account:
        """The account of this id.

        Raises:
            NoSuchAccount: there is none.
        """
        return self._one(accounts.c.id == account_id, f"id {account_id}")

    def find(self, name: str) -> Account:
        """The account of this name.

        Raises:
            NoSuchAccount: there is none.
        """
        return self._one(accounts.c.name == name, f"name {name!r}")

    def list(self) -> tuple[Account, ...]:
        """Every account, by name."""
        with self._database.read() as connection:
            rows = connection.execute(_EVERY.order_by(accounts.c.name)).mappings()
            return tuple(Account(**row) for row in rows)

    def limit(self, account_id: str, requests_per_minute: int | None) -> None:
        """Set how many requests a minute an account may make; None for any number.

        Raises:
            InvalidInput: the limit is not above 0.
            NoSuchAccount: there is no such account.
        """
        change = (
            update(accounts)
            .where(accounts.c.id == account_id)
            .values(requests_per_minute=_checked(requests_per_minute))
        )
        with self._database.write() as connection:
            if connection.execute(change).rowcount == 0:
                raise NoSuchAccount(f"no account has the id {account_id}")

    def count_request(self, account_id: str, limit: int) -> Room:
        """Count one request against a limit, which all servers of the database share.

        Args:
            account_id: whose request.
            limit: requests per minute, as the caller's account states it.

        Raises:
            RateLimited: the minute's requests are used up; this one was not counted.
        """
        now = self._clock()
        start = now.replace(second=0, microsecond=0)
        same = accounts.c.window_start == start
        count = (
            update(accounts)
            .where(accounts.c.id == account_id)
            .where(or_(accounts.c.window_start.is_(None), ~same, accounts.c.window_count < limit))
            .values(
                window_start=start, window_count=case((same, accounts.c.window_count + 1), else_=1)
            )
            .returning(accounts.c.window_count)
        )
        with self._database.write() as connection:
            counted = connection.execute(count).scalar()
        if counted is None:
            raise RateLimited(limit, (start + WINDOW - now).total_seconds())
        return Room(limit - counted, start + WINDOW)

    def _one(self, condition: ColumnElement[bool], called: str) -> Account:
        with self._database.read() as connection:
            row = connection.execute(_EVERY.where(condition)).mappings().first()
        if row is None:
            raise NoSuchAccount(f"no account has the {called}")
        return Account(**row)


_EVERY = select(*columns(accounts, Account))


def _checked(requests_per_minute: int | None) -> int | None:
    if requests_per_minute is not None and not 0 < requests_per_minute <= 1_000_000:
        raise InvalidInput("requests_per_minute", requests_per_minute, "1 to 1000000, or none")
    return requests_per_minute
