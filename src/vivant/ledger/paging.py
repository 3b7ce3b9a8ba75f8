"""Pages of a long list, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from vivant.base.errors import InvalidInput

T = TypeVar("T")
Row = TypeVar("Row")

LARGEST_PAGE = 200


@dataclass(frozen=True)
class Page(Generic[T]):
    """Part of a list.

    Attributes:
        items: newest first.
        next: asks for the page after this one; None at the end.
    """

    items: tuple[T, ...]
    next: str | None


def check_limit(limit: int) -> int:
    """Check how many items a page is to have.

    Raises:
        InvalidInput: it is not 1 to `LARGEST_PAGE`.
    """
    if not 1 <= limit <= LARGEST_PAGE:
        raise InvalidInput("limit", limit, f"1 to {LARGEST_PAGE}")
    return limit


def page_of(
    rows: Sequence[Row], limit: int, read: Callable[[Row], T], cursor: Callable[[T], str]
) -> Page[T]:
    """Make a page of the rows that a query for `limit + 1` of them found.

    Args:
        rows: newest first; one more than `limit` tells that there is a further page.
        limit: items of a page.
        read: a row as an item.
        cursor: how to name the last item that was seen.
    """
    items = tuple(read(row) for row in rows[:limit])
    return Page(items, cursor(items[-1]) if len(rows) > limit else None)
