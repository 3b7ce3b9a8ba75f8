"""Read by Alembic: run the steps over the connection that `upgrade` hands in."""

from __future__ import annotations

from alembic import context

from vivant.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite changes a table by copying it; such steps are written for both databases.
    render_as_batch=True,
)
context.run_migrations()
