"""Requests that come and go, in shared batches: the engine's view of the pose pipeline."""

from __future__ import annotations

from collections.abc import Iterator

from vivant.base.contract import Work
from vivant.diffusion.drive import Driver
from vivant.endpoints.sd3_med_pose.endpoint import control_map, drawn_size, limits, sized
from vivant.endpoints.sd3_med_pose.pipeline import MAX_ROWS, Order, UnderWay, denoiser_of, start
from vivant.engine.runners import BatchNews
from vivant.weights.model import PoseModel

PREVIEW_EVERY = 5
"""Steps between previews."""


class Batch:
    """A `Together` of pose requests whose pictures have one size.

    Args:
        model: the networks.
        max_rows: rows of one evaluation at most.
        preview_every: steps between previews; 0 for none.
    """

    def __init__(
        self, model: PoseModel, *, max_rows: int = MAX_ROWS, preview_every: int = PREVIEW_EVERY
    ) -> None:
        self._model = model
        self._limits = limits(model)
        self._max_rows = max_rows
        self._preview_every = preview_every
        self._driver = Driver(denoiser_of(model), max_rows)
        self._under_way: dict[str, UnderWay] = {}

    def accepts(self, work: Work) -> bool:
        """Only pictures of the size that is drawn already, as many as fit one evaluation.

        Others would take evaluations of their own, and are served sooner beside this batch.
        """
        rows = sum(each.rows for each in self._under_way.values())
        sizes = {each.size for each in self._under_way.values()}
        most = 2 * work.request.samples
        return rows + most <= self._max_rows and sizes <= {self._size(work)}

    def add(self, job: str, work: Work) -> None:
        """Let a request take part from the next call of `advance` on.

        Raises:
            InvalidInput: a size off the model's grid.
        """
        size = self._size(work)
        order = Order(sized(work.request, size), control_map(self._model, work.prepared, size))
        samples = start(self._model, order)
        self._under_way[job] = UnderWay(self._model, order, samples, self._preview_every)
        self._driver.add(samples)

    def advance(self) -> Iterator[tuple[str, BatchNews]]:
        """Evaluate the network once for all, and tell what came of it."""
        self._driver.advance()
        for job, each in self._under_way.items():
            try:
                for event in each.news():
                    yield job, event
            except Exception as error:  # noqa: BLE001  # decoding is this request's alone
                yield job, error

    def remove(self, job: str) -> None:
        """Drop a request and its memory."""
        gone = self._under_way.pop(job, None)
        if gone is not None:
            self._driver.remove(gone.samples)

    def under_way(self, job: str) -> bool:
        """Whether a request has pictures to come."""
        return job in self._under_way and not self._under_way[job].told_all

    def _size(self, work: Work) -> tuple[int, int]:
        return drawn_size(work.request, work.prepared, self._limits)
