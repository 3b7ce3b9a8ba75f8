from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from vivant.base.clock import SetClock
from vivant.base.errors import InvalidInput, NoSuchAccount, RateLimited
from vivant.ledger.accounts import Accounts
from vivant.ledger.database import Database


@pytest.fixture
def accounts(database: Database, clock: SetClock) -> Accounts:
    return Accounts(database, clock)


def test_an_account_is_found_by_id_and_by_name(accounts: Accounts, clock: SetClock) -> None:
    grace = accounts.create("grace", requests_per_minute=60)
    ada = accounts.create("ada")
    assert accounts.get(grace.id) == accounts.find("grace") == grace
    assert (ada.balance, ada.requests_per_minute, ada.created_at) == (0, None, clock())
    assert accounts.list() == (ada, grace)
    assert len({ada.webhook_secret, grace.webhook_secret}) == 2


def test_a_name_is_taken_once(accounts: Accounts) -> None:
    accounts.create("ada")
    with pytest.raises(InvalidInput, match="name: 'ada' is not allowed"):
        accounts.create("ada")
    for name in ("", " ", "x" * 201):
        with pytest.raises(InvalidInput, match="1 to 200 characters"):
            accounts.create(name)


def test_who_is_not_there_is_not_found(accounts: Accounts) -> None:
    with pytest.raises(NoSuchAccount, match="the id account_none"):
        accounts.get("account_none")
    with pytest.raises(NoSuchAccount, match="the name 'nobody'"):
        accounts.find("nobody")
    with pytest.raises(NoSuchAccount):
        accounts.limit("account_none", 5)


def test_a_limit_can_be_set_and_lifted(accounts: Accounts) -> None:
    ada = accounts.create("ada")
    accounts.limit(ada.id, 5)
    assert accounts.get(ada.id).requests_per_minute == 5
    accounts.limit(ada.id, None)
    assert accounts.get(ada.id).requests_per_minute is None
    with pytest.raises(InvalidInput, match="requests_per_minute: 0"):
        accounts.limit(ada.id, 0)


def test_requests_are_counted_by_the_minute(accounts: Accounts, clock: SetClock) -> None:
    ada = accounts.create("ada").id
    grace = accounts.create("grace").id
    next_minute = datetime(2026, 3, 1, 12, 1, tzinfo=UTC)
    assert accounts.count_request(ada, 2).remaining == 1
    room = accounts.count_request(ada, 2)
    assert (room.remaining, room.resets_at) == (0, next_minute)
    with pytest.raises(RateLimited) as caught:
        accounts.count_request(ada, 2)
    assert caught.value.retry_after == 29.75
    assert accounts.count_request(grace, 2).remaining == 1
    clock.move(seconds=29.75)
    assert accounts.count_request(ada, 2).remaining == 1


def test_a_limit_holds_whatever_runs_side_by_side(accounts: Accounts) -> None:
    ada = accounts.create("ada").id
    start = threading.Barrier(40)

    def request(_: int) -> bool:
        start.wait()
        try:
            accounts.count_request(ada, 15)
        except RateLimited:
            return False
        return True

    with ThreadPoolExecutor(40) as crowd:
        assert sum(crowd.map(request, range(40))) == 15
