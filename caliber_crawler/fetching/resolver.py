"""Resolve host names to public IP addresses only, so that pages cannot reach this machine or its network (SSRF)."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any, Self

from twisted.internet.interfaces import IAddress, IHostnameResolver, IHostResolution, IResolutionReceiver
from zope.interface import implementer

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

NAT64 = IPv6Network("64:ff9b::/96")
UNICAST = IPv6Network("2000::/3")
"""The IPv6 range for public hosts (RFC 4291 and IANA's IPv6 address space registry)."""
DOCUMENTATION_NETWORKS = (IPv6Network("3fff::/20"), IPv6Network("2001:db8::/32"))
"""The part of it that is reserved for documentation (RFC 9637, RFC 3849)."""


@implementer(IHostnameResolver)
class PublicAddressResolver:
    """Wraps the reactor's resolver. The IP address that passes is the one connected to, so DNS rebinding has no effect.

    ``local_hosts`` may resolve to a loopback IP address, as the demo site does. ``refused`` maps refused hosts to their
    IP addresses.
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._resolver: Any = reactor.nameResolver
        self.local_hosts: set[str] = set()
        self.refused: dict[str, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        return cls(reactor)

    def install_on_reactor(self) -> None:
        """Replace the reactor's own resolver."""
        self._reactor.installNameResolver(self)

    def resolveHostName(
        self,
        resolutionReceiver: IResolutionReceiver,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Sequence[type[IAddress]] | None = None,
        transportSemantics: str = "TCP",
    ) -> IHostResolution:
        receiver = _PublicReceiver(resolutionReceiver, hostName, self)
        resolution: IHostResolution = self._resolver.resolveHostName(
            receiver, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolution

    def admits(self, host: str, address: str) -> bool:
        """Return whether the host may be requested at this IP address."""
        ip = ip_address(address.partition("%")[0])
        return is_public(ip) or (host in self.local_hosts and ip.is_loopback)


@implementer(IResolutionReceiver)
class _PublicReceiver:
    def __init__(self, receiver: Any, host: str, resolver: PublicAddressResolver) -> None:
        self._receiver, self._host, self._resolver = receiver, host, resolver

    def resolutionBegan(self, resolutionInProgress: IHostResolution) -> None:
        self._receiver.resolutionBegan(resolutionInProgress)

    def addressResolved(self, address: Any) -> None:
        if self._resolver.admits(self._host, address.host):
            self._receiver.addressResolved(address)
        else:
            self._resolver.refused[self._host] = address.host

    def resolutionComplete(self) -> None:
        self._receiver.resolutionComplete()


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an IP address is public; one that embeds an IPv4 address is judged by the latter."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address in NAT64:
            inner = IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(inner)
        if address not in UNICAST or any(address in network for network in DOCUMENTATION_NETWORKS):
            return False
    return address.is_global and not address.is_multicast
