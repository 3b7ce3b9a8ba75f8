"""The engine within this process: one line, one worker thread."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping

from vivant.base.errors import Cancelled, EngineStopped
from vivant.engine.engine import EngineState, Phase
from vivant.engine.job import Job, Stopwatch
from vivant.engine.lanes import Lanes
from vivant.engine.line import Line
from vivant.engine.models import RETRY_AFTER, Model, Models
from vivant.engine.pace import Pace
from vivant.engine.runners import AnyRunner
from vivant.engine.tickets import Ticket
from vivant.engine.worker import Worker

_logger = logging.getLogger(__name__)

PLACES = 8
"""Lanes under way at once. A job only starts before one that runs if it will be done sooner, so
eight leave room for jobs nested eight deep; what is suspended holds latents, not networks."""


class LocalEngine:
    """An `Engine` whose worker is a thread of this process; see there for its methods.

    Args:
        runners: by the endpoint's name.
        models: all that jobs may ask for.
        line: where jobs wait.
        memory_budget: bytes that loaded models may take together, or None for no limit.
        places: lanes that may be under way at once.
        stopwatch: the engine's.
    """

    def __init__(
        self,
        runners: Mapping[str, AnyRunner],
        models: Iterable[Model],
        *,
        line: Line | None = None,
        memory_budget: int | None = None,
        places: int = PLACES,
        stopwatch: Stopwatch = time.monotonic,
    ) -> None:
        self._runners = dict(runners)
        self._line = Line() if line is None else line
        self._models = Models(models, stopwatch, memory_budget)
        self._pace = Pace()
        self._stopwatch = stopwatch
        self.worker = Worker(
            self._line, self._models, Lanes(self._runners, places), self._pace, stopwatch
        )
        self._lock = threading.Lock()
        """Guards the phase, so that no job slips in after the last look at the line."""
        self._phase = Phase.NEW
        self._thread: threading.Thread | None = None
        self._news = threading.Event()

    def submit(self, job: Job, *, even_if_full: bool = False) -> Ticket:
        """Let a job wait for its turn."""
        if job.endpoint not in self._runners:
            raise ValueError(f"endpoint: {job.endpoint!r} has no runner")
        if job.model not in self._models:
            raise ValueError(f"model: {job.model!r} is unknown to the engine")
        ticket = Ticket(job, self._stopwatch())
        with self._lock:
            if self._phase not in {Phase.NEW, Phase.RUNNING}:
                raise EngineStopped(f"the engine is {self._phase} and takes no jobs")
            self._line.put(ticket, self._pace.expected(job), even_if_full=even_if_full)
        self._news.set()
        return ticket

    def cancel(self, job_id: str) -> bool:
        """End a job before its next step."""
        return self.worker.stop_job(job_id, Cancelled("cancelled"))

    def ticket(self, job_id: str) -> Ticket | None:
        """The ticket of a job that is waiting or running."""
        return self._line.find(job_id)

    def position(self, job_id: str) -> int | None:
        """How many waiting jobs will start before this one."""
        return self._line.position(job_id)

    def state(self) -> EngineState:
        """How things stand."""
        waiting, running = self._line.counts()
        speed = self.worker.speed()
        return EngineState(
            phase=self._phase,
            ready=self._phase is Phase.RUNNING and self._models.ready,
            waiting=waiting,
            running=running,
            models=self._models.states(),
            steps=speed.steps,
            busy_seconds=speed.busy,
            steps_per_second=speed.per_second,
        )

    def start(self) -> None:
        """Begin to work, or begin again after a stop."""
        with self._lock:
            if self._thread is not None:
                raise RuntimeError("the engine works already")
            self._phase = Phase.RUNNING
            self._thread = threading.Thread(target=self._work, name="vivant-worker", daemon=True)
            self._thread.start()

    def stop(self, *, drain: bool = False, timeout: float | None = None) -> None:
        """Stop working, and return when it has stopped."""
        with self._lock:
            thread = self._thread
            if self._phase is not Phase.CRASHED:
                self._phase = Phase.DRAINING if drain and thread else Phase.STOPPED
        self._news.set()
        if thread is None:
            self.worker.stop_all(_stopped())
            return
        if drain:
            thread.join(timeout)
            with self._lock:
                if self._phase is Phase.DRAINING:
                    self._phase = Phase.STOPPED
            self._news.set()
        thread.join()
        self._thread = None

    def _work(self) -> None:
        try:
            while True:
                # Cleared before looking, so that nothing can happen unnoticed.
                self._news.clear()
                if not self._goes_on():
                    break
                if not self.worker.step():
                    self._news.wait(RETRY_AFTER)
        except Exception as error:
            _logger.exception("the engine crashed")
            with self._lock:
                self._phase = Phase.CRASHED
            self.worker.stop_all(error)
        else:
            self.worker.stop_all(_stopped())

    def _goes_on(self) -> bool:
        match self._phase:
            case Phase.RUNNING:
                return True
            case Phase.DRAINING:
                return any(self._line.counts())
            case _:
                return False


def _stopped() -> EngineStopped:
    return EngineStopped("the engine stopped before the job was done")
