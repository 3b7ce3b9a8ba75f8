"""What stops, crashes and time leave behind, and who is told."""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from PIL import Image

from tests.unit.service.conftest import POSE, PRICE, Build, Gate, Place
from vivant.base.errors import (
    BadLink,
    EngineStopped,
    InvalidInput,
    NoSuchAsset,
    OutputExpired,
    UnreadablePicture,
)
from vivant.engine.fake import FakeRunner
from vivant.ledger.accounts import Accounts
from vivant.ledger.job import Idempotency
from vivant.ledger.jobs import Jobs
from vivant.ledger.rules import JobStatus
from vivant.ledger.webhooks import Webhooks
from vivant.output.store import MemoryStore
from vivant.pose.openpose import pose_to_json
from vivant.pose.presets import load_preset
from vivant.service.catalog import Catalog, Plan, installed_endpoints
from vivant.service.terms import Terms
from vivant.service.upkeep import Chore, Upkeep


def png(side: int = 8) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (side, side), "red").save(buffer, "PNG")
    return buffer.getvalue()


def waving() -> bytes:
    return json.dumps(pose_to_json(load_preset("waving"))).encode()


@pytest.mark.parametrize(
    ("version", "key", "end"),
    [("v2", None, "COMPLETED"), ("v1", "k", "COMPLETED"), ("v1", None, "FAILED")],
)
@pytest.mark.parametrize("began", [False, True])
def test_what_a_crash_left_is_run_again_unless_nobody_can_come_back_for_it(
    build: Build, version: str, key: str | None, end: str, *, began: bool
) -> None:
    store = MemoryStore(10_000_000)
    before = build(start=False, store=store)
    ada = before.caller()
    known = None if key is None else Idempotency(key, "0" * 64)
    request_id = before.ask(ada, image=waving(), version=version, idempotency=known)
    if began:
        Jobs(before.database, before.clock).claim(request_id)
    after = build(store=store)
    view = after.end(request_id)
    assert view.status == end
    assert view.retry_count == (1 if began and end == "COMPLETED" else 0)
    assert after.balanced(ada, spent=PRICE if end == "COMPLETED" else 0)


def test_a_job_that_kills_the_server_each_time_is_given_up(build: Build) -> None:
    place = build(start=False, terms=Terms(max_attempts=1))
    ada = place.caller()
    request_id = place.ask(ada)
    Jobs(place.database, place.clock).claim(request_id)
    after = build(terms=Terms(max_attempts=1))
    assert after.end(request_id).error_kind == "EngineStopped"
    assert after.balanced(ada)


def test_a_job_whose_picture_is_gone_fails(build: Build) -> None:
    before = build(start=False, store=MemoryStore(10_000_000))
    ada = before.caller()
    request_id = before.ask(ada, image=waving())
    after = build(store=MemoryStore(10_000_000))
    assert after.end(request_id).error_kind == "NoSuchAsset"
    assert after.balanced(ada)


def test_a_stop_keeps_what_somebody_comes_back_for(build: Build) -> None:
    gate = Gate()
    place = build(FakeRunner(seconds_per_step=1, wait=gate))
    ada = place.caller()
    ids = [place.ask(ada, version="v2"), place.ask(ada, version="v1")]
    assert gate.reached.wait(60)
    listener = place.service.events(ada, ids[0])
    stopping = threading.Thread(target=place.service.stop)
    stopping.start()
    gate.opened.set()
    stopping.join(60)
    last: Any = listener.take()[-1]
    assert isinstance(last.error, EngineStopped)
    kept, dropped = (Jobs(place.database).get(request_id) for request_id in ids)
    assert kept.status is JobStatus.PROCESSING
    assert (dropped.status, dropped.error_kind) == (JobStatus.FAILED, "EngineStopped")
    after = build(clock=place.clock)
    assert after.end(ids[0]).status is JobStatus.COMPLETED
    assert after.balanced(ada, spent=PRICE)


def test_a_stopped_service_takes_nothing(build: Build) -> None:
    place = build()
    ada = place.caller()
    place.service.stop()
    with pytest.raises(EngineStopped):
        place.ask(ada)
    assert place.balanced(ada)


def test_the_sweeper_fails_what_is_overdue(build: Build) -> None:
    place = build(start=False)
    ada = place.caller()
    request_id = place.ask(ada)
    place.clock.move(minutes=11)
    place.service.sweep()
    view = place.service.wait(request_id, 60)
    assert (view.status, view.error_kind) == (JobStatus.FAILED, "DeadlinePassed")
    assert place.engine.state().waiting == 0
    assert place.balanced(ada)


def test_files_are_kept_for_a_time_and_links_end_with_them(place: Place) -> None:
    ada = place.caller()
    output = place.end(place.ask(ada)).outputs[0]
    proof = place.service.link(output.asset_id, output.expires_at)
    assert place.service.file(output.asset_id, proof).content_type == "image/jpeg"
    with pytest.raises(BadLink):
        place.service.file(output.asset_id, proof[:-1])
    place.clock.move(hours=73)
    place.service.sweep()
    with pytest.raises(OutputExpired):
        place.service.file(output.asset_id, proof)
    with pytest.raises(NoSuchAsset):
        place.service.read(output.asset_id)


def test_uploads_are_pictures(place: Place) -> None:
    ada = place.caller()
    asset = place.service.upload(ada, png())
    assert (asset.content_type, asset.width, asset.height) == ("image/png", 8, 8)
    proof = place.service.link(asset.id, asset.expires_at)
    assert place.service.file(asset.id, proof).data == png()
    with pytest.raises(UnreadablePicture):
        place.service.upload(ada, b"<html>")


def test_a_rate_limit_of_the_terms_is_everybody_s(build: Build) -> None:
    ada = build(start=False).caller()
    assert build(start=False).service.count_request(ada) is None
    room = build(start=False, terms=Terms(requests_per_minute=3)).service.count_request(ada)
    assert room is not None
    assert room.remaining == 2


class Receiver(HTTPServer):
    """Takes webhooks down."""

    def __init__(self, status: int = 200) -> None:
        super().__init__(("127.0.0.1", 0), Notes)
        self.status = status
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.arrived = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook"


class Notes(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.got.append((headers, body))
        self.send_response(self.server.status)
        self.end_headers()
        self.server.arrived.set()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def receiving(status: int = 200) -> Iterator[Receiver]:
    with Receiver(status) as receiver:
        thread = threading.Thread(target=receiver.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.shutdown()
            thread.join()


LOCAL = Terms(reachable=("127.0.0.1",), public_url="https://pictures.example")


def test_a_webhook_is_signed_and_tells_the_end(build: Build) -> None:
    with receiving() as receiver:
        place = build(terms=LOCAL)
        ada = place.caller()
        view = place.end(place.ask(ada, webhook_url=receiver.url))
        assert receiver.arrived.wait(60)
        headers, body = receiver.got[0]
        told = json.loads(body)
        assert told["type"] == "request.completed"
        assert told["data"]["request_id"] == view.request_id
        assert told["data"]["metrics"]["cost"] == 0.017
        link = told["data"]["images"][0]["url"]
        start = f"https://pictures.example/assets/{view.outputs[0].asset_id}?sig="
        assert link.startswith(start)
        assert place.service.file(view.outputs[0].asset_id, link.removeprefix(start)).data
        secret = Accounts(place.database).get(ada.account_id).webhook_secret
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        code = hmac.new(secret, signed, hashlib.sha256).digest()
        assert headers["webhook-signature"] == f"v1,{base64.b64encode(code).decode()}"
        place.service.stop()
        assert place.service.figures().deliveries == {"delivered": 1}


def test_a_webhook_that_is_refused_is_sent_again_later(build: Build) -> None:
    with receiving(500) as receiver:
        place = build(FakeRunner(fail=lambda _: InvalidInput("x", 1, "2")), terms=LOCAL)
        request_id = place.ask(place.caller(), webhook_url=receiver.url)
        place.end(request_id)
        assert receiver.arrived.wait(60)
        place.service.stop()
        assert json.loads(receiver.got[0][1])["type"] == "request.failed"
        webhooks = Webhooks(place.database, place.clock)
        assert [attempt.status_code for attempt in webhooks.log(request_id)] == [500]
        assert webhooks.claim() == ()
        place.clock.move(seconds=6)
        assert len(webhooks.claim()) == 1


def test_webhooks_do_not_reach_into_the_own_network(build: Build) -> None:
    with receiving() as receiver:
        place = build(start=False)
        ada = place.caller()
        request_id = place.ask(ada, webhook_url=receiver.url)
        place.service.cancel(ada, request_id)
        place.service.deliver_webhooks()
        place.service.stop()
        (attempt,) = Webhooks(place.database, place.clock).log(request_id)
        assert attempt.error is not None
        assert "not a public one" in attempt.error
        assert receiver.got == []


def test_a_chore_that_fails_is_done_again() -> None:
    done = threading.Event()
    times: list[int] = []

    def work() -> None:
        times.append(len(times))
        if len(times) == 2:
            done.set()
        raise OSError("no")

    upkeep = Upkeep([Chore("work", 0.001, work)])
    upkeep.start()
    assert done.wait(60)
    upkeep.stop()
    assert times[:2] == [0, 1]


def test_a_plan_names_what_is_there() -> None:
    for plan in (Plan(weights={"sd3-med-prose": "x"}), Plan(prices={"storydiffusion/x": 1.0})):
        with pytest.raises(InvalidInput, match=r"one of: .*sd3-med-pose"):
            Catalog(installed_endpoints(), plan)


def test_prices_are_as_planned(build: Build) -> None:
    place = build(start=False, plan=Plan(prices={"sd3-med-pose": 0.5}, preload=False))
    prices = {info.slug: info.price for info in place.service.endpoints()}
    assert prices == {"sd3-med-pose": 500_000, "storydiffusion": 166_000}
    done = place.service.submit(place.caller(), "sd3-med-pose", {**POSE, "samples": 2})
    assert done.view.price == 1_000_000


def test_one_model_serves_all_names_that_mean_it() -> None:
    weights = {"storydiffusion/RealVision": "RealVision", "sd3-med-pose": "sd3-medium"}
    catalog = Catalog(installed_endpoints(), Plan(weights=weights))
    names = {model.name for model in catalog.models(lambda _, __: None)}
    assert names == {
        "sd3-med-pose:sd3-medium",
        "storydiffusion:embedded",
        "storydiffusion:RealVision",
    }
