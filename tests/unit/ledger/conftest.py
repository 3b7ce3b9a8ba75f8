"""Every test that asks for `database` runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete, text

from tests.support.postgres import running_server
from vivant.base.clock import SetClock
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.database import Database, sqlite_url
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade
from vivant.ledger.tables import metadata


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database with all tables, on a server that is stopped with the last test."""
    with running_server() as server:
        url = server.format(name="postgres")
        database = Database(url)
        upgrade(database)
        database.close()
        yield url


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with all tables, to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "pattern.db"
    database = Database(sqlite_url(path))
    upgrade(database)
    database.close()
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with all tables and nothing in them."""
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_file"), tmp_path / "vivant.db")
        return sqlite_url(tmp_path / "vivant.db")
    url: str = request.getfixturevalue("postgres_url")
    _empty(url)
    return url


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    made = Database(url)
    yield made
    made.close()


@pytest.fixture
def account(database: Database, clock: SetClock) -> Account:
    return Accounts(database, clock).create("ada")


@pytest.fixture
def ledger(database: Database, clock: SetClock) -> Ledger:
    return Ledger(database, clock)


def _empty(url: str) -> None:
    database = Database(url)
    with database.write() as connection:
        # The triggers that keep the book from changing hold for everyone but a replica.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    database.close()
