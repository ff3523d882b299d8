"""A page is requested as the site printed it, and as the site redirected to it since."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path

import pytest

from caliber_crawler.crawling.run import CrawlRun
from caliber_crawler.demo import Response, running
from caliber_crawler.discovery.discoveries import Discoveries
from caliber_crawler.items import Problem, Teaser
from caliber_crawler.lists.sitemaps import USUAL_PATHS
from tests.conftest import Result
from tests.crawl.runs import SITE, add, capture, dispatched, entry, frontier_entry, running_on, save, store, url_of
from tests.extraction.generic.newspage import SENTENCE, linked, page


@pytest.fixture
def run(tmp_path: Path) -> Iterator[CrawlRun]:
    with running_on(tmp_path, site=replace(SITE, trailing_slash=None)) as started:
        yield started


def requested(run: CrawlRun, slug: str) -> str:
    return run.request_urls.url_of(frontier_entry(run, slug))


def test_the_printed_form_enters_the_frontier_once(run: CrawlRun) -> None:
    printed = (f"{url_of('a')}/", f"{url_of('a')}?m=1")
    teasers = [Teaser(url=url_of("a"), request_url=url) for url in printed]
    Discoveries(run).add(teasers, "feed", found_on="https://caliber.az/feed")
    assert requested(run, "a") == printed[0]


def test_a_page_that_was_never_fetched_is_requested_as_printed_last(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    run.archive.frontier.mark_gone(page.url, page.fetched_at, status=404)
    add(run, entry("a", request_url=f"{url_of('a')}/"))
    assert requested(run, "a") == f"{url_of('a')}/"
    save(run, replace(page, final_url=f"{url_of('a')}/"))
    add(run, entry("a", request_url=f"{url_of('a')}?x"))
    assert requested(run, "a") == f"{url_of('a')}/"


def redirect_to_a_slash(run: CrawlRun, *slugs: str) -> None:
    for slug, asked in zip(slugs, dispatched(run, *slugs), strict=True):
        run.request_urls.learn(replace(asked, final_url=f"{asked.url}/"), frontier_entry(run, slug))


def test_three_redirects_teach_the_slash_at_the_end(run: CrawlRun) -> None:
    redirect_to_a_slash(run, "a", "b")
    add(run, entry("d"))
    assert requested(run, "d") == url_of("d")
    redirect_to_a_slash(run, "c")
    assert requested(run, "d") == f"{url_of('d')}/"


@pytest.mark.parametrize("slug", ["d.html", "d?page=2", "d/e.html"])
def test_a_file_and_a_query_get_no_slash(run: CrawlRun, slug: str) -> None:
    redirect_to_a_slash(run, "a", "b", "c")
    assert run.request_urls._with_usual_slash(f"/en/post/{slug}") == f"/en/post/{slug}"
    assert run.request_urls._with_usual_slash("/") == "/"


def test_a_slash_is_removed_as_the_site_redirects(run: CrawlRun) -> None:
    for slug in "abc":
        (asked,) = dispatched(run, slug, request_url=f"{url_of(slug)}/")
        run.request_urls.learn(replace(asked, final_url=url_of(slug)), frontier_entry(run, slug))
    add(run, entry("d", request_url=f"{url_of('d')}/"))
    assert requested(run, "d") == url_of("d")


def test_a_page_that_is_not_in_the_frontier_teaches_nothing(run: CrawlRun) -> None:
    (asked,) = dispatched(run, "a")
    run.request_urls.learn(replace(asked, final_url=url_of("a").replace("caliber", "www.caliber")), None)
    assert requested(run, "a") == url_of("a")


@pytest.mark.parametrize("status", [200, 404, 410])
def test_the_slash_is_given_up_where_a_page_answers_without_it_or_not_with_it(run: CrawlRun, status: int) -> None:
    redirect_to_a_slash(run, "a", "b", "c")
    (asked,) = dispatched(run, "d")
    run.request_urls.learn(replace(asked, status=status), frontier_entry(run, "d"))
    add(run, entry("e"))
    assert requested(run, "e") == url_of("e")


def test_a_page_of_an_earlier_archive_is_requested_as_the_site_prints_it(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, page)
    add(run, entry("a", request_url=f"{url_of('a')}/"))
    assert requested(run, "a") == f"{url_of('a')}/"


def test_two_printed_spellings_do_not_take_turns(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a", request_url=f"{url_of('a')}/")
    save(run, replace(page, final_url=None))
    for _ in range(2):
        assert requested(run, "a") == url_of("a")
        add(run, entry("a", request_url=f"{url_of('a')}/"))


def test_a_redirect_to_another_spelling_is_needed_once(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, replace(page, final_url=f"{url_of('a')}/?utm_source=x#top"))
    after = frontier_entry(run, "a")
    assert (after.request_url, after.state) == (f"{url_of('a')}/", "done")
    assert run.archive.frontier.known_urls([f"{url_of('a')}/"]) == set()


def test_the_scheme_and_the_host_apply_to_the_next_requests(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    add(run, entry("b", request_url=f"{url_of('b')}/"))
    save(run, replace(page, final_url=url_of("a").replace("caliber", "www.caliber")))
    assert requested(run, "b") == url_of("b").replace("caliber", "www.caliber") + "/"


@pytest.mark.parametrize("status", [None, 300, 301, 404, 410, 503])
def test_an_error_teaches_nothing(run: CrawlRun, status: int | None) -> None:
    (page,) = dispatched(run, "a")
    error = "timeout" if status is None else None
    store(run, replace(page, status=status, error=error, final_url=f"{url_of('a')}/", body=b"x"))
    assert frontier_entry(run, "a").request_url is None


def test_a_redirect_to_another_page_does_not_change_the_url_to_request(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a", request_url=f"{url_of('a')}/")
    store(run, replace(page, final_url=f"{url_of('b')}/", body=b"x"))
    assert requested(run, "a") == f"{url_of('a')}/"


def test_the_target_of_a_redirect_is_requested_as_it_was_named(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a")
    save(run, replace(page, final_url=f"{url_of('b')}/"))
    assert requested(run, "b") == f"{url_of('b')}/"


def test_an_alias_that_was_never_printed_has_the_slash_of_the_url_that_is_gone(run: CrawlRun) -> None:
    (page,) = dispatched(run, "a", request_url=f"{url_of('a')}/")
    save(run, replace(page, final_url=f"{url_of('a')}/"), urls=(f"{url_of('a')}/", url_of("b"), f"{url_of('c')}?x=1"))
    run.archive.aliases.resume(url_of("a"), page.fetched_at)
    assert requested(run, "b") == f"{url_of('b')}/"
    assert requested(run, "c?x=1") == f"{url_of('c')}?x=1"


def test_a_captured_url_has_no_credentials(run: CrawlRun) -> None:
    secret = "https://reader:secret@caliber.az/x"
    page = capture("a", status=302, final_url=secret, redirects=(secret,), headers=(("Location", secret),), body=b"x")
    store(run, page)
    problem = Problem(stage="fetch", reason="offsite", message=f"It leads to {secret}.")
    run.accounts.record_problem(problem, url=secret)
    assert "secret" not in "\n".join(run.archive.db.conn.iterdump())


# --- a site with its own spelling -------------------------------------------------------------------------------------

SLUGS = (
    "/2026/01/05/bridge-rebuilt/",
    "/2026/01/06/%EF%F0%E8%E2%E5%F2/",
    "/2026/01/07/a%2Fb-talks",
    "/news/talks-about-the-bridge.php?12345",
)
"""Printed paths: with a slash, in another charset, with an encoded slash, with a parameter without a value."""
OLD = "/2026/01/04/harvest-gathered"
FORBIDDEN = ("/2026/01/03/not-for-robots/", "/2026/01/02/story?print")


@dataclass
class Herald:
    """A site that answers only the URLs that it prints. One article is printed without its slash, and redirects."""

    base_url: str = ""
    requests: list[str] = field(default_factory=list)

    def respond(self, target: str, now: datetime | None = None) -> Response:
        self.requests.append(target)
        if target == "/robots.txt":
            rules = (
                f"User-agent: caliber_crawler/1.0\nDisallow: {FORBIDDEN[0]}\nDisallow: /*?print$\nCrawl-delay: 0.01\n"
            )
            return Response(200, (("content-type", "text/plain"),), rules.encode())
        if target == OLD:
            secret = self.base_url.replace("://", "://reader:secret@")
            return Response(301, (("location", f"{secret}{OLD}/"),), b"")
        if target == "/":
            links = "".join(f'<li><a href="{path}">Read it</a></li>' for path in (*SLUGS, OLD, *FORBIDDEN))
            return _page(f"<html><body><h1>Herald</h1><ul>{links}</ul></body></html>")
        if target in (*SLUGS, f"{OLD}/"):
            return _page(_article(len(target)))
        return Response(404, (("content-type", "text/html"),), b"<h1>Not found</h1>")


def _article(number: int) -> str:
    head = linked(_type='"NewsArticle"', headline=f'"Story {number}"', datePublished='"2026-01-05T10:00:00Z"')
    text = "".join(f"<p>{SENTENCE.format(f'{number + place}th')}</p>" for place in range(6))
    return page(f"<main><article><h1>Story {number} of the day</h1>{text}</article></main>", head)


def _page(html: str) -> Response:
    return Response(200, (("content-type", "text/html; charset=utf-8"),), html.encode())


@pytest.mark.slow
def test_a_site_is_asked_for_the_urls_that_it_prints(caliber: Callable[..., Result], tmp_path: Path) -> None:
    """And robots.txt is matched against them; the second visit needs no redirect."""
    herald, archive = Herald(), tmp_path / "herald.db"
    with running(herald) as base_url:
        first = caliber("crawl", f"{base_url}/", "--delay", 0, "--json", "--archive", archive)
        asked, herald.requests = herald.requests, []
        with closing(sqlite3.connect(archive)) as connection, connection:
            connection.execute("UPDATE frontier SET due_at = '2026-01-08T00:00:00Z' WHERE state = 'done'")
        caliber("crawl", f"{base_url}/", "--delay", 0, "--archive", archive)
    not_printed = {"/robots.txt", "/.well-known/tdmrep.json", "/", *USUAL_PATHS}
    pages = set(asked) - not_printed
    assert pages == {*SLUGS, OLD, f"{OLD}/"}
    assert first.json["new"] == len(SLUGS) + 1
    assert {*SLUGS, f"{OLD}/"} <= set(herald.requests)
    assert OLD not in herald.requests
    assert b"secret" not in archive.read_bytes()
