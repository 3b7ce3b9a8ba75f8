from __future__ import annotations

import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from vivant.base.clock import SetClock
from vivant.base.errors import InvalidInput, NoSuchAccount, NoSuchKey, UnknownKey
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.database import Database
from vivant.ledger.keys import Keys
from vivant.ledger.ledger import Ledger
from vivant.ledger.tables import keys as table


@pytest.fixture
def keys(database: Database, clock: SetClock) -> Keys:
    return Keys(database, clock)


def test_a_key_tells_whose_it_is_and_what_they_have(
    keys: Keys, ledger: Ledger, account: Account
) -> None:
    ledger.topup(account.id, 500)
    new = keys.create(account.id, "laptop")
    assert re.fullmatch(r"vivant_[0-9a-f]{8}_[A-Za-z0-9_-]{43}", new.secret)
    assert new.secret.startswith(new.key.id)
    caller = keys.authenticate(new.secret)
    assert (caller.account_id, caller.key_id, caller.balance) == (account.id, new.key.id, 500)


def test_the_secret_itself_is_kept_nowhere(
    database: Database, keys: Keys, account: Account
) -> None:
    made = keys.create(account.id, "laptop")
    with database.read() as connection:
        kept = str(connection.execute(select(table)).all())
    assert made.key.id in kept
    assert made.secret.removeprefix(f"{made.key.id}_") not in kept


@pytest.mark.parametrize("secret", [None, ""])
def test_no_key_is_asked_for(keys: Keys, secret: str | None) -> None:
    with pytest.raises(UnknownKey, match="no API key was given"):
        keys.authenticate(secret)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(secret=st.text(min_size=1, max_size=300))
def test_nonsense_is_an_unknown_key(keys: Keys, secret: str) -> None:
    with pytest.raises(UnknownKey, match="the API key is unknown"):
        keys.authenticate(secret)


def test_a_revoked_key_opens_nothing_and_stays_revoked_since_the_first_time(
    keys: Keys, account: Account, clock: SetClock
) -> None:
    new = keys.create(account.id, "laptop")
    other = keys.create(account.id, "server")
    keys.revoke(new.key.id)
    since = clock()
    clock.move(minutes=5)
    keys.revoke(new.key.id)
    with pytest.raises(UnknownKey, match=f"{new.key.id} was revoked"):
        keys.authenticate(new.secret)
    assert keys.authenticate(other.secret).key_id == other.key.id
    assert {key.id: key.revoked_at for key in keys.list()} == {
        new.key.id: since,
        other.key.id: None,
    }
    with pytest.raises(NoSuchKey):
        keys.revoke("vivant_none")


def test_an_expired_key_opens_nothing(keys: Keys, account: Account, clock: SetClock) -> None:
    new = keys.create(account.id, "trial", clock() + timedelta(days=1))
    keys.authenticate(new.secret)
    clock.move(days=1)
    with pytest.raises(UnknownKey, match="expired at 2026-03-02 12:00 UTC"):
        keys.authenticate(new.secret)


def test_keys_are_listed_by_account(
    database: Database, keys: Keys, account: Account, clock: SetClock
) -> None:
    other = Accounts(database, clock).create("grace")
    first = keys.create(account.id, "one").key
    clock.move(seconds=1)
    second = keys.create(other.id, "two").key
    assert keys.list() == (first, second)
    assert keys.list(other.id) == (second,)


def test_what_makes_no_sense_makes_no_key(keys: Keys, account: Account, clock: SetClock) -> None:
    with pytest.raises(NoSuchAccount):
        keys.create("account_none", "")
    with pytest.raises(InvalidInput, match="expires_at"):
        keys.create(account.id, "", clock())
    with pytest.raises(InvalidInput, match="label"):
        keys.create(account.id, "x" * 201)
    assert keys.list() == ()
