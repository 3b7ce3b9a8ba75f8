"""From a body to a job: what v1 and v2 have in common."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeAlias

from fastapi import Header, Request
from pydantic import Field, field_validator

from vivant.base.errors import Unfetchable
from vivant.base.requests import EndpointRequest
from vivant.ledger.job import Idempotency, fingerprint
from vivant.ledger.keys import Caller
from vivant.service.views import EndpointInfo, JobView
from vivant.web.bodies import Fields
from vivant.web.described import form_body
from vivant.web.fetch import checked_url
from vivant.web.site import site_of
from vivant.web.waiting import Ending

IdempotencyKey: TypeAlias = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="The same key and request get the same answer, and are charged once",
    ),
]


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
        view: its job.
        ending: to be awaited; None where it has ended, or nobody waits.
    """

    view: JobView
    ending: Ending | None


async def submit(
    request: Request,
    caller: Caller,
    info: EndpointInfo,
    version: Literal["v1", "v2"],
    key: str | None,
) -> Handed:
    """Read a request's body and pictures, and hand it to the service.

    Args:
        request: its body is still to be read.
        caller: who pays.
        info: the endpoint.
        version: of the API; v1 waits.
        key: the Idempotency-Key, or None.
    """
    site = site_of(request)
    loop = asyncio.get_running_loop()
    with site.bodies.holding(request) as holding:
        fields = await holding.fields()
        options = Options.from_fields(fields)
        idempotency = None if key is None else Idempotency(key, _fingerprint(info.slug, fields))
        fetched = await site.fetched(request, fields, info.picture_fields)

        def hand_over() -> Handed:
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
            return Handed(view, ending)

        handed = await site.call(hand_over)
    request.state.log = {"account": caller.account_id, "job": handed.view.request_id}
    return handed


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
