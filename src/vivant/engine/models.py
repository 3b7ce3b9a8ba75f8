"""Models: loaded once, kept warm, the least recently used dropped under a memory budget."""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from vivant.base.errors import InvalidInput
from vivant.engine.job import Stopwatch

RETRY_AFTER = 30.0
"""Seconds before a model that could not be loaded is tried again."""


@dataclass(frozen=True)
class Model:
    """What the engine must know of a model to own it.

    Attributes:
        name: as jobs call it.
        load: makes what runners are given; called on the worker's thread.
        size: bytes of memory that it takes once loaded.
        preload: whether to load it at the start; the engine is ready once all of these are loaded.
    """

    name: str
    load: Callable[[], Any]
    size: int = 0
    preload: bool = False


class Warmth(StrEnum):
    """Where a model stands."""

    COLD = "cold"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True)
class ModelState:
    """A model as seen from outside.

    Attributes:
        name: as jobs call it.
        warmth: cold, loading, ready or failed.
        size: bytes of memory that it takes once loaded.
        load_seconds: how long the last loading took; None before the first.
        error: why the last loading failed, one line; None unless it did.
    """

    name: str
    warmth: Warmth
    size: int
    load_seconds: float | None = None
    error: str | None = None


class Models:
    """All models that jobs may ask for.

    `states` and `ready` may be read on any thread; everything else is the worker's alone. Loading
    blocks the worker on purpose: libraries that load weights switch process-wide defaults, such as
    torch's default dtype, while they do, so nothing else may compute meanwhile.

    Args:
        models: of different names.
        budget: bytes that loaded models may take together, or None for no limit.
        stopwatch: the engine's.

    Raises:
        InvalidInput: a model alone, or those to preload together, do not fit the budget.
    """

    def __init__(
        self, models: Iterable[Model], stopwatch: Stopwatch, budget: int | None = None
    ) -> None:
        self._models = {model.name: model for model in models}
        self._stopwatch = stopwatch
        self._budget = budget
        self._states = {
            name: ModelState(name, Warmth.COLD, model.size) for name, model in self._models.items()
        }
        self._loaded: dict[str, Any] = {}
        """Least recently used first."""
        self._failed: dict[str, tuple[Exception, float]] = {}
        """What went wrong, and when."""
        self._to_preload = [name for name, model in self._models.items() if model.preload]
        self._check_budget()

    def __contains__(self, name: str) -> bool:
        return name in self._models

    def states(self) -> tuple[ModelState, ...]:
        """Where each model stands."""
        return tuple(self._states.values())

    @property
    def ready(self) -> bool:
        """Whether all models to preload have been loaded."""
        return not self._to_preload

    def to_preload(self) -> str | None:
        """The next model to load at the start; None if there is none, or it failed just now."""
        return next((name for name in self._to_preload if self.failure(name) is None), None)

    def failure(self, name: str) -> Exception | None:
        """Why a model could not be loaded; None if it was, or is to be tried (again)."""
        if name not in self._failed:
            return None
        error, since = self._failed[name]
        return error if self._stopwatch() - since < RETRY_AFTER else None

    def is_loaded(self, name: str) -> bool:
        """Whether a model can be used at once."""
        return name in self._loaded

    def use(self, name: str) -> Any:
        """A loaded model, which now is the one most recently used."""
        self._loaded[name] = self._loaded.pop(name)
        return self._loaded[name]

    def can_fit(self, name: str, in_use: Collection[str]) -> bool:
        """Whether a model fits the budget once all models that are not in use are dropped."""
        return self._budget is None or self._size({name, *in_use}) <= self._budget

    def load(self, name: str, in_use: Collection[str]) -> None:
        """Load a model, dropping others as the budget asks; those in use stay.

        Raises:
            Exception: what its `load` raised; `failure` tells it again for a while.
        """
        self._make_room(name, in_use)
        self._note(name, Warmth.LOADING)
        began = self._stopwatch()
        try:
            self._loaded[name] = self._models[name].load()
        except Exception as error:
            self._failed[name] = error, self._stopwatch()
            self._note(name, Warmth.FAILED, error=str(error) or type(error).__name__)
            raise
        self._failed.pop(name, None)
        if name in self._to_preload:
            self._to_preload.remove(name)
        self._note(name, Warmth.READY, load_seconds=self._stopwatch() - began)

    def drop(self, name: str) -> None:
        """Unload a model."""
        del self._loaded[name]
        self._note(name, Warmth.COLD)
        gc.unfreeze()  # whoever froze what was loaded, this model must be found now
        gc.collect()

    def _make_room(self, name: str, in_use: Collection[str]) -> None:
        idle = [other for other in self._loaded if other not in in_use]
        while idle and self._budget is not None:
            if self._size({name, *self._loaded}) <= self._budget:
                return
            self.drop(idle.pop(0))

    def _size(self, names: Iterable[str]) -> int:
        return sum(self._models[name].size for name in names)

    def _note(
        self,
        name: str,
        warmth: Warmth,
        *,
        load_seconds: float | None = None,
        error: str | None = None,
    ) -> None:
        before = self._states[name]
        self._states[name] = replace(
            before,
            warmth=warmth,
            load_seconds=before.load_seconds if load_seconds is None else load_seconds,
            error=error,
        )

    def _check_budget(self) -> None:
        if self._budget is None:
            return
        largest = max((model.size for model in self._models.values()), default=0)
        least = max(largest, self._size(self._to_preload))
        if least > self._budget:
            raise InvalidInput(
                "memory_budget", self._budget, f"{least} bytes or more, for the models to be served"
            )
