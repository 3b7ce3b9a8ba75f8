"""From the engine to the ledger: what a job makes is encoded, stored, and paid for.

Each job has one clerk, which is told of the job's events on the worker's thread and deals with them
on a thread of a pool, in their order. The end is told to listeners once it is in the ledger.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from vivant.base.contract import Picture, Progress
from vivant.base.errors import Cancelled, EngineStopped, Fault, JobClosed, VivantError
from vivant.base.version import __version__
from vivant.engine.engine import Engine
from vivant.engine.tickets import Failed, Finished, Listener, Started, Ticket, TicketEvent
from vivant.ledger.assets import StoredFile
from vivant.ledger.jobs import Finished as Ended
from vivant.ledger.jobs import Jobs
from vivant.ledger.rules import JobStatus
from vivant.output.encode import content_type
from vivant.service.files import PictureFile
from vivant.service.live import Live, Lives, outlives_a_stop
from vivant.service.present import in_order, metrics_of, view_of
from vivant.service.reader import Reader
from vivant.service.tally import Tally
from vivant.service.vault import Vault
from vivant.service.views import JobView

_logger = logging.getLogger(__name__)

THREADS = 8
"""Clerks that work at once: encoding leaves Python's lock, and jobs that end share a commit."""

NOTE_EVERY = 2.0
"""Seconds between two notes of a job's progress in its row."""


@dataclass(frozen=True)
class Office:
    """What every clerk works with."""

    engine: Engine
    jobs: Jobs
    reader: Reader
    vault: Vault
    lives: Lives
    tally: Tally


class Clerks:
    """Gives each job a clerk.

    Args:
        office: what they work with.
    """

    def __init__(self, office: Office) -> None:
        self._office = office
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="vivant-clerk")

    def follow(self, live: Live, ticket: Ticket) -> None:
        """Deal with a job's events from the first to the last."""
        _Clerk(self._office, self._pool, live).listen(ticket)

    def stop(self) -> None:
        """Deal with all that has been told, and with nothing more."""
        self._pool.shutdown(wait=True)


class _Clerk:
    """Deals with one job."""

    def __init__(self, office: Office, pool: ThreadPoolExecutor, live: Live) -> None:
        self._office = office
        self._pool = pool
        self._live = live
        self._listener: Listener | None = None
        self._lock = threading.Lock()
        self._told = 0
        self._busy = False
        self._is_done = False
        self._noted = time.monotonic()
        self._waited = 0.0
        self._made: list[tuple[Picture, StoredFile]] = []
        self._trouble: Exception | None = None

    def listen(self, ticket: Ticket) -> None:
        # `listen` tells at once what was told before; nobody is to read that until it returns.
        self._busy = True
        self._listener = ticket.listen(self._wake)
        self._pool.submit(self._work)

    def _wake(self) -> None:
        with self._lock:
            self._told += 1
            if self._busy:
                return
            self._busy = True
        self._pool.submit(self._work)

    def _work(self) -> None:
        assert self._listener is not None  # noqa: S101  # set before the first call
        while True:
            seen = self._told
            events = self._listener.take()
            # What is done before it was claimed is claimed and completed at one go.
            self._is_done = bool(events) and isinstance(events[-1], Finished)
            for event in events:
                self._deal_with(event)
            with self._lock:
                if self._told == seen:
                    self._busy = False
                    return

    def _deal_with(self, event: TicketEvent) -> None:
        if isinstance(event, Finished | Failed):
            self._close(event)
            return
        try:
            self._note(event)
        except Exception as error:  # noqa: BLE001  # it ends the job as soon as the engine lets go
            self._trouble = self._trouble or error
            self._office.engine.cancel(self._live.job.request_id)

    def _note(self, event: Started | Progress | Picture) -> None:
        request_id = self._live.job.request_id
        match event:
            case Started(waited=waited):
                self._waited = waited
                if not self._is_done:
                    self._live.job = self._office.jobs.claim(request_id)
            case Progress():
                self._live.note(event)
                self._note_progress(event)
            case Picture():
                self._made.append((event, self._stored(event)))
        self._live.feed.publish(event)

    def _note_progress(self, progress: Progress) -> None:
        """Tell the row, now and then, and learn from it whether the job is still wanted."""
        now = time.monotonic()
        if self._is_done or now - self._noted < NOTE_EVERY:
            return
        self._noted = now
        request_id = self._live.job.request_id
        if not self._office.jobs.progress(request_id, progress.step, progress.total):
            raise Cancelled("cancelled")

    def _stored(self, picture: Picture) -> StoredFile:
        request = self._live.work.request
        file = PictureFile(
            replace(picture, settings=self._settings(picture)),
            request.output_format,
            request.output_quality,
        )
        return self._office.vault.put(
            file.encode(),
            content_type(file.format),
            size=picture.image.size,
            seed=picture.seed,
        )

    def _settings(self, picture: Picture) -> Mapping[str, object]:
        """What a picture carries of how it was made."""
        endpoint = self._live.endpoint
        hidden = () if self._live.keep_texts else endpoint.TEXT_FIELDS
        told = {name: value for name, value in picture.settings.items() if name not in hidden}
        return {"endpoint": endpoint.SLUG, "version": __version__, **told}

    def _close(self, last: Finished | Failed) -> None:
        """End the job in the ledger, then tell its listeners."""
        error = self._trouble or (last.error if isinstance(last, Failed) else None)
        try:
            view = self._complete(last.used) if error is None else self._fail(error)
        except JobClosed:
            view = self._office.reader.view(self._live.job.request_id)
        except Exception as fault:
            _logger.exception("job %s cannot be ended", self._live.job.request_id)
            view, error = self._last_resort(), fault
        if view is None or view.status is not JobStatus.COMPLETED:
            self._office.vault.drop(file for _, file in self._made)
        if view is not None:
            self._office.tally.note_end(view)
        if error is not None:
            last = Failed(error, last.used, last.total)
        self._office.lives.end(self._live, view, last)

    def _complete(self, used: float) -> JobView:
        made = sorted(self._made, key=lambda each: in_order(each[0]))
        pictures = [picture for picture, _ in made]
        files = [file for _, file in made]
        steps = self._live.progress[1] if self._live.progress else 0
        ended = self._office.jobs.complete(
            self._live.job.request_id,
            files,
            seed=pictures[0].seed if pictures else None,
            metrics=metrics_of(pictures, steps=steps, waited=self._waited, used=used),
            claim=self._is_done,
        )
        return self._view(ended, files)

    def _fail(self, error: Exception) -> JobView | None:
        """Release the hold; a job that somebody comes back for waits for the next start."""
        job = self._live.job
        if isinstance(error, EngineStopped) and outlives_a_stop(job):
            return None
        if not isinstance(error, VivantError):
            _logger.error("job %s failed", job.request_id, exc_info=error)
            error = Fault(job.request_id)
        return self._view(self._office.jobs.fail(job.request_id, error))

    def _last_resort(self) -> JobView | None:
        """Fail a job that could not be ended as it should; what is left then is the sweeper's."""
        request_id = self._live.job.request_id
        try:
            return self._view(self._office.jobs.fail(request_id, Fault(request_id)))
        except Exception:
            _logger.exception("job %s stays open until its deadline", request_id)
            return None

    def _view(self, ended: Ended, files: Sequence[StoredFile] = ()) -> JobView:
        live = self._live
        return view_of(ended.job, live.endpoint, ended.balance, files=files, progress=live.progress)
