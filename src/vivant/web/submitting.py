"""From a body to a job: what v1 and v2 have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Header, Request
from fastapi.responses import Response
from fastapi.routing import APIRoute
from pydantic import Field, field_validator

from vivant.base.errors import Unfetchable, VivantError
from vivant.base.requests import EndpointRequest
from vivant.ledger.job import Idempotency, fingerprint
from vivant.ledger.keys import Caller
from vivant.service.views import EndpointInfo, JobView
from vivant.web.auth import KEY, Entrance
from vivant.web.bodies import Fields, Holding
from vivant.web.described import form_body
from vivant.web.fetch import checked_url
from vivant.web.inputs import names_urls
from vivant.web.site import site_of
from vivant.web.waiting import Ending

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key and request get the same answer, and are charged once",
    ),
]


class SubmittingRoute(APIRoute):
    """A route whose endpoint takes `(request, secret, idempotency_key)`, as `submit` wants them.

    It is found and described like any other, but finds these three itself: FastAPI's general way
    of solving dependencies takes as long as all else that the event loop does for a request.
    """

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """What FastAPI calls with each request."""

        async def handle(request: Request) -> Response:
            headers = request.headers
            answer: Response = await self.endpoint(
                request, headers.get(KEY.model.name), headers.get("idempotency-key")
            )
            return answer

        return handle


class Options(EndpointRequest):
    """Fields that requests of all endpoints may have besides their own."""

    in_words = MappingProxyType({"webhook_url": "an http or https URL"})

    webhook_url: str | None = Field(
        default=None, description="Told when the request has ended, with a signature"
    )
    embed_prompt: bool = Field(
        default=True, description="Whether the pictures' files carry the texts that made them"
    )

    @field_validator("webhook_url")
    @classmethod
    def _can_be_called(cls, value: str | None) -> str | None:
        try:
            return None if value is None else str(checked_url(value))
        except Unfetchable as error:
            raise ValueError(str(error)) from error


def described(info: EndpointInfo) -> dict[str, Any]:
    """The body of an endpoint's request, for the API's description."""
    return form_body(info.schema, info.picture_fields, Options.model_json_schema())


@dataclass(frozen=True)
class Handed:
    """A request that was handed to the service.

    Attributes:
        caller: who pays.
        view: its job.
        ending: to be awaited; None where it has ended, or nobody waits.
    """

    caller: Caller
    view: JobView
    ending: Ending | None


async def submit(
    request: Request,
    secret: str | None,
    info: EndpointInfo,
    version: Literal["v1", "v2"],
    key: str | None,
) -> Handed:
    """Let a request in, read its body and pictures, and hand it to the service.

    Whoever sends a small body without URLs is let in by the same thread that hands it over, so that
    the request changes threads once; all others are before more is done for them.

    Args:
        request: its body is still to be read.
        secret: the key of whoever pays.
        info: the endpoint.
        version: of the API; v1 waits.
        key: the Idempotency-Key, or None.
    """
    site = site_of(request)
    loop = asyncio.get_running_loop()
    entrance = Entrance(request, secret)
    with site.bodies.holding(request) as holding:
        fields = await _fields(holding, entrance)
        if names_urls(fields, info.picture_fields):
            await entrance.passed()
        fetched = await site.fetched(request, fields, info.picture_fields)

        def hand_over() -> Handed:
            caller = entrance.caller()
            options = Options.from_fields(fields)
            idempotency = None if key is None else Idempotency(key, _fingerprint(info.slug, fields))
            view = site.service.submit(
                caller,
                info.slug,
                site.inputs.read(fetched, info.picture_fields),
                version=version,
                idempotency=idempotency,
                webhook_url=options.webhook_url,
                embed_prompt=options.embed_prompt,
            ).view
            waits = version == "v1" and not view.ended
            ending = Ending(site.service, caller, view.request_id, loop) if waits else None
            return Handed(caller, view, ending)

        handed = await site.call(hand_over)
    request.state.log = {"account": handed.caller.account_id, "job": handed.view.request_id}
    return handed


async def _fields(holding: Holding, entrance: Entrance) -> Fields:
    """A body's fields; whoever is unknown is told so whatever is wrong with the body."""
    if not holding.is_small:
        await entrance.passed()
    try:
        return await holding.fields()
    except VivantError:
        await entrance.passed()
        raise


def _fingerprint(slug: str, fields: Fields) -> str:
    """Of what was asked, and not of its bytes: a form's boundary is another one each time."""
    return fingerprint(slug.encode(), *_parts(fields))


def _parts(fields: Mapping[str, object]) -> list[bytes]:
    parts: list[bytes] = []
    for name in sorted(fields):
        value = fields[name]
        told = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True).encode()
        parts += [name.encode(errors="replace"), type(value).__name__.encode(), told]
    return parts
