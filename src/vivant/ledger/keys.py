"""API keys: shown once, kept as a digest, found by it in one query.

A key is "vivant_", eight hexadecimal digits that name it, "_", and 256 random bits. The beginning
is for lists and for the secret scanners of code hosts; what is random needs no slow hash.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, func, insert, literal, select, update

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import InvalidInput, NoSuchAccount, NoSuchKey, UnknownKey
from vivant.ledger.database import Database
from vivant.ledger.rows import columns
from vivant.ledger.statements import Statement
from vivant.ledger.tables import UtcTime, accounts, keys

PREFIX = "vivant_"

LONGEST = 200
"""Characters of a key that are looked at at all."""


@dataclass(frozen=True)
class Key:
    """An API key without its secret.

    Attributes:
        id: how it begins, "vivant_" and eight hexadecimal digits.
        account_id: whose requests it lets in.
        label: what the operator calls it.
        created_at: when it was made.
        expires_at: from then on it lets nobody in; None for never.
        revoked_at: from then on it lets nobody in; None while it was not revoked.
    """

    id: str
    account_id: str
    label: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key that was just made: the only time that its secret can be seen.

    Attributes:
        key: what stays known.
        secret: what goes into the x-api-key header.
    """

    key: Key
    secret: str


@dataclass(frozen=True)
class Caller:
    """Who makes a request.

    Attributes:
        account_id: whose credits pay.
        key_id: the key that let them in.
        balance: micro-credits to spend.
        requests_per_minute: the account's limit, None for none.
    """

    account_id: str
    key_id: str
    balance: int
    requests_per_minute: int | None


class Keys:
    """The API keys of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def create(self, account_id: str, label: str, expires_at: datetime | None = None) -> NewKey:
        """Make a key.

        Raises:
            InvalidInput: the label is too long, or the key would have expired already.
            NoSuchAccount: there is no such account.
        """
        now = self._clock()
        if len(label) > 200:
            raise InvalidInput("label", label, "up to 200 characters")
        if expires_at is not None and expires_at <= now:
            raise InvalidInput("expires_at", f"{expires_at:%Y-%m-%d %H:%M}", "a time to come")
        key = Key(f"{PREFIX}{secrets.token_hex(4)}", account_id, label, now, expires_at, None)
        secret = f"{key.id}_{secrets.token_urlsafe(32)}"
        with self._database.write() as connection:
            known = connection.execute(select(accounts.c.id).where(accounts.c.id == account_id))
            if known.first() is None:
                raise NoSuchAccount(f"no account has the id {account_id}")
            connection.execute(insert(keys).values(**vars(key), digest=_digest(secret)))
        return NewKey(key, secret)

    def list(self, account_id: str | None = None) -> tuple[Key, ...]:
        """The keys of one account, or all of them, oldest first."""
        query = select(*columns(keys, Key)).order_by(keys.c.created_at, keys.c.id)
        if account_id is not None:
            query = query.where(keys.c.account_id == account_id)
        with self._database.read() as connection:
            return tuple(Key(**row) for row in connection.execute(query).mappings())

    def revoke(self, key_id: str) -> None:
        """Let a key open nothing from now on; revoking it again changes nothing.

        Raises:
            NoSuchKey: there is no such key.
        """
        since = func.coalesce(keys.c.revoked_at, literal(self._clock(), UtcTime()))
        revoke = update(keys).where(keys.c.id == key_id).values(revoked_at=since)
        with self._database.write() as connection:
            found = connection.execute(revoke).rowcount
        if not found:
            raise NoSuchKey(f"no key has the id {key_id}")

    def authenticate(self, secret: str | None) -> Caller:
        """Tell whose key this is.

        Raises:
            UnknownKey: none was given, or it is unknown, expired or revoked.
        """
        if not secret:
            raise UnknownKey("no API key was given; expected one in the x-api-key header")
        if len(secret) > LONGEST:
            raise UnknownKey("the API key is unknown")
        return self._caller(_WHOSE, {"digest": _digest(secret)})

    def caller(self, key_id: str) -> Caller:
        """Whose key this is, without its secret: for those who were let in by it before.

        Raises:
            UnknownKey: it is unknown, expired or revoked.
        """
        return self._caller(_WHOSE_ID, {"which": key_id})

    def _caller(self, query: Statement, values: Mapping[str, str]) -> Caller:
        with self._database.read() as connection:
            row = query.first(connection, values)
        if row is None:
            raise UnknownKey("the API key is unknown")
        revoked_at, expires_at, *who = row
        caller = Caller(*who)
        if revoked_at is not None:
            raise UnknownKey(f"the API key {caller.key_id} was revoked")
        if expires_at is not None and expires_at <= self._clock():
            moment = f"{expires_at:%Y-%m-%d %H:%M} UTC"
            raise UnknownKey(f"the API key {caller.key_id} expired at {moment}")
        return caller


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


_EVERY = select(
    keys.c.revoked_at,
    keys.c.expires_at,
    keys.c.account_id,
    keys.c.id,
    accounts.c.balance,
    accounts.c.requests_per_minute,
).join(accounts, accounts.c.id == keys.c.account_id)

_WHOSE = Statement(_EVERY.where(keys.c.digest == bindparam("digest")))

_WHOSE_ID = Statement(_EVERY.where(keys.c.id == bindparam("which")))
