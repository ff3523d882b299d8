"""A host without a scheme: HTTPS if it connects, else HTTP."""

from __future__ import annotations

import asyncio
import socket
import ssl
from pathlib import Path

import pytest
import trustme

from caliber_crawler.archive import Archive
from caliber_crawler.crawl_process import Crawl
from caliber_crawler.fetching.schemes import speaks_tls
from caliber_crawler.known_sites import spider_among


async def _plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(100)
    writer.write(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
    writer.close()


def unused_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@pytest.mark.parametrize("is_listening", [True, False])
def test_a_server_without_tls_does_not_speak_it(is_listening: bool) -> None:
    async def ask() -> bool:
        if not is_listening:
            return await speaks_tls(f"https://127.0.0.1:{unused_port()}")
        async with await asyncio.start_server(_plain, "127.0.0.1", 0) as server:
            return await speaks_tls(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=5)

    assert asyncio.run(ask()) is False


def test_a_server_that_never_answers_does_not_speak_tls() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async def ask() -> bool:
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            return await speaks_tls(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", timeout=0.2)

    assert asyncio.run(ask()) is False


def test_an_untrusted_certificate_is_left_to_the_crawl() -> None:
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("elsewhere.example").configure_cert(server)

    async def ask() -> bool:
        async with await asyncio.start_server(_plain, "127.0.0.1", 0, ssl=server) as listening:
            return await speaks_tls(f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", timeout=5)

    assert asyncio.run(ask())


def test_a_host_without_an_address_keeps_its_scheme() -> None:
    assert asyncio.run(speaks_tls("https://nowhere.invalid"))


@pytest.mark.parametrize("is_assumed", [True, False])
def test_a_site_without_a_scheme_is_crawled_over_http_if_https_does_not_connect(
    is_assumed: bool, tmp_path: Path
) -> None:
    host = f"127.0.0.1:{unused_port()}"
    over_http = spider_among({}, f"http://{host}/news") if is_assumed else None
    crawl = Crawl(spider=spider_among({}, f"https://{host}/news"), over_http=over_http)
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        asyncio.run(crawl.choose_scheme(archive))
    assert crawl.site.base_url == f"http{'' if is_assumed else 's'}://{host}"
    assert bool(crawl.remark) is is_assumed


def test_a_site_that_is_archived_keeps_its_scheme(tmp_path: Path) -> None:
    host = f"127.0.0.1:{unused_port()}"
    crawl = Crawl(spider=spider_among({}, f"https://{host}/"), over_http=spider_among({}, f"http://{host}/"))
    with Archive.open(tmp_path / "a.db", mode="write") as archive:
        archive.sites.store(crawl.site)
        asyncio.run(crawl.choose_scheme(archive))
    assert crawl.site.base_url == f"https://{host}"
