"""Jobs: submitted, claimed, finished; each step is one transaction with what it costs.

A job is never both charged and lost: its hold is opened in the transaction that enters it, and
settled in the transaction that enters what it made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from sqlalchemy import Connection, select

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import JobClosed, VivantError
from vivant.ledger.assets import StoredFile, post_assets
from vivant.ledger.database import Database
from vivant.ledger.ids import new_id
from vivant.ledger.job import Job, NewJob
from vivant.ledger.job_rows import (
    claim_job,
    claimed,
    earlier_job,
    find_job,
    finish_job,
    free_key,
    insert_job,
    lock_job,
    note_progress,
    plain_text,
)
from vivant.ledger.paging import Page, check_limit, page_of
from vivant.ledger.postings import balance_of, post_hold, post_release, post_settle
from vivant.ledger.rows import columns
from vivant.ledger.rules import OPEN, JobStatus
from vivant.ledger.tables import jobs

GRACE = timedelta(minutes=2)
"""How long a job's hold outlives its deadline, for its last pictures to be stored."""


@dataclass(frozen=True)
class Submitted:
    """What became of a submission.

    Attributes:
        job: the new job, or the earlier one with the same Idempotency-Key.
        balance: micro-credits that the account has left.
        is_new: False where the job is an earlier one.
    """

    job: Job
    balance: int
    is_new: bool


@dataclass(frozen=True)
class Finished:
    """A job at its end.

    Attributes:
        job: as it stands now.
        balance: micro-credits that the account has left.
    """

    job: Job
    balance: int


class Jobs:
    """The jobs of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def submit(self, new: NewJob) -> Submitted:
        """Hold a job's price and enter it as QUEUED, or find the job of an Idempotency-Key.

        Raises:
            NotEnoughCredits: the account cannot pay the price.
            IdempotencyConflict: the key came with another request before.
            NoSuchAccount: there is no such account.
        """
        now = self._clock()

        def enter(connection: Connection) -> Submitted:
            earlier = earlier_job(connection, new.account_id, new.idempotency)
            if earlier is not None:
                return Submitted(earlier, balance_of(connection, new.account_id), is_new=False)
            posted = post_hold(connection, new.account_id, new.price, now, new.deadline + GRACE)
            job = Job(
                request_id=new_id("req"),
                account_id=new.account_id,
                hold_id=posted.hold.id,
                slug=new.slug,
                version=new.version,
                request=dict(new.request),
                worker=new.worker,
                price=new.price,
                webhook_url=new.webhook_url,
                deadline=new.deadline,
                created_at=now,
                idempotency_key=None if new.idempotency is None else new.idempotency.key,
            )
            insert_job(connection, job, new.idempotency)
            post_assets(connection, new.account_id, None, new.inputs, now)
            return Submitted(job, posted.balance, is_new=True)

        return self._database.transact(enter)

    def get(self, request_id: str, account_id: str | None = None) -> Job:
        """A job as it stands.

        Args:
            request_id: which.
            account_id: who asks; None for the server itself.

        Raises:
            NoSuchJob: there is none, or it is another account's.
        """
        with self._database.read() as connection:
            return find_job(connection, request_id, account_id)

    def claim(self, request_id: str) -> Job:
        """Begin a job: QUEUED becomes PROCESSING, for one claimant only.

        Raises:
            JobClosed: it is not QUEUED any more.
            NoSuchJob: there is no such job.
        """
        now = self._clock()
        return self._database.transact(lambda connection: claim_job(connection, request_id, now))

    def progress(self, request_id: str, step: int, total: int) -> bool:
        """Note how many steps are done.

        Returns:
            Whether the job is still to be worked on; it may have been cancelled elsewhere.
        """
        with self._database.write() as connection:
            return note_progress(connection, request_id, step, total)

    def complete(
        self,
        request_id: str,
        outputs: Sequence[StoredFile],
        *,
        seed: int | None = None,
        charge: int | None = None,
        metrics: Mapping[str, object] | None = None,
        claim: bool = False,
    ) -> Finished:
        """Enter what a job made, charge for it and tell its webhook: all of it or nothing.

        To complete a COMPLETED job changes nothing.

        Args:
            request_id: which.
            outputs: files that already lie in the store, the main one first.
            seed: of the first picture.
            charge: micro-credits to keep of the price; None for all.
            metrics: what was measured, as JSON.
            claim: whether it is to be claimed first, because it was done before anybody came to it.

        Raises:
            JobClosed: it is not PROCESSING: it was cancelled, or failed at its deadline.
            HoldClosed: its deadline passed more than `GRACE` ago; a sweep will fail it.
            NoSuchJob: there is no such job.
        """
        now = self._clock()

        def enter(connection: Connection) -> Finished:
            job = lock_job(connection, request_id)
            if job.status is JobStatus.COMPLETED:
                return Finished(job, balance_of(connection, job.account_id))
            if claim and job.status is JobStatus.QUEUED:
                job = claimed(job, now)
            if job.status is not JobStatus.PROCESSING:
                raise JobClosed(request_id, job.status)
            posted = post_settle(connection, job.hold_id, charge, now)
            post_assets(connection, job.account_id, request_id, outputs, now)
            done = replace(
                job,
                status=JobStatus.COMPLETED,
                charged=posted.hold.charged,
                seed=seed,
                metrics=dict(metrics or {}),
                finished_at=now,
            )
            return Finished(finish_job(connection, done), posted.balance)

        return self._database.transact(enter)

    def fail(self, request_id: str, error: VivantError) -> Finished:
        """End a job that went wrong and release its hold; to fail it again changes nothing.

        Args:
            request_id: which.
            error: what went wrong; its text and the name of its class are kept.

        Raises:
            JobClosed: it was completed or cancelled.
            NoSuchJob: there is no such job.
        """
        return self._give_up(request_id, JobStatus.FAILED, error=error)

    def refuse(self, request_id: str, error: VivantError) -> Finished:
        """Fail a job that nobody has been told of, so that it can be submitted again.

        No webhook tells of it, and its Idempotency-Key is free again.

        Args:
            request_id: which; it is QUEUED.
            error: why it cannot be taken.

        Raises:
            JobClosed: it was cancelled.
            NoSuchJob: there is no such job.
        """
        return self._give_up(request_id, JobStatus.FAILED, error=error, untold=True)

    def cancel(self, request_id: str, account_id: str) -> Finished:
        """End a job that its owner no longer wants and release its hold; as often as they like.

        Raises:
            JobClosed: it was completed or has failed.
            NoSuchJob: there is none, or it is another account's.
        """
        return self._give_up(request_id, JobStatus.CANCELLED, account_id=account_id)

    def history(self, account_id: str, *, before: str | None = None, limit: int = 50) -> Page[Job]:
        """An account's jobs, newest first, without those that it has forgotten.

        Args:
            account_id: whose.
            before: the `next` of the page before; None for the newest.
            limit: jobs of a page, 1 to 200.

        Raises:
            InvalidInput: the limit is not allowed.
            NoSuchJob: `before` is no cursor of theirs.
        """
        check_limit(limit)
        query = (
            select(*columns(jobs, Job))
            .where(jobs.c.account_id == account_id)
            .where(jobs.c.forgotten_at.is_(None))
        )
        with self._database.read() as connection:
            if before is not None:
                find_job(connection, before, account_id)
                last = select(jobs.c.number).where(jobs.c.request_id == before).scalar_subquery()
                query = query.where(jobs.c.number < last)
            query = query.order_by(jobs.c.number.desc()).limit(limit + 1)
            rows = connection.execute(query).mappings().all()
        return page_of(rows, limit, lambda row: Job(**row), lambda last: last.request_id)

    def _give_up(
        self,
        request_id: str,
        status: JobStatus,
        *,
        account_id: str | None = None,
        error: VivantError | None = None,
        untold: bool = False,
    ) -> Finished:
        now = self._clock()
        with self._database.write() as connection:
            job = lock_job(connection, request_id, account_id)
            if job.status is status:
                return Finished(job, balance_of(connection, job.account_id))
            if job.status not in OPEN:
                raise JobClosed(request_id, job.status)
            posted = post_release(connection, job.hold_id, now)
            ended = replace(job, status=status, finished_at=now)
            if error is not None:
                ended = replace(ended, error=plain_text(error), error_kind=type(error).__name__)
            if untold:
                ended = replace(ended, webhook_url=None, idempotency_key=None)
                free_key(connection, request_id)
            return Finished(finish_job(connection, ended), posted.balance)
