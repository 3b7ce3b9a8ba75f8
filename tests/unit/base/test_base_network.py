"""The guard in front of the network: which addresses may be reached, and what is resolved when."""

from __future__ import annotations

import threading
from ipaddress import ip_address

import httpcore
import pytest

from vivant.base.errors import Unfetchable
from vivant.base.network import Deadline, GuardedBackend, Reachable, is_public

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"]
FORBIDDEN = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.8.9.10",
    "this host": "0.0.0.0",  # noqa: S104  # not a bind
    "private 10": "10.1.2.3",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "carrier": "100.64.0.1",
    "link-local": "169.254.1.1",
    "metadata": "169.254.169.254",
    "metadata of a cloud with an address of its own": "168.63.129.16",
    "metadata in carrier space": "100.100.100.200",
    "multicast": "224.0.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "documentation": "192.0.2.1",
    "benchmark": "198.18.0.1",
    "IPv6 loopback": "::1",
    "IPv6 unspecified": "::",
    "IPv6 link-local": "fe80::1",
    "IPv6 unique local": "fd00:ec2::254",
    "IPv6 site-local": "fec0::1",
    "IPv6 multicast": "ff02::1",
    "IPv6 documentation": "2001:db8::1",
    "mapped loopback": "::ffff:127.0.0.1",
    "mapped metadata": "::ffff:169.254.169.254",
    "compatible loopback": "::7f00:1",
    "6to4 of a private address": "2002:a00:1::1",
    "NAT64 of loopback": "64:ff9b::7f00:1",
    "local NAT64": "64:ff9b:1::a00:1",
    "Teredo of a private address": "2001:0:4136:e378:8000:63bf:f5ff:fffe",
}


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_may_be_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_other_addresses_may_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("entry", ["127.0.0.1", "127.0.0.0/8", "Intranet.Example."])
def test_a_list_lets_hosts_in(entry: str) -> None:
    reachable = Reachable([entry], resolve=lambda _host, _port: ["127.0.0.1"])
    assert reachable.addresses("intranet.example", 80, 1.0) == ["127.0.0.1"]


def test_of_several_addresses_only_the_public_ones_are_used() -> None:
    reachable = Reachable(resolve=lambda _host, _port: ["10.0.0.1", "8.8.8.8", "::1"])
    assert reachable.addresses("mixed.example", 80, 1.0) == ["8.8.8.8"]


def test_the_connection_goes_to_the_checked_address_without_asking_again() -> None:
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    backend = GuardedBackend(Reachable(["127.0.0.1"], lambda _host, _port: next(answers)), 5.0)
    with pytest.raises(httpcore.ConnectError, match=r"rebound\.example"):
        backend.connect_tcp("rebound.example", 1)  # nobody listens on port 1
    assert next(answers) == ["10.0.0.1"], "the second answer was never asked for"


def test_a_host_without_addresses_is_unknown() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise OSError("no such name")

    with pytest.raises(Unfetchable, match=r"the host 'nowhere\.example' is unknown"):
        Reachable(resolve=unknown).addresses("nowhere.example", 80, 1.0)


def test_a_name_server_that_does_not_answer_is_not_waited_for() -> None:
    never = threading.Event()

    def silent(_host: str, _port: int) -> list[str]:
        never.wait()
        return []

    try:
        with pytest.raises(Unfetchable, match="name server did not answer"):
            Reachable(resolve=silent).addresses("slow.example", 80, 0.01)
    finally:
        never.set()


def test_a_deadline_ends_what_is_late() -> None:
    assert Deadline(60).left(timeout=1.0) == 1.0
    with pytest.raises(Unfetchable, match="no complete answer within 0 s"):
        Deadline(0).left()
