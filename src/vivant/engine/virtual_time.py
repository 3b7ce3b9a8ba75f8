"""Fair shares of one worker, by the virtual time of generalised processor sharing.

Source: Parekh and Gallager, "A generalized processor sharing approach to flow control in integrated
services networks: the single-node case", IEEE/ACM Transactions on Networking 1(3), 1993.

In the ideal that is copied, everybody who has work is served at the same moment, at equal speed.
Virtual time V is the service that each of them has had so far: with n of them, V grows by 1/n
second for a second of work. A flow that comes at V(a) and needs the worker for c seconds is done,
in the ideal, when V reaches its finish tag V(a) + c.

A real worker serves one at a time. Serving whoever has the smallest finish tag gives
    finish <= finish in the ideal + the longest step,
whatever else comes (theorem 1 of the paper; steps take the place of packets).
"""

from __future__ import annotations

import math


class VirtualTime:
    """How much service each flow has had, against an equal share. Not thread-safe."""

    def __init__(self) -> None:
        self._now = 0.0
        self._present: dict[str, float] = {}
        self._ahead: dict[str, float] = {}
        """Flows that left with more than their share: in the ideal they would still be served."""

    def __len__(self) -> int:
        return len(self._present)

    @property
    def now(self) -> float:
        """Virtual time: the service that each flow has had in the ideal."""
        return self._now

    def served(self, flow: str) -> float:
        """The flow's tag: virtual time at its arrival plus the seconds it has had since."""
        return self._present[flow]

    def enter(self, flow: str) -> None:
        """A flow has work from now on; what it lacked or saved up before does not count."""
        self._present[flow] = max(self._ahead.pop(flow, 0.0), self._now)

    def leave(self, flow: str) -> None:
        """A flow has no work any more."""
        tag = self._present.pop(flow)
        if not self._present:
            # Nobody waits, so nobody is owed anything; the ideal is idle at the same moments.
            self._now = 0.0
            self._ahead.clear()
        elif tag > self._now:
            self._ahead[flow] = tag

    def spend(self, flow: str, seconds: float) -> None:
        """A flow has been served for so long, 0 or more."""
        self._present[flow] += seconds
        while seconds > 0:
            sharers = len(self._present) + len(self._ahead)
            nearest = min(self._ahead.values(), default=math.inf)
            needed = (nearest - self._now) * sharers
            if seconds < needed:
                self._now += seconds / sharers
                return
            seconds -= needed
            self._now = nearest
            self._ahead = {other: tag for other, tag in self._ahead.items() if tag > nearest}
