"""What an account has, what it may ask for, and what it asked before."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import JSONResponse

from vivant.base.clock import utc_now
from vivant.base.credits import credits_of
from vivant.engine.models import Warmth
from vivant.service.views import Output
from vivant.web import views
from vivant.web.auth import Known
from vivant.web.described import problems
from vivant.web.shapes import (
    Credits,
    Forgotten,
    History,
    Model,
    Models,
    Movement,
    Movements,
)
from vivant.web.site import site_of

account = APIRouter(prefix="/v1", tags=["account"])

GIVEN_LINKS_LAST = timedelta(hours=1)
"""How long the history's links to pictures that were given can be followed."""


@account.get("/get-user-credits", responses={200: {"model": Credits}, **problems(401)})
async def user_credits(request: Request, caller: Known) -> JSONResponse:
    """Credits that are neither spent nor held."""
    site = site_of(request)
    balance = await site.call(partial(site.service.credits, caller))
    return _told(Credits(credits=credits_of(balance), free_credits=0.0))


@account.get("/models", responses={200: {"model": Models}, **problems()})
async def models(request: Request) -> JSONResponse:
    """What is served, what it costs, and what it accepts."""
    site = site_of(request)
    served = [
        Model(
            slug=info.slug,
            summary=info.summary,
            price=credits_of(info.price),
            warm=info.warmth is Warmth.READY,
            request_schema=dict(info.schema),
        )
        for info in await site.call(site.service.endpoints)
    ]
    return _told(Models(models=served))


@account.get("/requests", responses={200: {"model": History}, **problems(401, 404, 422)})
async def history(
    request: Request,
    caller: Known,
    before: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Requests of a page")] = 50,
) -> JSONResponse:
    """The account's requests, newest first, with what they cost."""
    site = site_of(request)
    page = await site.call(partial(site.service.history, caller, before, limit))

    def link(output: Output) -> str:
        return site.asset_url(request, output.asset_id, output.expires_at)

    def given(asset_id: str) -> str:
        return site.asset_url(request, asset_id, utc_now() + GIVEN_LINKS_LAST)

    past = [views.past_request(view, link, given) for view in page.items]
    return _told(History(requests=past, next=page.next))


@account.delete(
    "/requests/{request_id}", responses={200: {"model": Forgotten}, **problems(401, 404, 409, 422)}
)
async def forget(
    request: Request,
    caller: Known,
    request_id: Annotated[str, Path(description="As it was given at first")],
) -> JSONResponse:
    """Delete what a request was asked and what it made; what it cost stays in the book."""
    site = site_of(request)
    await site.call(partial(site.service.forget, caller, request_id))
    return _told(Forgotten(request_id=request_id))


@account.get("/movements", responses={200: {"model": Movements}, **problems(401, 422)})
async def book(
    request: Request,
    caller: Known,
    before: Annotated[
        str | None, Query(max_length=100, description="`next` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200, description="Movements of a page")] = 50,
) -> JSONResponse:
    """Where the account's credits came from and went to, newest first."""
    site = site_of(request)
    page = await site.call(partial(site.service.desk.movements, caller, before, limit))
    moved = [
        Movement(
            kind=movement.kind.value,
            amount=credits_of(movement.amount),
            balance=credits_of(movement.balance),
            note=movement.note,
            created_at=movement.created_at.isoformat(),
        )
        for movement in page.items
    ]
    return _told(Movements(movements=moved, next=page.next))


def _told(body: Credits | Models | History | Forgotten | Movements) -> JSONResponse:
    return JSONResponse(body.model_dump(by_alias=True), headers={"Cache-Control": "no-store"})
