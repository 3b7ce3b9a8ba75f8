"""The tables' history, one file a step; `upgrade` brings a database to the last of them."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from sqlalchemy import text

from vivant.ledger.database import Database

_LOCK = 0x5649_5641_4E54
"""Number of PostgreSQL's advisory lock: "VIVANT" in ASCII."""


def upgrade(database: Database) -> None:
    """Make a database's tables, or bring those of an older release up to date.

    It is one transaction, and servers that start together take turns.

    Raises:
        StoreUnavailable: the database cannot be reached.
    """
    database.ping()
    config = Config()
    config.set_main_option("script_location", "vivant.ledger:migrations")
    config.set_main_option("path_separator", "os")
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
