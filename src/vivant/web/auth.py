"""Who makes a request, and whether they may make one more."""

from __future__ import annotations

from functools import partial
from typing import Annotated, TypeAlias

from fastapi import Depends, Request
from fastapi.security import APIKeyHeader

from vivant.ledger.keys import Caller
from vivant.service.sessions import Visitor
from vivant.web.origin import check_origin
from vivant.web.site import Site, site_of

KEY = APIKeyHeader(name="x-api-key", auto_error=False, description="A key of your account")

COOKIE = "vivant_session"
TOKEN = "x-studio-token"  # noqa: S105  # a header's name
"""The two halves of a browser's session; see `vivant.service.sessions`."""

Secret: TypeAlias = Annotated[str | None, Depends(KEY)]
"""What stands in the header, not looked at yet; see `Entrance`."""


async def _authenticated(request: Request, secret: Secret) -> Caller:
    site = site_of(request)
    return await site.call(partial(_caller, site, request, secret))


async def _counted(request: Request, secret: Secret) -> Caller:
    return await Entrance(request, secret).passed()


async def _visitor(request: Request) -> Visitor:
    site = site_of(request)
    return await site.call(partial(visitor_of, site, request))


class Entrance:
    """Where a request is let in, and counted against its caller's rate limit, once.

    Args:
        request: it tells what is left of the limit in its answer.
        secret: its key.
    """

    def __init__(self, request: Request, secret: str | None) -> None:
        self._request = request
        self._secret = secret
        self._caller: Caller | None = None

    def caller(self) -> Caller:
        """Whose request it is; on a thread that may block.

        Raises:
            UnknownKey: nobody's.
            ForeignPage: it claims to be the studio's, and is not.
            RateLimited: there is no room for it now.
        """
        if self._caller is None:
            site = site_of(self._request)
            caller = _caller(site, self._request, self._secret)
            self._request.state.room = site.service.count_request(caller)
            self._caller = caller
        return self._caller

    async def passed(self) -> Caller:
        """The same on the event loop; a thread of the site's asks."""
        return await site_of(self._request).call(self.caller)


def _caller(site: Site, request: Request, secret: str | None) -> Caller:
    if secret is None and TOKEN in request.headers:
        return visitor_of(site, request).caller
    return site.service.authenticate(secret)


def visitor_of(site: Site, request: Request) -> Visitor:
    """Who comes with a browser's session.

    Raises:
        ForeignPage: the request does not come from a page of this server.
        UnknownKey: there is no session, or it is over.
    """
    check_origin(request, site.settings.public_url)
    cookie, token = request.cookies.get(COOKIE, ""), request.headers.get(TOKEN, "")
    return site.service.sessions.visitor(cookie, token)


Known: TypeAlias = Annotated[Caller, Depends(_authenticated)]
"""A caller with a key, or a session of the studio's, that lets them in."""

Counted: TypeAlias = Annotated[Caller, Depends(_counted)]
"""The same, for what counts against their rate limit; the answer tells what is left of it."""

Visiting: TypeAlias = Annotated[Visitor, Depends(_visitor)]
"""A person in the studio; keys do not do."""
