"""What time and crashes leave behind: overdue jobs, expired holds, jobs cut off half-way."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import select

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import DeadlinePassed, EngineStopped, JobClosed, VivantError
from vivant.ledger.database import Database
from vivant.ledger.job import Job
from vivant.ledger.job_rows import queue_again
from vivant.ledger.jobs import Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.rows import columns
from vivant.ledger.rules import OPEN, JobStatus
from vivant.ledger.tables import jobs

INTERRUPTED = "the server stopped while it worked on this request; nothing was charged"


@dataclass(frozen=True)
class Swept:
    """What a sweep found.

    Attributes:
        jobs: request ids of the jobs that it failed, for whoever still works on one.
        holds: how many holds it released besides theirs.
    """

    jobs: tuple[str, ...]
    holds: int


class Recovery:
    """Clears up in a database, at start and on a timer; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock
        self._jobs = Jobs(database, clock)
        self._ledger = Ledger(database, clock)

    def sweep(self) -> Swept:
        """Fail every job whose deadline has passed and release every hold that has expired."""
        return Swept(jobs=self._fail_overdue(), holds=self._ledger.sweep())

    def recover(self, worker: str, max_attempts: int = 2) -> tuple[Job, ...]:
        """Take up again what a server left when it stopped, before it starts anything else.

        Jobs that were running are QUEUED again. Those that were started `max_attempts` times fail,
        lest one that kills the server does so for ever; so do those past their deadline.

        Args:
            worker: the server's name.
            max_attempts: how often a job may be started.

        Returns:
            The server's jobs, all QUEUED, in the order in which they were submitted.
        """
        self.sweep()
        left = self._open_jobs(worker)
        for job in left:
            if job.attempts >= max_attempts:
                self._fail(job.request_id, EngineStopped(INTERRUPTED))
        again = [job for job in left if job.attempts < max_attempts]
        with self._database.write() as connection:
            for job in again:
                queue_again(connection, job.request_id)
        return tuple(replace(job, status=JobStatus.QUEUED, step=0) for job in again)

    def _open_jobs(self, worker: str) -> list[Job]:
        query = (
            select(*columns(jobs, Job))
            .where(jobs.c.status.in_(OPEN))
            .where(jobs.c.worker == worker)
            .order_by(jobs.c.number)
        )
        with self._database.read() as connection:
            return [Job(**row) for row in connection.execute(query).mappings()]

    def _fail_overdue(self) -> tuple[str, ...]:
        query = (
            select(jobs.c.request_id, jobs.c.created_at, jobs.c.deadline)
            .where(jobs.c.status.in_(OPEN))
            .where(jobs.c.deadline <= self._clock())
            .order_by(jobs.c.number)
        )
        with self._database.read() as connection:
            overdue = connection.execute(query).all()
        return tuple(
            request_id
            for request_id, created_at, deadline in overdue
            if self._fail(request_id, DeadlinePassed((deadline - created_at).total_seconds()))
        )

    def _fail(self, request_id: str, error: VivantError) -> bool:
        try:
            self._jobs.fail(request_id, error)
        except JobClosed:  # finished since it was looked up
            return False
        return True
