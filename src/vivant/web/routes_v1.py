"""v1: ask, wait, get the picture."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from vivant.service.views import EndpointInfo, Output
from vivant.web.answers import v1_answer
from vivant.web.auth import Secret
from vivant.web.described import BODY, pictures_or_json, problems
from vivant.web.site import site_of
from vivant.web.submitting import IdempotencyKey, SubmittingRoute, described, submit
from vivant.web.waiting import give_up


def v1_route(router: APIRouter, info: EndpointInfo) -> None:
    """Serve an endpoint at /v1/SLUG."""

    async def generate(
        request: Request, secret: Secret, idempotency_key: IdempotencyKey = None
    ) -> Response:
        site = site_of(request)
        site.enter()
        try:
            handed = await submit(request, secret, info, "v1", idempotency_key)
            request_id = handed.view.request_id
            if handed.ending is not None and not await handed.ending.reached(request):
                if idempotency_key is None:  # with a key they may come back for the answer
                    await give_up(site, handed.caller, request_id)
                return Response(status_code=499)
        finally:
            site.leave()

        def link(output: Output) -> str:
            return site.asset_url(request, output.asset_id, output.expires_at)

        def answer() -> Response:
            ended = site.service.job(handed.caller, request_id)
            return v1_answer(site.service, ended, request.headers.get("accept", ""), link)

        return answer() if site.service.is_at_hand(request_id) else await site.call(answer)

    router.add_api_route(
        f"/v1/{info.slug}",
        generate,
        methods=["POST"],
        route_class_override=SubmittingRoute,
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
