"""An account's keys: listed by any of them, made and revoked only by whoever runs the server."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from vivant.base.requests import EndpointRequest
from vivant.ledger.keys import Caller
from vivant.ledger.keys import Key as LedgerKey
from vivant.service.sessions import Visitor
from vivant.web.auth import Known, Visiting
from vivant.web.described import BODY, form_body, problems
from vivant.web.origin import OwnersOnly
from vivant.web.shapes import Key, Keys, MadeKey, Revoked
from vivant.web.site import site_of

keys = APIRouter(prefix="/v1/keys", tags=["account"])

_PRIVATE = {"Cache-Control": "no-store"}


class NewKey(EndpointRequest):
    """A key that is to be made."""

    label: str = Field(default="", max_length=200, description="What to call it")


@keys.get("", responses={200: {"model": Keys}, **problems(401)})
async def listed(request: Request, caller: Known) -> JSONResponse:
    """The account's keys, without their secrets."""
    site = site_of(request)
    found = await site.call(partial(site.service.desk.keys, caller))
    body = Keys(keys=[_told(key, caller) for key in found])
    return JSONResponse(body.model_dump(), headers=_PRIVATE)


@keys.post(
    "",
    responses={200: {"model": MadeKey}, **problems(*BODY, 401, 403, 422, 503)},
    openapi_extra={
        "requestBody": form_body(NewKey.model_json_schema(), [], example={"label": "laptop"})
    },
)
async def make(request: Request, visitor: Visiting) -> JSONResponse:
    """Make a key, in the studio; its secret is told this once."""
    site = site_of(request)
    owner = _owner(visitor)
    with site.bodies.holding(request) as holding:
        asked = NewKey.from_fields(await holding.fields())
    made = await site.call(partial(site.service.desk.make_key, owner, asked.label))
    body = MadeKey(**_told(made.key, owner).model_dump(), secret=made.secret)
    return JSONResponse(body.model_dump(), headers=_PRIVATE)


@keys.delete("/{key_id}", responses={200: {"model": Revoked}, **problems(401, 403, 404, 422)})
async def revoke(
    request: Request, visitor: Visiting, key_id: Annotated[str, Path(description="How it begins")]
) -> JSONResponse:
    """Let a key open nothing from now on, in the studio."""
    site = site_of(request)
    await site.call(partial(site.service.desk.revoke_key, _owner(visitor), key_id))
    return JSONResponse(Revoked(id=key_id).model_dump(), headers=_PRIVATE)


def _owner(visitor: Visitor) -> Caller:
    if not visitor.is_owner:
        raise OwnersOnly(
            "keys are made and revoked by whoever runs the server: open the studio by the link "
            "that `vivant serve` prints, or use `vivant keys`"
        )
    return visitor.caller


def _told(key: LedgerKey, caller: Caller) -> Key:
    return Key(
        id=key.id,
        label=key.label,
        created_at=key.created_at.isoformat(),
        expires_at=None if key.expires_at is None else key.expires_at.isoformat(),
        revoked_at=None if key.revoked_at is None else key.revoked_at.isoformat(),
        is_yours=key.id == caller.key_id,
    )
