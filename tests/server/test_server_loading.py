"""A server whose models are still being loaded: what it answers until they are there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.support.serving import serving
from tests.support.shop import POSE, STORY, customer_client
from tests.unit.service.conftest import RequestOnly
from vivant.base.credits import MICRO
from vivant.base.settings import Settings
from vivant.doors.wiring import Books, open_books
from vivant.engine.fake import FakeRunner
from vivant.engine.local import LocalEngine
from vivant.output.store import MemoryStore
from vivant.service.catalog import Catalog, Endpoint, Plan, installed_endpoints
from vivant.service.service import Service
from vivant.web.app import create_app


class Loading:
    """Loads each model when it is told to.

    Attributes:
        begun: set once a model is being loaded.
        may_end: lets the models be there.
    """

    def __init__(self, broken: str = "") -> None:
        self.begun = threading.Event()
        self.may_end = threading.Event()
        self._broken = broken

    def __call__(self, endpoint: Endpoint, _: str | None) -> None:
        """A catalog's `Load`."""
        self.begun.set()
        assert self.may_end.wait(60)
        if self._broken == endpoint.SLUG:
            raise OSError("the file is cut short")


@contextmanager
def starting(folder: Path, load: Loading) -> Iterator[tuple[httpx.Client, Service, Books]]:
    """A server that loads its models, with one customer."""
    settings = Settings(_env_file=None, data=folder)
    catalog = Catalog(installed_endpoints(), Plan())
    runners = dict.fromkeys((each.SLUG for each in catalog), RequestOnly(FakeRunner(side=32)))
    with ExitStack() as stack:
        books = open_books(settings)
        stack.callback(books.close)
        engine = LocalEngine(runners, catalog.models(load))
        service = Service(books.database, MemoryStore(10_000_000), engine, catalog)
        service.start()
        stack.callback(service.stop)
        stack.callback(load.may_end.set)
        account = books.accounts.create("customer")
        books.ledger.topup(account.id, MICRO)
        secret = books.keys.create(account.id, "").secret
        url = stack.enter_context(serving(create_app(service, settings)))
        yield stack.enter_context(customer_client(url, secret)), service, books


def wait_until_loaded(service: Service) -> None:
    """Return once no model is being loaded."""
    while not service.figures().engine.ready:
        pass


def test_503_until_the_models_are_loaded(tmp_path: Path) -> None:
    load = Loading()
    with starting(tmp_path, load) as (client, service, books):
        assert load.begun.wait(60)
        for path, body in (("/v1/sd3-med-pose", POSE), ("/v2/storydiffusion", STORY)):
            refused = client.post(path, json=body)
            assert refused.status_code == 503
            assert "is being loaded" in refused.json()["error"]
            assert int(refused.headers["retry-after"]) >= 1
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert ready.json()["ready"] is False
        assert set(ready.json()["problems"]) == {
            "sd3-med-pose:embedded",
            "storydiffusion:embedded",
        }
        assert int(ready.headers["retry-after"]) >= 1
        assert client.get("/healthz").status_code == 200, "alive all the while"
        assert client.get("/v1/requests").json()["requests"] == []
        load.may_end.set()
        wait_until_loaded(service)
        assert client.get("/readyz").json() == {"ready": True}
        assert client.post("/v1/sd3-med-pose", json=POSE).status_code == 200
        [account] = books.accounts.list()
        assert account.balance == MICRO - 17_000, "only the last one was charged"


def test_503_for_a_model_that_cannot_be_loaded_and_200_for_the_others(tmp_path: Path) -> None:
    load = Loading(broken="storydiffusion")
    load.may_end.set()
    with starting(tmp_path, load) as (client, service, _):
        name = "storydiffusion:embedded"
        while not {each.name: each.error for each in service.figures().engine.models}[name]:
            pass
        refused = client.post("/v1/storydiffusion", json=STORY)
        assert refused.status_code == 503
        assert "cannot be loaded (the file is cut short)" in refused.json()["error"]
        assert int(refused.headers["retry-after"]) >= 1
        assert client.post("/v1/sd3-med-pose", json=POSE).status_code == 200
        ready = client.get("/readyz")
        assert ready.json() == {"ready": True}
