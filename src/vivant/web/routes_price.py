"""What a request would cost, before it is made."""

from __future__ import annotations

from fastapi import APIRouter, Request

from vivant.base.credits import credits_of
from vivant.service.views import EndpointInfo
from vivant.web.auth import Known
from vivant.web.described import BODY, problems
from vivant.web.shapes import Price
from vivant.web.site import site_of
from vivant.web.submitting import described


def price_route(router: APIRouter, info: EndpointInfo) -> None:
    """Tell prices of an endpoint's requests at /v1/SLUG/price."""

    async def price(request: Request, caller: Known) -> Price:
        site = site_of(request)
        with site.bodies.holding(request) as holding:
            fields = await holding.fields()
            fetched = await site.fetched(request, fields, info.picture_fields)

            def work() -> int:
                read = site.inputs.read(fetched, info.picture_fields)
                return site.service.quote(info.slug, read)

            micro = await site.draw(work)
        return Price(price=credits_of(micro), credits=credits_of(caller.balance))

    router.add_api_route(
        f"/v1/{info.slug}/price",
        price,
        methods=["POST"],
        tags=["account"],
        summary=f"What a request to {info.slug} would cost",
        operation_id=f"price_{info.slug}",
        response_model=Price,
        responses=problems(*BODY, 401, 422, 503),
        openapi_extra={"requestBody": described(info)},
    )
