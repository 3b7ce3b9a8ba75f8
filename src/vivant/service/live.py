"""Jobs that somebody may listen to: those under way here, and those that another server runs."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass

from vivant.base.contract import Progress, Work
from vivant.base.errors import Cancelled, VivantError
from vivant.engine.job import Job as EngineJob
from vivant.engine.tickets import Failed, Finished, Ticket
from vivant.ledger.job import Job
from vivant.ledger.rules import JobStatus
from vivant.service.catalog import Endpoint
from vivant.service.views import JobView

REMEMBERED = 2048
"""Ended jobs whose views are kept in memory, since they are asked for right after their end."""


@dataclass
class Live:
    """A job under way here.

    Attributes:
        job: its row, as last seen.
        endpoint: whose it is.
        work: what runs.
        keep_texts: whether its pictures may carry its texts.
        feed: what its listeners are told; its end comes after the row's.
        progress: steps done and in all; None before the first.
    """

    job: Job
    endpoint: Endpoint
    work: Work
    keep_texts: bool
    feed: Ticket
    progress: tuple[int, int] | None = None

    def note(self, progress: Progress) -> None:
        """Steps were taken."""
        self.progress = progress.step, progress.total


class Lives:
    """All jobs under way here, the views of those that ended, and feeds of jobs elsewhere."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._live: dict[str, Live] = {}
        self._ended: OrderedDict[str, JobView] = OrderedDict()
        self._elsewhere: dict[str, Ticket] = {}

    def begin(self, live: Live) -> None:
        """A job is about to be queued."""
        with self._lock:
            self._live[live.job.request_id] = live

    def forget(self, live: Live) -> None:
        """A job was not queued after all."""
        with self._lock:
            self._live.pop(live.job.request_id, None)

    def find(self, request_id: str) -> Live | None:
        """A job under way here, or None."""
        with self._lock:
            return self._live.get(request_id)

    def ended(self, request_id: str) -> JobView | None:
        """The view of a job that ended here lately, or None."""
        with self._lock:
            return self._ended.get(request_id)

    def end(self, live: Live, view: JobView | None, last: Finished | Failed) -> None:
        """A job is over; its listeners are told.

        Args:
            live: the job.
            view: how it ended; None where it did not, and waits for the next start.
            last: what listeners are told.
        """
        request_id = live.job.request_id
        with self._lock:
            self._live.pop(request_id, None)
            if view is not None:
                self._ended[request_id] = view
            while len(self._ended) > REMEMBERED:
                self._ended.popitem(last=False)
        live.feed.publish(last)

    def count(self) -> int:
        """How many jobs are under way here."""
        with self._lock:
            return len(self._live)

    def feed_elsewhere(self, job: Job) -> Ticket:
        """What the listeners of a job are told that is not under way here."""
        with self._lock:
            if job.request_id not in self._elsewhere:
                self._elsewhere[job.request_id] = feed_of(job)
            return self._elsewhere[job.request_id]

    def elsewhere(self) -> tuple[str, ...]:
        """The jobs that are listened to and not under way here."""
        with self._lock:
            return tuple(self._elsewhere)

    def end_elsewhere(self, job: Job) -> None:
        """A job that ran elsewhere is over."""
        with self._lock:
            feed = self._elsewhere.pop(job.request_id, None)
        if feed is not None:
            feed.publish(last_of(job))


def feed_of(job: Job) -> Ticket:
    """A feed that nothing has been told to yet."""
    named = EngineJob(job.request_id, job.account_id, job.slug, model="", request=None)
    return Ticket(named, time.monotonic())


def last_of(job: Job) -> Finished | Failed:
    """What the listeners of a job that has ended are told at last."""
    total = 0.0 if job.finished_at is None else (job.finished_at - job.created_at).total_seconds()
    match job.status:
        case JobStatus.COMPLETED:
            return Finished(0.0, 0.0, total)
        case JobStatus.CANCELLED:
            return Failed(Cancelled("cancelled"), 0.0, total)
        case _:
            return Failed(VivantError(job.error or "failed"), 0.0, total)


def outlives_a_stop(job: Job) -> bool:
    """Whether a job is taken up again after the server stopped.

    The caller of a v1 request hung up then. With an Idempotency-Key they may come back for the
    answer; without one nobody can, so that nobody is to pay for it either.
    """
    return job.version != "v1" or job.idempotency_key is not None
