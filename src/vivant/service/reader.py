"""Jobs as they stand: from memory while they are under way here, else from the database."""

from __future__ import annotations

from collections.abc import Callable

from vivant.base.errors import NoSuchEndpoint, NoSuchJob
from vivant.engine.engine import Engine
from vivant.engine.tickets import Listener, Ticket
from vivant.ledger.job import Job
from vivant.ledger.jobs import Jobs
from vivant.ledger.ledger import Ledger
from vivant.ledger.paging import Page
from vivant.ledger.rules import OPEN, JobStatus
from vivant.service.catalog import Catalog, Endpoint
from vivant.service.live import Lives, feed_of, last_of
from vivant.service.present import view_of
from vivant.service.vault import Vault
from vivant.service.views import JobView


class Reader:
    """Tells how jobs stand.

    Args:
        catalog: the endpoints.
        jobs: their rows.
        ledger: the balances.
        vault: their files.
        lives: those under way here.
        engine: where they wait.
    """

    def __init__(
        self,
        catalog: Catalog,
        jobs: Jobs,
        ledger: Ledger,
        vault: Vault,
        lives: Lives,
        engine: Engine,
    ) -> None:
        self._catalog = catalog
        self._jobs = jobs
        self._ledger = ledger
        self._vault = vault
        self._lives = lives
        self._engine = engine

    def view(self, request_id: str, account_id: str | None = None) -> JobView:
        """A job as it stands; `account_id` is who asks, None for the server itself.

        Raises:
            NoSuchJob: there is none, or it is another account's.
        """
        ended = self._lives.ended(request_id)
        if ended is not None:
            if account_id not in {None, ended.account_id}:
                raise NoSuchJob(f"no request has the id {request_id!r:.60}")
            return ended
        job = self._jobs.get(request_id, account_id)
        return self._view(job, self._ledger.balance(job.account_id))

    def is_at_hand(self, request_id: str) -> bool:
        """Whether a job's end is in memory, with at most one file, and that file too."""
        ended = self._lives.ended(request_id)
        if ended is None or len(ended.outputs) > 1:
            return False
        return all(self._vault.is_at_hand(output.asset_id) for output in ended.outputs)

    def history(self, account_id: str, before: str | None, limit: int) -> Page[JobView]:
        """An account's jobs, newest first; see `Jobs.history`."""
        page = self._jobs.history(account_id, before=before, limit=limit)
        balance = self._ledger.balance(account_id)
        return Page(tuple(self._view(job, balance) for job in page.items), page.next)

    def listen(self, request_id: str, account_id: str | None, wake: Callable[[], None]) -> Listener:
        """Listen to a job, wherever it runs; see `Service.events`."""
        return self._feed(request_id, account_id).listen(wake)

    def check_elsewhere(self) -> None:
        """Tell the listeners of jobs that ran elsewhere when these have ended."""
        for request_id in self._lives.elsewhere():
            job = self._jobs.get(request_id)
            if job.status not in OPEN:
                self._lives.end_elsewhere(job)

    def endpoint(self, slug: str) -> Endpoint | None:
        """A job's endpoint; None where it is not served any more."""
        try:
            return self._catalog.find(slug)
        except NoSuchEndpoint:
            return None

    def _feed(self, request_id: str, account_id: str | None) -> Ticket:
        live = self._lives.find(request_id)
        if live is not None and account_id in {None, live.job.account_id}:
            return live.feed
        job = self._jobs.get(request_id, account_id)
        if job.status in OPEN:
            return self._lives.feed_elsewhere(job)
        feed = feed_of(job)
        feed.publish(last_of(job))
        return feed

    def _view(self, job: Job, balance: int) -> JobView:
        live = self._lives.find(job.request_id)
        completed = job.status is JobStatus.COMPLETED
        return view_of(
            job,
            self.endpoint(job.slug),
            balance,
            files=self._vault.of_job(job.request_id) if completed else (),
            progress=None if live is None else live.progress,
            position=self._engine.position(job.request_id),
        )
