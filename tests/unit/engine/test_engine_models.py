from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.engine.stage import Watch
from vivant.base.errors import InvalidInput, WeightsUnavailable
from vivant.engine.models import Model, Models, Warmth


def warmth(models: Models) -> dict[str, str]:
    return {state.name: state.warmth.value for state in models.states()}


def three(budget: int | None) -> Models:
    return Models([Model(name, object, size=4) for name in "abc"], Watch(), budget)


def test_a_model_is_loaded_once_and_stays() -> None:
    models = three(None)
    models.load("a", in_use=())
    assert models.use("a") is models.use("a")
    assert warmth(models) == {"a": "ready", "b": "cold", "c": "cold"}


def test_the_least_recently_used_goes_first() -> None:
    models = three(budget=8)
    for name in "ab":
        models.load(name, in_use=())
    models.use("a")
    models.load("c", in_use=())
    assert warmth(models) == {"a": "ready", "b": "cold", "c": "ready"}
    assert not models.is_loaded("b")


def test_what_is_in_use_stays() -> None:
    models = three(budget=8)
    for name in "ab":
        models.load(name, in_use=())
    models.use("b")
    assert not models.can_fit("c", in_use={"a", "b"})
    assert models.can_fit("c", in_use={"a"})
    models.load("c", in_use={"a"})
    assert warmth(models) == {"a": "ready", "b": "cold", "c": "ready"}


def test_room_is_made_before_loading_and_no_more_than_needed() -> None:
    seen: list[dict[str, str]] = []
    models = Models(
        [
            Model("small", object, size=1),
            Model("other", object, size=1),
            Model("large", lambda: seen.append(warmth(models)) or object(), size=9),
        ],
        Watch(),
        10,
    )
    models.load("small", in_use=())
    models.load("other", in_use=())
    models.load("large", in_use=())
    assert seen == [{"small": "cold", "other": "ready", "large": "loading"}]


def failing_once(watch: Watch) -> Callable[[], object]:
    tries = iter([WeightsUnavailable("no such folder"), None])

    def load() -> object:
        watch.pass_by(2.0)
        error = next(tries)
        if error is not None:
            raise error
        return object()

    return load


def test_a_failure_is_told_for_a_while_and_then_tried_again() -> None:
    watch = Watch()
    models = Models([Model("a", failing_once(watch), preload=True)], watch)
    with pytest.raises(WeightsUnavailable):
        models.load("a", in_use=())
    (state,) = models.states()
    assert (state.warmth, state.error) == (Warmth.FAILED, "no such folder")
    assert isinstance(models.failure("a"), WeightsUnavailable)
    assert models.to_preload() is None
    assert not models.ready
    watch.pass_by(30.0)
    assert models.failure("a") is None
    assert models.to_preload() == "a"
    models.load("a", in_use=())
    (state,) = models.states()
    assert (state.warmth, state.error, state.load_seconds) == (Warmth.READY, None, 2.0)
    assert models.ready
    assert models.to_preload() is None


def test_a_preloaded_model_that_was_dropped_is_not_loaded_again_unasked() -> None:
    models = Models(
        [Model("a", object, size=4, preload=True), Model("b", object, size=4)], Watch(), 4
    )
    models.load("a", in_use=())
    models.load("b", in_use=())
    assert warmth(models) == {"a": "cold", "b": "ready"}
    assert models.to_preload() is None
    assert models.ready


@pytest.mark.parametrize("sizes", [(9, 0), (4, 4)])
def test_a_budget_too_small_is_told_at_once(sizes: tuple[int, int]) -> None:
    models = [Model(str(i), object, size, preload=True) for i, size in enumerate(sizes)]
    with pytest.raises(InvalidInput, match=f"memory_budget: 7 is .* expected {sum(sizes)} bytes"):
        Models(models, Watch(), 7)
