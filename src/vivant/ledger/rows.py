"""Rows as dataclasses: a class names the columns that it takes."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Table

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def columns(table: Table, kind: type[DataclassInstance]) -> list[Column[Any]]:
    """A table's columns that are named as a dataclass' fields, in their order."""
    return [table.c[field.name] for field in fields(kind)]
