"""What the routes of one application share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs, quote

import httpx
from fastapi import Request

from vivant.base.errors import BadLink, NotFound, OutputExpired, Unfetchable
from vivant.base.network import Reachable
from vivant.base.settings import Settings
from vivant.service.service import Service
from vivant.web.bodies import Bodies, BodyLimits, Fields
from vivant.web.fetch import Fetcher, Limits
from vivant.web.inputs import Inputs, names_urls
from vivant.web.problems import Overloaded

T = TypeVar("T")

THREADS = 32
"""Calls of the service under way at a time; each takes milliseconds."""

FETCHES = 32
"""Pictures that are fetched from elsewhere at a time; further requests wait for their turn."""

DRAWING = 2
"""Poses that are read or drawn at a time: it is all computing."""

BODIES_AT_A_TIME = 10
"""How many bodies of the largest size are held at a time."""


class Site:
    """The service, its settings and what stands between it and HTTP.

    Attributes:
        service: does the work.
        settings: how the server runs.
        bodies: reads requests.
        inputs: reads their pictures.
        waiting: requests that wait for their answer now.
    """

    def __init__(self, service: Service, settings: Settings) -> None:
        self.service = service
        self.settings = settings
        most = settings.max_body_bytes
        self.bodies = Bodies(BodyLimits(most, settings.body_timeout, BODIES_AT_A_TIME * most))
        limits = Limits(
            settings.max_picture_bytes, settings.fetch_timeout, settings.fetch_redirects
        )
        self.inputs = Inputs(
            Fetcher(Reachable(settings.reachable), limits), settings.max_picture_bytes
        )
        self._threads = ThreadPoolExecutor(THREADS, "vivant-web")
        self._fetches = ThreadPoolExecutor(FETCHES, "vivant-fetch")
        self._drawing = ThreadPoolExecutor(DRAWING, "vivant-draw")
        self.waiting = 0

    async def call(self, work: Callable[[], T]) -> T:
        """Do what takes milliseconds and blocks.

        An executor of our own takes one turn of the event loop where anyio's threads take four, and
        each turn passes through all the layers of the application.
        """
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def draw(self, work: Callable[[], T]) -> T:
        """Do what computes for a while."""
        return await asyncio.get_running_loop().run_in_executor(self._drawing, work)

    async def fetched(self, request: Request, fields: Fields, names: Collection[str]) -> Fields:
        """A request's fields with the pictures that its URLs name; see `Inputs.fetched`."""
        if not names_urls(fields, names):
            return fields
        own_file = partial(self._own_file, request)
        fetch = partial(self.inputs.fetched, fields, names, own_file)
        return await asyncio.get_running_loop().run_in_executor(self._fetches, fetch)

    def enter(self) -> None:
        """One more request waits for its answer.

        Raises:
            Overloaded: as many wait as may.
        """
        if self.waiting >= self.settings.max_waiting:
            raise Overloaded(f"{self.waiting} requests wait for their answers; try again soon")
        self.waiting += 1

    def leave(self) -> None:
        """A request has its answer."""
        self.waiting -= 1

    def url(self, request: Request, path: str) -> str:
        """A path of this server as others reach it."""
        base = self.settings.public_url or str(request.base_url).rstrip("/")
        return f"{base}{path}"

    def asset_url(self, request: Request, asset_id: str, expires_at: datetime) -> str:
        """A link to a stored file that anyone may follow until it runs out."""
        proof = self.service.link(asset_id, expires_at)
        return self.url(request, f"/assets/{asset_id}?sig={quote(proof)}")

    def _own_file(self, request: Request, url: str) -> bytes | None:
        here = httpx.URL(self.url(request, "/assets/"))
        try:
            there = httpx.URL(url)
        except httpx.InvalidURL:
            return None
        if there.netloc != here.netloc or not there.path.startswith(here.path):
            return None
        proof = parse_qs(there.query.decode(errors="replace")).get("sig", [""])[0]
        try:
            return self.service.file(there.path.removeprefix(here.path), proof).data
        except (BadLink, NotFound, OutputExpired) as error:
            raise Unfetchable(str(error)) from error


def site_of(request: Request) -> Site:
    """The application's own."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101  # `create_app` puts it there
    return site
