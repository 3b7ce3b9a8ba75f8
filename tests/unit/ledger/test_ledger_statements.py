from __future__ import annotations

import pytest
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError

from vivant.base.clock import SetClock
from vivant.ledger.accounts import Account
from vivant.ledger.database import Database
from vivant.ledger.rules import HoldState
from vivant.ledger.statements import Statement
from vivant.ledger.tables import accounts, holds

OPEN = Statement(insert(holds).inline())

FIND = Statement(
    select(holds.c.state, holds.c.expires_at, holds.c.amount).where(
        holds.c.id == bindparam("which")
    )
)

RELEASE = Statement(
    update(holds)
    .where(holds.c.account_id == bindparam("whose"))
    .where(holds.c.state == HoldState.HELD)
    .values(state=HoldState.RELEASED)
)


def _hold(account: Account, clock: SetClock, name: str, **other: object) -> dict[str, object]:
    row = {
        "id": name,
        "account_id": account.id,
        "amount": 7,
        "charged": 0,
        "state": HoldState.HELD,
        "expires_at": clock(),
        "created_at": clock(),
    }
    return row | other


def test_values_come_back_as_what_they_were(
    database: Database, account: Account, clock: SetClock
) -> None:
    with database.write() as connection:
        assert OPEN.run(connection, _hold(account, clock, "one")) == 1
        assert FIND.first(connection, {"which": "one"}) == (HoldState.HELD, clock(), 7)
        assert FIND.first(connection, {"which": "two"}) is None
    with database.read() as connection:
        [row] = connection.execute(select(holds)).mappings()
        assert row == _hold(account, clock, "one"), "SQLAlchemy itself reads the same"


def test_what_a_statement_says_itself_needs_no_value(
    database: Database, account: Account, clock: SetClock
) -> None:
    with database.write() as connection:
        for name, state in (("a", HoldState.HELD), ("b", HoldState.SETTLED)):
            OPEN.run(connection, _hold(account, clock, name, state=state))
        assert RELEASE.run(connection, {"whose": account.id}) == 1
        assert RELEASE.run(connection, {"whose": account.id}) == 0
        states = [FIND.first(connection, {"which": name}) for name in "ab"]
    assert [row and row[0] for row in states] == [HoldState.RELEASED, HoldState.SETTLED]


def test_what_the_database_refuses_is_told_without_the_values(
    database: Database, account: Account, clock: SetClock
) -> None:
    wrong = _hold(account, clock, "secret words", charged=8)
    refused = pytest.raises(IntegrityError, match="charged_within_amount")
    with refused as caught, database.write() as connection:
        OPEN.run(connection, wrong)
    assert caught.value.params is None
    with database.read() as connection:
        assert FIND.first(connection, {"which": "secret words"}) is None


def test_a_moment_without_a_zone_goes_nowhere(
    database: Database, account: Account, clock: SetClock
) -> None:
    row = _hold(account, clock, "one", expires_at=clock().replace(tzinfo=None))
    with pytest.raises(ValueError, match="has no time zone"), database.write() as connection:
        OPEN.run(connection, row)


def test_a_row_may_be_what_an_update_returns(database: Database, account: Account) -> None:
    rename = Statement(
        update(accounts)
        .where(accounts.c.id == bindparam("which"))
        .values(name=bindparam("to_name"))
        .returning(accounts.c.name, accounts.c.created_at)
    )
    with database.write() as connection:
        row = rename.first(connection, {"which": account.id, "to_name": "bob"})
    assert row == ("bob", account.created_at)
