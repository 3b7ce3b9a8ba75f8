"""Jobs as their owners see them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import cast

from vivant.base.contract import Picture, PictureKind
from vivant.ledger.assets import Asset, StoredFile
from vivant.ledger.job import Job
from vivant.service.catalog import Endpoint
from vivant.service.views import JobView, Output

_ORDER: Mapping[PictureKind, int] = {"page": 0, "picture": 1, "panel": 2}
"""Pages come first: the first one is what a story is about."""

_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


def in_order(picture: Picture) -> tuple[int, int]:
    """Sorts a job's pictures, the main one first."""
    return _ORDER[picture.kind], picture.index


def metrics_of(
    pictures: Sequence[Picture], *, steps: int, waited: float, used: float
) -> dict[str, object]:
    """What a completed job's row keeps beside its files.

    Args:
        pictures: in the order of the files.
        steps: that were taken.
        waited: seconds until it was started.
        used: seconds of the worker's time.
    """
    told = [text for picture in pictures for text in picture.warnings]
    return {
        "queue_time": round(waited, 4),
        "inference_time": round(used, 4),
        "steps": steps,
        "kinds": [picture.kind for picture in pictures],
        "warnings": list(dict.fromkeys(told)),
    }


def outputs_of(job: Job, files: Sequence[Asset | StoredFile]) -> tuple[Output, ...]:
    """A completed job's files, named."""
    kinds = cast("Sequence[PictureKind]", job.metrics.get("kinds", ()))
    counts: Counter[PictureKind] = Counter()
    outputs = []
    for kind, file in zip(kinds, files, strict=True):
        counts[kind] += 1
        ending = _ENDINGS.get(file.content_type, "bin")
        outputs.append(
            Output(
                asset_id=file.id,
                kind=kind,
                file_name=f"{kind}-{counts[kind]}.{ending}",
                content_type=file.content_type,
                size=file.size,
                width=file.width or 0,
                height=file.height or 0,
                seed=file.seed or 0,
                expires_at=file.expires_at,
            )
        )
    return tuple(outputs)


def view_of(
    job: Job,
    endpoint: Endpoint | None,
    balance: int,
    *,
    files: Sequence[Asset | StoredFile] = (),
    progress: tuple[int, int] | None = None,
    position: int | None = None,
) -> JobView:
    """A job as its owner sees it.

    Args:
        job: its row.
        endpoint: its endpoint; None where that is not served any more.
        balance: of its account.
        files: what it made, if it is completed.
        progress: steps done and in all, where more is known than the row tells.
        position: waiting jobs before it.
    """
    steps = job.metrics.get("steps")
    step, total = (steps, steps) if isinstance(steps, int) else progress or (job.step, job.total)
    waited = None if job.started_at is None else (job.started_at - job.created_at).total_seconds()
    prompt = None if endpoint is None else job.request.get(endpoint.TEXT_FIELDS[0])
    return JobView(
        request_id=job.request_id,
        account_id=job.account_id,
        slug=job.slug,
        version=job.version,
        status=job.status,
        request=job.request,
        prompt=None if prompt is None else str(prompt),
        error=job.error,
        error_kind=job.error_kind,
        price=job.price,
        charged=job.charged,
        balance=balance,
        seed=job.seed,
        step=step,
        total=total,
        position=position,
        queue_seconds=_number(job.metrics.get("queue_time")) if job.metrics else waited,
        inference_seconds=_number(job.metrics.get("inference_time")),
        retry_count=max(job.attempts - 1, 0),
        outputs=outputs_of(job, files),
        warnings=tuple(map(str, cast("Sequence[object]", job.metrics.get("warnings", ())))),
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
