"""The web application: routes, errors, metrics and logs around a service."""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter, FastAPI
from fastapi.responses import HTMLResponse
from prometheus_client import CollectorRegistry, ProcessCollector
from starlette.middleware.cors import CORSMiddleware

from vivant.base.settings import Settings
from vivant.base.version import __version__
from vivant.service.service import Service
from vivant.web import problems
from vivant.web.answers import EXPOSED
from vivant.web.envelope import Envelope
from vivant.web.figures import HttpFigures, ServiceFigures
from vivant.web.pages import StudioFiles
from vivant.web.routes_account import account
from vivant.web.routes_files import files as file_routes
from vivant.web.routes_keys import keys
from vivant.web.routes_pose import pose
from vivant.web.routes_presets import presets
from vivant.web.routes_price import price_route
from vivant.web.routes_status import status
from vivant.web.routes_story import story
from vivant.web.routes_studio import studio
from vivant.web.routes_v1 import v1_route
from vivant.web.routes_v2 import requests, v2_route
from vivant.web.site import Site

DESCRIPTION = """\
Pictures of people in the pose you ask for, and comics whose people stay the same.

Every request carries a key in the header `x-api-key`. Bodies are JSON, multipart or urlencoded
forms; every field may also come as a string. Errors are JSON with the key `error`. Only what is
answered with 200, or COMPLETED, is charged.
"""


def create_app(service: Service, settings: Settings) -> FastAPI:
    """The application for a service.

    It neither starts nor stops the service.

    Args:
        service: what is served.
        settings: how.
    """
    app = FastAPI(
        title="Vivant", version=__version__, description=DESCRIPTION, docs_url=None, redoc_url=None
    )
    registry = CollectorRegistry()
    registry.register(ServiceFigures(service.figures))
    ProcessCollector(registry=registry)
    app.state.site = Site(service, settings)
    app.state.registry = registry
    app.state.studio = StudioFiles()
    slugs = [info.slug for info in service.endpoints()]
    problems.install(app, slugs)
    app.include_router(_endpoints(service))
    for router in (requests, account, keys, pose, presets, story, file_routes, status, studio):
        app.include_router(router)
    app.add_api_route("/docs", _docs, include_in_schema=False)
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=EXPOSED,
        )
    app.add_middleware(Envelope, note=HttpFigures(registry).note)
    return app


def _endpoints(service: Service) -> APIRouter:
    """v1 and v2 of whatever the service has; a new endpoint needs no line here."""
    router = APIRouter()
    for info in service.endpoints():
        v1_route(router, info)
        v2_route(router, info)
        price_route(router, info)
    return router


def _docs() -> HTMLResponse:
    """The description for people: one page that loads nothing from elsewhere."""
    page = files("vivant.web").joinpath("docs.html").read_text(encoding="utf-8")
    return HTMLResponse(page)
