"""A crawl under a DNS rebinding attack; arguments: ``BASE_URL ARCHIVE PUBLIC_IP PUBLIC_ANSWERS``.

A real name server on this machine returns the public IP address PUBLIC_ANSWERS times, then a loopback address.
Connections to the public IP address are redirected to 127.0.0.2, so nothing leaves this machine. The host of each
attempted connection is printed, one per line.
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

BASE_URL, ARCHIVE, PUBLIC, PUBLIC_ANSWERS = sys.argv[1:5]
REPLACEMENT = "127.0.0.2"


class RebindingNameServer(common.ResolverBase):
    """Answers every query: first with the public IP address, later with 127.0.0.1."""

    def __init__(self) -> None:
        super().__init__()
        self.queries = 0

    def _lookup(self, name: bytes, cls: int, type: int, timeout: Any) -> Deferred[Any]:
        address = PUBLIC if self.queries < int(PUBLIC_ANSWERS) else "127.0.0.1"
        self.queries += 1
        answer = dns.RRHeader(name=name, type=dns.A, ttl=0, payload=dns.Record_A(address=address, ttl=0))
        return succeed(([answer], [], []))


def install_name_server() -> None:
    """Resolve all host names of this process with the name server above."""
    factory = server.DNSServerFactory(clients=[RebindingNameServer()])
    port = reactor.listenUDP(0, dns.DNSDatagramProtocol(controller=factory), interface="127.0.0.1")
    reactor.installResolver(client.Resolver(servers=[("127.0.0.1", port.getHost().port)]))


def record_connections() -> None:
    """Print the host of each connection, and keep all connections on this machine."""
    connect = reactor.connectTCP

    def record(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        sys.stdout.write(f"{host}\n")
        return connect(REPLACEMENT if host == PUBLIC else host, port, *arguments, **options)

    reactor.connectTCP = record


if __name__ == "__main__":
    install_name_server()
    record_connections()
    run_spider(
        CaliberSpider,
        project_settings(ARCHIVE=ARCHIVE, DOWNLOAD_DELAY=0, CONTACT="us@example.org", LOG_LEVEL="CRITICAL"),
        CrawlOptions(base_url=BASE_URL, language="en", via="listing"),
    )
