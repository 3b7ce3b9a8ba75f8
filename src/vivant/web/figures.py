"""Metrics in Prometheus's text format."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from vivant.base.credits import credits_of
from vivant.engine.models import Warmth
from vivant.service.views import Figures
from vivant.web.envelope import Answered

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)


class ServiceFigures(Collector):
    """What the service has counted, asked for when the metrics are.

    Args:
        figures: asks it.
    """

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures

    def collect(self) -> Iterable[Metric]:
        """The families of metrics."""
        told = self._figures()
        engine = told.engine
        yield GaugeMetricFamily("vivant_ready", "Whether the engine serves", int(engine.ready))
        yield GaugeMetricFamily("vivant_jobs_waiting", "Requests in the line", engine.waiting)
        yield GaugeMetricFamily("vivant_jobs_running", "Requests under way", engine.running)
        yield CounterMetricFamily("vivant_steps", "Denoising steps", engine.steps)
        yield CounterMetricFamily("vivant_busy_seconds", "Time in steps", engine.busy_seconds)
        warm = GaugeMetricFamily(
            "vivant_model_ready", "Whether a model is loaded", labels=["model"]
        )
        for model in engine.models:
            warm.add_metric([model.name], int(model.warmth is Warmth.READY))
        yield warm
        ended = CounterMetricFamily(
            "vivant_jobs", "Requests that ended", labels=["model", "status"]
        )
        for (slug, status), count in told.ended.items():
            ended.add_metric([slug, status], count)
        yield ended
        charged = {slug: credits_of(micro) for slug, micro in told.charged.items()}
        yield _by("vivant_credits_charged", "Credits kept", "model", charged)
        yield _by("vivant_inference_seconds", "Worker's time", "model", told.inference_seconds)
        yield _by("vivant_queue_seconds", "Time in the line", "model", told.queue_seconds)
        yield _by("vivant_refused", "Submissions refused", "error", told.refused)
        yield _by("vivant_webhook_attempts", "Attempts to deliver", "outcome", told.deliveries)


class HttpFigures:
    """What was answered over HTTP.

    Args:
        registry: where it is entered.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        labels = ("method", "route", "status")
        self._answers = Counter("vivant_http_requests", "Answers", labels, registry=registry)
        self._seconds = Histogram(
            "vivant_http_request_seconds",
            "Time to answer",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )

    def note(self, answered: Answered) -> None:
        """Count an answer."""
        self._answers.labels(answered.method, answered.route, str(answered.status)).inc()
        self._seconds.labels(answered.route).observe(answered.seconds)


def _by(name: str, text: str, label: str, values: Mapping[str, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
