"""The engine as the service sees it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from vivant.engine.job import Job
from vivant.engine.models import ModelState
from vivant.engine.tickets import Ticket


class Phase(StrEnum):
    """Where an engine stands."""

    NEW = "new"
    RUNNING = "running"
    DRAINING = "draining"
    STOPPED = "stopped"
    CRASHED = "crashed"


@dataclass(frozen=True)
class EngineState:
    """An engine at a glance, for readiness and metrics.

    Attributes:
        phase: new (jobs wait for `start`), running, draining (no new jobs, those here are done),
            stopped, or crashed by a fault of the engine itself.
        ready: whether it is running and all models to preload have been loaded.
        waiting: jobs in the line.
        running: jobs that have started.
        models: where each model stands.
        steps: steps taken since the engine was made.
        busy_seconds: what they took.
        steps_per_second: speed of the latest steps; 0 before the first.
    """

    phase: Phase
    ready: bool
    waiting: int
    running: int
    models: tuple[ModelState, ...]
    steps: int
    busy_seconds: float
    steps_per_second: float


class Engine(Protocol):
    """Turns jobs into pictures. Every method may be called on any thread."""

    def submit(self, job: Job, *, even_if_full: bool = False) -> Ticket:
        """Let a job wait for its turn.

        Args:
            job: of an id that is not here already.
            even_if_full: for jobs that had a place before the service was started again.

        Raises:
            LineFull: there is no place left, or none for this account.
            EngineStopped: no jobs are taken now.
            ValueError: the id is taken, or endpoint or model are unknown.
        """
        ...

    def cancel(self, job_id: str) -> bool:
        """End a job before its next step; its ticket tells `Failed` with `Cancelled`.

        Returns:
            False if there is no such job, or none any more.
        """
        ...

    def ticket(self, job_id: str) -> Ticket | None:
        """The ticket of a job that is waiting or running; None for any other."""
        ...

    def position(self, job_id: str) -> int | None:
        """How many waiting jobs will start before this one; None if it does not wait."""
        ...

    def state(self) -> EngineState:
        """How things stand."""
        ...

    def start(self) -> None:
        """Begin to work, or begin again after a stop.

        Raises:
            RuntimeError: it works already.
        """
        ...

    def stop(self, *, drain: bool = False, timeout: float | None = None) -> None:
        """Stop working, and return when it has stopped.

        Args:
            drain: whether the jobs that are here are done first; otherwise they are ended before
                their next step, and their tickets tell `Failed` with `EngineStopped`.
            timeout: seconds to drain; what is not done by then is ended.
        """
        ...
