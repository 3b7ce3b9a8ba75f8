"""Jobs as JSON tells of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from fastapi.responses import JSONResponse

from vivant.base.credits import credits_of
from vivant.ledger.rules import JobStatus
from vivant.service.views import JobView, Output
from vivant.web.answers import CANCELLED
from vivant.web.shapes import (
    FailedStatus,
    Image,
    Metrics,
    PastRequest,
    Result,
    Status,
    Timings,
)

Link = Callable[[Output], str]


def status_body(view: JobView) -> Status:
    """Where a job stands, in the words of the hosted service, which knows no cancelled ones."""
    common = _common(view)
    if view.status is JobStatus.CANCELLED:
        return FailedStatus(**common | {"status": "FAILED"}, error=CANCELLED)
    if view.status is JobStatus.FAILED:
        return FailedStatus(**common, error=view.error or "")
    return Status(**common)


def result_body(view: JobView, link: Link) -> Status:
    """What a job made, or where it stands if it is not completed."""
    if view.status is not JobStatus.COMPLETED:
        return status_body(view)
    return Result(
        **_common(view),
        output=link(view.outputs[0]),
        images=images(view, link),
        seed=str(view.seed),
        prompt=view.prompt,
        timings=Timings(
            queue=view.queue_seconds, inference=view.inference_seconds, total=view.total_seconds
        ),
        warnings=list(view.warnings),
    )


def answer(body: Status) -> JSONResponse:
    """A status or result as an answer: what failed is served with 422, as clients expect."""
    status = 422 if isinstance(body, FailedStatus) else 200
    return JSONResponse(body.model_dump(), status, {"Cache-Control": "no-store"})


def past_request(view: JobView, link: Link, given: Callable[[str], str]) -> PastRequest:
    """A job as the history tells of it.

    Args:
        view: the job.
        link: gives the outputs' URLs.
        given: the URLs of its pictures, by their assets' ids.
    """
    return PastRequest(
        request_id=view.request_id,
        model=view.slug,
        version=view.version,
        status=view.status.value,
        cost=credits_of(view.charged),
        created_at=_moment(view.created_at) or "",
        finished_at=_moment(view.finished_at),
        seed=None if view.seed is None else str(view.seed),
        error=view.error,
        inputs={name: _linked(value, given) for name, value in view.request.items()},
        outputs=images(view, link),
        metrics=metrics(view),
    )


def images(view: JobView, link: Link) -> list[Image]:
    """A job's pictures."""
    return [
        Image(
            url=link(output),
            content_type=output.content_type,
            file_name=output.file_name,
            file_size=output.size,
            width=output.width,
            height=output.height,
            seed=str(output.seed),
            kind=output.kind,
        )
        for output in view.outputs
    ]


def metrics(view: JobView) -> Metrics:
    """What a job cost and how long it took, as far as that is known."""
    return Metrics(
        cost=credits_of(view.charged),
        remaining_credits=credits_of(view.balance),
        inference_time=view.inference_seconds,
        queue_time=view.queue_seconds,
        total_time=view.total_seconds,
        retry_count=view.retry_count,
    )


def _linked(value: object, given: Callable[[str], str]) -> object:
    """A field of a request; a picture with a link to it."""
    match value:
        case {"asset": str(asset_id)}:
            return {"asset": asset_id, "url": given(asset_id)}
    return value


def _common(view: JobView) -> dict[str, Any]:
    return {
        "request_id": view.request_id,
        "status": view.status.value,
        "metrics": metrics(view),
        "queue_position": view.position,
        "step": view.step,
        "total_steps": view.total,
    }


def _moment(time: datetime | None) -> str | None:
    return None if time is None else time.isoformat()
