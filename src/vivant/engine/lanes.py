"""What is under way: each lane is one generator, or one batch of jobs that share evaluations."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Protocol, TypeAlias

from vivant.base.contract import Event
from vivant.engine.job import Job
from vivant.engine.runners import AnyRunner, BatchRunner, Together

_logger = logging.getLogger(__name__)


class Mark(Enum):
    """What a lane tells of a job that is neither an event nor an error."""

    DONE = "done"


News: TypeAlias = Event | Exception | Mark


class Lane(Protocol):
    """Something that the worker can advance by a step."""

    @property
    def jobs(self) -> Mapping[str, Job]:
        """Those under way here, by id."""
        ...

    def accepts(self, job: Job) -> bool:
        """Whether a job would share this lane's evaluations."""
        ...

    def advance(self) -> list[tuple[str, News]]:
        """Take a step and tell what happened.

        Raises:
            Exception: in a lane of several jobs, whose fault it is remains unknown.
        """
        ...

    def remove(self, job_id: str) -> None:
        """Give up a job, done or not."""
        ...


class SoloLane:
    """One job, one generator."""

    def __init__(self, job: Job, events: Iterator[Event | None]) -> None:
        self.jobs: Mapping[str, Job] = {job.id: job}
        self._events = events

    def accepts(self, job: Job) -> bool:  # noqa: ARG002  # the protocol's
        """Nobody shares a generator."""
        return False

    def advance(self) -> list[tuple[str, News]]:
        """Run the generator to its next yield."""
        (job_id,) = self.jobs
        try:
            event = next(self._events)
        except StopIteration:
            return [(job_id, Mark.DONE)]
        except Exception as error:  # noqa: BLE001  # handed on: it ends this job and no other
            return [(job_id, error)]
        return [] if event is None else [(job_id, event)]

    def remove(self, job_id: str) -> None:
        """Close the generator."""
        self.jobs = {}
        close = getattr(self._events, "close", None)
        if close is None:
            return
        try:
            close()
        except Exception:
            _logger.exception("closing job %s failed", job_id)


class SharedLane:
    """Jobs of one endpoint and model that advance together."""

    def __init__(self, key: tuple[str, str], together: Together, *, closed: bool) -> None:
        self.jobs: dict[str, Job] = {}
        self._key = key
        self._together = together
        self._closed = closed

    def accepts(self, job: Job) -> bool:
        """Only jobs of its endpoint and model, while the batch has room."""
        return (
            not self._closed
            and (job.endpoint, job.model) == self._key
            and self._together.accepts(job.request)
        )

    def add(self, job: Job) -> None:
        """Let a job take part.

        Raises:
            Exception: its request is at fault.
        """
        self._together.add(job.id, job.request)
        self.jobs[job.id] = job

    def advance(self) -> list[tuple[str, News]]:
        """Take one shared step."""
        news: list[tuple[str, News]] = list(self._together.advance())
        failed = {job_id for job_id, what in news if isinstance(what, Exception)}
        done = [
            job_id
            for job_id in self.jobs
            if job_id not in failed and not self._together.under_way(job_id)
        ]
        return news + [(job_id, Mark.DONE) for job_id in done]

    def remove(self, job_id: str) -> None:
        """Take a job out of the batch."""
        del self.jobs[job_id]
        try:
            self._together.remove(job_id)
        except Exception:
            _logger.exception("removing job %s from its batch failed", job_id)
            self._closed = True


class Lanes:
    """All lanes under way.

    Args:
        runners: by the endpoint's name.
        places: lanes that may be under way at once, 1 or more.
    """

    def __init__(self, runners: Mapping[str, AnyRunner], places: int) -> None:
        self._runners = runners
        self._places = places
        self._lanes: list[Lane] = []

    def of(self, job_id: str) -> Lane | None:
        """The lane that a job is in, or None."""
        return next((lane for lane in self._lanes if job_id in lane.jobs), None)

    def models_in_use(self) -> set[str]:
        """Models that a job under way needs."""
        return {job.model for lane in self._lanes for job in lane.jobs.values()}

    def has_place(self, job: Job, *, alone: bool = False) -> bool:
        """Whether a job could start now, in a lane of its own or, unless `alone`, in another's."""
        return len(self._lanes) < self._places or (
            not alone and any(lane.accepts(job) for lane in self._lanes)
        )

    def start(self, job: Job, model: Any, *, alone: bool = False) -> None:
        """Put a job under way: into a batch that has room, or else into a lane of its own.

        Args:
            job: which has a place.
            model: the job's, loaded.
            alone: whether nobody may share its lane, now or later.

        Raises:
            Exception: what the runner raised; nothing is under way then that was not before.
        """
        runner = self._runners[job.endpoint]
        if not isinstance(runner, BatchRunner):
            self._lanes.append(SoloLane(job, iter(runner.start(model, job.request))))
            return
        shared = None if alone else self._batch_for(job)
        if shared is None:
            key = (job.endpoint, job.model)
            shared = SharedLane(key, runner.together(model), closed=alone)
            shared.add(job)
            self._lanes.append(shared)
        else:
            shared.add(job)

    def drop(self, job_id: str) -> None:
        """Give up a job, done or not; one that is not under way is ignored."""
        lane = self.of(job_id)
        if lane is None:
            return
        lane.remove(job_id)
        if not lane.jobs:
            self._lanes.remove(lane)

    def _batch_for(self, job: Job) -> SharedLane | None:
        return next((x for x in self._lanes if isinstance(x, SharedLane) and x.accepts(job)), None)
