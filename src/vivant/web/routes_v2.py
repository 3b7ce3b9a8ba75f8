"""v2: ask, come back, get the result."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from vivant.service.views import EndpointInfo, JobView, Output
from vivant.web import views
from vivant.web.auth import Known, Secret
from vivant.web.described import BODY, problems
from vivant.web.shapes import Accepted, FailedStatus, Result, Status
from vivant.web.site import site_of
from vivant.web.streaming import stream
from vivant.web.submitting import IdempotencyKey, SubmittingRoute, described, submit

RequestId: TypeAlias = Annotated[str, Path(description="As it was given at first")]

requests = APIRouter(prefix="/v2/requests", tags=["v2: come back for the picture"])

_FAILED: dict[int | str, dict[str, Any]] = {
    422: {"model": FailedStatus, "description": "The request failed, or was cancelled"}
}


def v2_route(router: APIRouter, info: EndpointInfo) -> None:
    """Take an endpoint's requests at /v2/SLUG."""

    async def generate(
        request: Request, secret: Secret, idempotency_key: IdempotencyKey = None
    ) -> Response:
        view = (await submit(request, secret, info, "v2", idempotency_key)).view
        here = site_of(request).url(request, f"/v2/requests/{view.request_id}")
        accepted = Accepted(
            request_id=view.request_id,
            status=views.status_body(view).status,
            status_url=f"{here}/status",
            response_url=here,
            poll_url=f"{here}/status",
            events_url=f"{here}/events",
        )
        return JSONResponse(accepted.model_dump(), headers={"x-request-id": view.request_id})

    router.add_api_route(
        f"/v2/{info.slug}",
        generate,
        methods=["POST"],
        route_class_override=SubmittingRoute,
        tags=requests.tags,
        summary=info.summary,
        operation_id=f"v2_{info.slug}",
        response_model=Accepted,
        responses=problems(*BODY, 401, 406, 409, 422, 429, 503),
        openapi_extra={"requestBody": described(info)},
    )


@requests.get(
    "/{request_id}/status", responses={200: {"model": Status}, **_FAILED, **problems(401, 404)}
)
async def status(request: Request, caller: Known, request_id: RequestId) -> JSONResponse:
    """Where a request stands."""
    site = site_of(request)
    view = await site.call(partial(site.service.job, caller, request_id))
    return views.answer(views.status_body(view))


@requests.get(
    "/{request_id}",
    responses={200: {"model": Result | Status}, **_FAILED, **problems(401, 404)},
)
async def result(request: Request, caller: Known, request_id: RequestId) -> JSONResponse:
    """What a request made, once it is completed."""
    site = site_of(request)
    view = await site.call(partial(site.service.job, caller, request_id))
    return views.answer(_result(request, view))


@requests.get(
    "/{request_id}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events until the request's end: queued, started, "
            "progress, picture, completed or failed",
            "content": {"text/event-stream": {}},
        },
        **problems(401, 404, 422),
    },
)
async def events(request: Request, caller: Known, request_id: RequestId) -> Response:
    """What happens to a request, as it happens."""
    site = site_of(request)
    view = await site.call(partial(site.service.job, caller, request_id))

    def body(ended: JobView) -> Status:
        return _result(request, ended)

    return StreamingResponse(
        stream(site, caller, view, body),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


@requests.delete(
    "/{request_id}", responses={200: {"model": Status}, **problems(401, 404, 409, 422)}
)
async def cancel(request: Request, caller: Known, request_id: RequestId) -> JSONResponse:
    """Stop a request between two steps; nothing is charged."""
    site = site_of(request)
    view = await site.call(partial(site.service.cancel, caller, request_id))
    body = views.status_body(view)
    return JSONResponse(body.model_dump() | {"status": view.status.value})


def _result(request: Request, view: JobView) -> Status:
    site = site_of(request)

    def link(output: Output) -> str:
        return site.asset_url(request, output.asset_id, output.expires_at)

    return views.result_body(view, link)
