"""Jobs as rows, inside a transaction of the caller's."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from vivant.base.errors import IdempotencyConflict, JobClosed, NoSuchJob, VivantError
from vivant.ledger.ids import is_id
from vivant.ledger.job import Idempotency, Job
from vivant.ledger.rows import columns
from vivant.ledger.rules import JobStatus
from vivant.ledger.statements import Statement
from vivant.ledger.tables import accounts, jobs
from vivant.ledger.webhooks import post_delivery


def find_job(connection: Connection, request_id: str, account_id: str | None = None) -> Job:
    """A job as it stands; `account_id` is who asks, None for the server itself.

    Raises:
        NoSuchJob: there is none, or it is another account's.
    """
    return _one(connection, _JOB, request_id, account_id)


def lock_job(connection: Connection, request_id: str, account_id: str | None = None) -> Job:
    """As `find_job`; nobody else can change the job until the transaction ends."""
    return _one(connection, _LOCKED, request_id, account_id)


def earlier_job(
    connection: Connection, account_id: str, idempotency: Idempotency | None
) -> Job | None:
    """The job that an Idempotency-Key made before, if there is one."""
    if idempotency is None:
        return None
    # Two requests with one key must not both find nothing, so they take turns.
    _TURN.first(connection, {"which": account_id})
    row = _BY_KEY.first(connection, {"which": account_id, "key": idempotency.key})
    if row is None:
        return None
    *fields, known_by = row
    if known_by != idempotency.fingerprint:
        raise IdempotencyConflict(idempotency.key)
    return Job(*fields)


def insert_job(connection: Connection, job: Job, idempotency: Idempotency | None) -> None:
    """Enter a new job, and what its Idempotency-Key stands for if it has one."""
    known_by = None if idempotency is None else idempotency.fingerprint
    _ENTER.run(connection, {**vars(job), "fingerprint": known_by})


def free_key(connection: Connection, request_id: str) -> None:
    """Let a job's Idempotency-Key, if it has one, be used for another."""
    _FREE_KEY.run(connection, {"which": request_id})


def claim_job(connection: Connection, request_id: str, now: datetime) -> Job:
    """Make a job that is QUEUED a job that is PROCESSING.

    Raises:
        JobClosed: it is not QUEUED.
        NoSuchJob: there is none.
    """
    row = _CLAIM.first(connection, {"which": request_id, "now": now})
    if row is None:
        raise JobClosed(request_id, find_job(connection, request_id).status)
    return Job(*row)


def claimed(job: Job, now: datetime) -> Job:
    """A job that is QUEUED as it is once claimed, for whoever has locked it and writes its end."""
    return replace(job, status=JobStatus.PROCESSING, attempts=job.attempts + 1, started_at=now)


def note_progress(connection: Connection, request_id: str, step: int, total: int) -> bool:
    """Note how many steps are done; tells whether the job is PROCESSING."""
    values = {"which": request_id, "to_step": step, "to_total": total}
    return _PROGRESS.run(connection, values) > 0


def queue_again(connection: Connection, request_id: str) -> None:
    """Put a job that is PROCESSING back to QUEUED."""
    _REQUEUE.run(connection, {"which": request_id})


def plain_text(error: VivantError) -> str:
    """An error's text without what a database refuses: NUL and halves of characters."""
    return str(error).replace("\0", "").encode(errors="replace").decode()


def finish_job(connection: Connection, ended: Job) -> Job:
    """Write a job's end, and enter the webhook that tells of it."""
    if ended.webhook_url is not None and ended.finished_at is not None:
        post_delivery(
            connection, ended.account_id, ended.request_id, ended.webhook_url, ended.finished_at
        )
    end = {f"to_{name}": getattr(ended, name) for name in _END}
    _FINISH.run(connection, {"which": ended.request_id, **end})
    return ended


def _one(connection: Connection, query: Statement, request_id: str, account_id: str | None) -> Job:
    row = query.first(connection, {"which": request_id}) if is_id(request_id) else None
    job = None if row is None else Job(*row)
    if job is None or account_id not in {None, job.account_id}:
        raise NoSuchJob(f"no request has the id {request_id!r:.60}")
    return job


_END = (
    "status",
    "attempts",
    "seed",
    "error",
    "error_kind",
    "metrics",
    "charged",
    "started_at",
    "finished_at",
)
"""What the end of a job writes."""

# Inline: nobody asks which number the row got.
_ENTER = Statement(insert(jobs).inline())

_WHICH = select(*columns(jobs, Job)).where(jobs.c.request_id == bindparam("which"))

_JOB = Statement(_WHICH)

_LOCKED = Statement(_WHICH.with_for_update())

_BY_KEY = Statement(
    select(*columns(jobs, Job), jobs.c.fingerprint)
    .where(jobs.c.account_id == bindparam("which"))
    .where(jobs.c.idempotency_key == bindparam("key"))
)

_TURN = Statement(
    select(accounts.c.id).where(accounts.c.id == bindparam("which")).with_for_update(key_share=True)
)

_CLAIM = Statement(
    update(jobs)
    .where(jobs.c.request_id == bindparam("which"))
    .where(jobs.c.status == JobStatus.QUEUED)
    .values(status=JobStatus.PROCESSING, attempts=jobs.c.attempts + 1, started_at=bindparam("now"))
    .returning(*columns(jobs, Job))
)

_FINISH = Statement(
    update(jobs)
    .where(jobs.c.request_id == bindparam("which"))
    .values({name: bindparam(f"to_{name}") for name in _END})
)

_FREE_KEY = Statement(
    update(jobs)
    .where(jobs.c.request_id == bindparam("which"))
    .values(idempotency_key=None, fingerprint=None)
)

_PROGRESS = Statement(
    update(jobs)
    .where(jobs.c.request_id == bindparam("which"))
    .where(jobs.c.status == JobStatus.PROCESSING)
    .values(step=bindparam("to_step"), total=bindparam("to_total"))
)

_REQUEUE = Statement(
    update(jobs)
    .where(jobs.c.request_id == bindparam("which"))
    .where(jobs.c.status == JobStatus.PROCESSING)
    .values(status=JobStatus.QUEUED, step=0)
)
