"""What is served: every endpoint that has a folder, and the models that the server gave it."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol, TypeAlias, cast

from vivant import endpoints
from vivant.base.contract import Events, Work
from vivant.base.credits import micro_of
from vivant.base.errors import InvalidInput, NoSuchEndpoint
from vivant.base.requests import EndpointRequest
from vivant.engine.models import Model
from vivant.engine.runners import AnyRunner
from vivant.pose.estimate import Estimator, NoEstimator


class Endpoint(Protocol):
    """What the module `vivant.endpoints.NAME.endpoint` offers; importing it imports no torch."""

    @property
    def SLUG(self) -> str:  # noqa: N802  # a module's constant
        """Its name in URLs."""
        ...

    @property
    def SUMMARY(self) -> str:  # noqa: N802
        """One line for people."""
        ...

    @property
    def REQUEST(self) -> type[EndpointRequest]:  # noqa: N802
        """What it accepts; has at least `output_format` and `output_quality`."""
        ...

    @property
    def PICTURE_FIELDS(self) -> tuple[str, ...]:  # noqa: N802
        """The request's fields that take a picture."""
        ...

    @property
    def TEXT_FIELDS(self) -> tuple[str, ...]:  # noqa: N802
        """Settings of its pictures that are the user's own words, the main one first."""
        ...

    @property
    def MODELS(self) -> tuple[str, ...]:  # noqa: N802
        """Models that requests may ask for, the default first."""
        ...

    @property
    def PRICE(self) -> int:  # noqa: N802
        """Micro-credits of the default request."""
        ...

    @property
    def SECONDS(self) -> float:  # noqa: N802
        """What the default request takes, roughly."""
        ...

    @property
    def RUNNER(self) -> AnyRunner:  # noqa: N802
        """Turns `Work` into events."""
        ...

    def model_of(self, request: Any) -> str:
        """Which of `MODELS` a request asks for."""
        ...

    def check(
        self, request: Any, limits: Any = None, *, estimator: Estimator | None = None
    ) -> Work:
        """Refuse all of a request that can be refused before it runs.

        Args:
            request: of the endpoint's `Request`.
            limits: of the model, once they are known.
            estimator: reads the poses in photos; None refuses them.

        Raises:
            VivantError: why it is refused.
        """
        ...

    def limits(self, model: Any) -> Any:
        """What of a loaded model `check` wants to know."""
        ...

    def takes(self, work: Work) -> int:
        """How many pictures the model draws for a request."""
        ...

    def finish(self, work: Work, drawn: Events, weights: str) -> Events:
        """What goes out of what the model draws: the pictures as they are, or pages of them.

        Args:
            work: as `check` gave it.
            drawn: the model's progress and its pictures, in order.
            weights: what drew them, for their settings.
        """
        ...

    def load(
        self,
        weights: str | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        offload: str = "auto",
    ) -> Any:
        """Load a model; None is the one inside the package.

        Raises:
            VivantError: it cannot be loaded.
        """
        ...


Load: TypeAlias = Callable[[Endpoint, str | None], Any]
"""Loads an endpoint's model of this reference; None is the one inside the package.

A fake, which needs no model, returns None."""


def installed_endpoints() -> tuple[Endpoint, ...]:
    """Every folder of `vivant.endpoints`, by name."""
    found = sorted(module.name for module in pkgutil.iter_modules(endpoints.__path__))
    modules = [importlib.import_module(f"{endpoints.__name__}.{name}.endpoint") for name in found]
    return tuple(cast("Endpoint", module) for module in modules)


@dataclass(frozen=True)
class Plan:
    """How endpoints are served; see the settings of the same names.

    Attributes:
        weights: references of models, by slug or slug/model.
        prices: credits of a default request, by slug.
        preload: whether models are loaded at the start.
    """

    weights: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, float] = field(default_factory=dict)
    preload: bool = True


class Catalog:
    """The endpoints that are served, and what is known of their models. Thread-safe.

    Args:
        served: endpoints of different slugs.
        plan: how.
        estimator: reads the poses in photos; None refuses them.

    Attributes:
        estimator: the same, or one that refuses.

    Raises:
        InvalidInput: the plan names an endpoint or a model that is not there.
    """

    def __init__(
        self, served: Iterable[Endpoint], plan: Plan, estimator: Estimator | None = None
    ) -> None:
        self.estimator = estimator or NoEstimator()
        self._endpoints = {endpoint.SLUG: endpoint for endpoint in served}
        self._plan = plan
        self._limits: dict[str, Any] = {}
        self._check_plan()

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._endpoints.values())

    @property
    def preloads(self) -> bool:
        """Whether models are loaded at the start."""
        return self._plan.preload

    def find(self, slug: str) -> Endpoint:
        """The endpoint of this slug.

        Raises:
            NoSuchEndpoint: there is none.
        """
        if slug not in self._endpoints:
            known = ", ".join(self._endpoints)
            raise NoSuchEndpoint(f"no endpoint is called {slug!r:.60}; there are: {known}")
        return self._endpoints[slug]

    def check(self, endpoint: Endpoint, request: EndpointRequest) -> Work:
        """Refuse all of a request that can be refused before it runs; see `Endpoint.check`."""
        limits = self._limits.get(self.model_name(endpoint, request))
        return endpoint.check(request, limits, estimator=self.estimator)

    def price(self, endpoint: Endpoint, work: Work) -> int:
        """What work costs, in micro-credits."""
        return math.ceil(self.default_price(endpoint) * work.effort)

    def default_price(self, endpoint: Endpoint) -> int:
        """What a default request costs, in micro-credits."""
        stated = self._plan.prices.get(endpoint.SLUG)
        return endpoint.PRICE if stated is None else micro_of(stated)

    def model_name(self, endpoint: Endpoint, request: EndpointRequest | None = None) -> str:
        """What the engine calls the model that a request needs; None asks for the default."""
        model = endpoint.MODELS[0] if request is None else endpoint.model_of(request)
        return _name(endpoint, self._reference(endpoint, model))

    def models(self, load: Load, size: Callable[[str | None], int] = lambda _: 0) -> list[Model]:
        """What the engine must know to own the models.

        Args:
            load: how to load one; what the catalog wants to know of it is noted then.
            size: tells the bytes of memory that a model of a reference takes.
        """
        wanted = {
            (endpoint.SLUG, self._reference(endpoint, model))
            for endpoint in self
            for model in endpoint.MODELS
        }
        return [
            Model(
                name=_name(endpoint, reference),
                load=partial(self._load, load, endpoint, reference),
                size=size(reference),
                preload=self._plan.preload,
            )
            for endpoint in self
            for slug, reference in sorted(wanted, key=str)
            if slug == endpoint.SLUG
        ]

    def _load(self, load: Load, endpoint: Endpoint, reference: str | None) -> Any:
        model = load(endpoint, reference)
        if model is not None:  # a fake loads nothing
            self._limits[_name(endpoint, reference)] = endpoint.limits(model)
        return model

    def _reference(self, endpoint: Endpoint, model: str) -> str | None:
        weights = self._plan.weights
        return weights.get(f"{endpoint.SLUG}/{model}", weights.get(endpoint.SLUG))

    def _check_plan(self) -> None:
        slugs = set(self._endpoints)
        models = {f"{each.SLUG}/{model}" for each in self for model in each.MODELS}
        for field_name, stated, known in (
            ("weights", self._plan.weights, slugs | models),
            ("prices", self._plan.prices, slugs),
        ):
            for name in stated:
                if name not in known:
                    raise InvalidInput(field_name, name, f"one of: {', '.join(sorted(known))}")


def _name(endpoint: Endpoint, reference: str | None) -> str:
    return f"{endpoint.SLUG}:{reference or 'embedded'}"
