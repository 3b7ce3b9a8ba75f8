"""What a job is, and what goes into one: values without a database."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vivant.base.errors import InvalidInput
from vivant.ledger.assets import StoredFile
from vivant.ledger.rules import JobStatus


@dataclass(frozen=True)
class Idempotency:
    """What an Idempotency-Key stands for.

    Attributes:
        key: chosen by the caller: 1 to 255 visible ASCII characters.
        fingerprint: of the request it came with, see `fingerprint`.
    """

    key: str
    fingerprint: str

    def __post_init__(self) -> None:
        if not (0 < len(self.key) <= 255 and self.key.isascii() and self.key.isprintable()):
            raise InvalidInput("Idempotency-Key", self.key, "1 to 255 visible ASCII characters")


def fingerprint(*parts: bytes) -> str:
    """What tells one request from another: a SHA-256 over its parts (route, content type, body)."""
    code = hashlib.sha256()
    for part in parts:
        code.update(len(part).to_bytes(8, "big"))
        code.update(part)
    return code.hexdigest()


@dataclass(frozen=True)
class NewJob:
    """A checked request that is to become a job.

    Attributes:
        account_id: who pays.
        slug: the endpoint's name.
        version: of the API that it came by, "v1" or "v2".
        request: its fields as JSON, pictures as ids of assets.
        price: micro-credits to hold.
        deadline: when it fails unless it is finished.
        worker: the name of the server that will run it, the same after a restart.
        webhook_url: told when it is finished; None for nobody.
        idempotency: None where the caller sent no Idempotency-Key.
        inputs: the request's pictures, which already lie in the store.
    """

    account_id: str
    slug: str
    version: str
    request: Mapping[str, object]
    price: int
    deadline: datetime
    worker: str
    webhook_url: str | None = None
    idempotency: Idempotency | None = None
    inputs: tuple[StoredFile, ...] = ()


@dataclass(frozen=True)
class Job:
    """One request from its submission to its end.

    Attributes:
        request_id: names it.
        account_id: who pays.
        hold_id: what pays.
        slug: the endpoint's name.
        version: of the API that it came by, "v1" or "v2".
        request: its fields as JSON, pictures as ids of assets.
        worker: the server that runs it.
        status: where it stands.
        step: denoising steps done.
        total: denoising steps in all; 0 until they are known.
        attempts: how often it was started.
        seed: of its first picture; None until it is completed.
        error: what went wrong, in one line, where it failed.
        error_kind: the class of the error, by which it is told to the user.
        metrics: what was measured, as JSON.
        price: micro-credits that were held.
        charged: micro-credits that were kept.
        webhook_url: told when it is finished.
        idempotency_key: that its caller can ask for it by again, if there is one.
        deadline: when it fails unless it is finished.
        created_at: when it was submitted.
        started_at: when it was last started; None while it never was.
        finished_at: when it was completed, failed or cancelled; None before.
    """

    request_id: str
    account_id: str
    hold_id: str
    slug: str
    version: str
    request: Mapping[str, object]
    worker: str
    price: int
    webhook_url: str | None
    deadline: datetime
    created_at: datetime
    status: JobStatus = JobStatus.QUEUED
    step: int = 0
    total: int = 0
    attempts: int = 0
    seed: int | None = None
    error: str | None = None
    error_kind: str | None = None
    metrics: Mapping[str, object] = field(default_factory=dict)
    charged: int = 0
    started_at: datetime | None = None
    finished_at: datetime | None = None
    idempotency_key: str | None = None
