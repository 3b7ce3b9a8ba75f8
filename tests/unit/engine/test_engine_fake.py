from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from PIL import Image

from tests.unit.engine.stage import Watch
from vivant.base.contract import Picture, Progress
from vivant.base.errors import NobodyFound
from vivant.engine.fake import FakeRunner, fake_engine, fake_picture
from vivant.engine.job import Job


@dataclass(frozen=True)
class Request:
    prompt: str
    seed: int | None = 5
    samples: int = 1


def pictures(runner: FakeRunner, request: object) -> list[Picture]:
    return [event for event in runner.start(None, request) if isinstance(event, Picture)]


def test_the_same_request_gives_the_same_picture_and_another_another() -> None:
    runner = FakeRunner()
    (first,), (again,) = (pictures(runner, Request("a girl")) for _ in range(2))
    (other,) = pictures(runner, Request("a boy"))
    assert first.image.tobytes() == again.image.tobytes()
    assert first.image.tobytes() != other.image.tobytes()


def test_samples_have_seeds_and_pictures_of_their_own() -> None:
    made = pictures(FakeRunner(), Request("a girl", samples=3))
    assert [(p.seed, p.index) for p in made] == [(5, 0), (6, 1), (7, 2)]
    assert len({p.image.tobytes() for p in made}) == 3


@pytest.mark.parametrize("request_", [Request("open", seed=None), {"seed": 3}, "text"])
def test_requests_without_seed_or_samples_will_do(request_: object) -> None:
    (picture,) = pictures(FakeRunner(), request_)
    assert picture.seed == 0


def test_pictures_are_as_large_as_real_ones() -> None:
    image = fake_picture("a girl", 5)
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling="4:4:4")
    assert image.size == (256, 256)
    assert 40_000 < len(buffer.getvalue()) < 60_000


def test_it_takes_as_long_and_fails_as_told() -> None:
    watch = Watch()

    def fail(request: Request) -> Exception | None:
        return NobodyFound("nobody") if request.prompt == "nobody" else None

    runner = FakeRunner(steps=4, seconds_per_step=0.5, fail=fail, wait=watch.pass_by)
    events = list(runner.start(None, Request("a girl")))
    assert [event.step for event in events if isinstance(event, Progress)] == [1, 2, 3, 4]
    assert watch.now == 2.0
    failing = runner.start(None, Request("nobody"))
    assert next(failing) == Progress(1, 4)
    with pytest.raises(NobodyFound):
        next(failing)


def run(make: Callable[[], FakeRunner]) -> Image.Image:
    engine = fake_engine(["pose", "story"], ["net"], runner=make())
    ticket = engine.submit(Job("1", "ada", "story", "net", Request("a girl")))
    while engine.worker.step():
        pass
    (picture,) = ticket.result(0)
    return picture.image


def test_the_fake_engine_serves_every_endpoint_and_model_named() -> None:
    image = run(lambda: FakeRunner(side=64))
    assert image.size == (64, 64)
