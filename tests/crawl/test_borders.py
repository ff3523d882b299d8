"""Which addresses of the network may be asked."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path

import pytest

from caliber_crawler.fetching.resolver import is_public
from tests.conftest import Result


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:4700::6810:84e5", "::ffff:93.184.215.14"])
def test_the_open_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1"),
        *("::", "::1", "fe80::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1"),
        *("2002:7f00:1::", "2002:a00:1::", "2001:db8::1"),
    ],
)
def test_this_machine_and_its_network_are_not(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.slow
@pytest.mark.parametrize("host", ["169.254.169.254", "0x7f.1", "[::ffff:10.0.0.1]"])
def test_a_crawl_that_begins_at_a_private_address_asks_for_nothing(
    caliber: Callable[..., Result], tmp_path: Path, host: str
) -> None:
    archive = tmp_path / "a.db"
    result = caliber(
        "crawl", f"http://{host}/latest", "--archive", archive, "--contact", "us@example.org", "--delay", 0
    )
    assert result.exit_code == 10, result.stderr
    assert "no public address" in result.stderr
    assert "Traceback" not in result.stderr
