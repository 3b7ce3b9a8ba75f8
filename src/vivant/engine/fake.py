"""Pictures from nowhere: an endpoint without networks, for tests, load tests and demonstrations.

The engine around it is the real one, with its line, worker, deadlines and tickets:

    engine = fake_engine(["sd3-med-pose", "storydiffusion"], models=["embedded"])
    engine.start()
    pictures = engine.submit(Job("1", "ada", "sd3-med-pose", "embedded", request)).result()

The same request gives the same pictures, and another request others. By default a picture is 256
pixels wide and, as a JPEG of quality 95, about 50 KB, as real ones are.
"""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from PIL import Image

from vivant.base.contract import Event, Picture, Progress
from vivant.engine.job import Stopwatch
from vivant.engine.line import Line
from vivant.engine.local import LocalEngine
from vivant.engine.models import Model

FAKE = "fake"
"""What pictures name as the weights that drew them."""

GRAIN = 24
"""Random dots along each side, stretched over the picture; more make larger files."""


def seed_of(request: Any) -> int:
    """A request's `seed`, or 0 where it has none or leaves it open."""
    return int(getattr(request, "seed", 0) or 0)


def fake_picture(request: object, seed: int, side: int = 256) -> Image.Image:
    """A square picture that only this request gets, by the hash of its `repr` and the seed.

    Args:
        request: anything whose `repr` tells its fields.
        seed: of this picture.
        side: pixels along each side.
    """
    digest = hashlib.sha256(f"{request!r} {seed}".encode()).digest()
    dots = random.Random(digest).randbytes(3 * GRAIN * GRAIN)  # noqa: S311  # no secret
    image = Image.frombytes("RGB", (GRAIN, GRAIN), dots)
    return image.resize((side, side), Image.Resampling.NEAREST)


class FakeRunner:
    """A `Runner` that takes as long, and fails, as it is told to.

    Args:
        steps: of each job.
        seconds_per_step: how long a step keeps the worker busy.
        side: pixels along each side of a picture.
        fail: the error that a request ends with in the middle of its steps, or None.
        wait: keeps the worker busy; a test may hand in its own.
    """

    def __init__(
        self,
        *,
        steps: int = 2,
        seconds_per_step: float = 0.0,
        side: int = 256,
        fail: Callable[[Any], Exception | None] = lambda _: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._steps = steps
        self._seconds_per_step = seconds_per_step
        self._side = side
        self._fail = fail
        self._wait = wait

    def start(
        self,
        model: Any,  # noqa: ARG002  # the protocol's
        request: Any,
        takes: int | None = None,
    ) -> Iterator[Event]:
        """Make a request's pictures; picture j has the request's seed + j.

        Args:
            model: of no use.
            request: of any kind.
            takes: how many pictures; by default the request's `samples`, or 1.
        """
        error = self._fail(request)
        for step in range(1, self._steps + 1):
            if self._seconds_per_step > 0:
                self._wait(self._seconds_per_step)
            if error is not None and 2 * step >= self._steps:
                raise error
            yield Progress(step, self._steps)
        for index in range(int(getattr(request, "samples", 1)) if takes is None else takes):
            seed = seed_of(request) + index
            image = fake_picture(request, seed, self._side)
            yield Picture(image, seed, index, settings={"seed": seed, "weights": FAKE})


def fake_engine(
    endpoints: Iterable[str],
    models: Iterable[str],
    *,
    runner: FakeRunner | None = None,
    line: Line | None = None,
    stopwatch: Stopwatch = time.monotonic,
) -> LocalEngine:
    """An engine that serves these endpoints and models by one fake; not started.

    Args:
        endpoints: names that jobs may carry.
        models: names that jobs may carry; they load at once.
        runner: how the fake behaves.
        line: where jobs wait.
        stopwatch: the engine's.
    """
    fake = FakeRunner() if runner is None else runner
    return LocalEngine(
        dict.fromkeys(endpoints, fake),
        [Model(name, load=lambda: None, preload=True) for name in models],
        line=line,
        stopwatch=stopwatch,
    )
