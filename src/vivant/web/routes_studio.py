"""The studio: its files, and the sessions that let it in."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from fastapi.responses import JSONResponse, Response

from vivant.base.credits import credits_of
from vivant.base.errors import InvalidInput, NotFound
from vivant.base.version import __version__
from vivant.service.sessions import LASTS, Session
from vivant.web.auth import COOKIE, Visiting
from vivant.web.bodies import Fields
from vivant.web.origin import check_origin
from vivant.web.pages import PAGE, StudioFiles
from vivant.web.site import Site, site_of

studio = APIRouter(include_in_schema=False)

_PRIVATE = {"Cache-Control": "no-store"}


@studio.get("/")
async def page(request: Request) -> Response:
    """The studio's page."""
    return _file(request, PAGE)


@studio.get("/studio/{name:path}")
async def file(request: Request, name: Annotated[str, Path(max_length=200)]) -> Response:
    """One of the studio's files."""
    return _file(request, name)


@studio.post("/session")
async def enter(request: Request) -> Response:
    """Let a browser in, by `invitation` (what the server's link carries) or by `key`."""
    site = site_of(request)
    check_origin(request, site.settings.public_url)
    with site.bodies.holding(request) as holding:
        session = await site.call(partial(_opened, site, await holding.fields()))
    answer = JSONResponse({"token": session.token}, headers=_PRIVATE)
    _set(answer, request, session.cookie, int(LASTS.total_seconds()))
    return answer


@studio.get("/session")
async def whoami(request: Request, visitor: Visiting) -> Response:
    """Whose session this is."""
    site = site_of(request)
    account = await site.call(partial(site.service.desk.account, visitor.caller))
    return JSONResponse(
        {
            "account": account.name,
            "credits": credits_of(account.balance),
            "key": visitor.caller.key_id,
            "owner": visitor.is_owner,
            "version": __version__,
        },
        headers=_PRIVATE,
    )


@studio.delete("/session")
async def leave(request: Request) -> Response:
    """Let this browser forget its session."""
    check_origin(request, site_of(request).settings.public_url)
    answer = JSONResponse({}, headers=_PRIVATE)
    _set(answer, request, "", 0)
    return answer


def _opened(site: Site, fields: Fields) -> Session:
    name: Literal["invitation", "key"] = "invitation" if "invitation" in fields else "key"
    given = fields.get(name)
    if not isinstance(given, str):
        raise InvalidInput(name, given, "the text after # in the studio's link, or a key")
    sessions = site.service.sessions
    return sessions.follow(given) if name == "invitation" else sessions.enter(given.strip())


def _set(answer: Response, request: Request, cookie: str, seconds: int) -> None:
    url = site_of(request).url(request, "/")
    answer.set_cookie(
        COOKIE,
        cookie,
        max_age=seconds,
        httponly=True,
        samesite="strict",
        secure=url.startswith("https:"),
        path="/",
    )


def _file(request: Request, name: str) -> Response:
    files = request.app.state.studio
    assert isinstance(files, StudioFiles)  # noqa: S101  # `create_app` puts it there
    found = files.find(name)
    if found is None:
        raise NotFound(f"the studio has no file {name!r:.100}")
    return found.answer(request.headers)
