"""Fetch what a URL in a request names, without letting the URL reach what it should not."""

from __future__ import annotations

from dataclasses import dataclass

import httpcore
import httpx

from vivant.base.errors import PictureTooLarge, Unfetchable
from vivant.base.network import GuardedBackend, Reachable
from vivant.base.version import __version__

LONGEST_URL = 8_192
"""Characters; longer ones are no addresses of pictures."""

_MOVED = frozenset({301, 302, 303, 307, 308})

_HEADERS = (
    # Nothing is unpacked here, so that a small answer cannot become a large one.
    ("Accept-Encoding", "identity"),
    ("Accept", "image/*, application/json;q=0.9, */*;q=0.5"),
    ("User-Agent", f"Vivant/{__version__}"),
)


@dataclass(frozen=True)
class Limits:
    """How far a fetch may go.

    Attributes:
        max_bytes: of the body.
        seconds: for everything, redirects included.
        redirects: how many are followed.
    """

    max_bytes: int = 20_000_000
    seconds: float = 15.0
    redirects: int = 3


class Fetcher:
    """Fetches URLs of reachable hosts, within limits. Thread-safe; blocks its thread.

    Args:
        reachable: which hosts; each redirect is checked anew.
        limits: how far it may go.
    """

    def __init__(self, reachable: Reachable, limits: Limits) -> None:
        self._reachable = reachable
        self._limits = limits

    def fetch(self, url: str) -> bytes:
        """The body of a URL.

        Raises:
            Unfetchable: no http or https URL, not a public host, not found, too slow.
            PictureTooLarge: it has too many bytes.
        """
        backend = GuardedBackend(self._reachable, self._limits.seconds)
        try:
            with httpcore.ConnectionPool(network_backend=backend) as pool:
                return self._follow(pool, url)
        except httpcore.TimeoutException as error:
            raise Unfetchable(f"no complete answer within {self._limits.seconds:g} s") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise Unfetchable(_reason(error)) from error

    def _follow(self, pool: httpcore.ConnectionPool, url: str) -> bytes:
        target = checked_url(url)
        for _ in range(self._limits.redirects + 1):
            with pool.stream("GET", _address(target), headers=_HEADERS) as response:
                if response.status not in _MOVED:
                    return self._body(response)
                target = checked_url(_header(response, b"location"), base=target)
        raise Unfetchable(f"more than {self._limits.redirects} redirects")

    def _body(self, response: httpcore.Response) -> bytes:
        if response.status != 200:
            raise Unfetchable(f"the server answered with status {response.status}")
        most = self._limits.max_bytes
        body = bytearray()
        for chunk in response.iter_stream():
            body += chunk
            if len(body) > most:
                raise PictureTooLarge(f"more than the {most} bytes allowed")
        return bytes(body)


def checked_url(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """A URL that may be followed: http or https, with a host, without name and password.

    Args:
        url: as it was given.
        base: what it is relative to, for redirects.

    Raises:
        Unfetchable: it is something else.
    """
    if len(url) > LONGEST_URL:
        raise Unfetchable(f"a URL has at most {LONGEST_URL} characters")
    try:
        target = httpx.URL(url) if base is None else base.join(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Unfetchable(f"this is no URL: {error}") from error
    if target.scheme not in {"http", "https"} or not target.host:
        raise Unfetchable("only http and https URLs with a host are fetched")
    if target.port is not None and not 0 < target.port < 65_536:
        raise Unfetchable(f"there is no port {target.port}")
    if target.userinfo:
        raise Unfetchable("URLs with a user name or password are not fetched")
    return target


def _address(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(
        scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path
    )


def _header(response: httpcore.Response, name: bytes) -> str:
    for key, value in response.headers:
        if key.lower() == name:
            return value.decode(errors="replace").strip()
    raise Unfetchable(f"a redirect (status {response.status}) that does not say where to")


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return f"the server cannot be reached or does not speak HTTP: {text:.200}"
