"""How fast this machine is: expected seconds of a job, learned from those that are done."""

from __future__ import annotations

from vivant.engine.job import Job

LEARNING_RATE = 0.3
"""Weight of the newest job: follows a machine that gets busier within a few jobs."""


class Pace:
    """Seconds per unit of cost, by endpoint and model; 1 until a job has shown otherwise."""

    def __init__(self) -> None:
        self._rates: dict[tuple[str, str], float] = {}

    def expected(self, job: Job) -> float:
        """Seconds of the worker's time that a job should take."""
        return job.cost * self._rates.get((job.endpoint, job.model), 1.0)

    def learn(self, job: Job, seconds: float) -> None:
        """A job of this cost has taken so long."""
        key = (job.endpoint, job.model)
        seen = seconds / job.cost
        known = self._rates.get(key, seen)
        self._rates[key] = known + LEARNING_RATE * (seen - known)
