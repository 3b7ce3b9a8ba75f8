"""Who makes a request, and whether they may make one more."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from vivant.ledger.keys import Caller
from vivant.web.site import site_of

KEY = APIKeyHeader(name="x-api-key", auto_error=False, description="A key of your account")

_Secret = Annotated[str | None, Depends(KEY)]


async def _authenticated(request: Request, secret: _Secret) -> Caller:
    site = site_of(request)
    return await site.call(partial(site.service.authenticate, secret))


async def _counted(request: Request, secret: _Secret) -> Caller:
    site = site_of(request)

    def admit() -> Caller:
        caller = site.service.authenticate(secret)
        request.state.room = site.service.count_request(caller)
        return caller

    return await site.call(admit)


Known: TypeAlias = Annotated[Caller, Depends(_authenticated)]
"""A caller with a key that lets them in."""

Counted: TypeAlias = Annotated[Caller, Depends(_counted)]
"""The same, for what counts against their rate limit; the answer tells what is left of it."""
