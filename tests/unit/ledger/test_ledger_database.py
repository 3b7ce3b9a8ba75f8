from __future__ import annotations

import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError, StatementError

from vivant.base.clock import SetClock
from vivant.base.errors import InvalidInput, StoreUnavailable
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.database import Database, _Work, sqlite_url
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade
from vivant.ledger.server_secret import server_secret
from vivant.ledger.tables import accounts, metadata, server_secrets


@pytest.mark.parametrize("url", ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://host/db"])
def test_only_a_file_or_a_server_will_do(url: str) -> None:
    with pytest.raises(InvalidInput, match="expected sqlite:///PATH or postgresql://"):
        Database(url)


def test_a_refused_url_does_not_show_its_password() -> None:
    with pytest.raises(InvalidInput) as caught:
        Database("mysql://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_a_database_that_is_not_there_is_a_clear_error(tmp_path: Path) -> None:
    nowhere = Database(sqlite_url(tmp_path / "no" / "such" / "folder.db"))
    with pytest.raises(StoreUnavailable, match="unable to open database file"):
        upgrade(nowhere)
    nobody = Database(f"postgresql://postgres:hunter2@/none?host={tmp_path}")
    with pytest.raises(StoreUnavailable) as caught:
        nobody.ping()
    assert "hunter2" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    row = {"name": "half", "value": b"x"}
    database_broke = pytest.raises(IntegrityError)
    with database_broke, database.write() as connection:
        for _ in range(2):
            connection.execute(insert(server_secrets), row)
    with database.read() as connection:
        assert connection.execute(select(server_secrets)).first() is None


def test_the_migrations_make_the_tables_that_the_code_knows(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        checks = inspect(connection).get_check_constraints("accounts")
    assert [check["name"] for check in checks] == ["ck_accounts_balance_not_negative"]


def test_an_upgrade_changes_nothing_that_is_up_to_date(
    database: Database, ledger: Ledger, account: Account
) -> None:
    ledger.topup(account.id, 5)
    upgrade(database)
    assert ledger.balance(account.id) == 5


def test_servers_that_start_together_make_the_tables_once(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new.db")
    start = threading.Barrier(4)

    def begin(_: int) -> bytes:
        database = Database(url)
        start.wait()
        upgrade(database)
        try:
            return server_secret(database, "links")
        finally:
            database.close()

    with ThreadPoolExecutor(4) as servers:
        assert len(set(servers.map(begin, range(4)))) == 1


def test_a_secret_outlives_the_server_and_differs_by_name(url: str) -> None:
    first, second = Database(url), Database(url)
    assert server_secret(first, "links") == server_secret(second, "links")
    assert server_secret(first, "links") != server_secret(first, "other")
    assert len(server_secret(first, "links")) == 32
    first.close()
    second.close()


def test_the_database_itself_lets_no_balance_fall_below_zero(
    database: Database, account: Account
) -> None:
    assert account.balance == 0
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(text("UPDATE accounts SET balance = -1"))


def test_foreign_keys_are_kept(database: Database) -> None:
    row = text(
        "INSERT INTO keys (id, account_id, digest, label, created_at)"
        " VALUES ('k', 'nobody', 'd', '', '2026-03-01')"
    )
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(row)


def test_moments_come_back_to_the_microsecond_in_utc(database: Database) -> None:
    there = datetime(2026, 3, 1, 14, 0, 0, 1, tzinfo=timezone(timedelta(hours=2)))
    made = Accounts(database, lambda: there).create("far away")
    back = Accounts(database).get(made.id).created_at
    assert back == there
    assert back.utcoffset() == timedelta(0)
    assert back.tzinfo == UTC


def test_a_moment_without_a_zone_is_refused(database: Database) -> None:
    naive = SetClock().now.replace(tzinfo=None)
    with pytest.raises(StatementError, match="has no time zone"):
        Accounts(database, lambda: naive).create("nowhen")


def test_a_reader_does_not_hold_up_a_writer(
    database: Database, ledger: Ledger, account: Account
) -> None:
    with database.read() as connection:
        connection.execute(select(accounts.c.balance))
        assert ledger.topup(account.id, 5) == 5


def test_work_of_many_at_once_is_done_once_each(database: Database, account: Account) -> None:
    def spend(amount: int) -> int:
        def work(connection: Connection) -> int:
            change = update(accounts).values(balance=accounts.c.balance + amount)
            connection.execute(change)  # below zero the database refuses it
            return amount

        return database.transact(work)

    start = threading.Barrier(20)

    def one(number: int) -> int | type[Exception]:
        start.wait()
        try:
            return spend(-1000 if number % 5 == 0 else number)
        except IntegrityError as error:
            return type(error)

    with ThreadPoolExecutor(20) as crowd:
        told = list(crowd.map(one, range(20)))
    assert told == [IntegrityError if number % 5 == 0 else number for number in range(20)]
    done = sum(number for number in range(20) if number % 5)
    assert Accounts(database).get(account.id).balance == done


def test_who_goes_wrong_in_a_group_spoils_it_for_nobody(sqlite_file: Path, tmp_path: Path) -> None:
    database = Database(sqlite_url(Path(shutil.copy(sqlite_file, tmp_path))))
    account = Accounts(database).create("ada")
    seen: list[int] = []

    def add(connection: Connection) -> None:
        connection.execute(update(accounts).values(balance=accounts.c.balance + 1))
        seen.append(connection.execute(select(accounts.c.balance)).scalar_one())

    def fail(_: Connection) -> None:
        raise InvalidInput("work", "bad", "good")

    group = [_Work(add), _Work(fail), _Work(add)]
    database._do(group)
    assert [type(work.error) for work in group] == [type(None), InvalidInput, type(None)]
    assert all(work.is_done for work in group)
    assert seen == [1, 1, 2], "the first was undone with the group, and then done again"
    assert Accounts(database).get(account.id).balance == 2
    database.close()


class Held:
    """Work that does nothing until it is let go, then what it is told to."""

    def __init__(self, end: BaseException | None = None) -> None:
        self.begun, self.go = threading.Event(), threading.Event()
        self.end = end

    def __call__(self, _: Connection) -> str:
        self.begun.set()
        assert self.go.wait(30)
        if self.end is not None:
            raise self.end
        return "done"


def until_waiting(database: Database, count: int) -> None:
    for _ in range(3000):
        with database._queue:
            if len(database._waiting) == count:
                return
        time.sleep(0.01)
    raise AssertionError(f"{count} never waited")


def test_whose_work_is_done_waits_for_no_later_group(sqlite_file: Path, tmp_path: Path) -> None:
    database = Database(sqlite_url(Path(shutil.copy(sqlite_file, tmp_path))))
    first, leading, later = Held(), Held(), Held()
    with ThreadPoolExecutor(4) as crowd:
        one = crowd.submit(database.transact, first)
        assert first.begun.wait(30)
        group = [crowd.submit(database.transact, leading)]
        until_waiting(database, 1)
        group.append(crowd.submit(database.transact, lambda _: "done"))
        until_waiting(database, 2)
        first.go.set()
        assert one.result(30) == "done"
        assert leading.begun.wait(30)
        last = crowd.submit(database.transact, later)
        until_waiting(database, 1)
        leading.go.set()
        assert later.begun.wait(30)
        assert [each.result(30) for each in group] == ["done", "done"]
        assert not last.done()
        later.go.set()
        assert last.result(30) == "done"
    assert not database._somebody_writes
    database.close()


def test_who_is_interrupted_leaves_nobody_waiting(sqlite_file: Path, tmp_path: Path) -> None:
    database = Database(sqlite_url(Path(shutil.copy(sqlite_file, tmp_path))))
    first, stop = Held(), Held(SystemExit())
    stop.go.set()
    with ThreadPoolExecutor(3) as crowd:
        one = crowd.submit(database.transact, first)
        assert first.begun.wait(30)
        group = [crowd.submit(database.transact, stop) for _ in range(2)]
        until_waiting(database, 2)
        first.go.set()
        assert one.result(30) == "done"
        for each in group:
            with pytest.raises(SystemExit):
                each.result(30)
    assert database.transact(lambda _: 1) == 1
    database.close()


def test_the_log_of_sqlite_is_copied_and_begins_anew(sqlite_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sqlite_file, tmp_path / "vivant.db"))
    log = tmp_path / "vivant.db-wal"
    database = Database(sqlite_url(path))
    made = Accounts(database).create("ada")
    database.checkpoint()
    alone = Database(sqlite_url(Path(shutil.copy(path, tmp_path / "alone.db"))))
    assert Accounts(alone).find("ada") == made
    alone.close()
    sizes = []
    for number in range(3):
        Accounts(database).create(f"account {number}")
        database.checkpoint(longest=0)
        sizes.append(log.stat().st_size)
    assert sizes[2] == sizes[0], "what comes is written over what was copied"
    database.close()


def test_a_checkpoint_asks_nothing_of_another_database(
    database: Database, account: Account
) -> None:
    database.checkpoint(longest=0)
    assert Accounts(database).get(account.id) == account
