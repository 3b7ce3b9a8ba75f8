from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from tests.unit.ledger.plain_book import PlainBook, RefusedError
from vivant.base.clock import SetClock
from vivant.base.errors import (
    HoldClosed,
    InvalidInput,
    NoSuchAccount,
    NoSuchHold,
    NotEnoughCredits,
    VivantError,
)
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.database import Database
from vivant.ledger.ledger import Ledger
from vivant.ledger.rules import HoldState, Kind

HOUR = timedelta(hours=1)


def test_a_hold_is_settled_for_less_than_it_took(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    assert ledger.topup(account.id, 100, "welcome") == 100
    held = ledger.hold(account.id, 40, clock() + HOUR)
    assert held.balance == ledger.balance(account.id) == 60
    done = ledger.settle(held.hold.id, 30)
    assert (done.hold.state, done.hold.charged, done.balance) == (HoldState.SETTLED, 30, 70)
    book = ledger.history(account.id).items
    assert [(line.kind, line.amount, line.balance) for line in book] == [
        (Kind.SETTLE, 10, 70),
        (Kind.HOLD, -40, 60),
        (Kind.TOPUP, 100, 100),
    ]
    assert book[-1].note == "welcome"
    assert {line.hold_id for line in book} == {held.hold.id, None}


def test_the_ends_of_a_hold_can_be_told_again_and_exclude_each_other(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 100)
    kept = ledger.hold(account.id, 40, clock() + HOUR).hold.id
    given_back = ledger.hold(account.id, 50, clock() + HOUR).hold.id
    for _ in range(2):
        assert ledger.settle(kept).balance == 10
    for _ in range(2):
        assert ledger.release(given_back).balance == 60
    with pytest.raises(HoldClosed, match="was settled and cannot be released"):
        ledger.release(kept)
    with pytest.raises(HoldClosed, match="was released and cannot be settled"):
        ledger.settle(given_back)
    assert ledger.balance(account.id) == 60
    assert len(ledger.history(account.id).items) == 5


def test_more_than_there_is_cannot_be_held(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 17_000)
    with pytest.raises(NotEnoughCredits) as caught:
        ledger.hold(account.id, 17_001, clock() + HOUR)
    assert (caught.value.price, caught.value.balance) == (17_001, 17_000)
    assert ledger.balance(account.id) == 17_000
    assert ledger.hold(account.id, 17_000, clock() + HOUR).balance == 0


def test_a_hold_does_not_outlive_its_expiry(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 100)
    short = ledger.hold(account.id, 30, clock() + timedelta(minutes=1)).hold.id
    ledger.hold(account.id, 20, clock() + HOUR)
    assert ledger.sweep() == 0
    clock.move(minutes=1)
    with pytest.raises(HoldClosed, match="expired at 2026-03-01 12:01:30 UTC"):
        ledger.settle(short)
    assert ledger.sweep() == 1
    assert ledger.balance(account.id) == 80
    assert ledger.sweep() == 0


@pytest.mark.parametrize("amount", [0, -5, 2**53 + 1])
def test_a_topup_is_more_than_nothing_and_not_absurd(
    ledger: Ledger, account: Account, amount: int
) -> None:
    with pytest.raises(InvalidInput, match="credits"):
        ledger.topup(account.id, amount)


def test_nonsense_is_refused_and_moves_nothing(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 100)
    held = ledger.hold(account.id, 10, clock() + HOUR).hold.id
    with pytest.raises(ValueError, match="cannot hold -1"):
        ledger.hold(account.id, -1, clock() + HOUR)
    for charge in (-1, 11):
        with pytest.raises(ValueError, match="cannot charge"):
            ledger.settle(held, charge)
    with pytest.raises(InvalidInput, match="note"):
        ledger.topup(account.id, 1, "x" * 201)
    with pytest.raises(NoSuchAccount):
        ledger.topup("account_none", 1)
    with pytest.raises(NoSuchAccount):
        ledger.hold("account_none", 1, clock() + HOUR)
    with pytest.raises(NoSuchHold):
        ledger.settle("hold_none")
    assert ledger.balance(account.id) == 90


def test_the_book_is_read_in_pages(ledger: Ledger, account: Account) -> None:
    for amount in range(1, 8):
        ledger.topup(account.id, amount)
    seen: list[int] = []
    cursor: str | None = None
    for size in (3, 3, 1):
        page = ledger.history(account.id, before=cursor, limit=3)
        assert len(page.items) == size
        seen += [line.amount for line in page.items]
        cursor = page.next
    assert cursor is None
    assert seen == [7, 6, 5, 4, 3, 2, 1]
    for wrong in ("x", "-1", "9" * 30, "\0"):
        with pytest.raises(InvalidInput, match="cursor"):
            ledger.history(account.id, before=wrong)
    for limit in (0, 201):
        with pytest.raises(InvalidInput, match="limit"):
            ledger.history(account.id, limit=limit)


@pytest.mark.parametrize(
    "change", ["UPDATE movements SET amount = amount + 1", "DELETE FROM movements"]
)
def test_the_database_itself_keeps_the_book_from_changing(
    database: Database, ledger: Ledger, account: Account, change: str
) -> None:
    ledger.topup(account.id, 5)
    with pytest.raises(DatabaseError, match="never change"), database.write() as connection:
        connection.execute(text(change))
    assert ledger.history(account.id).items[0].amount == 5


def test_the_database_itself_closes_a_hold_once(
    database: Database, ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 5)
    hold = ledger.hold(account.id, 5, clock() + HOUR).hold
    ledger.settle(hold.id)
    reopened = text("UPDATE holds SET state = 'held', charged = 0")
    with database.write() as connection:
        connection.execute(reopened)
    with pytest.raises(DatabaseError, match=r"(?i)unique"):
        ledger.release(hold.id)
    assert ledger.balance(account.id) == 0


@pytest.mark.parametrize("servers", [1, 2])
def test_of_300_at_once_exactly_the_paid_100_succeed(
    url: str, clock: SetClock, servers: int
) -> None:
    databases = [Database(url) for _ in range(servers)]
    ledgers = [Ledger(each, clock) for each in databases]
    account = Accounts(databases[0], clock).create("crowd")
    ledgers[0].topup(account.id, 100 * 17_000)
    start = threading.Barrier(300)

    def try_to_hold(ledger: Ledger) -> bool:
        start.wait()
        try:
            held = ledger.hold(account.id, 17_000, clock() + HOUR)
        except NotEnoughCredits:
            return False
        ledger.settle(held.hold.id)
        return True

    with ThreadPoolExecutor(300) as crowd:
        each = [ledgers[place % servers] for place in range(300)]
        succeeded = sum(crowd.map(try_to_hold, each))
    assert succeeded == 100
    assert ledgers[0].balance(account.id) == 0
    assert ledgers[0].discrepancies() == ()
    for database in databases:
        database.close()


def test_one_hold_settled_and_released_at_once_ends_one_way(
    ledger: Ledger, account: Account, clock: SetClock
) -> None:
    ledger.topup(account.id, 1000)
    hold = ledger.hold(account.id, 1000, clock() + HOUR).hold.id
    start = threading.Barrier(16)

    def end(place: int) -> str:
        start.wait()
        try:
            return (ledger.settle(hold) if place % 2 else ledger.release(hold)).hold.state
        except HoldClosed:
            return "refused"

    with ThreadPoolExecutor(16) as crowd:
        ends = list(crowd.map(end, range(16)))
    assert ends.count("refused") == 8
    assert ledger.balance(account.id) in {0, 1000}
    assert len(ledger.history(account.id).items) == 3


AMOUNT = st.integers(0, 60)
WHICH = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("topup"), AMOUNT),
    st.tuples(st.just("hold"), AMOUNT),
    st.tuples(st.just("settle"), WHICH, st.none() | AMOUNT),
    st.tuples(st.just("release"), WHICH),
    st.tuples(st.just("wait"), st.sampled_from([5, 30])),
    st.tuples(st.just("sweep")),
)
NAMES = itertools.count()


class RealBook:
    """The ledger with the verbs of `PlainBook`."""

    def __init__(self, database: Database) -> None:
        self.clock = SetClock()
        self.ledger = Ledger(database, self.clock)
        self.account = Accounts(database, self.clock).create(f"any {next(NAMES)}").id
        self.holds: list[str] = []

    @property
    def balance(self) -> int:
        return self.ledger.balance(self.account)

    def topup(self, amount: int) -> None:
        self.ledger.topup(self.account, amount)

    def hold(self, amount: int) -> None:
        expires_at = self.clock() + timedelta(minutes=30)
        self.holds.append(self.ledger.hold(self.account, amount, expires_at).hold.id)

    def settle(self, which: int, charge: int | None) -> None:
        self.ledger.settle(self._named(which), charge)

    def release(self, which: int) -> None:
        self.ledger.release(self._named(which))

    def wait(self, minutes: int) -> None:
        self.clock.move(minutes=minutes)

    def sweep(self) -> None:
        self.ledger.sweep()

    def _named(self, which: int) -> str:
        return self.holds[which] if which < len(self.holds) else "hold_none"


def is_allowed(book: PlainBook | RealBook, verb: str, values: Sequence[int | None]) -> bool:
    try:
        getattr(book, verb)(*values)
    except (RefusedError, VivantError, ValueError):
        return False
    return True


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(STEP, max_size=25))
def test_whatever_happens_the_book_sums_to_a_balance_not_below_zero(
    database: Database, steps: list[tuple[str, int]]
) -> None:
    plain, real = PlainBook(), RealBook(database)
    for verb, *values in steps:
        assert is_allowed(real, verb, values) == is_allowed(plain, verb, values)
        assert real.balance == plain.balance >= 0
    book = real.ledger.history(real.account, limit=200).items[::-1]
    assert [line.balance for line in book] == list(
        itertools.accumulate(line.amount for line in book)
    )
    assert real.ledger.discrepancies() == ()


def test_a_balance_that_is_not_the_sum_of_the_book_is_found(
    database: Database, ledger: Ledger, account: Account
) -> None:
    ledger.topup(account.id, 5)
    with database.write() as connection:
        connection.execute(text("UPDATE accounts SET balance = 6"))
    assert ledger.discrepancies() == (account.id,)
