"""A service on a database of its own, whose pictures are made up."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from vivant.base.clock import SetClock
from vivant.base.contract import Work
from vivant.engine.fake import FakeRunner
from vivant.engine.line import Line
from vivant.engine.local import LocalEngine
from vivant.engine.runners import Runner
from vivant.ledger.accounts import Accounts
from vivant.ledger.database import Database, sqlite_url
from vivant.ledger.keys import Caller, Keys
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade
from vivant.output.store import MemoryStore, Store
from vivant.service.catalog import Catalog, Load, Plan, installed_endpoints
from vivant.service.service import Service
from vivant.service.terms import Terms
from vivant.service.views import JobView

PRICE = 17_000
POSE = {"prompt": "a girl", "image": "preset:waving"}


class RequestOnly:
    """Gives a fake what it reads."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    def start(self, model: Any, work: Work) -> Iterator[Any]:
        return self._runner.start(model, work.request)


@dataclass
class Place:
    """A service and what stands around it."""

    service: Service
    engine: LocalEngine
    database: Database
    clock: SetClock
    store: Store

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.database, self.clock)

    def caller(self, balance: int = 100 * PRICE, name: str = "ada") -> Caller:
        """Somebody with credits."""
        account = Accounts(self.database, self.clock).create(name)
        self.ledger.topup(account.id, balance)
        key = Keys(self.database, self.clock).create(account.id, "")
        return self.service.authenticate(key.secret)

    def ask(self, caller: Caller, **changes: Any) -> str:
        """Submit a pose request; returns its id."""
        options = {name: changes.pop(name) for name in tuple(changes) if name in _OPTIONS}
        done = self.service.submit(caller, "sd3-med-pose", {**POSE, **changes}, **options)
        return done.view.request_id

    def end(self, request_id: str) -> JobView:
        """How a job ended."""
        return self.service.wait(request_id, timeout=60)

    def balanced(self, caller: Caller, spent: int = 0) -> bool:
        """Whether an account has all of its credits but what it spent, and the books agree."""
        left = 100 * PRICE - spent
        return self.service.credits(caller) == left and not self.ledger.discrepancies()


class Gate:
    """Keeps a fake's steps waiting until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self.opened = threading.Event()

    def __call__(self, seconds: float) -> None:  # noqa: ARG002  # in place of sleep
        self.reached.set()
        assert self.opened.wait(60)


_OPTIONS = {"version", "idempotency", "webhook_url", "embed_prompt"}

Build = Callable[..., Place]


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("service") / "pattern.db"
    database = Database(sqlite_url(path))
    upgrade(database)
    database.close()
    return path


@pytest.fixture
def build(empty_database: Path, tmp_path: Path) -> Iterator[Build]:
    """Makes services, all on one database unless told otherwise; they are stopped at the end."""
    shutil.copy(empty_database, tmp_path / "vivant.db")
    places: list[Place] = []

    def make(
        runner: Runner | None = None,
        *,
        terms: Terms | None = None,
        line: Line | None = None,
        store: Store | None = None,
        clock: SetClock | None = None,
        plan: Plan | None = None,
        load: Load = lambda _, __: None,
        url: str | None = None,
        start: bool = True,
    ) -> Place:
        clock = clock or SetClock()
        database = Database(url or sqlite_url(tmp_path / "vivant.db"))
        # Loaded when they are first needed, so that no test has to wait for them.
        catalog = Catalog(installed_endpoints(), plan or Plan(preload=False))
        models = catalog.models(load)
        fake = RequestOnly(runner or FakeRunner(side=16))
        slugs = [endpoint.SLUG for endpoint in catalog]
        engine = LocalEngine(dict.fromkeys(slugs, fake), models, line=line)
        store = store or MemoryStore(10_000_000, clock)
        service = Service(database, store, engine, catalog, terms, clock)
        places.append(Place(service, engine, database, clock, store))
        if start:
            service.start()
        return places[-1]

    yield make
    for place in places:
        place.service.stop()
        place.database.close()


@pytest.fixture
def place(build: Build) -> Place:
    return build()
