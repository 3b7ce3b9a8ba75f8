"""Whose turn it is: fair between accounts, and within an account fair between its jobs.

Fairness is `VirtualTime` on two levels. Each account is a flow of the upper level, and each job of
an account a flow of the lower one. A job's predicted finish is what its account has been served,
plus what its account's jobs need until this one is done, sooner finishing ones first. The job with
the earliest predicted finish has the turn.

What follows, with s for the longest step of anybody:

*A short job is not stuck behind a long one.* A story with R seconds to go runs alone, so its
account's service equals virtual time V. A pose request that needs p < R seconds comes, from this
account or another: its finish tag V + p lies before the story's, V + R. While the pose is served
its account's service grows as fast as its remaining time falls, so its tag stays, and it keeps the
turn until it is done. It has waited for the step that was under way: at most s. If R <= p, the
story is nearly done and goes first: the pose waits at most R <= p. In both cases
    wait <= max(s, p),
which is within 1.5 times its own time p wherever a story's step takes at most 1.5 p; stories that
yield within their steps make s small. While R > p, the answer comes after p + s, against p alone.

*A long job is not starved by short ones.* Each short job of others comes with a later tag than the
one before, since V grows while they are served. Once the tags pass the story's, it has the turn.
All that an account has is done no later than if accounts shared the worker equally all the time,
plus two steps: one that was under way, and one since arrivals count from the last step's start.
That holds however many jobs the others have, and for each job of an account that has no other.
What an account got ahead of its share for one job counts when its next one comes.

*Nobody gains by a wrong estimate.* What is used is measured. A job that outlives its estimate is
expected to take another step like its last one, and so moves back with each, to an equal share at
worst. An honest account is done no later than above if each of the others took as long as it takes
or as it says, whichever is longer, and first steps longer than all that was said came on top.
"""

from __future__ import annotations

from dataclasses import dataclass

from vivant.engine.virtual_time import VirtualTime


@dataclass
class _Standing:
    account: str
    remaining: float
    earliest: float
    """Finish tag that it would have had its account had no other job: it goes before nobody else's
    earlier one, even where its account is owed something."""
    number: int
    """Breaks ties by the order of arrival."""
    last: float = 0.0
    """Seconds of its last step: whoever goes on beyond the estimate will take another like it."""

    @property
    def predicted(self) -> float:
        """Seconds to go, at least one step."""
        return max(self.remaining, self.last)


class Turns:
    """Jobs that are waiting or running, in the order in which they should be served.

    Not thread-safe. Times are seconds of the worker's time.
    """

    def __init__(self) -> None:
        self._accounts = VirtualTime()
        self._within: dict[str, VirtualTime] = {}
        self._standings: dict[str, _Standing] = {}
        self._arrived = 0

    def enter(self, job: str, account: str, expected: float) -> None:
        """A job comes that is expected to take so long."""
        if account not in self._within:
            self._within[account] = VirtualTime()
            self._accounts.enter(account)
        self._within[account].enter(job)
        earliest = self._accounts.now + expected
        self._standings[job] = _Standing(account, expected, earliest, self._arrived)
        self._arrived += 1

    def spend(self, job: str, seconds: float) -> None:
        """A job has been served for so long."""
        standing = self._standings[job]
        standing.remaining, standing.last = max(standing.remaining - seconds, 0.0), seconds
        self._within[standing.account].spend(job, seconds)
        self._accounts.spend(standing.account, seconds)

    def expect(self, job: str, remaining: float) -> None:
        """A job is now expected to need so much more."""
        standing = self._standings[job]
        standing.earliest += remaining - standing.remaining
        standing.remaining = remaining

    def leave(self, job: str) -> None:
        """A job is over, or does not want to wait any more."""
        account = self._standings.pop(job).account
        self._within[account].leave(job)
        if not self._within[account]:
            del self._within[account]
            self._accounts.leave(account)

    def backlog(self) -> float:
        """Seconds that all jobs are expected to need still."""
        return sum(standing.remaining for standing in self._standings.values())

    def order(self) -> list[str]:
        """All jobs, the one whose turn it is first."""
        by_account: dict[str, list[tuple[float, int, str]]] = {}
        for job, standing in self._standings.items():
            finish = self._within[standing.account].served(job) + standing.predicted
            by_account.setdefault(standing.account, []).append((finish, standing.number, job))
        predicted = []
        for account, jobs in by_account.items():
            finish = self._accounts.served(account)
            for _, number, job in sorted(jobs):
                finish += self._standings[job].predicted
                predicted.append((max(finish, self._standings[job].earliest), number, job))
        return [job for _, _, job in sorted(predicted)]
