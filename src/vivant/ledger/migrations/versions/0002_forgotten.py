"""Jobs that their owner wants to see no more."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Note when a job was forgotten."""
    op.add_column("jobs", sa.Column("forgotten_at", sa.DateTime(timezone=True)))
