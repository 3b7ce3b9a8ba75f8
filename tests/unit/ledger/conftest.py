"""Every test that asks for `database` runs on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine, text

from tests.support.postgres import running_server
from vivant.base.clock import SetClock
from vivant.ledger.accounts import Account, Accounts
from vivant.ledger.database import Database, sqlite_url
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade

NewUrl = Callable[[], str]


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_server() as url:
        yield url


@pytest.fixture(scope="session")
def new_postgres_url(postgres: str) -> Iterator[NewUrl]:
    """Makes databases with all tables, as copies of one."""
    made = Database(postgres.format(name="postgres"))
    admin = create_engine(made.engine.url, isolation_level="AUTOCOMMIT")
    numbers = itertools.count()

    def create(name: str, template: str) -> str:
        with admin.connect() as connection:
            connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
        return postgres.format(name=name)

    pattern = Database(create("pattern", "template0"))
    upgrade(pattern)
    pattern.close()
    yield lambda: create(f"test_{next(numbers)}", "pattern")
    admin.dispose()
    made.close()


@pytest.fixture(scope="session")
def new_sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> NewUrl:
    """Makes databases with all tables, as copies of one."""
    folder = tmp_path_factory.mktemp("sqlite")
    pattern = Database(sqlite_url(folder / "pattern.db"))
    upgrade(pattern)
    pattern.close()
    numbers = itertools.count()

    def create() -> str:
        path = folder / f"test_{next(numbers)}.db"
        shutil.copy(folder / "pattern.db", path)
        return sqlite_url(path)

    return create


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    fixture = "new_sqlite_url" if request.param == "sqlite" else "new_postgres_url"
    new_url: NewUrl = request.getfixturevalue(fixture)
    return new_url()


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
