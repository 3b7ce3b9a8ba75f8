"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "${up_revision}"
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """There is no way back but a backup: a step never throws away what was earned or spent."""
    ${upgrades if upgrades else "pass"}
