"""Every endpoint, whatever it is called, is served with the smallest weights of its kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from vivant.base.contract import Picture, Progress
from vivant.base.errors import InvalidInput
from vivant.base.requests import EndpointRequest
from vivant.engine.job import Job
from vivant.engine.local import LocalEngine
from vivant.engine.models import Model
from vivant.output.encode import encode
from vivant.service.catalog import Catalog, Endpoint, Plan, installed_endpoints
from vivant.weights.tiny import save_tiny_pose_model
from vivant.weights.tiny_story import save_tiny_story_model

SMALLEST: dict[str, tuple[Callable[[Path], Path], dict[str, object]]] = {
    "sd3-med-pose": (save_tiny_pose_model, {"num_inference_steps": 2}),
    "storydiffusion": (
        save_tiny_story_model,
        {
            "num_steps": 20,
            "num_ids": 1,
            "comic_description": "at home\nat sea",
            "image_width": 256,
            "image_height": 256,
        },
    ),
}
"""By slug: how to make its smallest weights, and what makes its example a small request."""

ENDPOINTS = installed_endpoints()


@pytest.fixture(scope="module", params=ENDPOINTS, ids=lambda endpoint: str(endpoint.SLUG))
def endpoint(request: pytest.FixtureRequest) -> Endpoint:
    found: Endpoint = request.param
    return found


@pytest.fixture(scope="module")
def model(endpoint: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Any:
    save, _ = SMALLEST[endpoint.SLUG]
    return endpoint.load(str(save(tmp_path_factory.mktemp("smallest"))), device="cpu")


@pytest.fixture
def engine(endpoint: Endpoint, model: Any) -> Iterator[LocalEngine]:
    made = LocalEngine({endpoint.SLUG: endpoint.RUNNER}, [Model("smallest", lambda: model)])
    made.start()
    yield made
    made.stop()


def example(endpoint: Endpoint) -> dict[str, Any]:
    fields: dict[str, Any] = endpoint.REQUEST.model_json_schema()["examples"][0]
    return fields


def small(endpoint: Endpoint, **changes: object) -> EndpointRequest:
    _, less = SMALLEST[endpoint.SLUG]
    return endpoint.REQUEST.from_fields({**example(endpoint), **less, **changes})


def test_names_are_each_endpoint_s_own() -> None:
    slugs = [endpoint.SLUG for endpoint in ENDPOINTS]
    assert len(set(slugs)) == len(slugs)
    assert set(slugs) == set(SMALLEST)


def test_its_example_is_its_default_and_costs_its_price(endpoint: Endpoint, model: Any) -> None:
    request = endpoint.REQUEST.from_fields(example(endpoint))
    catalog = Catalog([endpoint], Plan())
    for limits in (None, endpoint.limits(model)):
        work = endpoint.check(request, limits)
        assert work.effort == Fraction(1)
        assert catalog.price(endpoint, work) == endpoint.PRICE
    assert endpoint.model_of(request) == endpoint.MODELS[0]
    assert endpoint.SECONDS > 0


def test_the_brief_s_prices() -> None:
    prices = {endpoint.SLUG: endpoint.PRICE for endpoint in ENDPOINTS}
    assert prices["sd3-med-pose"] == 17_000
    assert prices["storydiffusion"] == 166_000


def test_its_fields_are_there(endpoint: Endpoint) -> None:
    fields = set(endpoint.REQUEST.model_fields)
    assert {"seed", "output_format", "output_quality", *endpoint.PICTURE_FIELDS} <= fields
    assert endpoint.TEXT_FIELDS[0] in fields
    with pytest.raises(InvalidInput, match="seed"):
        small(endpoint, seed=-2)


def test_it_runs_in_the_engine_and_its_pictures_can_be_stored(
    endpoint: Endpoint, model: Any, engine: LocalEngine
) -> None:
    work = endpoint.check(small(endpoint), endpoint.limits(model))
    job = Job("1", "ada", endpoint.SLUG, "smallest", work, steps=work.steps)
    events = list(engine.submit(job).events(timeout=300))
    steps = [event for event in events if isinstance(event, Progress)]
    pictures = [event for event in events if isinstance(event, Picture)]
    assert [event.step for event in steps] == sorted(event.step for event in steps)
    assert steps[-1].step == steps[-1].total
    assert pictures
    for picture in pictures:
        assert encode(picture.image, "webp", settings=picture.settings)
        assert "weights" in picture.settings


def test_two_at_once_get_the_pictures_that_each_gets_alone(
    endpoint: Endpoint, model: Any, engine: LocalEngine
) -> None:
    limits = endpoint.limits(model)
    works = [endpoint.check(small(endpoint, seed=seed), limits) for seed in (1, 2)]

    def job(name: str, work: Any) -> Job:
        return Job(name, name[0], endpoint.SLUG, "smallest", work, steps=work.steps)

    together = [engine.submit(job(f"{place}t", work)) for place, work in enumerate(works)]
    both = [ticket.result(timeout=300) for ticket in together]
    for place, work in enumerate(works):
        alone = engine.submit(job(f"{place}a", work)).result(timeout=300)
        assert len(alone) == len(both[place])
        for one, other in zip(alone, both[place], strict=True):
            assert (one.seed, one.kind, one.index) == (other.seed, other.kind, other.index)
            assert _difference(one, other) <= 2


def _difference(one: Picture, other: Picture) -> int:
    pairs = zip(one.image.tobytes(), other.image.tobytes(), strict=True)
    return max(abs(first - second) for first, second in pairs)
