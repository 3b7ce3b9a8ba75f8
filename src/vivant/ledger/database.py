"""One database, SQLite or PostgreSQL: short transactions, one at a time where it matters."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from vivant.base.errors import InvalidInput, StoreUnavailable

POOL = 8
"""Connections of one process; more threads than these wait for their turn."""

PATIENCE_S = 30
"""How long a transaction waits for another one, or for a connection, before it gives up."""

_BEGIN = "vivant_begin"
"""Execution option: how a transaction begins on SQLite, None for not at all."""

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    # In WAL mode this survives kill -9; a power cut can undo the last transactions, each wholly.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {PATIENCE_S * 1000}",
    "PRAGMA temp_store = MEMORY",
    # The log is copied into the file every 8,000 pages (32 MB) instead of 1,000: the same pages
    # change again and again, and each copy waits for the disk.
    "PRAGMA wal_autocheckpoint = 8000",
)

_COMMON: Mapping[str, Any] = {
    "pool_size": POOL,
    "max_overflow": 0,
    "pool_timeout": PATIENCE_S,
    # PostgreSQL takes no NaN as JSON, so that SQLite must not either.
    "json_serializer": partial(json.dumps, allow_nan=False),
}


class Database:
    """A connection pool with two ways in, `read` and `write`.

    Args:
        url: "sqlite:///PATH" or "postgresql://USER:PASSWORD@HOST/NAME".

    Raises:
        InvalidInput: it is neither.
    """

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        # SQLite lets one writer in and has the others poll; a lock lets them in by turns, at once.
        self._turn = threading.Lock()
        options = {_BEGIN: None} if self.is_sqlite else {"isolation_level": "AUTOCOMMIT"}
        self._reading = self.engine.execution_options(**options)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """For statements that only read, each of which sees what is committed when it begins."""
        with self._reading.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed whole when the block ends, or not at all if it raises."""
        with ExitStack() as stack:
            if self.is_sqlite:
                stack.enter_context(self._turn)
            yield stack.enter_context(self.engine.begin())

    def ping(self) -> None:
        """Check that the database answers.

        Raises:
            StoreUnavailable: it does not.
        """
        try:
            with self.read() as connection:
                connection.exec_driver_sql("SELECT 1")
        except OperationalError as error:
            reason = str(error.orig).strip().replace("\n", " ")
            raise StoreUnavailable(f"{self.shown_url}: {reason}") from error

    @property
    def shown_url(self) -> str:
        """Where it is, without its password."""
        return self.engine.url.render_as_string(hide_password=True)

    def close(self) -> None:
        """Close every connection; the next use opens new ones."""
        self.engine.dispose()


def sqlite_url(path: Path) -> str:
    """The URL of a SQLite file."""
    return f"sqlite:///{path}"


def _engine(url: str) -> Engine:
    expected = "sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise InvalidInput("database_url", url, expected) from error
    match parsed.get_backend_name():
        case "sqlite" if parsed.database not in {None, "", ":memory:"}:
            engine = create_engine(parsed.set(drivername="sqlite+pysqlite"), **_COMMON)
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
            return engine
        case "postgresql" | "postgres":
            return create_engine(
                parsed.set(drivername="postgresql+psycopg"),
                **_COMMON,
                pool_pre_ping=True,
                connect_args={"options": "-c timezone=UTC", "connect_timeout": PATIENCE_S},
            )
        case _:
            shown = parsed.render_as_string(hide_password=True)
            raise InvalidInput("database_url", shown, expected)


def _set_up_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    raw: Any = connection
    raw.isolation_level = None  # Python's sqlite3 opens no transactions by itself: we do
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction takes the lock when it begins: one that first reads and then writes would fail
    # at once ("database is locked") where another wrote in between.
    begin = connection.get_execution_options().get(_BEGIN, "BEGIN IMMEDIATE")
    if begin is not None:
        connection.exec_driver_sql(begin)
