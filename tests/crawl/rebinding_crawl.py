"""A crawl of a site whose name server changes its mind: ``BASE_URL ARCHIVE PUBLIC_ADDRESS FIRST_ANSWERS``.

The name server is real and stands on this machine. It gives the public address so many times, then a loopback one. What
would go to the public address goes to 127.0.0.2 instead, so nothing leaves this machine. Each connection that was tried
is written to standard output, one a line.
"""

from __future__ import annotations

import sys
from typing import Any

from scrapy.utils.reactor import install_reactor

install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")

from twisted.internet import reactor  # noqa: E402
from twisted.internet.defer import Deferred, succeed  # noqa: E402
from twisted.names import client, common, dns, server  # noqa: E402

from caliber_crawler.commands.crawling import run_spider  # noqa: E402
from caliber_crawler.crawling.options import CrawlOptions  # noqa: E402
from caliber_crawler.known_sites import project_settings  # noqa: E402
from caliber_crawler.spiders.caliber import CaliberSpider  # noqa: E402

BASE_URL, ARCHIVE, PUBLIC, FIRST = sys.argv[1:5]
IN_PLACE_OF_PUBLIC = "127.0.0.2"


class ChangingMind(common.ResolverBase):
    """Answers every question for an address: first with the public one, later with 127.0.0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    def _lookup(self, name: bytes, cls: int, type: int, timeout: Any) -> Deferred[Any]:
        address = PUBLIC if self.asked < int(FIRST) else "127.0.0.1"
        self.asked += 1
        answer = dns.RRHeader(name=name, type=dns.A, ttl=0, payload=dns.Record_A(address=address, ttl=0))
        return succeed(([answer], [], []))


def resolve_by_ourselves() -> None:
    """Have every name of this process looked up by the name server above."""
    factory = server.DNSServerFactory(clients=[ChangingMind()])
    port = reactor.listenUDP(0, dns.DNSDatagramProtocol(controller=factory), interface="127.0.0.1")
    reactor.installResolver(client.Resolver(servers=[("127.0.0.1", port.getHost().port)]))


def write_down_connections() -> None:
    """Tell which addresses are connected to, and keep all of it on this machine."""
    connect = reactor.connectTCP

    def told(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        sys.stdout.write(f"{host}\n")
        return connect(IN_PLACE_OF_PUBLIC if host == PUBLIC else host, port, *arguments, **options)

    reactor.connectTCP = told


if __name__ == "__main__":
    resolve_by_ourselves()
    write_down_connections()
    run_spider(
        CaliberSpider,
        project_settings(ARCHIVE=ARCHIVE, DOWNLOAD_DELAY=0, CONTACT="us@example.org", LOG_LEVEL="CRITICAL"),
        CrawlOptions(base_url=BASE_URL, language="en", via="listing"),
    )
