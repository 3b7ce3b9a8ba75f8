"""What the engine is asked to do."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

Stopwatch: TypeAlias = Callable[[], float]
"""Seconds since some fixed moment, never falling: `time.monotonic`, or a test's own."""


@dataclass(frozen=True)
class Job:
    """One request on its way to pictures.

    Attributes:
        id: unique among the jobs that are waiting or running.
        account: whose turn it takes.
        endpoint: the name of the runner that makes the pictures.
        model: the name of the model that the runner needs.
        request: what the runner reads, checked.
        cost: expected seconds of the worker's time, on any machine as long as all jobs of an
            endpoint and model agree; the engine learns how this machine compares.
        steps: steps that the cost is spread over, 1 or more.
        time_limit: seconds from submission within which it must be done, or None.

    Raises:
        ValueError: cost, steps or time limit are not positive and finite.
    """

    id: str
    account: str
    endpoint: str
    model: str
    request: object
    cost: float = 1.0
    steps: int = 1
    time_limit: float | None = None

    def __post_init__(self) -> None:
        limit = 1.0 if self.time_limit is None else self.time_limit
        for name, value in (("cost", self.cost), ("steps", self.steps), ("time_limit", limit)):
            if not 0 < value < math.inf:
                raise ValueError(f"{name}: {value} is not allowed; expected a positive number")
