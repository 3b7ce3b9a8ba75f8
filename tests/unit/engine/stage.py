"""Simulated time, and endpoints that do nothing but let it pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

from vivant.base.contract import Event, Picture, Progress
from vivant.engine.job import Job
from vivant.engine.local import LocalEngine
from vivant.engine.models import Model
from vivant.engine.runners import BatchNews
from vivant.engine.tickets import Ticket

PIXEL = Image.new("RGB", (1, 1))


class Watch:
    """A stopwatch that stands still until somebody lets time pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, seconds: float) -> None:
        self.now += seconds


@dataclass(frozen=True)
class Work:
    """What the endpoints here read of a request."""

    steps: int = 2
    seconds: float = 1.0
    """Of each step."""
    fails_at: int = 0
    """The step that raises, or 0."""
    harms: bool = False
    """Whether its failure is everybody's in a batch."""


class Solo:
    """A runner of generators; notes in `closed` which were given up or came to their end."""

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.closed: list[Work] = []

    def start(self, model: Any, work: Work) -> Iterator[Event | None]:
        assert model is not None
        try:
            for step in range(1, work.steps + 1):
                self.watch.pass_by(work.seconds)
                if step == work.fails_at:
                    raise RuntimeError(f"step {step} failed")
                yield Progress(step, work.steps)
            yield Picture(PIXEL, 7, 0)
        finally:
            self.closed.append(work)


class Batch:
    """A batch runner whose shared step takes as long as its longest member's."""

    def __init__(self, watch: Watch, room: int = 2) -> None:
        self.watch = watch
        self.room = room
        self.advanced: list[list[str]] = []

    def together(self, model: Any) -> Shared:
        assert model is not None
        return Shared(self)


class Shared:
    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.done: dict[str, int] = {}
        self.work: dict[str, Work] = {}

    def accepts(self, request: Work) -> bool:
        return len(self.work) < self.batch.room and request.steps > 0

    def add(self, job: str, request: Work) -> None:
        if request.steps == 0:
            raise ValueError("no steps")
        self.work[job] = request
        self.done[job] = 0

    def advance(self) -> Iterator[tuple[str, BatchNews]]:
        self.batch.advanced.append(sorted(self.work))
        self.batch.watch.pass_by(max(work.seconds for work in self.work.values()))
        for job, work in self.work.items():
            self.done[job] += 1
            step = self.done[job]
            if step == work.fails_at and work.harms:
                raise RuntimeError("out of memory")
            if step == work.fails_at:
                yield job, RuntimeError(f"step {step} failed")
            else:
                yield job, Progress(step, work.steps)
                if step == work.steps:
                    yield job, Picture(PIXEL, 7, 0)

    def remove(self, job: str) -> None:
        self.work.pop(job, None)

    def under_way(self, job: str) -> bool:
        return job in self.work and self.done[job] < self.work[job].steps


class Stage:
    """An engine in simulated time, stepped by hand."""

    def __init__(self, *models: Model, room: int = 2, **settings: Any) -> None:
        self.watch = Watch()
        self.solo = Solo(self.watch)
        self.batch = Batch(self.watch, room)
        self.engine = LocalEngine(
            {"story": self.solo, "pose": self.batch},
            models or [Model("net", load=object)],
            stopwatch=self.watch,
            **settings,
        )
        self.count = 0

    def submit(
        self,
        work: Work,
        endpoint: str = "story",
        account: str = "ada",
        model: str = "net",
        **settings: Any,
    ) -> Ticket:
        self.count += 1
        cost = max(work.steps * work.seconds, 1e-9)
        settings = {"cost": cost, "steps": max(work.steps, 1)} | settings
        job = Job(str(self.count), account, endpoint, model, work, **settings)
        return self.engine.submit(job)

    def steps(self, count: int) -> None:
        for _ in range(count):
            assert self.engine.worker.step()

    def until(self, reached: Callable[[], bool]) -> None:
        while not reached():
            assert self.engine.worker.step()

    def to_the_end(self) -> None:
        while self.engine.worker.step():
            pass
