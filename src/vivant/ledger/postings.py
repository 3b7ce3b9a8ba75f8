"""How credits move, inside a transaction of the caller's.

The balance is only ever changed by one conditional UPDATE, whose row lock lasts until the
transaction ends. So movements of one account are numbered in the order in which they happened, and
each states the balance that it left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from vivant.base.errors import NoSuchAccount, NoSuchHold, NotEnoughCredits
from vivant.ledger.ids import new_id
from vivant.ledger.rows import columns
from vivant.ledger.rules import Hold, Kind, given_back, released, settled
from vivant.ledger.statements import Statement
from vivant.ledger.tables import accounts, holds, movements


@dataclass(frozen=True)
class Posted:
    """What a movement of a hold left.

    Attributes:
        hold: as it stands now.
        balance: micro-credits of the account.
    """

    hold: Hold
    balance: int


def post_topup(
    connection: Connection, account_id: str, amount: int, now: datetime, note: str
) -> int:
    """Put credits into an account; returns its balance.

    Raises:
        NoSuchAccount: there is no such account.
    """
    balance = _change(connection, account_id, amount)
    _record(connection, account_id, Kind.TOPUP, amount, balance, now, note=note)
    return balance


def post_hold(
    connection: Connection, account_id: str, amount: int, now: datetime, expires_at: datetime
) -> Posted:
    """Set credits aside.

    Raises:
        NoSuchAccount: there is no such account.
        NotEnoughCredits: its balance is below the amount.
        ValueError: the amount is negative.
    """
    if amount < 0:
        raise ValueError(f"cannot hold {amount} micro-credits")
    hold = Hold(new_id("hold"), account_id, amount, expires_at)
    balance = _change(connection, account_id, -amount)
    _OPEN.run(connection, {**vars(hold), "created_at": now})
    _record(connection, account_id, Kind.HOLD, -amount, balance, now, hold_id=hold.id)
    return Posted(hold, balance)


def post_settle(connection: Connection, hold_id: str, charge: int | None, now: datetime) -> Posted:
    """Keep what was held, or a part of it; see `vivant.ledger.rules.settled`."""
    before = _locked(connection, hold_id)
    return _close(connection, before, settled(before, charge, now), Kind.SETTLE, now)


def post_release(connection: Connection, hold_id: str, now: datetime) -> Posted:
    """Give back what was held; see `vivant.ledger.rules.released`."""
    before = _locked(connection, hold_id)
    return _close(connection, before, released(before), Kind.RELEASE, now)


def balance_of(connection: Connection, account_id: str) -> int:
    """Micro-credits of an account that are neither spent nor held.

    Raises:
        NoSuchAccount: there is no such account.
    """
    found = _BALANCE.first(connection, {"which": account_id})
    if found is None:
        raise NoSuchAccount(f"no account has the id {account_id}")
    return int(found[0])


def _locked(connection: Connection, hold_id: str) -> Hold:
    row = _HOLD.first(connection, {"which": hold_id})
    if row is None:
        raise NoSuchHold(f"no hold has the id {hold_id}")
    return Hold(*row)


def _close(connection: Connection, before: Hold, after: Hold, kind: Kind, now: datetime) -> Posted:
    if after == before:
        return Posted(after, balance_of(connection, after.account_id))
    _CLOSE.run(
        connection, {"which": after.id, "to_state": after.state, "to_charged": after.charged}
    )
    back = given_back(after)
    balance = _change(connection, after.account_id, back)
    _record(connection, after.account_id, kind, back, balance, now, hold_id=after.id)
    return Posted(after, balance)


def _change(connection: Connection, account_id: str, amount: int) -> int:
    """Change a balance and lock it until the transaction ends; nothing else changes one."""
    changed = _CHANGE.first(connection, {"which": account_id, "by": amount})
    if changed is None:
        raise NotEnoughCredits(-amount, balance_of(connection, account_id))
    return int(changed[0])


def _record(
    connection: Connection,
    account_id: str,
    kind: Kind,
    amount: int,
    balance: int,
    now: datetime,
    *,
    hold_id: str | None = None,
    note: str = "",
) -> None:
    _MOVE.run(
        connection,
        {
            "account_id": account_id,
            "kind": kind,
            "amount": amount,
            "balance": balance,
            "hold_id": hold_id,
            "note": note,
            "created_at": now,
        },
    )


_BALANCE = Statement(select(accounts.c.balance).where(accounts.c.id == bindparam("which")))

_CHANGE = Statement(
    update(accounts)
    .where(accounts.c.id == bindparam("which"))
    .where(accounts.c.balance + bindparam("by") >= 0)
    .values(balance=accounts.c.balance + bindparam("by"))
    .returning(accounts.c.balance)
)

# Inline: nobody asks which number the row got.
_MOVE = Statement(insert(movements).inline())

_OPEN = Statement(insert(holds).inline())

_HOLD = Statement(
    select(*columns(holds, Hold)).where(holds.c.id == bindparam("which")).with_for_update()
)

_CLOSE = Statement(
    update(holds)
    .where(holds.c.id == bindparam("which"))
    .values(state=bindparam("to_state"), charged=bindparam("to_charged"))
)
