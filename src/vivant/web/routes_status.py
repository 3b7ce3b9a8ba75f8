"""How the server is: for load balancers and for those who watch it."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from vivant.web.described import problems
from vivant.web.problems import RETRY_AFTER_S
from vivant.web.shapes import Health, NotReady, Readiness
from vivant.web.site import site_of

status = APIRouter(tags=["status"])


@status.get("/healthz", responses=problems())
async def healthz() -> Health:
    """Whether the server runs at all."""
    return Health(status="ok")


@status.get(
    "/readyz",
    response_model=Readiness,
    responses={
        **problems(),
        503: {"model": NotReady, "description": "Not ready; the answer tells why"},
    },
)
async def readyz(request: Request) -> JSONResponse:
    """Whether requests can be served: database, store, engine and models."""
    site = site_of(request)
    state = await site.call(site.service.readiness)
    if state.ready:
        return JSONResponse(Readiness(ready=True).model_dump())
    told = "; ".join(f"{part}: {problem}" for part, problem in state.problems.items())
    body = NotReady(error=f"not ready: {told}", ready=False, problems=dict(state.problems))
    return JSONResponse(body.model_dump(), 503, {"Retry-After": str(RETRY_AFTER_S)})


@status.get(
    "/metrics",
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus's text format",
            "content": {"text/plain": {"schema": {"type": "string"}}},
        },
        **problems(),
    },
)
async def metrics(request: Request) -> Response:
    """What was counted."""
    text = await site_of(request).call(partial(generate_latest, request.app.state.registry))
    return Response(text, media_type=CONTENT_TYPE_LATEST)
