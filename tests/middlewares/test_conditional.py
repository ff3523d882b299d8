"""A page is requested with its validators only if a "not modified" response is enough."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from scrapy import Request
from scrapy.http import Response

from caliber_crawler.archive import BEGINNING, Archive, Entry
from caliber_crawler.crawling.pagination import Window
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.middlewares.conditional import ConditionalMiddleware
from tests.crawl.runs import SCOPE, entry, url_of

SINCE = datetime(2026, 1, 1, tzinfo=UTC)
QUIET = replace(SCOPE, site=replace(SCOPE.site, counter_in_page=False))
BOTH = {"If-None-Match": '"1"', "If-Modified-Since": "Tue, 06 Jan 2026 12:00:00 GMT"}


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.open(tmp_path / "a.db", mode="write") as opened:
        yield opened


def page(**fields: Any) -> Entry:
    return entry("a", **{"etag": '"1"', "last_modified": BOTH["If-Modified-Since"], "article_id": 1, **fields})


def sent(archive: Archive, scope: Scope, requested_entry: Entry | None, url: str = url_of("a")) -> dict[str, str]:
    """The validators of a processed request; it has old ones before, as after a redirect."""
    kwargs = {} if requested_entry is None else {"entry": requested_entry}
    request = Request(url, cb_kwargs=kwargs, headers=dict.fromkeys(BOTH, "old"))
    ConditionalMiddleware(scope, archive.frontier).process_request(request)
    return {name: request.headers[name].decode() for name in BOTH if name in request.headers}


def test_an_archived_article_without_a_counter_in_the_page_is_requested_conditionally(archive: Archive) -> None:
    assert sent(archive, QUIET, page()) == BOTH
    assert sent(archive, QUIET, page(etag=None)) == {"If-Modified-Since": BOTH["If-Modified-Since"]}
    assert sent(archive, QUIET, page(last_modified=None)) == {"If-None-Match": '"1"'}


def test_an_article_with_its_counter_in_the_page_is_requested_in_full(archive: Archive) -> None:
    assert SCOPE.site.counter_in_page
    assert sent(archive, SCOPE, page()) == {}


def test_an_article_that_is_not_archived_is_requested_in_full(archive: Archive) -> None:
    assert sent(archive, QUIET, page(article_id=None)) == {}


def test_validators_are_removed_after_a_redirect_and_without_an_entry(archive: Archive) -> None:
    assert sent(archive, QUIET, page(), url_of("b")) == {}
    assert sent(archive, QUIET, None) == {}


@pytest.mark.parametrize("kind", ["feed", "sitemap"])
def test_feeds_and_sitemaps_are_always_requested_conditionally(archive: Archive, kind: str) -> None:
    assert sent(archive, SCOPE, page(kind=kind)) == BOTH


@pytest.mark.parametrize(
    ("crawled_since", "since", "page_number", "conditional"),
    [
        (None, None, 1, False),
        (BEGINNING, None, 1, True),
        (SINCE, None, 1, False),
        (SINCE, SINCE, 1, True),
        (SINCE, datetime(2025, 12, 31, tzinfo=UTC), 1, False),
        (BEGINNING, SINCE, 2, False),
    ],
)
def test_a_listing_is_requested_in_full_until_it_was_crawled_as_far_back(
    archive: Archive,
    crawled_since: datetime | None,
    since: datetime | None,
    page_number: int,
    conditional: bool,
) -> None:
    listing = page(kind="listing", page_number=page_number)
    archive.frontier.add([listing], None)
    if crawled_since is not None:
        archive.frontier.set_crawled_since(listing.url, crawled_since)
    scope = replace(SCOPE, window=Window(since=since))
    assert sent(archive, scope, listing) == (BOTH if conditional else {})
    assert sent(archive, replace(scope, backfill=True), listing) == {}


@pytest.mark.parametrize(
    ("headers", "status", "refused"),
    [
        ({}, 304, True),
        ({"If-None-Match": '"1"'}, 304, False),
        ({"If-Modified-Since": "now"}, 304, False),
        ({}, 200, False),
    ],
)
def test_a_304_to_an_unconditional_request_is_a_failed_fetch(
    archive: Archive, headers: dict[str, str], status: int, refused: bool
) -> None:
    request, response = Request(url_of("a"), headers=headers), Response(url_of("a"), status=status)
    middleware = ConditionalMiddleware(SCOPE, archive.frontier)
    if refused:
        with pytest.raises(Refusal) as raised:
            middleware.process_response(request, response)
        assert raised.value.code == "http_304"
    else:
        assert middleware.process_response(request, response) is response
