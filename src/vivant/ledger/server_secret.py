"""Secrets of the server's own that must outlive it, such as the one that signs links."""

from __future__ import annotations

import secrets
from contextlib import suppress

from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from vivant.ledger.database import Database
from vivant.ledger.tables import server_secrets


def server_secret(database: Database, name: str) -> bytes:
    """The 32 random bytes of this name, which the first call makes."""
    with database.read() as connection:
        value = connection.execute(_VALUE, {"which": name}).scalar()
    if value is not None:
        return bytes(value)
    new = {"name": name, "value": secrets.token_bytes(32)}
    # Of two servers that start together the first one's stays.
    with suppress(IntegrityError), database.write() as connection:
        connection.execute(insert(server_secrets), new)
    return server_secret(database, name)


_VALUE = select(server_secrets.c.value).where(server_secrets.c.name == bindparam("which"))
