"""One server for all tests that need no other, and a new customer for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.shop import Shop, open_shop


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop")) as shop:
        yield shop


@pytest.fixture
def shop(server: Shop) -> Iterator[Shop]:
    with server.for_another() as shop:
        yield shop
