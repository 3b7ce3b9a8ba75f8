"""The straight line: check, hold, record, queue, make, store, settle."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from PIL import Image

from tests.support.postgres import running_server
from tests.unit.service.conftest import POSE, PRICE, Build, Gate, Place
from vivant.base.contract import Event, Picture, Progress
from vivant.base.errors import (
    IdempotencyConflict,
    InvalidInput,
    LineFull,
    ModelLoading,
    NoSuchEndpoint,
    NoSuchJob,
    NotEnoughCredits,
    UnreadablePicture,
    VivantError,
    WeightsUnavailable,
)
from vivant.engine.fake import FakeRunner
from vivant.engine.line import Line
from vivant.engine.tickets import Finished, TicketEvent
from vivant.ledger.database import Database
from vivant.ledger.job import Idempotency
from vivant.ledger.migrations import upgrade
from vivant.ledger.rules import JobStatus
from vivant.output.encode import read_settings
from vivant.output.store import MemoryStore
from vivant.pose.draw import draw
from vivant.pose.presets import load_preset
from vivant.service.catalog import Plan
from vivant.service.terms import Terms


def skeleton() -> bytes:
    buffer = io.BytesIO()
    draw(load_preset("waving")).save(buffer, "PNG")
    return buffer.getvalue()


def test_a_request_is_made_stored_and_paid_for(place: Place) -> None:
    ada = place.caller()
    view = place.end(place.ask(ada, samples="2", seed="7", image=skeleton()))
    assert view.status is JobStatus.COMPLETED
    assert (view.price, view.charged, view.balance) == (2 * PRICE, 2 * PRICE, 98 * PRICE)
    assert (view.seed, view.prompt, view.step, view.total) == (7, "a girl", 2, 2)
    assert [output.file_name for output in view.outputs] == ["picture-1.jpg", "picture-2.jpg"]
    assert [output.seed for output in view.outputs] == [7, 8]
    picture = place.service.read(view.outputs[1].asset_id)
    assert len(picture) == view.outputs[1].size
    settings = read_settings(picture)
    assert (settings["endpoint"], settings["seed"]) == ("sd3-med-pose", 8)
    assert place.balanced(ada, spent=2 * PRICE)


def test_the_picture_that_was_given_is_kept_beside_the_request(place: Place) -> None:
    view = place.end(place.ask(place.caller(), image=skeleton()))
    given = view.request["image"]
    assert isinstance(given, dict)
    assert place.service.read(given["asset"]) == skeleton()


def test_memory_and_database_tell_the_same_of_a_job_that_has_ended(
    build: Build, place: Place
) -> None:
    ada = place.caller()
    view = place.end(place.ask(ada, image=skeleton()))
    assert place.service.job(ada, view.request_id) == view
    assert build(start=False).service.job(ada, view.request_id) == view
    assert place.service.history(ada).items == (view,)


class Tells:
    """A runner of a story's kinds of pictures, in the order in which stories are made."""

    def start(self, model: Any, request: Any) -> Iterator[Event]:  # noqa: ARG002
        yield Progress(1, 1)
        kinds = [("panel", 0), ("panel", 1), ("page", 0), ("page", 1)]
        for kind, index in kinds:
            settings = {"prompt": "a man", "caption": "says", "seed": index}
            image = Image.new("RGB", (8, 8))
            yield Picture(image, index, index, settings, (f"{kind} is small",), kind)  # type: ignore[arg-type]


def test_a_story_s_main_picture_is_its_first_page(build: Build) -> None:
    place = build(Tells())
    ada = place.caller()
    done = place.service.submit(ada, "storydiffusion", {})
    view = place.end(done.view.request_id)
    names = [output.file_name for output in view.outputs]
    assert names == ["page-1.webp", "page-2.webp", "panel-1.webp", "panel-2.webp"]
    assert view.outputs[0].content_type == "image/webp"
    assert view.warnings == ("page is small", "panel is small")
    assert view.prompt is not None
    assert view.prompt.startswith("at home")


@pytest.mark.parametrize(("by_setting", "by_request", "there"), [(1, 1, 1), (1, 0, 0), (0, 1, 0)])
def test_texts_can_be_left_out_of_pictures(
    build: Build, by_setting: int, by_request: int, there: int
) -> None:
    place = build(Tells(), terms=Terms(prompts_in_pictures=bool(by_setting)))
    view = place.end(place.ask(place.caller(), embed_prompt=bool(by_request)))
    settings = read_settings(place.service.read(view.outputs[0].asset_id))
    assert ("prompt" in settings) == bool(there)
    assert settings["seed"] == 0


@pytest.mark.parametrize(
    ("slug", "changes", "error"),
    [
        ("sd3-med-prose", {}, NoSuchEndpoint),
        ("sd3-med-pose", {"strength": 3}, InvalidInput),
        ("sd3-med-pose", {"image": b"nonsense"}, UnreadablePicture),
        ("sd3-med-pose", {"image": b'{"people": []}'}, VivantError),
        ("storydiffusion", {"num_ids": 20}, InvalidInput),
        ("storydiffusion", {"comic_description": ""}, InvalidInput),
    ],
)
def test_what_cannot_be_made_is_refused_before_anything_is_held(
    place: Place, slug: str, changes: dict[str, object], error: type[Exception]
) -> None:
    ada = place.caller()
    with pytest.raises(error):
        place.service.submit(ada, slug, {**POSE, **changes})
    assert place.service.history(ada).items == ()
    assert place.balanced(ada)
    assert sum(place.service.figures().refused.values()) == 1


def test_a_photo_is_refused_where_nothing_reads_photos(place: Place) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48)).save(buffer, "PNG")
    caller = place.caller()
    with pytest.raises(WeightsUnavailable, match="64x48"):
        place.ask(caller, image=buffer.getvalue())
    assert place.balanced(caller)


@pytest.mark.parametrize("url", ["ftp://example.com", "example.com", "http://a:b@c.example", ""])
def test_webhooks_go_to_web_addresses_only(place: Place, url: str) -> None:
    with pytest.raises(InvalidInput, match="webhook_url"):
        place.ask(place.caller(), webhook_url=url)


def test_who_cannot_pay_is_told_price_and_balance(place: Place) -> None:
    ada = place.caller(balance=PRICE)
    with pytest.raises(NotEnoughCredits) as refused:
        place.ask(ada, samples=2)
    assert (refused.value.price, refused.value.balance) == (2 * PRICE, PRICE)


def fails(error: Exception) -> FakeRunner:
    return FakeRunner(fail=lambda _: error)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (InvalidInput("width", 3, "more"), "InvalidInput", "width: 3 is not allowed"),
        (ValueError("secret path /x"), "Fault", "something went wrong on our side"),
        (MemoryError(), "Fault", "nothing was charged"),
    ],
)
def test_a_job_that_fails_is_released(build: Build, error: Exception, kind: str, text: str) -> None:
    place = build(fails(error))
    ada = place.caller()
    view = place.end(place.ask(ada))
    assert (view.status, view.error_kind, view.charged) == (JobStatus.FAILED, kind, 0)
    assert view.error is not None
    assert text in view.error
    assert "secret" not in view.error
    if kind == "Fault":
        assert view.request_id in view.error
    assert view.outputs == ()
    assert place.balanced(ada)


def test_pictures_that_find_no_room_are_not_paid_for(build: Build) -> None:
    place = build(store=MemoryStore(10))
    ada = place.caller()
    view = place.end(place.ask(ada))
    assert (view.status, view.error_kind) == (JobStatus.FAILED, "StorageFull")
    assert place.balanced(ada)


def test_pictures_that_cannot_be_encoded_are_not_paid_for(build: Build) -> None:
    class Odd:
        def start(self, model: Any, request: Any) -> Iterator[Event]:  # noqa: ARG002
            yield Picture(Image.new("F", (8, 8)), 0, 0)

    place = build(Odd())
    ada = place.caller()
    view = place.end(place.ask(ada))
    assert (view.status, view.error_kind) == (JobStatus.FAILED, "Fault")
    assert place.balanced(ada)


def test_a_job_that_waits_is_cancelled(build: Build) -> None:
    place = build(start=False)
    ada = place.caller()
    request_id = place.ask(ada)
    assert place.service.job(ada, request_id).position == 0
    assert place.service.cancel(ada, request_id).status is JobStatus.CANCELLED
    assert place.end(request_id).status is JobStatus.CANCELLED
    assert place.service.cancel(ada, request_id).status is JobStatus.CANCELLED
    assert place.balanced(ada)


def test_a_job_that_runs_is_cancelled_between_steps(build: Build) -> None:
    gate = Gate()
    place = build(FakeRunner(seconds_per_step=1, steps=9, wait=gate))
    ada = place.caller()
    request_id = place.ask(ada)
    assert gate.reached.wait(60)
    place.service.cancel(ada, request_id)
    assert place.service.credits(ada) == 100 * PRICE
    gate.opened.set()
    view = place.end(request_id)
    assert (view.status, view.charged, view.outputs) == (JobStatus.CANCELLED, 0, ())
    assert place.balanced(ada)


def test_a_deadline_that_passes_releases(build: Build) -> None:
    place = build(start=False, terms=Terms(deadline=timedelta(microseconds=1)))
    ada = place.caller()
    request_id = place.ask(ada)
    place.service.start()
    view = place.end(request_id)
    assert (view.status, view.error_kind) == (JobStatus.FAILED, "DeadlinePassed")
    assert place.balanced(ada)


def test_what_finds_no_place_is_as_if_it_had_never_come(build: Build) -> None:
    place = build(start=False, line=Line(capacity=1))
    ada = place.caller()
    first = place.ask(ada)
    again = Idempotency("again", "0" * 64)
    with pytest.raises(LineFull):
        place.ask(ada, idempotency=again, webhook_url="http://127.0.0.1:9/")
    assert place.service.credits(ada) == 99 * PRICE
    place.service.start()
    place.end(first)
    assert place.end(place.ask(ada, idempotency=again)).status is JobStatus.COMPLETED
    assert place.balanced(ada, spent=2 * PRICE)


def test_nothing_is_held_while_a_model_is_on_its_way(build: Build) -> None:
    place = build(start=False, plan=Plan(preload=True))
    ada = place.caller()
    with pytest.raises(ModelLoading, match="is being loaded; try again in 5 s"):
        place.ask(ada)
    assert not place.service.readiness().ready
    assert place.balanced(ada)


def test_a_model_that_cannot_be_loaded_is_told(build: Build) -> None:
    def load(*_: object) -> None:
        raise WeightsUnavailable("no such file")

    place = build(start=False, plan=Plan(preload=True), load=load)
    place.engine.worker.step()
    with pytest.raises(ModelLoading, match=r"cannot be loaded \(no such file\)"):
        place.ask(place.caller())
    assert place.service.readiness().problems["sd3-med-pose:embedded"] == "no such file"


def test_the_same_key_is_the_same_job_and_paid_once(place: Place) -> None:
    ada = place.caller()
    key = Idempotency("once", "0" * 64)
    first = place.service.submit(ada, "sd3-med-pose", POSE, idempotency=key)
    second = place.service.submit(ada, "sd3-med-pose", POSE, idempotency=key)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.view.request_id == second.view.request_id
    with pytest.raises(IdempotencyConflict):
        place.ask(ada, idempotency=Idempotency("once", "1" * 64))
    place.end(first.view.request_id)
    assert place.balanced(ada, spent=PRICE)


def test_jobs_are_their_owners_alone(place: Place) -> None:
    ada, bob = place.caller(), place.caller(name="bob")
    request_id = place.ask(ada)
    place.end(request_id)
    for look in (place.service.job, place.service.events, place.service.cancel):
        with pytest.raises(NoSuchJob):
            look(bob, request_id)


def test_the_end_is_told_after_the_job_is_settled(place: Place) -> None:
    ada = place.caller()
    request_id = place.ask(ada)
    listener = place.service.events(ada, request_id)
    events: list[TicketEvent] = []
    while not any(isinstance(event, Finished) for event in events):
        events += listener.wait(60)
    assert place.service.job(ada, request_id).status is JobStatus.COMPLETED
    late = place.service.events(ada, request_id).take()
    assert isinstance(late[-1], Finished)


@pytest.fixture(params=["sqlite", "postgresql"])
def crowded(request: pytest.FixtureRequest, build: Build) -> Iterator[Place]:
    """A service on either database."""
    if request.param == "sqlite":
        yield build()
        return
    with running_server() as server:
        database = Database(server.format(name="postgres"))
        upgrade(database)
        database.close()
        place = build(url=server.format(name="postgres"))
        yield place
        place.service.stop()
        place.database.close()


def test_300_at_once_with_credit_for_100(crowded: Place) -> None:
    ada = crowded.caller()
    start = threading.Barrier(300)

    def one(seed: int) -> JobStatus | None:
        start.wait(60)
        try:
            return crowded.end(crowded.ask(ada, seed=seed)).status
        except NotEnoughCredits:
            return None

    with ThreadPoolExecutor(300) as pool:
        ends = list(pool.map(one, range(300)))
    assert ends.count(JobStatus.COMPLETED) == 100
    assert ends.count(None) == 200
    assert crowded.balanced(ada, spent=100 * PRICE)
