"""One server for all tests that need no other, and a new customer for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.postgres import running_server
from tests.support.shop import Shop, open_shop


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str | None]:
    """Where a server keeps its rows: in a file of its own (None), or on a real PostgreSQL."""
    if request.param == "sqlite":
        yield None
        return
    with running_server() as server:
        yield server.format(name="postgres")


@pytest.fixture
def shop(server: Shop) -> Iterator[Shop]:
    with server.for_another() as shop:
        yield shop
