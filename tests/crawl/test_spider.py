"""The spider converts frontier entries to requests, and responses and failures to captures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import DownloadTimeoutError
from scrapy.http import Response
from twisted.python.failure import Failure

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.discovery.cdx_indexes import index_entry
from caliber_crawler.discovery.sitemaps import sitemap_entry
from caliber_crawler.errors import SiteError
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.known_sites import project_settings
from caliber_crawler.news_spider import FORM_TYPE, NewsSpider
from caliber_crawler.robots_groups import BEGINNING
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.crawl.runs import SCOPE, SITE, add, entry, running_on, url_of


class PostingSpider(NewsSpider):
    name = "posting"
    assert SITE.listing is not None
    site = replace(
        SITE, listing=replace(SITE.listing, more="/ajax", form="page={page}", headers=(("X-Requested-With", "x"),))
    )


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path) as started:
        yield started


def spider_on(run: CrawlRun, kind: type[NewsSpider] = CaliberSpider) -> NewsSpider:
    spider = kind()
    crawler: Any = SimpleNamespace(get_extension=lambda wanted: run, settings=project_settings())
    spider._set_crawler(crawler) if hasattr(crawler, "signals") else setattr(spider, "crawler", crawler)
    spider.settings = crawler.settings
    return spider


def failed(spider: NewsSpider, request: Request, error: Exception) -> list[Any]:
    failure: Any = Failure(error)
    failure.request = request
    return list(spider.failed(failure))


def test_an_article_is_requested_at_its_url_and_never_filtered(run: CrawlRun) -> None:
    frontier_entry = entry("a")
    request = spider_on(run).request(frontier_entry)
    assert (request.url, request.method, request.body, request.dont_filter) == (frontier_entry.url, "GET", b"", True)
    assert request.cb_kwargs == {"entry": frontier_entry}
    assert "page_timeout" not in request.meta


def test_a_later_page_of_a_listing_is_posted_if_the_site_requires_it(run: CrawlRun) -> None:
    spider = spider_on(run, PostingSpider)
    url = f"{SITE.base_url}/ajax#page=2"
    request = spider.request(entry("list", url=url, kind="listing", page_number=2))
    assert (request.url, request.method, request.body) == (f"{SITE.base_url}/ajax", "POST", b"page=2")
    assert request.headers["Content-Type"] == FORM_TYPE.encode()
    assert request.headers["X-Requested-With"] == b"x"
    first = spider.request(entry("list", kind="listing", page_number=1))
    assert (first.method, first.headers) == ("GET", {})
    article = spider.request(entry("a", url=f"{url_of('a')}#page=2", page_number=2))
    assert (article.method, article.body) == ("GET", b"")


def test_the_index_of_a_web_archive_gets_more_time(run: CrawlRun) -> None:
    index = index_entry("wayback", {"wayback": "https://index.example/cdx"}, SCOPE, run.started_at)
    assert spider_on(run).request(index).meta == {"page_timeout": 180.0}


def test_the_beginning_of_a_robots_txt_is_enough_as_a_list_of_sitemaps(run: CrawlRun) -> None:
    robots = sitemap_entry("https://caliber.az/robots.txt", SITE, None, run.started_at)
    sitemap = sitemap_entry("https://caliber.az/sitemap.xml", SITE, None, run.started_at)
    spider = spider_on(run)
    assert [spider.request(each).meta for each in (robots, sitemap)] == [BEGINNING, {}]


@pytest.mark.parametrize("status", [200, 304, 404, 503])
def test_a_response_becomes_a_capture_with_any_status(run: CrawlRun, status: int) -> None:
    frontier_entry = entry("a")
    request = Request(url_of("b"), meta={"redirect_urls": [frontier_entry.url, url_of("c")]})
    response = Response(url_of("b"), status=status, body=b"x", headers={"ETag": '"1"'}, request=request)
    (capture,) = spider_on(run).parse(response, frontier_entry)
    assert (capture.url, capture.final_url, capture.redirects) == (frontier_entry.url, url_of("b"), (url_of("c"),))
    assert (capture.status, capture.body, capture.kind, capture.site) == (status, b"x", "article", SITE.name)
    assert capture.header("etag") == '"1"'
    (direct,) = spider_on(run).parse(Response(frontier_entry.url, request=Request(frontier_entry.url)), frontier_entry)
    assert (direct.final_url, direct.redirects) == (None, ())


def test_a_failure_becomes_a_capture_with_its_code(run: CrawlRun) -> None:
    frontier_entry = entry("a")
    request = Request(frontier_entry.url, cb_kwargs={"entry": frontier_entry}, meta={"download_timeout": 30.0})
    (capture,) = failed(spider_on(run), request, DownloadTimeoutError())
    assert (capture.status, capture.error_code, capture.error) == (None, "timeout", "no response within 30 s")
    (refused,) = failed(spider_on(run), request, Refusal("robots", "robots.txt disallows it"))
    assert (refused.error_code, refused.error) == ("robots", "robots.txt disallows it")


@pytest.mark.parametrize("code", ["unreachable", "robots_unavailable", "busy", "challenged", "stopped"])
def test_a_page_that_was_never_requested_is_released_and_stays_due(run: CrawlRun, code: str) -> None:
    add(run, entry("a"))
    (frontier_entry,) = run.dispatcher.next_batch(10)
    request = Request(frontier_entry.url, cb_kwargs={"entry": frontier_entry})
    assert failed(spider_on(run), request, Refusal(code, "no more")) == []
    assert len(run.dispatcher) == 0
    assert [each.url for each in run.dispatcher.next_batch(10)] == [frontier_entry.url]


def test_a_spider_applies_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    spider = CaliberSpider(base_url="http://127.0.0.1:8000", cdx="wayback")
    spider._prepare(project_settings(TRAP_VARIANTS=7))
    assert spider.scope.bounds.variants == 7
    assert (spider._cdx, spider._lists) == ("wayback", [])
    listed = tmp_path / "list.cdx"
    listed.write_text("")
    spider = CaliberSpider(base_url="http://127.0.0.1:8000", cdx=str(listed))
    spider._prepare(project_settings())
    assert (spider._cdx, len(spider._lists)) == ("", 1)
    with pytest.raises(SiteError, match="CALIBER_CONTACT"):
        CaliberSpider()._prepare(project_settings(CONTACT=""))
