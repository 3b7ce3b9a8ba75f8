"""What an endpoint hands to the engine: how to turn a request into a stream of events.

An endpoint is one of two kinds. A `Runner` makes one request's pictures by a generator; the engine
interleaves the generators of several jobs. A `BatchRunner` advances several requests at once in
shared evaluations of the network, as `vivant.diffusion.drive.Driver` does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol, TypeAlias, runtime_checkable

from vivant.base.contract import Event

BatchNews: TypeAlias = Event | Exception
"""What happened to one job of a batch; an exception ends this job and no other."""


class Runner(Protocol):
    """Makes one request's pictures."""

    def start(self, model: Any, request: Any) -> Iterator[Event | None]:
        """Begin.

        The engine may change over to another job wherever the generator yields. A short job waits
        for the longest stretch between two yields, so a long step is best cut: None is a place to
        stop and nothing else. What the thread has switched on must not outlast a yield, such as
        `torch.inference_mode` around one. A generator that is given up is closed.

        Args:
            model: as the model's `load` returned it.
            request: the job's.
        """
        ...


class Together(Protocol):
    """Several requests of one model under way in shared batches."""

    def accepts(self, request: Any) -> bool:
        """Tell whether sharing with one more request is worth it; False once batches are full."""
        ...

    def add(self, job: str, request: Any) -> None:
        """Let a request take part from the next call of `advance` on.

        Raises:
            Exception: this request is at fault; the others must not have been touched.
        """
        ...

    def advance(self) -> Iterable[tuple[str, BatchNews]]:
        """Take one step with every request, and tell what happened, by job.

        Raises:
            Exception: nobody knows whose fault it is. The engine then discards this object and
                runs each of its jobs again, alone.
        """
        ...

    def remove(self, job: str) -> None:
        """Drop a request, finished or not, and its memory; unknown ones are ignored."""
        ...

    def under_way(self, job: str) -> bool:
        """Tell whether a request still has something to do."""
        ...


@runtime_checkable
class BatchRunner(Protocol):
    """Makes several requests' pictures in shared batches.

    The same request must give the same pictures in any company, since it may be run again.
    """

    def together(self, model: Any) -> Together:
        """Open a batch that has no request yet."""
        ...


AnyRunner: TypeAlias = Runner | BatchRunner
