"""The way out to addresses that users name: public hosts only, checked where the socket is opened.

A name is resolved once, each address it has is checked, and the connection goes to a checked
address itself, so that a second answer of the name server cannot lead elsewhere. The name is still
what TLS and the Host header see. This is the seam that httpcore documents for its network.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import TypeAlias

import httpcore
from httpcore import NetworkBackend, NetworkStream

from vivant.base.errors import Unfetchable

Address: TypeAlias = IPv4Address | IPv6Address
Resolver: TypeAlias = Callable[[str, int], list[str]]
"""Finds a name's addresses, as `getaddrinfo` orders them; raises OSError where there is none."""

SocketOption: TypeAlias = tuple[int, int, int] | tuple[int, int, bytes | bytearray]
SocketOptions: TypeAlias = Iterable[SocketOption | tuple[int, int, None, int]]

_UNICAST = IPv6Network("2000::/3")
"""All of IPv6 that IANA hands out to hosts on the internet."""

_NAT64 = IPv6Network("64:ff9b::/96")
"""IPv6 addresses with an IPv4 address inside (RFC 6052)."""

_WIRE_SERVER = IPv4Address("168.63.129.16")
"""The metadata service of one large cloud has an address that looks public."""


def is_public(address: Address) -> bool:
    """Whether an address is one of the open internet's, and so is the IPv4 address inside it."""
    if isinstance(address, IPv6Address):
        inside = _embedded(address)
        if inside is not None:
            return is_public(inside)
        return address in _UNICAST and address.is_global
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and address != _WIRE_SERVER
    )


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(address.packed[-4:])
    return None


class Reachable:
    """Which hosts may be connected to: public ones, and those on a list.

    Args:
        allowed: names ("images.intranet"), addresses ("127.0.0.1") or networks ("10.0.0.0/8") that
            may be reached although they are not public.
        resolve: finds a name's addresses.
    """

    def __init__(self, allowed: Iterable[str] = (), resolve: Resolver | None = None) -> None:
        self._networks: list[IPv4Network | IPv6Network] = []
        self._names: set[str] = set()
        for entry in allowed:
            try:
                self._networks.append(ip_network(entry, strict=False))
            except ValueError:
                self._names.add(entry.lower().rstrip("."))
        self._resolve = resolve or system_addresses

    def addresses(self, host: str, port: int, timeout: float) -> list[str]:
        """The addresses of a host that may be connected to, in the order to try them.

        Args:
            host: a name or an address, without brackets.
            port: to connect to.
            timeout: seconds to wait for the name server.

        Raises:
            Unfetchable: it has none, or none that may be reached.
        """
        try:
            found = _within(timeout, lambda: self._resolve(host, port))
        except (OSError, UnicodeError) as error:
            raise Unfetchable(f"the host {host!r:.100} is unknown") from error
        if host.lower().rstrip(".") in self._names:
            return found
        good = [text for text in found if self._may_reach(ip_address(text))]
        if not good:
            raise Unfetchable(f"the host {host!r:.100} is not a public one")
        return good

    def _may_reach(self, address: Address) -> bool:
        listed = any(address in network for network in self._networks)
        return listed or is_public(address)


def system_addresses(host: str, port: int) -> list[str]:
    """A name's addresses as this machine's resolver tells them, each once."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _within(timeout: float, look_up: Callable[[], list[str]]) -> list[str]:
    """The system's resolver takes no time limit, so it is left behind when the time is over."""
    answer: Future[list[str]] = Future()

    def work() -> None:
        try:
            answer.set_result(look_up())
        except Exception as error:  # noqa: BLE001  # it is raised where the answer is awaited
            answer.set_exception(error)

    threading.Thread(target=work, name="vivant-resolver", daemon=True).start()
    try:
        return answer.result(timeout)
    except FutureTimeoutError as error:
        raise Unfetchable(f"the name server did not answer within {timeout:.0f} s") from error


class GuardedBackend(NetworkBackend):
    """Opens connections to reachable hosts only, and ends everything at one deadline.

    For one exchange at a time; give a new one to each `httpcore.ConnectionPool`.

    Args:
        reachable: tells which.
        seconds: for everything together: names, connections, TLS, redirects, bodies.
    """

    def __init__(self, reachable: Reachable, seconds: float) -> None:
        self._reachable = reachable
        self._clock = Deadline(seconds)
        self._plain = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: SocketOptions | None = None,
    ) -> NetworkStream:
        """Connect to the first of the host's addresses that answers.

        Raises:
            Unfetchable: none may be reached.
            httpcore.ConnectError: none answers.
        """
        problem: Exception | None = None
        for address in self._reachable.addresses(host, port, self._clock.left(timeout)):
            try:
                stream = self._plain.connect_tcp(
                    address, port, self._clock.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
            else:
                return _TimedStream(stream, self._clock)
        raise httpcore.ConnectError(f"cannot connect to {host}: {problem}")


class Deadline:
    """A moment by which everything must be over.

    Args:
        seconds: from now.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def left(self, timeout: float | None = None) -> float:
        """Seconds until then, or a step's own timeout where that is shorter.

        Raises:
            Unfetchable: it has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise Unfetchable(f"no complete answer within {self._seconds:g} s")
        return left if timeout is None else min(left, timeout)


class _TimedStream(NetworkStream):
    """A connection on which no step outlasts the deadline, however small the pieces that come."""

    def __init__(self, stream: NetworkStream, clock: Deadline) -> None:
        self._stream = stream
        self._clock = clock

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._clock.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._clock.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: object,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        secure = self._stream.start_tls(ssl_context, server_hostname, self._clock.left(timeout))  # type: ignore[arg-type]
        return _TimedStream(secure, self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)
