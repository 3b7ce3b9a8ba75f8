"""The worker: owns the nets, and gives each step to the job whose turn it is.

The order is that of `vivant.engine.turns`, whose docstring tells what it guarantees. Nothing here
starts a thread: whoever calls `Worker.step` is the worker's thread, always the same one.
"""

from __future__ import annotations

import logging
import traceback
from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from vivant.base.contract import Picture, Progress
from vivant.base.errors import DeadlinePassed, VivantError
from vivant.engine.job import Job, Stopwatch
from vivant.engine.lanes import Lane, Lanes, Mark, News
from vivant.engine.line import Line
from vivant.engine.models import Models
from vivant.engine.pace import Pace
from vivant.engine.tickets import Failed, Finished, Started, Ticket

_logger = logging.getLogger(__name__)

RECENT_STEPS = 64
"""Steps that the speed is measured over."""


@dataclass
class _Run:
    """What is known of a job since it left the line."""

    ticket: Ticket
    began: float
    expected: float
    used: float = 0.0
    step: int = 0
    pictures: set[tuple[str, int]] = field(default_factory=set)
    alone: bool = False
    """Whether it may share no batch, because one that it was in failed."""

    @property
    def waited(self) -> float:
        return self.began - self.ticket.submitted


class Speed(NamedTuple):
    """What the worker has done since it was made.

    Attributes:
        steps: steps taken.
        busy: seconds that they took.
        per_second: steps per busy second, lately; 0 before the first.
    """

    steps: int
    busy: float
    per_second: float


class Worker:
    """Drives the jobs of a line to their end, one step at a time.

    `speed` and `stop_job` may be called on any thread.

    Args:
        line: where the jobs come from.
        models: what they need.
        lanes: where they run.
        pace: learns how long they take.
        stopwatch: tells when a deadline has passed and how long a step takes.
    """

    def __init__(
        self, line: Line, models: Models, lanes: Lanes, pace: Pace, stopwatch: Stopwatch
    ) -> None:
        self._line = line
        self._models = models
        self._lanes = lanes
        self._pace = pace
        self._stopwatch = stopwatch
        self._runs: dict[str, _Run] = {}
        self._unwanted: dict[str, Exception] = {}
        self._recent: deque[float] = deque(maxlen=RECENT_STEPS)
        self._steps = 0
        self._busy = 0.0

    def speed(self) -> Speed:
        """How much was done, and how fast."""
        recent = tuple(self._recent)
        total = sum(recent)
        return Speed(self._steps, self._busy, len(recent) / total if total > 0 else 0.0)

    def stop_job(self, job_id: str, reason: Exception) -> bool:
        """End a job: at once if it waits, before its next step if it runs.

        Returns:
            False if there is no such job, or none any more.
        """
        waiting = self._line.withdraw(job_id)
        if waiting is not None:
            total = self._stopwatch() - waiting.submitted
            waiting.publish(Failed(reason, 0.0, total))
            return True
        if self._line.find(job_id) is None:
            return False
        self._unwanted[job_id] = reason
        return True

    def stop_all(self, reason: Exception) -> None:
        """End every job, now; on the worker's thread."""
        for ticket in self._line.present():
            self._fail(ticket, reason)

    def step(self) -> bool:
        """Do one thing: load a model, start a job, or advance one by a step.

        Jobs that are unwanted or late are ended before that.

        Returns:
            False if there was nothing to do.
        """
        self._end_unwanted()
        preload = self._models.to_preload()
        if preload is not None and self._models.can_fit(preload, self._lanes.models_in_use()):
            self._load(preload)
            return True
        return self._take_turn()

    def _end_unwanted(self) -> None:
        for job_id in tuple(self._unwanted):
            reason = self._unwanted.pop(job_id)
            unwanted = self._line.find(job_id)
            if unwanted is not None:
                self._fail(unwanted, reason)
        now = self._stopwatch()
        for ticket in self._line.present():
            limit = ticket.job.time_limit
            if limit is not None and now - ticket.submitted >= limit:
                self._fail(ticket, DeadlinePassed(limit))

    def _take_turn(self) -> bool:
        turns = self._line.turns()
        waits_for_memory = False
        for ticket in turns:
            lane = self._lanes.of(ticket.job.id)
            if lane is not None:
                # A batch fills up before it advances, unless memory is being cleared.
                if waits_for_memory or not self._start_mate(lane, turns):
                    self._advance(lane)
                return True
            if waits_for_memory or not self._has_place(ticket.job):
                continue
            if self._prepare(ticket):
                return True
            # Nobody after this job starts before it, or the models in use might never be idle.
            waits_for_memory = True
        return False

    def _has_place(self, job: Job) -> bool:
        run = self._runs.get(job.id)
        return self._lanes.has_place(job, alone=run is not None and run.alone)

    def _start_mate(self, lane: Lane, turns: list[Ticket]) -> bool:
        for ticket in turns:
            if lane.accepts(ticket.job) and self._line.waits(ticket.job.id):
                self._start(ticket)
                return True
        return False

    def _prepare(self, ticket: Ticket) -> bool:
        """Bring a job one action nearer to its first step; False if its model has no room."""
        name = ticket.job.model
        failure = self._models.failure(name)
        if self._models.is_loaded(name):
            self._start(ticket)
        elif failure is not None:
            self._fail(ticket, failure)
        elif self._models.can_fit(name, self._lanes.models_in_use()):
            self._load(name)
        else:
            return False
        return True

    def _load(self, name: str) -> None:
        try:
            self._models.load(name, self._lanes.models_in_use())
        except Exception as error:  # jobs that need it are told on their turn
            _logger.exception("loading model %s failed", name)
            _let_go(error)

    def _start(self, ticket: Ticket) -> None:
        job = ticket.job
        run = self._runs.get(job.id)
        if run is None and not self._line.take(job.id):
            return  # withdrawn a moment ago
        began = self._stopwatch()
        if run is None:
            run = _Run(ticket, began, self._pace.expected(job))
            self._runs[job.id] = run
            ticket.publish(Started(run.waited))
        try:
            self._lanes.start(job, self._models.use(job.model), alone=run.alone)
        except Exception as error:  # noqa: BLE001  # it ends this job and no other
            self._fail(ticket, error)
            return
        self._spend(run, self._stopwatch() - began)

    def _advance(self, lane: Lane) -> None:
        jobs = tuple(lane.jobs.values())
        self._models.use(jobs[0].model)
        began = self._stopwatch()
        try:
            news = lane.advance()
        except Exception as error:  # noqa: BLE001  # it ends the only job, or each is tried alone
            news = self._blame(jobs, error)
        seconds = self._stopwatch() - began
        self._steps += 1
        self._busy += seconds
        self._recent.append(seconds)
        per_step = [job.cost / job.steps for job in jobs]
        for job, share in zip(jobs, per_step, strict=True):
            self._spend(self._runs[job.id], seconds * share / sum(per_step))
        for job_id, what in news:
            self._deliver(job_id, what)

    def _blame(self, jobs: tuple[Job, ...], error: Exception) -> list[tuple[str, News]]:
        if len(jobs) == 1:
            return [(jobs[0].id, error)]
        _logger.warning(
            "a batch of %d jobs failed; each runs again alone", len(jobs), exc_info=error
        )
        _let_go(error)
        for job in jobs:
            self._runs[job.id].alone = True
            self._lanes.drop(job.id)
        return []

    def _spend(self, run: _Run, seconds: float) -> None:
        run.used += seconds
        self._line.spend(run.ticket.job.id, seconds)

    def _deliver(self, job_id: str, what: News) -> None:
        run = self._runs.get(job_id)
        if run is None:
            return
        match what:
            case Mark.DONE:
                self._finish(run)
            case Exception() as error:
                self._fail(run.ticket, error)
            # A job that runs again says again what it said before.
            case Progress() as progress if progress.step >= run.step:
                self._note_progress(run, progress)
                run.ticket.publish(progress)
            case Picture(kind=kind, index=index) as picture if (kind, index) not in run.pictures:
                run.pictures.add((kind, index))
                run.ticket.publish(picture)

    def _note_progress(self, run: _Run, progress: Progress) -> None:
        run.step = progress.step
        if run.used > run.expected:
            # The estimate was too low; from here on the job's own speed tells more.
            remaining = run.used / max(progress.step, 1) * (progress.total - progress.step)
            self._line.expect(run.ticket.job.id, remaining)

    def _finish(self, run: _Run) -> None:
        job = run.ticket.job
        self._pace.learn(job, run.used)
        total = self._leave(run.ticket)
        run.ticket.publish(Finished(run.waited, run.used, total))

    def _fail(self, ticket: Ticket, error: Exception) -> None:
        if not isinstance(error, VivantError):
            _logger.error("job %s failed", ticket.job.id, exc_info=error)
        run = self._runs.get(ticket.job.id)
        total = self._leave(ticket)
        _let_go(error)
        ticket.publish(Failed(error, run.used if run else 0.0, total))

    def _leave(self, ticket: Ticket) -> float:
        """Forget a job; returns the seconds since its submission."""
        self._lanes.drop(ticket.job.id)
        self._line.leave(ticket.job.id)
        self._runs.pop(ticket.job.id, None)
        return self._stopwatch() - ticket.submitted


def _let_go(error: BaseException | None) -> None:
    """Free what the frames of an error's traceback hold: tensors, and whole models."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
