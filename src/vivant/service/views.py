"""What the service tells of itself: values without a database, and without HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from vivant.base.contract import PictureKind
from vivant.engine.engine import EngineState
from vivant.engine.models import Warmth
from vivant.ledger.rules import OPEN, JobStatus


@dataclass(frozen=True)
class EndpointInfo:
    """An endpoint at a glance.

    Attributes:
        slug: its name in URLs.
        summary: one line for people.
        schema: JSON Schema of its request.
        price: micro-credits of a request that leaves everything at its default.
        warmth: of the model that such a request needs; "ready" is warm.
        picture_fields: the request's fields that take a picture.
    """

    slug: str
    summary: str
    schema: Mapping[str, object]
    price: int
    warmth: Warmth
    picture_fields: tuple[str, ...]


@dataclass(frozen=True)
class Output:
    """A file that a job made.

    Attributes:
        asset_id: names it.
        kind: a picture by itself, a panel, or a page.
        file_name: what to call it: "picture-1.jpg", "page-1.webp", "panel-03.webp".
        content_type: its MIME type.
        size: in bytes.
        width: in pixels.
        height: in pixels.
        seed: that makes this picture again.
        expires_at: from then on it may be deleted.
    """

    asset_id: str
    kind: PictureKind
    file_name: str
    content_type: str
    size: int
    width: int
    height: int
    seed: int
    expires_at: datetime


@dataclass(frozen=True)
class JobView:
    """A request from its submission to its end, as its owner may see it.

    Attributes:
        request_id: names it.
        account_id: whose it is.
        slug: the endpoint's name.
        version: of the API that it came by, "v1" or "v2".
        status: where it stands.
        request: its fields as JSON, the seed as it was chosen; a picture is {"asset": ID}.
        prompt: what it was to show, where the endpoint has such a field.
        error: what went wrong, in one line; None unless it failed.
        error_kind: the error's class in `vivant.base.errors`.
        price: micro-credits that were held.
        charged: micro-credits that were kept; 0 unless it is completed.
        balance: micro-credits that the account has left: when it ended, or else now.
        seed: of its main picture; None until it is completed.
        step: denoising steps done.
        total: denoising steps in all; 0 until they are known.
        position: waiting jobs that will start before it; None unless it waits here.
        queue_seconds: how long it waited; None until it was started.
        inference_seconds: of the worker's time; None until it is completed.
        retry_count: how often it was started again.
        outputs: the main one first; empty until it is completed.
        warnings: what its owner should know, a sentence each.
        created_at: when it was submitted.
        started_at: when it was last started.
        finished_at: when it ended.
    """

    request_id: str
    account_id: str
    slug: str
    version: str
    status: JobStatus
    request: Mapping[str, object]
    prompt: str | None
    error: str | None
    error_kind: str | None
    price: int
    charged: int
    balance: int
    seed: int | None
    step: int
    total: int
    position: int | None
    queue_seconds: float | None
    inference_seconds: float | None
    retry_count: int
    outputs: tuple[Output, ...]
    warnings: tuple[str, ...]
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether it is completed, failed or cancelled."""
        return self.status not in OPEN

    @property
    def total_seconds(self) -> float | None:
        """From its submission to its end; None before."""
        if self.finished_at is None:
            return None
        return (self.finished_at - self.created_at).total_seconds()


@dataclass(frozen=True)
class Submitted:
    """What became of a submission.

    Attributes:
        view: the new job, or the earlier one with the same Idempotency-Key.
        is_new: False where it is an earlier one; nothing was held then.
    """

    view: JobView
    is_new: bool


@dataclass(frozen=True)
class File:
    """A stored file's bytes.

    Attributes:
        content_type: its MIME type.
        data: the bytes.
        expires_at: from then on it may be deleted.
    """

    content_type: str
    data: bytes
    expires_at: datetime


@dataclass(frozen=True)
class Readiness:
    """Whether requests can be served.

    Attributes:
        ready: whether all of it is well.
        problems: what is not, by part: "database", "store", "engine", or a model's name.
    """

    ready: bool
    problems: Mapping[str, str]


@dataclass(frozen=True)
class Figures:
    """What is counted since the service was started; for metrics.

    Attributes:
        engine: how the engine stands.
        ended: jobs that ended here, by slug and final status.
        charged: micro-credits kept, by slug.
        inference_seconds: of the worker's time, by slug.
        queue_seconds: that jobs waited, by slug.
        refused: submissions that were refused, by the error's class.
        deliveries: attempts to deliver webhooks, by "delivered", "failed".
    """

    engine: EngineState
    ended: Mapping[tuple[str, str], int] = field(default_factory=dict)
    charged: Mapping[str, int] = field(default_factory=dict)
    inference_seconds: Mapping[str, float] = field(default_factory=dict)
    queue_seconds: Mapping[str, float] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    deliveries: Mapping[str, int] = field(default_factory=dict)
