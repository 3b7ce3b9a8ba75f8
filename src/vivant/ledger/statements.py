"""Statements on the way of every request: compiled once, then handed straight to the driver.

SQLAlchemy says what they are, for both databases, and what their values' types become there. What
it does around each execution takes several times as long as SQLite itself, and a request makes a
dozen of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import Connection, Dialect, Insert, Select, Update
from sqlalchemy.engine.interfaces import DBAPICursor
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine

Values: TypeAlias = Mapping[str, object]

_Convert: TypeAlias = Callable[[Any], Any]


class Statement:
    """A statement that is executed often, always with values of the same names. Thread-safe.

    Args:
        clause: what to execute; its bound parameters stand for one value each.
    """

    def __init__(self, clause: Select[Any] | Insert | Update) -> None:
        self._clause = clause
        self._ready: dict[str, _Ready] = {}

    def first(self, connection: Connection, values: Values) -> tuple[Any, ...] | None:
        """Execute it, and return the first row that it gives, if there is one.

        Raises:
            sqlalchemy.exc.DBAPIError: the database refuses it.
        """
        ready, cursor = self._executed(connection, values)
        row = cursor.fetchone()
        cursor.close()
        return None if row is None else ready.from_driver(row)

    def run(self, connection: Connection, values: Values) -> int:
        """Execute it, and return how many rows it changed; raises what `first` does."""
        _, cursor = self._executed(connection, values)
        changed = cursor.rowcount
        cursor.close()
        return changed

    def _executed(self, connection: Connection, values: Values) -> tuple[_Ready, DBAPICursor]:
        dialect = connection.dialect
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = _made_ready(self._clause, dialect, list(values))
        cursor = connection.connection.cursor()
        driver_error = dialect.loaded_dbapi.Error
        try:
            cursor.execute(ready.text, ready.to_driver(values))
        except driver_error as error:
            # The values stay out of its message: there may be prompts among them.
            raise DBAPIError.instance(
                ready.text, None, error, driver_error, hide_parameters=True, dialect=dialect
            ) from error
        return ready, cursor


@dataclass(frozen=True)
class _Ready:
    """A statement as a driver wants it.

    Attributes:
        text: in the database's own words.
        fixed: values that are part of the statement, converted.
        convert: what the driver cannot take as it is, by name.
        order: of the values, where the driver knows them by place and not by name.
        read: what becomes of each column of a row; None for what is right as it comes.
    """

    text: str
    fixed: Mapping[str, object]
    convert: Mapping[str, _Convert]
    order: Sequence[str] | None
    read: Sequence[_Convert | None]

    def to_driver(self, values: Values) -> Any:
        converted = {**self.fixed, **values}
        for name, convert in self.convert.items():
            converted[name] = convert(converted[name])
        return converted if self.order is None else [converted[name] for name in self.order]

    def from_driver(self, row: Sequence[Any]) -> tuple[Any, ...]:
        return tuple(
            value if convert is None else convert(value)
            for value, convert in zip(row, self.read, strict=True)
        )


def _made_ready(
    clause: Select[Any] | Insert | Update, dialect: Dialect, names: list[str]
) -> _Ready:
    compiled = clause.compile(dialect=dialect, column_keys=names)
    assert isinstance(compiled, SQLCompiler)  # noqa: S101  # the other compilers make no queries
    converts = {
        name: convert
        for name, bound in compiled.binds.items()
        if (convert := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
    }
    fixed = {name: value for name, value in compiled.params.items() if name not in names}
    return _Ready(
        text=str(compiled),
        fixed={
            name: converts[name](value) if name in converts else value
            for name, value in fixed.items()
        },
        convert={name: convert for name, convert in converts.items() if name in names},
        order=compiled.positiontup,
        read=[_reader(column.type, dialect) for column in clause.exported_columns],
    )


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    return kind.dialect_impl(dialect).result_processor(dialect, None)
