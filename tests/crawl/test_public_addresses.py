"""Which IP addresses may be requested."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address, IPv6Address

from caliber_crawler.errors import SiteError
from caliber_crawler.fetching.resolver import PublicAddressResolver, is_public
from caliber_crawler.site.generic import generic_site
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import Result


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_internet_addresses_are_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "3fff::1"),
        *("::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b:1::7f00:1", "fec0::1", "5f00::1", "4000::1"),
    ],
)
def test_local_and_reserved_addresses_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("nonsense", "", "http://", "ftp://news.example", "file:///etc/passwd", "http://news.example:99999"),
        *("http://a..b", "http://[::1", "http://news.example:0", "https://" + "x" * 64 + ".example"),
    ],
)
def test_an_invalid_base_url_is_reported_in_one_sentence(address: str) -> None:
    with pytest.raises(SiteError, match="is not the base URL of a site"):
        CaliberSpider.site.served_at(address)
    with pytest.raises(ValueError, match="is not the URL of a web page"):
        generic_site(address)


@pytest.mark.parametrize(
    "address", ["https://news.example/mirror", "https://news.example/?a", "https://me@news.example"]
)
def test_a_mirror_must_be_a_whole_host(address: str) -> None:
    with pytest.raises(SiteError):
        CaliberSpider.site.served_at(address)
    assert CaliberSpider.site.served_at("https://news.example/").base_url == "https://news.example"


def test_an_internationalised_host_equals_its_punycode() -> None:
    site = replace(CaliberSpider.site, base_url="https://Пример.рф", hosts=("фото.пример.рф",))
    plain = "https://xn--e1afmkfd.xn--p1ai/en/post/a"
    for url in ("https://ПРИМЕР.рф/en/post/a", plain, "http://www.пример.рф/en/post/a/", "/en/post/a"):
        assert site.normal_url(url) == plain
        assert site.owns(site.normal_url(url))
    assert site.owns(site.normal_url("https://фото.пример.рф/a.png"))
    assert not site.owns(site.normal_url("https://пример.example/a"))
    assert generic_site("http://127。0。0。1:8000/a").is_local, "as an HTTP client would normalise it"


@pytest.mark.slow
@pytest.mark.parametrize("host", ["169.254.169.254", "0xa9.0xfe.43518", "[::ffff:10.0.0.1]"])
def test_a_crawl_of_a_private_ip_address_requests_nothing(
    caliber: Callable[..., Result], tmp_path: Path, host: str
) -> None:
    archive = tmp_path / "a.db"
    result = caliber(
        "crawl", f"http://{host}/latest", "--archive", archive, "--contact", "us@example.org", "--delay", 0
    )
    assert result.exit_code == 10, result.stderr
    assert "not a public IP address" in result.stderr
    assert "Traceback" not in result.stderr


class Receiver:
    """A Twisted resolution receiver that collects IP addresses."""

    def __init__(self) -> None:
        self.addresses: list[str] = []

    def resolutionBegan(self, resolution: Any) -> None:  # noqa: N802
        pass

    def addressResolved(self, address: Any) -> None:  # noqa: N802
        self.addresses.append(address.host)

    def resolutionComplete(self) -> None:  # noqa: N802
        pass


class NameServer:
    """Resolves every name to the same IP addresses."""

    def __init__(self, *hosts: str) -> None:
        self.hosts = hosts
        self.nameResolver = self

    def resolveHostName(self, receiver: Any, name: str, *arguments: Any) -> None:  # noqa: N802
        receiver.resolutionBegan(None)
        for host in self.hosts:
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, 80))
        receiver.resolutionComplete()


def test_only_the_public_addresses_of_a_name_are_used() -> None:
    public = ["93.184.215.14", "2606:4700::6810:84e5"]
    resolver = PublicAddressResolver(NameServer("10.0.0.1", public[0], "::1", public[1], "fe80::1%eth0"))
    receiver = Receiver()
    resolver.resolveHostName(receiver, "news.example", 80)
    assert receiver.addresses == public
