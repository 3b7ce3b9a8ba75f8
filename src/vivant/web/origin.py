"""Whether a browser's request comes from a page of this server's own.

A page from elsewhere must neither act in a visitor's name (cross-site request forgery) nor pass
for ours by pointing a name of its own at this machine (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from fastapi import Request

from vivant.base.errors import VivantError

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""


class ForeignPage(VivantError):
    """A browser's request does not come from a page of this server."""


class OwnersOnly(VivantError):
    """Only whoever runs the server may do this."""


def check_origin(request: Request, public_url: str | None) -> None:
    """Refuse what no page of this server can have sent.

    Args:
        request: of a browser.
        public_url: the setting of this name.

    Raises:
        ForeignPage: it was sent to a name that is not ours, or by a page that is not ours.
    """
    host = request.headers.get("host", "")
    own = urlsplit(public_url).netloc if public_url else host
    if host != own or not (public_url or is_unforgeable(host)):
        expected = f"{public_url}" if public_url else "an IP address or localhost"
        raise ForeignPage(
            f"Host: {host!r:.100} is not allowed for the studio; expected {expected} "
            "(VIVANT_PUBLIC_URL names the server's own address)"
        )
    if request.method in SAFE:
        return
    origin = request.headers.get("origin", "")
    scheme = urlsplit(public_url).scheme if public_url else request.url.scheme
    if origin != f"{scheme}://{own}":
        raise ForeignPage(
            f"Origin: {origin!r:.100} is not allowed for the studio; expected {scheme}://{own}"
        )


def is_unforgeable(host: str) -> bool:
    """Whether nobody else can have made this name lead here: it is an address, or localhost."""
    try:
        name = urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return False
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
