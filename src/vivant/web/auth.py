"""Who makes a request, and whether they may make one more."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyHeader

from vivant.ledger.keys import Caller
from vivant.web.site import site_of

KEY = APIKeyHeader(name="x-api-key", auto_error=False, description="A key of your account")

_Secret = Annotated[str | None, Depends(KEY)]


async def _authenticated(request: Request, secret: _Secret) -> Caller:
    return await run_in_threadpool(site_of(request).service.authenticate, secret)


async def _counted(request: Request, secret: _Secret) -> Caller:
    service = site_of(request).service

    def admit() -> Caller:
        caller = service.authenticate(secret)
        request.state.room = service.count_request(caller)
        return caller

    return await run_in_threadpool(admit)


Known: TypeAlias = Annotated[Caller, Depends(_authenticated)]
"""A caller with a key that lets them in."""

Counted: TypeAlias = Annotated[Caller, Depends(_counted)]
"""The same, for what counts against their rate limit; the answer tells what is left of it."""
