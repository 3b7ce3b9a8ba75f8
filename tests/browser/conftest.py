"""One browser and one server for all tests, a new customer and a new window for each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.support.shop import Shop, open_shop
from tests.support.studio import PATIENCE_MS, Studio, launch, studio_of


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        running = launch(playwright)
        yield running
        running.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("studio"), side=128) as shop:
        yield shop


@pytest.fixture
def studio(browser: Browser, server: Shop) -> Iterator[Studio]:
    """A window that was let in; nothing may go wrong in it."""
    with server.for_another() as shop, studio_of(browser, shop) as studio:
        studio.enter()
        yield studio
        assert studio.faults == []
