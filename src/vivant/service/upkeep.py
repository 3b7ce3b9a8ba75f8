"""What is done on a timer: webhooks, jobs that run elsewhere, and all that time leaves behind."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

_logger = logging.getLogger(__name__)


@dataclass
class Chore:
    """Something to do again and again.

    Attributes:
        name: for the log.
        every: seconds from one end to the next beginning.
        do: the work; what it raises is logged, and it is done again in its time.
        due: when next, on the monotonic clock.
    """

    name: str
    every: float
    do: Callable[[], object]
    due: float = 0.0


class Upkeep:
    """Does chores on one thread.

    Args:
        chores: all of them, done at the start for the first time.
    """

    def __init__(self, chores: list[Chore]) -> None:
        self._chores = chores
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._work, name="vivant-upkeep", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and return when the chore under way is done."""
        self._end.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        while not self._end.is_set():
            for chore in self._chores:
                if chore.due <= time.monotonic():
                    _do(chore)
            next_due = min(chore.due for chore in self._chores)
            self._end.wait(max(next_due - time.monotonic(), 0.0))


def _do(chore: Chore) -> None:
    try:
        chore.do()
    except Exception:
        _logger.exception("the chore %r failed", chore.name)
    chore.due = time.monotonic() + chore.every
