"""What is counted since the service was started."""

from __future__ import annotations

import threading
from collections import Counter

from vivant.base.errors import VivantError
from vivant.engine.engine import EngineState
from vivant.service.views import Figures, JobView


class Tally:
    """Counts what ends and what is refused. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ended: Counter[tuple[str, str]] = Counter()
        self._charged: Counter[str] = Counter()
        self._inference: dict[str, float] = {}
        self._queue: dict[str, float] = {}
        self._refused: Counter[str] = Counter()
        self._deliveries: Counter[str] = Counter()

    def note_end(self, view: JobView) -> None:
        """A job has ended."""
        slug = view.slug
        with self._lock:
            self._ended[slug, view.status] += 1
            self._charged[slug] += view.charged
            self._queue[slug] = self._queue.get(slug, 0.0) + (view.queue_seconds or 0.0)
            self._inference[slug] = self._inference.get(slug, 0.0) + (view.inference_seconds or 0.0)

    def note_refusal(self, error: VivantError) -> None:
        """A submission was refused."""
        with self._lock:
            self._refused[type(error).__name__] += 1

    def note_delivery(self, *, arrived: bool) -> None:
        """An attempt to deliver a webhook has ended."""
        with self._lock:
            self._deliveries["delivered" if arrived else "failed"] += 1

    def figures(self, engine: EngineState) -> Figures:
        """All of it, with how the engine stands."""
        with self._lock:
            return Figures(
                engine=engine,
                ended=dict(self._ended),
                charged=dict(self._charged),
                inference_seconds=dict(self._inference),
                queue_seconds=dict(self._queue),
                refused=dict(self._refused),
                deliveries=dict(self._deliveries),
            )
