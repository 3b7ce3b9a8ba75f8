"""What an account has, what it may ask for, and what it asked before."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse

from vivant.base.credits import credits_of
from vivant.engine.models import Warmth
from vivant.service.views import Output
from vivant.web import views
from vivant.web.auth import Known
from vivant.web.described import problems
from vivant.web.shapes import Credits, History, Model, Models
from vivant.web.site import site_of

account = APIRouter(prefix="/v1", tags=["account"])


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

    past = [views.past_request(view, link) for view in page.items]
    return _told(History(requests=past, next=page.next))


def _told(body: Credits | Models | History) -> JSONResponse:
    return JSONResponse(body.model_dump(by_alias=True), headers={"Cache-Control": "no-store"})
