"""CDX indexes of web archives: recorded responses, and local servers that follow the services' documentation."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.pagination import Window
from caliber_crawler.crawling.scope import Scope
from caliber_crawler.demo import DemoSite, Response, running
from caliber_crawler.discovery.cdx_indexes import authorization, following, index_entry, is_service
from caliber_crawler.extraction import Unreadable
from caliber_crawler.items import Capture
from caliber_crawler.lists.cdx_indexes import is_index_url, parse_index
from caliber_crawler.settings import CDX_SERVICES
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.conftest import AT, Result, run_module
from tests.discovery.pages import SITE

NOW = datetime(2026, 1, 7, tzinfo=UTC)
SCOPE = Scope(site=SITE, languages=("en", "ru", "hy"), sections=("analytics",))
WAYBACK = """[["original","statuscode"],
["https://caliber.az:443/en/post/100/", "200"],
["http://caliber.az/en/post/a?fbclid=1", "200"],
["https://caliber.az/robots.txt", "200"],
[],
["az%2Ccaliber%29%2Fen%2Fpost%2Fa+20240102030405%21"]]
"""
COLLINFO = json.dumps(
    [
        {
            "id": f"CC-MAIN-{week}",
            "name": f"Index {week}",
            "timegate": f"https://index.commoncrawl.org/CC-MAIN-{week}/",
            "cdx-api": f"https://index.commoncrawl.org/CC-MAIN-{week}-index",
        }
        for week in ("2026-43", "2026-38", "2025-51")
    ]
)


def start(index: str, scope: Scope = SCOPE) -> Entry:
    return index_entry(index, CDX_SERVICES, scope, NOW)


def reply(url: str, body: str) -> Capture:
    return Capture(site="caliber", kind="sitemap", url=url, fetched_at=NOW, status=200, body=body.encode())


def query(url: str) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(url).query))


@pytest.mark.parametrize(
    ("index", "answer"),
    [("wayback", True), ("commoncrawl:2025", True), ("https://web.archive.org/cdx", True), ("saved.json", False)],
)
def test_a_service_is_distinguished_from_a_file(index: str, answer: bool) -> None:
    assert is_service(index, CDX_SERVICES) is answer


def test_the_wayback_machine_is_queried_for_the_pages_of_the_host() -> None:
    entry = start("wayback")
    parameters = query(entry.url)
    assert entry.url.startswith("https://web.archive.org/cdx/search/cdx?")
    assert (parameters["url"], parameters["matchType"], parameters["output"]) == ("caliber.az", "host", "json")
    assert (parameters["filter"], parameters["collapse"], parameters["showResumeKey"]) == (
        "statuscode:200",
        "urlkey",
        "true",
    )
    assert is_index_url(entry.url)


def test_the_window_limits_the_dates_of_captures() -> None:
    scope = Scope(site=SITE, languages=("en",), sections=(), window=Window(since=NOW))
    assert query(start("wayback", scope).url)["from"] == "20260107"


def test_a_url_with_its_own_query_is_used_unchanged() -> None:
    own = "https://web.archive.org/cdx/search/cdx?url=caliber.az/en/post/*&output=json"
    assert start(own).url == own + "#cdx"


def test_credentials_are_sent_to_the_host_of_the_index_and_kept_nowhere() -> None:
    index = "https://reader:se%40cret@archive.example/cdx?collapse=urlkey"
    assert "reader" not in start(index).url
    assert authorization(index, CDX_SERVICES) == ("archive.example", "Basic cmVhZGVyOnNlQGNyZXQ=")
    assert authorization("wayback", CDX_SERVICES) is None
    spider = CaliberSpider(cdx=index)
    spider._authorization = authorization(index, CDX_SERVICES)
    sent = [spider._headers(start(url)) for url in (index, "https://other.example/cdx")]
    assert sent == [{"Authorization": "Basic cmVhZGVyOnNlQGNyZXQ="}, {}]
    assert "secret" not in repr(spider.scope.as_arguments())


def test_a_resumption_key_leads_to_the_next_page() -> None:
    entry = start("wayback")
    listing = parse_index(reply(entry.url, WAYBACK), SITE)
    assert [teaser.url for teaser in listing.teasers] == [
        "https://caliber.az/en/post/100",
        "https://caliber.az/en/post/a",
    ]
    assert listing.not_articles == 1
    (further,) = listing.sitemaps
    assert further.count("resumeKey=az%2Ccaliber%29%2Fen%2Fpost%2Fa+20240102030405%21") == 1
    again = parse_index(reply(further, WAYBACK.replace("2024", "2025")), SITE)
    assert query(again.sitemaps[0])["resumeKey"] == "az,caliber)/en/post/a 20250102030405!"
    assert query(again.sitemaps[0])["url"] == "caliber.az"


@pytest.mark.parametrize(
    "key", ["az,caliber)/en/post/a 20240102030405!", "az%2Ccaliber%29%2Fen%2Fpost%2Fa+20240102030405%21"]
)
def test_a_resumption_key_is_quoted_exactly_once(key: str) -> None:
    text = f"az,caliber)/en/post/a 20240102030405 https://caliber.az/en/post/a text/html 200 AAAA 9\n\n{key}\n"
    if " " in key:
        text = f'[["original"],\n["https://caliber.az/en/post/a"],\n[],\n["{key}"]]'
    listing = parse_index(reply(start("wayback").url, text), SITE)
    assert len(listing.teasers) == 1
    assert query(listing.sitemaps[0])["resumeKey"] == "az,caliber)/en/post/a 20240102030405!"


def test_the_last_page_has_no_successor() -> None:
    listing = parse_index(reply(start("wayback").url, '[["original","statuscode"]]\n'), SITE)
    assert (listing.teasers, listing.sitemaps) == ((), ())


@pytest.mark.parametrize(("which", "count"), [("", 1), (":2026", 2), (":all", 3), (":CC-MAIN-2025-51", 1)])
def test_the_newest_index_of_common_crawl_is_the_default(which: str, count: int) -> None:
    entry = start("commoncrawl" + which)
    assert urlsplit(entry.url).query == ""
    listing = parse_index(reply(entry.url, COLLINFO), SITE)
    assert len(listing.sitemaps) == count
    for url in listing.sitemaps:
        assert query(url) == {
            "url": "caliber.az",
            "matchType": "host",
            "output": "json",
            "fl": "url,status",
            "filter": "=status:200",
            "showNumPages": "true",
        }


def test_the_page_count_is_requested_before_the_pages() -> None:
    entry = start("commoncrawl")
    (counting,) = parse_index(reply(entry.url, COLLINFO), SITE).sitemaps
    pages = parse_index(reply(counting, '{"pages": 3, "pageSize": 5, "blocks": 12}'), SITE).sitemaps
    assert [query(url)["page"] for url in pages] == ["0", "1", "2"]
    assert not any("showNumPages" in url for url in pages)
    lines = (
        '{"url": "https://caliber.az/en/post/a", "status": "200"}\n{"url": "https://caliber.az/", "status": "200"}\n'
    )
    listing = parse_index(reply(pages[0], lines), SITE)
    assert ([teaser.url for teaser in listing.teasers], listing.sitemaps) == (["https://caliber.az/en/post/a"], ())


def test_a_list_of_indexes_cannot_lead_to_another_host() -> None:
    elsewhere = COLLINFO.replace("https://index.commoncrawl.org/CC-MAIN-2026-43-index", "http://169.254.169.254/")
    assert parse_index(reply(start("commoncrawl").url, elsewhere), SITE).sitemaps == ()


@pytest.mark.parametrize(
    ("index", "body"),
    [("wayback", "<html>Busy</html>"), ("commoncrawl", '{"message": "no"}'), ("commoncrawl:1999", COLLINFO)],
)
def test_other_responses_are_refused_with_a_message(index: str, body: str) -> None:
    with pytest.raises(Unreadable, match="index"):
        parse_index(reply(start(index).url, body), SITE)


def test_an_endless_index_is_abandoned() -> None:
    entry = start("wayback")
    entries, pages = [entry], 0
    while entries and pages < 5_000:
        listing = parse_index(reply(entries[0].url, WAYBACK), SITE)
        entries, pages = following(listing, entries[0]), pages + 1
    assert pages == 2_000


class Index:
    """Both services, with the articles of a demo site."""

    def __init__(self, articles: list[str], *, busy: int = 0) -> None:
        self.base_url = ""
        self.articles, self.busy = articles, busy

    def respond(self, target: str, now: datetime | None = None) -> Response:
        path, parameters = (
            urlsplit(target).path,
            {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()},
        )
        if self.busy:
            self.busy -= 1
            return Response(
                503, (("content-type", "text/plain"), ("retry-after", "1")), b"Please reduce your request rate."
            )
        if path == "/robots.txt":
            return Response(200, (("content-type", "text/plain"),), b"User-agent: *\nDisallow: /\n")
        if path == "/collinfo.json":
            known = [{"id": "CC-MAIN-2026-43", "cdx-api": f"{self.base_url}/CC-MAIN-2026-43-index"}]
            return _json(json.dumps(known))
        if "showNumPages" in parameters:
            return _json('{"pages": 2, "pageSize": 5, "blocks": 6}')
        half = len(self.articles) // 2
        if path.endswith("-index"):
            page = self.articles[:half] if parameters["page"] == "0" else self.articles[half:]
            return _json("".join(json.dumps({"url": url, "status": "200"}) + "\n" for url in page))
        page, key = (
            (self.articles[half:], "") if "resumeKey" in parameters else (self.articles[:half], "az%2Ccaliber%29+1%21")
        )
        rows: list[list[str]] = [
            ["original", "statuscode"],
            *([url, "200"] for url in page),
            *([[], [key]] if key else []),
        ]
        return _json("[" + ",\n".join(map(json.dumps, rows)) + "]\n")


def _json(text: str) -> Response:
    return Response(200, (("content-type", "application/json"),), text.encode())


@contextmanager
def services(tmp_path: Path, **options: Any) -> Iterator[tuple[str, str, list[str], Path]]:
    site, log = DemoSite(articles=24, clock=lambda: AT, sections=("analytics",)), tmp_path / "index.jsonl"
    with running(site) as base_url:
        articles = [page["url"] for page in site.truth(AT) if page["language"] == "en"]
        with running(Index(articles, **options), log=log) as index_url:
            yield base_url, index_url, articles, log


def stored(archive: Path) -> int:
    with closing(sqlite3.connect(archive)) as connection:
        return int(connection.execute("select count(*) from articles where language = 'en'").fetchone()[0])


def run_crawl(archive: Path, base_url: str, cdx: str, **settings: object) -> tuple[str, dict[str, int]]:
    """Crawl with ``scrapy crawl`` and these settings. Return the outcome of the run, and its counts."""
    all_settings = {"DOWNLOAD_DELAY": 0, "CDX_DELAY": 0.1, **settings}
    arguments = ("-a", f"base_url={base_url}", "-a", f"cdx={cdx}")
    options = (part for name, value in all_settings.items() for part in ("-s", f"{name}={value}"))
    done = run_module("scrapy", "crawl", "caliber", *arguments, *options, CALIBER_ARCHIVE=str(archive))
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(archive)) as connection:
        outcome, counts = connection.execute("select outcome, counts from runs order by id desc").fetchone()
    return outcome, json.loads(counts)


@pytest.mark.slow
def test_a_service_is_queried_slowly_and_its_articles_are_fetched(tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with services(tmp_path) as (base_url, index_url, articles, log):
        known = json.dumps({"wayback": f"{index_url}/cdx/search/cdx?output=json&limit=12&showResumeKey=true"})
        outcome, counts = run_crawl(archive, base_url, "wayback", CDX_SERVICES=known, CDX_DELAY=1)
        requests = [json.loads(line) for line in log.read_text().splitlines()]
    assert (outcome, counts["new"], stored(archive)) == ("finished", len(articles), len(articles))
    assert [urlsplit(request["path"]).path for request in requests] == ["/cdx/search/cdx"] * 2
    times = [datetime.fromisoformat(request["time"]).timestamp() for request in requests]
    assert all(later - earlier > 0.9 for earlier, later in pairwise(times))
    with closing(sqlite3.connect(archive)) as connection:
        found = connection.execute("select distinct discovered_via, kind, state from frontier order by kind").fetchall()
    assert found == [("cdx", "article", "done"), ("cdx", "sitemap", "done")]


@pytest.mark.slow
def test_a_list_of_indexes_is_queried_by_url_and_an_overloaded_one_does_not_end_the_run(tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with services(tmp_path, busy=3) as (base_url, index_url, articles, log):
        busy, busy_counts = run_crawl(archive, base_url, f"{index_url}/collinfo.json")
        done, done_counts = run_crawl(archive, base_url, f"{index_url}/collinfo.json")
        paths = [urlsplit(json.loads(line)["path"]).path for line in log.read_text().splitlines()]
    assert (busy, busy_counts["problems"], busy_counts["incomplete_lists"]) == ("finished", 1, 1)
    assert (done, done_counts["new"]) == ("finished", len(articles))
    assert paths == ["/collinfo.json"] * 4 + ["/CC-MAIN-2026-43-index"] * 3


@pytest.mark.slow
def test_a_redirect_of_an_index_to_another_host_is_refused(caliber: Callable[..., Result], tmp_path: Path) -> None:
    class Elsewhere(Index):
        def respond(self, target: str, now: datetime | None = None) -> Response:
            return Response(302, (("location", "http://169.254.169.254/latest/"),), b"")

    archive = tmp_path / "a.db"
    with running(DemoSite(articles=3, clock=lambda: AT)) as base_url, running(Elsewhere([])) as index_url:
        result = caliber("crawl", "--archive", archive, "--base-url", base_url, "--delay", 0, "--cdx", index_url)
    assert result.exit_code == 3
    with closing(sqlite3.connect(archive)) as connection:
        assert connection.execute("select reason from problems").fetchall() == [("offsite",)]


@pytest.mark.slow
def test_an_unknown_service_or_file_is_reported_in_one_line(caliber: Callable[..., Result], tmp_path: Path) -> None:
    result = caliber("crawl", "--archive", tmp_path / "a.db", "--base-url", "http://127.0.0.1:9", "--cdx", "waybakc")
    assert (result.exit_code, result.stderr.count("\n")) == (4, 1)
    assert "waybakc" in result.stderr
