"""From settings to a service: the one place where its parts are put together."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from vivant.base.contract import Events, Work
from vivant.base.settings import Settings
from vivant.engine.fake import FAKE, FakeRunner
from vivant.engine.line import Line
from vivant.engine.local import LocalEngine
from vivant.engine.runners import AnyRunner
from vivant.ledger.accounts import Accounts
from vivant.ledger.database import Database, sqlite_url
from vivant.ledger.keys import Keys
from vivant.ledger.ledger import Ledger
from vivant.ledger.migrations import upgrade
from vivant.output.store import FolderStore
from vivant.pose.estimators import estimator_by_name
from vivant.service.catalog import Catalog, Endpoint, Load, Plan, installed_endpoints
from vivant.service.service import Service
from vivant.service.terms import Terms
from vivant.weights.catalog import read_catalog


@dataclass(frozen=True)
class Books:
    """What `vivant keys` needs, and no more.

    Attributes:
        database: with all tables.
        accounts: its accounts.
        keys: their API keys.
        ledger: their credits.
    """

    database: Database
    accounts: Accounts
    keys: Keys
    ledger: Ledger

    def close(self) -> None:
        """Close every connection."""
        self.database.close()


@dataclass(frozen=True)
class House(Books):
    """A whole server but for its HTTP.

    Attributes:
        service: neither started nor stopped here.
    """

    service: Service


def open_books(settings: Settings) -> Books:
    """The database that the settings name, brought up to date.

    Raises:
        InvalidInput: the URL is none.
        StoreUnavailable: the database cannot be reached.
    """
    settings.data.mkdir(parents=True, exist_ok=True)
    database = Database(settings.database_url or sqlite_url(settings.data / "vivant.db"))
    upgrade(database)
    return Books(database, Accounts(database), Keys(database), Ledger(database))


def open_house(
    settings: Settings,
    *,
    runner: FakeRunner | None = None,
    loaded: Callable[[], None] = lambda: None,
) -> House:
    """A service as the settings want it.

    Args:
        settings: all of them.
        runner: makes the pictures where the settings say `fake`.
        loaded: called after each model that was loaded; see `set_aside`.

    Raises:
        VivantError: a setting cannot be followed; the message says why.
    """
    books = open_books(settings)
    endpoints = installed_endpoints()
    plan = Plan(settings.weights, settings.prices, settings.preload)
    catalog = Catalog(endpoints, plan, estimator_by_name(settings.estimator))
    service = Service(
        books.database,
        FolderStore(settings.data / "files", settings.max_stored_bytes),
        _engine(settings, endpoints, catalog, runner or FakeRunner(), loaded),
        catalog,
        _terms(settings),
    )
    return House(books.database, books.accounts, books.keys, books.ledger, service)


def set_aside() -> None:
    """Let the garbage collector pass over all that this process holds now: it is there to stay.

    A look through the modules of a server holds up every thread, for a tenth of a second without
    torch and for longer with it.
    """
    gc.collect()
    gc.freeze()


def _engine(
    settings: Settings,
    endpoints: tuple[Endpoint, ...],
    catalog: Catalog,
    fake: FakeRunner,
    loaded: Callable[[], None],
) -> LocalEngine:
    runners: dict[str, AnyRunner] = {each.SLUG: each.RUNNER for each in endpoints}
    models = catalog.models(_loader(settings, loaded), _size)
    if settings.fake:
        runners = {each.SLUG: _Rehearsal(each, fake) for each in endpoints}
        models = catalog.models(_loader_of_nothing(loaded))
    return LocalEngine(
        runners, models, line=Line(settings.line), memory_budget=settings.memory_budget
    )


class _Rehearsal:
    """Has an endpoint finish what a fake draws, as it would what its model draws."""

    def __init__(self, endpoint: Endpoint, fake: FakeRunner) -> None:
        self._endpoint = endpoint
        self._fake = fake

    def start(self, model: Any, work: Work) -> Events:
        drawn = self._fake.start(model, work.request, self._endpoint.takes(work))
        return self._endpoint.finish(work, drawn, weights=FAKE)


def _terms(settings: Settings) -> Terms:
    return Terms(
        worker=settings.worker,
        deadline=timedelta(seconds=settings.deadline),
        max_attempts=settings.max_attempts,
        requests_per_minute=settings.requests_per_minute,
        keep=timedelta(hours=settings.keep_hours),
        prompts_in_pictures=settings.prompts_in_pictures,
        public_url=settings.public_url,
        reachable=settings.reachable,
        webhook_timeout=settings.webhook_timeout,
    )


def _loader(settings: Settings, loaded: Callable[[], None]) -> Load:
    def load(endpoint: Endpoint, reference: str | None) -> Any:
        model = endpoint.load(
            reference, device=settings.device, dtype=settings.dtype, offload=settings.offload
        )
        loaded()
        return model

    return load


def _loader_of_nothing(loaded: Callable[[], None]) -> Load:
    """A fake needs no model."""

    def load(_: Endpoint, __: str | None) -> None:
        loaded()

    return load


def _size(reference: str | None) -> int:
    """Bytes of a model's files; 0 for those in the package, which are small, and unknown ones."""
    if reference is None:
        return 0
    entry = read_catalog().get(reference)
    if entry is not None:
        return entry.bytes
    path = Path(reference).expanduser()
    files = path.rglob("*.safetensors") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())
