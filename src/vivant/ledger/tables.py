"""The tables, as the migrations leave them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

from vivant.ledger.rules import DeliveryState, HoldState, JobStatus, Kind

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class UtcTime(TypeDecorator[datetime]):
    """A moment, to the microsecond; aware in Python whatever the database keeps."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a moment without a zone is refused rather than guessed."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """SQLite keeps no zone: it is ours, UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


def _words(kind: type[StrEnum]) -> Enum:
    """One word of a few; text to the database, so that a new word needs no migration."""
    return Enum(
        kind,
        values_callable=lambda words: [word.value for word in words],
        native_enum=False,
        create_constraint=False,
        length=16,
    )


# SQLite numbers rows by itself only where the type is exactly INTEGER.
_SEQUENCE = BigInteger().with_variant(Integer(), "sqlite")
_ID = String(48)


def _once(name: str, column: str, *, where: str) -> Index:
    """At most one row of each value among those that a condition picks."""
    condition = text(where)
    return Index(name, column, unique=True, sqlite_where=condition, postgresql_where=condition)


accounts = Table(
    "accounts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("balance", BigInteger, nullable=False),
    Column("webhook_secret", LargeBinary, nullable=False),
    Column("requests_per_minute", Integer),
    Column("window_start", UtcTime),
    Column("window_count", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("balance >= 0", name="balance_not_negative"),
)

keys = Table(
    "keys",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("label", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
)

holds = Table(
    "holds",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Column("state", _words(HoldState), nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("charged BETWEEN 0 AND amount", name="charged_within_amount"),
    Index("ix_holds_state_expires_at", "state", "expires_at"),
)

movements = Table(
    "movements",
    metadata,
    Column("number", _SEQUENCE, Identity(), primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("kind", _words(Kind), nullable=False),
    Column("amount", BigInteger, nullable=False),
    Column("balance", BigInteger, nullable=False),
    Column("hold_id", ForeignKey("holds.id")),
    Column("note", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    CheckConstraint("balance >= 0", name="balance_not_negative"),
    Index("ix_movements_account_id_number", "account_id", "number"),
    # The database itself lets a hold begin once and end once.
    _once("uq_movements_hold_opened", "hold_id", where=f"kind = '{Kind.HOLD}'"),
    _once(
        "uq_movements_hold_closed",
        "hold_id",
        where=f"kind IN ('{Kind.SETTLE}', '{Kind.RELEASE}')",
    ),
)

jobs = Table(
    "jobs",
    metadata,
    Column("number", _SEQUENCE, Identity(), primary_key=True),
    Column("request_id", _ID, nullable=False, unique=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("hold_id", ForeignKey("holds.id"), nullable=False),
    Column("slug", String(100), nullable=False),
    Column("version", String(8), nullable=False),
    Column("request", JSON, nullable=False),
    Column("worker", String(100), nullable=False),
    Column("status", _words(JobStatus), nullable=False),
    Column("step", Integer, nullable=False),
    Column("total", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("seed", BigInteger),
    Column("error", Text),
    Column("error_kind", String(64)),
    Column("metrics", JSON, nullable=False),
    Column("price", BigInteger, nullable=False),
    Column("charged", BigInteger, nullable=False),
    Column("webhook_url", Text),
    Column("idempotency_key", String(255)),
    Column("fingerprint", String(64)),
    Column("deadline", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("started_at", UtcTime),
    Column("finished_at", UtcTime),
    Column("forgotten_at", UtcTime),
    Index("ix_jobs_account_id_number", "account_id", "number"),
    Index("ix_jobs_status_deadline", "status", "deadline"),
    # Empty keys are all different to both databases: only the jobs that have a key are unique.
    Index("uq_jobs_account_id_idempotency_key", "account_id", "idempotency_key", unique=True),
)

assets = Table(
    "assets",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("request_id", ForeignKey("jobs.request_id")),
    Column("place", Integer, nullable=False),
    Column("content_type", String(100), nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    Column("seed", BigInteger),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False),
    Column("deleted_at", UtcTime),
    Index("ix_assets_request_id_place", "request_id", "place"),
    Index("ix_assets_deleted_at_expires_at", "deleted_at", "expires_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("account_id", ForeignKey("accounts.id"), nullable=False),
    Column("request_id", ForeignKey("jobs.request_id"), nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("state", _words(DeliveryState), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Index("ix_deliveries_state_due_at", "state", "due_at"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("number", _SEQUENCE, Identity(), primary_key=True),
    Column("delivery_id", ForeignKey("deliveries.id"), nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("status_code", Integer),
    Column("error", Text),
    Column("at", UtcTime, nullable=False),
    Index("ix_delivery_attempts_delivery_id_number", "delivery_id", "number"),
)

server_secrets = Table(
    "server_secrets",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
