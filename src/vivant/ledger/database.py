"""One database, SQLite or PostgreSQL: short transactions, one at a time where it matters."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from vivant.base.errors import InvalidInput, StoreUnavailable

T = TypeVar("T")

POOL = 8
"""Connections of one process; more threads than these wait for their turn."""

PATIENCE_S = 30
"""How long a transaction waits for another one, or for a connection, before it gives up."""

_WRITE_AHEAD = "PRAGMA journal_mode = WAL"

_PRAGMAS = (
    # In WAL mode this survives kill -9; a power cut can undo the last transactions, each wholly.
    "PRAGMA synchronous = NORMAL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {PATIENCE_S * 1000}",
    "PRAGMA temp_store = MEMORY",
    # The log is copied into the file by `checkpoint`. Whoever commits does it only where nobody has
    # for long: it takes the disk a quarter of a second, and all who write wait for it.
    "PRAGMA wal_autocheckpoint = 64000",
)

LONGEST_LOG = 16_000
"""Pages (of 4 kB) of SQLite's log, from which on writers wait while it begins anew."""

_COPY_LOG = "PRAGMA wal_checkpoint(PASSIVE)"

_COMMON: Mapping[str, Any] = {
    "pool_size": POOL,
    "max_overflow": 0,
    "pool_timeout": PATIENCE_S,
    # PostgreSQL takes no NaN as JSON, so that SQLite must not either.
    "json_serializer": partial(json.dumps, allow_nan=False),
}


class Database:
    """A connection pool with three ways in: `read`, `write` and `transact`.

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
        self._queue = threading.Lock()
        self._waiting: list[_Work] = []
        self._somebody_writes = False
        self._reading = (
            # Nobody begins a transaction there, see `write`: each statement stands for itself.
            self.engine
            if self.is_sqlite
            else self.engine.execution_options(isolation_level="AUTOCOMMIT")
        )

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
            yield stack.enter_context(self._begun())

    def transact(self, work: Callable[[Connection], T]) -> T:
        """Do work in a transaction, as in `write`, and return what it returns, or raise its error.

        On SQLite, one thread does the work of all who wait, in one transaction, and nobody is told
        before that is committed: commits are what takes long. Then whoever came first meanwhile
        does the same for those who came since.

        Args:
            work: sees the database as the work before it left it. It does nothing but to the
                database, since it may be done again: where one of several goes wrong, their
                transaction is undone, and each gets one of its own.
        """
        if not self.is_sqlite:
            with self.write() as connection:
                return work(connection)
        mine = _Work(work)
        if not self._may_write(mine):
            mine.called.acquire()
        if not mine.is_done:
            self._write_for_all(mine)
        if mine.error is not None:
            raise mine.error
        return cast("T", mine.result)

    def _may_write(self, mine: _Work) -> bool:
        """Queue up; True if nobody writes, so that this thread has to."""
        with self._queue:
            self._waiting.append(mine)
            writes, self._somebody_writes = not self._somebody_writes, True
            return writes

    def _write_for_all(self, mine: _Work) -> None:
        group: list[_Work] = []
        try:
            with self._turn:
                with self._queue:
                    group, self._waiting = self._waiting, []
                self._do(group)
        except BaseException as interruption:  # it is this thread's; nobody is to wait for ever
            for each in group:
                if not each.is_done:
                    each.error, each.is_done = interruption, True
            raise
        finally:
            with self._queue:
                following = self._waiting[:1]  # it stays there until it writes
                self._somebody_writes = bool(following)
            for each in [*following, *group]:
                if each is not mine:
                    each.called.release()

    @contextmanager
    def _begun(self) -> Iterator[Connection]:
        with self.engine.begin() as connection:
            if self.is_sqlite:
                # It takes the lock when it begins: one that first reads and then writes would fail
                # at once ("database is locked") where another process wrote in between.
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    def _do(self, group: Sequence[_Work]) -> None:
        try:
            with self._begun() as connection:
                results = [each.work(connection) for each in group]
        except Exception as error:  # noqa: BLE001  # it is raised where the work came from
            if len(group) > 1:
                for each in group:
                    self._do([each])
            else:
                group[0].error, group[0].is_done = error, True
            return
        for each, result in zip(group, results, strict=True):
            each.result, each.is_done = result, True

    def checkpoint(self, longest: int = LONGEST_LOG) -> None:
        """Copy SQLite's log into its file, while others read and write; PostgreSQL does so itself.

        The log begins anew only where all of it was copied. Under load more comes all the time, so
        that of a long one the rest is copied during a turn: that is little, and writers wait.

        Args:
            longest: pages that the log may have without that.
        """
        if not self.is_sqlite:
            return
        with self.read() as connection:
            _busy, pages, _copied = connection.exec_driver_sql(_COPY_LOG).one()
            if pages > longest:
                with self._turn:
                    connection.exec_driver_sql(_COPY_LOG)

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


@dataclass
class _Work:
    """What one thread wants to have done, and what came of it."""

    work: Callable[[Connection], object]
    result: object = None
    error: BaseException | None = None
    is_done: bool = False
    called: threading.Lock = field(default_factory=threading.Lock)
    """Held until the work is done, or its thread is the one to write."""

    def __post_init__(self) -> None:
        self.called.acquire()


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
    _write_ahead(cursor)
    cursor.close()


def _write_ahead(cursor: DBAPICursor) -> None:
    """Switch a file to WAL for good; no busy timeout counts where several do so to a new one."""
    gives_up = time.monotonic() + PATIENCE_S
    while True:
        try:
            cursor.execute(_WRITE_AHEAD)
        except sqlite3.OperationalError:
            if time.monotonic() > gives_up:
                raise
            time.sleep(0.005)
        else:
            return
