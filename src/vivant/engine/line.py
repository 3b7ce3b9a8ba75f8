"""The waiting line: bounded, and fair between accounts."""

from __future__ import annotations

import math
import threading
from collections import Counter

from vivant.base.errors import LineFull
from vivant.engine.tickets import Ticket
from vivant.engine.turns import Turns

LONGEST_RETRY = 600.0
"""Nobody is told to come back later than in so many seconds."""


class Line:
    """Jobs that wait, and those that run, in the order of `Turns`. Thread-safe.

    An account may fill the line up to `greed` times the places that are then left free, so there is
    always room for others: with greed 2, one account alone gets 2/3 of the line, and two greedy
    ones 2/5 each. (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
    switches", IEEE/ACM Transactions on Networking 6(2), 1998.)

    Args:
        capacity: jobs that may wait, 1 or more.
        greed: see above; positive.
    """

    def __init__(self, capacity: int = 256, greed: float = 2.0) -> None:
        self._capacity = capacity
        self._greed = greed
        self._lock = threading.Lock()
        self._turns = Turns()
        self._present: dict[str, Ticket] = {}
        self._waiting: set[str] = set()
        self._waiting_of: Counter[str] = Counter()

    def put(self, ticket: Ticket, expected: float, *, even_if_full: bool = False) -> None:
        """Let a job wait.

        Args:
            ticket: the job's.
            expected: seconds that it should take.
            even_if_full: for jobs that had a place before the service was started again.

        Raises:
            LineFull: there is no place left, or none for this account.
            ValueError: a job of this id is present already.
        """
        job = ticket.job
        with self._lock:
            if job.id in self._present:
                raise ValueError(f"job {job.id} is waiting or running already")
            if not even_if_full and not self._has_place(job.account):
                raise LineFull(self._retry_after())
            self._present[job.id] = ticket
            self._waiting.add(job.id)
            self._waiting_of[job.account] += 1
            self._turns.enter(job.id, job.account, expected)

    def take(self, job_id: str) -> bool:
        """Let a job run; False if it does not wait any more."""
        with self._lock:
            return self._stop_waiting(job_id)

    def withdraw(self, job_id: str) -> Ticket | None:
        """Let a job go that still waits; None if it runs, or is not here."""
        with self._lock:
            if not self._stop_waiting(job_id):
                return None
            self._turns.leave(job_id)
            return self._present.pop(job_id)

    def leave(self, job_id: str) -> bool:
        """A job is over, wherever it was; False if it had left before."""
        with self._lock:
            if job_id not in self._present:
                return False
            self._stop_waiting(job_id)
            self._turns.leave(job_id)
            del self._present[job_id]
            return True

    def spend(self, job_id: str, seconds: float) -> None:
        """A job has been served for so long."""
        with self._lock:
            if job_id in self._present:
                self._turns.spend(job_id, seconds)

    def expect(self, job_id: str, remaining: float) -> None:
        """A job is now expected to need so much more."""
        with self._lock:
            if job_id in self._present:
                self._turns.expect(job_id, remaining)

    def turns(self) -> list[Ticket]:
        """Those that are waiting or running, the one whose turn it is first."""
        with self._lock:
            return [self._present[job_id] for job_id in self._turns.order()]

    def present(self) -> list[Ticket]:
        """Those that are waiting or running, in the order they came."""
        with self._lock:
            return list(self._present.values())

    def find(self, job_id: str) -> Ticket | None:
        """The ticket of a job that is waiting or running, or None."""
        with self._lock:
            return self._present.get(job_id)

    def position(self, job_id: str) -> int | None:
        """How many waiting jobs will start before this one; None if it does not wait."""
        with self._lock:
            if job_id not in self._waiting:
                return None
            waiting = [other for other in self._turns.order() if other in self._waiting]
            return waiting.index(job_id)

    def waits(self, job_id: str) -> bool:
        """Whether a job is here and has not started."""
        with self._lock:
            return job_id in self._waiting

    def counts(self) -> tuple[int, int]:
        """How many are waiting, and how many are running."""
        with self._lock:
            return len(self._waiting), len(self._present) - len(self._waiting)

    def _has_place(self, account: str) -> bool:
        free = self._capacity - len(self._waiting)
        return free > 0 and self._waiting_of[account] < max(1.0, self._greed * free)

    def _retry_after(self) -> float:
        """About the time until the next job is done: the mean of what each needs still."""
        mean = self._turns.backlog() / len(self._present)
        return float(min(max(math.ceil(mean), 1), LONGEST_RETRY))

    def _stop_waiting(self, job_id: str) -> bool:
        if job_id not in self._waiting:
            return False
        self._waiting.remove(job_id)
        account = self._present[job_id].job.account
        self._waiting_of[account] -= 1
        if not self._waiting_of[account]:
            del self._waiting_of[account]
        return True
