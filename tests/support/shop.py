"""The whole service behind real HTTP, with a fake in place of the networks and customers to ask."""

from __future__ import annotations

import io
import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support.serving import serving
from vivant.base.credits import micro_of
from vivant.base.settings import Settings
from vivant.doors.wiring import House, open_house
from vivant.engine.fake import FakeRunner
from vivant.ledger.accounts import Account
from vivant.pose.draw import draw
from vivant.pose.presets import load_preset
from vivant.service.service import Service
from vivant.web.app import create_app

POSE: dict[str, Any] = {"prompt": "a girl in a red dress", "image": "preset:waving"}

STORY: dict[str, Any] = {
    "comic_description": "at home #Once\nin the forest\n[NC] a house",
    "image_width": "256",
    "image_height": "256",
}

PLENTY = 1000.0
"""Credits of the shop's first customer."""


class Gate:
    """Keeps a fake worker in its step until it is opened.

    Attributes:
        reached: set once the worker stands there.
    """

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._opened = threading.Event()

    def open(self) -> None:
        """Let the worker pass from now on."""
        self._opened.set()

    def __call__(self, _: float) -> None:
        """Stand there; the worker's part."""
        self.reached.set()
        self._opened.wait()


@dataclass(frozen=True)
class Shop:
    """A running server and one customer.

    Attributes:
        url: where it is.
        settings: how it runs.
        house: all that is behind the web.
        account: the customer's.
        secret: their key.
        client: makes their requests.
    """

    url: str
    settings: Settings
    house: House
    account: Account
    secret: str
    client: httpx.Client

    @property
    def service(self) -> Service:
        """What is behind the web."""
        return self.house.service

    @contextmanager
    def for_another(
        self, balance: float = PLENTY, requests_per_minute: int | None = None
    ) -> Iterator[Shop]:
        """The same server and another customer, with so many credits."""
        with _customer(self.url, self.settings, self.house, balance, requests_per_minute) as shop:
            yield shop

    def balance(self) -> int:
        """Micro-credits that the customer has now."""
        return self.house.accounts.get(self.account.id).balance

    def spent(self) -> int:
        """Micro-credits that a customer who began with plenty has spent or set aside."""
        return micro_of(PLENTY) - self.balance()

    @contextmanager
    def in_background(
        self, method: str, path: str, **options: Any
    ) -> Iterator[Future[httpx.Response]]:
        """Make a request of the customer's on another thread, until the block ends."""
        with ThreadPoolExecutor(1) as pool:
            yield pool.submit(self.client.request, method, path, **options)


@contextmanager
def open_shop(
    folder: Path,
    *,
    gate: Gate | None = None,
    seconds_per_step: float = 0.0,
    fail: Callable[[Any], Exception | None] = lambda _: None,
    side: int = 64,
    **settings: Any,
) -> Iterator[Shop]:
    """A server until the block ends.

    Args:
        folder: for its data.
        gate: where the worker waits in its first step.
        seconds_per_step: how long a step of the worker takes.
        fail: the error that a request ends with.
        side: of a picture.
        settings: those that are not the defaults; `fake=False` has the models of the package draw.
    """
    chosen = Settings(**{"_env_file": None, "data": folder, "fake": True} | settings)
    pace: dict[str, Any] = {"seconds_per_step": seconds_per_step}
    if gate is not None:
        pace = {"seconds_per_step": 1.0, "wait": gate}
    with ExitStack() as stack:
        house = open_house(chosen, runner=FakeRunner(fail=fail, side=side, **pace))
        stack.callback(house.close)
        house.service.start()
        stack.callback(house.service.stop)
        if gate is not None:
            stack.callback(gate.open)
        url = stack.enter_context(serving(create_app(house.service, chosen)))
        yield stack.enter_context(_customer(url, chosen, house, PLENTY, None))


def customer_client(url: str, secret: str) -> httpx.Client:
    """A client with a customer's key; it trusts nobody, since to load certificates takes long."""
    nobody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return httpx.Client(base_url=url, headers={"x-api-key": secret}, timeout=120, verify=nobody)


def skeleton() -> bytes:
    """A drawing of somebody who waves, as a PNG file."""
    buffer = io.BytesIO()
    draw(load_preset("waving"), 256, 256).save(buffer, "PNG")
    return buffer.getvalue()


@contextmanager
def _customer(
    url: str, settings: Settings, house: House, balance: float, limit: int | None
) -> Iterator[Shop]:
    account = house.accounts.create(f"customer {len(house.accounts.list())}", limit)
    house.ledger.topup(account.id, micro_of(balance))
    secret = house.keys.create(account.id, "test").secret
    with customer_client(url, secret) as client:
        yield Shop(url, settings, house, account, secret, client)
