"""Jobs that their owner wants to see no more: their words and files go, their costs stay."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import JSON, type_coerce, update

from vivant.base.clock import Clock, utc_now
from vivant.base.errors import JobClosed
from vivant.ledger.database import Database
from vivant.ledger.job import Job
from vivant.ledger.job_rows import lock_job
from vivant.ledger.rules import OPEN
from vivant.ledger.tables import assets, jobs


class Forgetting:
    """Forgets jobs of a database; `clock` tells the time."""

    def __init__(self, database: Database, clock: Clock = utc_now) -> None:
        self._database = database
        self._clock = clock

    def forget(self, request_id: str, account_id: str) -> tuple[str, ...]:
        """Leave a job out of the history, and enter that its files are gone.

        What was asked is wiped from its row; what it cost stays in the account's book.

        Returns:
            Ids of the files, given and made, whose bytes are now to be deleted.

        Raises:
            JobClosed: it is still under way.
            NoSuchJob: there is none, or it is another account's.
        """
        now = self._clock()
        with self._database.write() as connection:
            job = lock_job(connection, request_id, account_id)
            if job.status in OPEN:
                raise JobClosed(request_id, job.status)
            wipe = (
                update(jobs)
                .where(jobs.c.request_id == request_id)
                .values(request=type_coerce({}, JSON), forgotten_at=now)
            )
            connection.execute(wipe)
            gone = (
                update(assets)
                .where(assets.c.account_id == account_id)
                .where(assets.c.deleted_at.is_(None))
                .where((assets.c.request_id == request_id) | assets.c.id.in_(tuple(_given(job))))
                .values(deleted_at=now)
                .returning(assets.c.id)
            )
            return tuple(connection.execute(gone).scalars())


def _given(job: Job) -> Iterator[str]:
    """Ids of the pictures that came with a request."""
    for value in job.request.values():
        match value:
            case {"asset": str(asset_id)}:
                yield asset_id
