"""Only public IP addresses are requested."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet.interfaces import IHostnameResolver, IResolutionReceiver

from caliber_crawler.fetching.resolver import PublicAddressResolver, _PublicReceiver

PUBLIC = ("8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1")
NOT_PUBLIC = (
    "127.0.0.1",
    "10.0.0.1",
    "169.254.169.254",
    "224.0.0.251",
    "232.1.1.1",
    "::1",
    "fe80::1%eth0",
    "ff0e::1",
    "3fff::1",
    "2001:db8::1",
    "64:ff9b::a00:1",
    "::ffff:127.0.0.1",
    "2002:a00:1::1",
)


def resolver() -> PublicAddressResolver:
    return PublicAddressResolver(SimpleNamespace(nameResolver=None))


@pytest.mark.parametrize(
    ("address", "admitted"), [*((each, True) for each in PUBLIC), *((each, False) for each in NOT_PUBLIC)]
)
def test_only_public_addresses_are_admitted(address: str, admitted: bool) -> None:
    assert resolver().admits("caliber.az", address) == admitted


def test_a_local_host_may_be_on_loopback_only() -> None:
    public = resolver()
    public.local_hosts.add("localhost")
    assert public.admits("localhost", "127.0.0.1")
    assert not public.admits("caliber.az", "127.0.0.1")
    assert not public.admits("localhost", "10.0.0.1")


def test_a_refused_address_is_recorded_and_not_passed_on() -> None:
    public, passed = resolver(), list[str]()
    receiver: Any = _PublicReceiver(
        SimpleNamespace(addressResolved=lambda address: passed.append(address.host)), "caliber.az", public
    )
    for host in ("8.8.8.8", "10.0.0.1"):
        receiver.addressResolved(SimpleNamespace(host=host))
    assert passed == ["8.8.8.8"]
    assert public.refused == {"caliber.az": "10.0.0.1"}


def test_the_resolver_implements_the_interfaces_of_the_reactor() -> None:
    public = resolver()
    assert IHostnameResolver.providedBy(public)
    assert IResolutionReceiver.providedBy(_PublicReceiver(None, "caliber.az", public))
