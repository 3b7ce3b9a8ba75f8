"""The short form of bench/kill9.py, which tells what it checks."""

from __future__ import annotations

from bench import kill9


def test_kill_9_under_load_loses_nothing_and_charges_nothing_twice(
    database_url: str | None,
) -> None:
    assert kill9.main(rounds=2, database=database_url, seed=4) == []
