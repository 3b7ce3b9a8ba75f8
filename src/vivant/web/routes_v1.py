"""v1: ask, wait, get the picture."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import Response

from vivant.service.views import EndpointInfo, Output
from vivant.web.answers import v1_answer
from vivant.web.auth import Counted
from vivant.web.described import BODY, pictures_or_json, problems
from vivant.web.site import site_of
from vivant.web.submitting import IdempotencyKey, described, submit
from vivant.web.waiting import HungUp, until_ended


def v1_route(router: APIRouter, info: EndpointInfo) -> None:
    """Serve an endpoint at /v1/SLUG."""

    async def generate(
        request: Request, caller: Counted, idempotency_key: IdempotencyKey = None
    ) -> Response:
        site = site_of(request)
        site.enter()
        try:
            view = await submit(request, caller, info, "v1", idempotency_key)
            keep = idempotency_key is not None
            view = await until_ended(site.service, caller, view, request, keep=keep)
        except HungUp:
            return Response(status_code=499)
        finally:
            site.leave()

        def link(output: Output) -> str:
            return site.asset_url(request, output.asset_id, output.expires_at)

        accept = request.headers.get("accept", "")
        return await run_in_threadpool(v1_answer, site.service, view, accept, link)

    router.add_api_route(
        f"/v1/{info.slug}",
        generate,
        methods=["POST"],
        tags=["v1: wait for the picture"],
        summary=info.summary,
        operation_id=f"v1_{info.slug}",
        response_class=Response,
        responses={
            200: pictures_or_json(),
            **problems(*BODY, 401, 406, 409, 410, 422, 429, 503, 504),
        },
        openapi_extra={"requestBody": described(info)},
    )
