"""Full crawls of the demo site from each discovery source, compared with the site's ground truth."""

from __future__ import annotations

import gzip
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.demo import DemoSite, running
from caliber_crawler.demo.editions import edition_named
from tests.conftest import AT, Result, Served
from tests.discovery.pages import Around, Page

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--concurrency", 8)
OUTCOMES = ("stored", "unchanged", "refused", "failed", "missing", "remaining")


@contextmanager
def serve_demo(tmp_path: Path, pages: Mapping[str, Page] | None = None, **options: Any) -> Iterator[Served]:
    site = DemoSite(**{"articles": 60, "clock": lambda: AT, "sections": ("analytics",), **options})
    with running(Around(site, pages or {}), log=tmp_path / "requests.jsonl") as base_url:
        yield Served(site, base_url, tmp_path / "requests.jsonl")


def rows(archive: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(f"file:{archive}?mode=ro", uri=True)) as connection:
        return connection.execute(sql).fetchall()


def slugs(archive: Path) -> set[str]:
    return {slug for (slug,) in rows(archive, "select slug from article_texts")}


def balanced(run: dict[str, Any]) -> bool:
    return bool(run["discovered"] == sum(run.get(outcome, 0) for outcome in OUTCOMES))


def test_articles_of_a_feed_are_fetched_and_record_their_source(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_demo(tmp_path) as demo:
        result = caliber("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--via", "feed", "--json")
        newest = [page["slug"] for page in demo.site.truth(AT)][:30]
    assert result.exit_code == 0, result.stderr
    assert slugs(archive) == set(newest)
    assert rows(archive, "select distinct discovered_via, discovered_on from frontier where kind = 'article'") == [
        ("feed", f"{demo.base_url}/rss.xml")
    ]
    assert balanced(result.json)


def test_articles_of_a_feed_do_not_hide_older_ones_in_a_listing(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    clock = {"now": AT}
    with serve_demo(tmp_path, articles=240, clock=lambda: clock["now"]) as demo:
        every = {page["slug"]: page for page in demo.site.truth(AT)}
        dates = sorted(page["published_at"] for page in every.values())
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        clock["now"] = datetime.fromisoformat(dates[60]) + timedelta(seconds=1)
        caliber(*arguments)
        assert len(slugs(archive)) == 61
        clock["now"] = AT
        caliber(*arguments, "--via", "feed")
        assert 61 < len(slugs(archive)) < len(every)
        caliber(*arguments)
    assert slugs(archive) == set(every)


def test_sitemaps_are_found_through_robots_txt_and_circular_ones_end(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    truth = list(DemoSite(articles=60, clock=lambda: AT, sections=("analytics",)).truth(AT))
    paths = [page["url"].removeprefix("http://127.0.0.1:8000") for page in truth]

    def index(base_url: str) -> str:
        maps = ("/sitemap.xml", "/map-1.xml", "/map-2.xml.gz", "https://example.org/map.xml")
        return f"<sitemapindex>{''.join(f'<sitemap><loc>{m}</loc></sitemap>' for m in maps)}</sitemapindex>"

    def urlset(some: list[str]) -> Callable[[str], str]:
        return lambda base_url: f"<urlset>{''.join(f'<url><loc>{base_url}{p}</loc></url>' for p in some)}</urlset>"

    pages: dict[str, Page] = {
        "/robots.txt": "User-agent: *\nAllow: /\nSitemap: /sitemap.xml\n",
        "/sitemap.xml": index,
        "/map-1.xml": urlset(paths[:30]),
    }
    with serve_demo(tmp_path, pages) as demo:
        pages["/map-2.xml.gz"] = gzip.compress(str(urlset(paths[30:])(demo.base_url)).encode())
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--via", "sitemap")
        result = caliber(*arguments, "--json")
        requested = Counter(request["path"] for request in demo.requests())
    assert result.exit_code == 0, result.stdout + result.stderr
    assert slugs(archive) == {page["slug"] for page in truth}
    assert requested["/sitemap.xml"] == requested["/map-1.xml"] == requested["/map-2.xml.gz"] == 1
    assert balanced(result.json)


def test_results_of_the_sites_search_are_fetched(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_demo(tmp_path, {"/robots.txt": "User-agent: *\nAllow: /\n"}, articles=120) as demo:
        word = next(demo.site.truth(AT))["headline"].split()[0]
        truth = {page["slug"] for page in demo.site.truth(AT) if word.casefold() in page["headline"].casefold()}
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--search", word)
        result = caliber(*arguments, "--json")
    assert result.exit_code == 0, result.stdout + result.stderr
    assert truth
    assert slugs(archive) <= truth
    assert len(slugs(archive)) == min(20, len(truth))
    assert {source for (source,) in rows(archive, "select discovered_via from frontier where kind = 'article'")} == {
        "search"
    }


def test_a_search_disallowed_by_robots_txt_is_not_requested(caliber: Callable[..., Result], tmp_path: Path) -> None:
    with serve_demo(tmp_path) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", tmp_path / "a.db", *FAST, "--search", "Baku")
        result = caliber(*arguments)
        assert not [request for request in demo.requests() if request["path"].startswith("/search")]
    assert result.exit_code == 3


def test_links_in_articles_lead_to_further_articles(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_demo(tmp_path, articles=300) as demo:
        truth = {page["slug"]: page for page in demo.site.truth(AT)}
        linked = {
            page["slug"]: [link for link in page["links"] if link.startswith(f"{demo.base_url}/")]
            for page in truth.values()
        }
        start = next(slug for slug, links in linked.items() if any("/post/" in link for link in links))
        url_file = tmp_path / "urls.txt"
        url_file.write_text(truth[start]["url"])
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--urls", url_file)
        alone = caliber(*arguments, "--json").json
        followed = caliber(
            "crawl",
            "--base-url",
            demo.base_url,
            "--archive",
            tmp_path / "b.db",
            *FAST,
            "--urls",
            url_file,
            "--via",
            "links",
            "--json",
        ).json
    assert alone["new"] == 1
    assert followed["new"] > 1
    found = rows(
        tmp_path / "b.db",
        "select discovered_via, discovered_on, page_number from frontier where discovered_via = 'links'"
        " order by page_number",
    )
    assert found[0] == ("links", truth[start]["url"], 2)
    assert max(depth for _, _, depth in found) <= 3
    assert balanced(followed)


def test_post_ids_are_enumerated_in_descending_order_and_misses_are_not_failures(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    low, high = 100_000, 100_060
    with serve_demo(tmp_path, articles=100_000) as demo:
        english = edition_named("en")
        known = {n for n in range(low, high + 1) if demo.site.newsroom.with_number(english, n) is not None}
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--language", "en")
        result = caliber(*arguments, "--concurrency", 1, "--ids", f"{high}-{low}", "--json")
        requested = [
            int(request["path"].rpartition("/")[2]) for request in demo.requests() if "/post/" in request["path"]
        ]
    assert result.exit_code == 0, result.stdout + result.stderr
    assert requested == list(range(high, low - 1, -1))
    assert 3 < len(known) < 30
    assert {n for (n,) in rows(archive, "select post_number from articles")} == known
    assert result.json["stored"] == len(known)
    assert result.json["missing"] == len(requested) - len(known)
    assert balanced(result.json)
    assert rows(archive, "select count(*) from problems where fatal") == [(0,)]


def test_an_enumeration_of_post_ids_is_resumed(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_demo(tmp_path) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--language", "en")
        crawl = (*arguments, "--ids", "1-260", "--json")
        runs = [caliber(*crawl, "--limit", 70).json, caliber(*crawl).json, caliber(*crawl).json]
        requested = Counter(request["path"] for request in demo.requests() if "/post/" in request["path"])
    assert runs[0]["outcome"] == "stopped"
    assert runs[1]["outcome"] == "finished"
    assert set(requested) == {f"/en/post/{n}" for n in range(1, 261)}
    assert max(requested.values()) == 1
    assert runs[2].get("pages", 0) == 0
    assert all(map(balanced, runs))


def test_urls_of_a_list_are_fetched_and_others_than_articles_are_reported(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    url_file = tmp_path / "urls.txt"
    with serve_demo(tmp_path) as demo:
        wanted = [page["url"] for page in demo.site.truth(AT)][:4]
        url_file.write_text("\n".join([*wanted, wanted[0] + "?utm_source=x", "https://example.org/post/x"]))
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--urls", url_file)
        result = caliber(*arguments, "--json")
    assert result.exit_code == 0, result.stderr
    assert result.json["stored"] == 4
    assert result.json["not_articles"] == 1
    assert rows(archive, "select reason, url from problems") == [("not_an_article", "https://example.org/post/x")]
    assert set(rows(archive, "select discovered_via, discovered_on from frontier")) == {("url_list", str(url_file))}


@pytest.mark.parametrize("way", ["ingest", "urls"])
def test_urls_of_a_list_are_fetched_whatever_their_section(
    caliber: Callable[..., Result], tmp_path: Path, way: str
) -> None:
    archive = tmp_path / "a.db"
    url_file = tmp_path / "urls.txt"
    with serve_demo(tmp_path, sections=("analytics", "politics")) as demo:
        truth = {page["slug"]: page["url"] for page in demo.site.truth(AT) if page["section"] == "politics"}
        url_file.write_text("\n".join(truth.values()))
        crawl = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--json")
        if way == "ingest":
            caliber("ingest", url_file, "--base-url", demo.base_url, "--archive", archive)
            result = caliber(*crawl)
        else:
            result = caliber(*crawl, "--urls", url_file)
    assert result.exit_code == 0, result.stdout + result.stderr
    assert truth
    assert {slug for (slug,) in rows(archive, "select slug from articles where section = 'politics'")} == truth.keys()
    assert (result.json["outcome"], result.json["remaining"]) == ("finished", 0)
    assert balanced(result.json)


def test_an_unknown_source_and_a_missing_file_are_reported_in_one_line(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    unknown = caliber("crawl", "--via", "teleport", "--archive", tmp_path / "a.db")
    assert (unknown.exit_code, len(unknown.stderr.splitlines())) == (2, 1)
    assert "sitemap" in unknown.stderr
    missing = caliber("crawl", "--urls", tmp_path / "none.txt", "--archive", tmp_path / "a.db")
    assert (missing.exit_code, len(missing.stderr.splitlines())) == (4, 1)
    numbers = caliber("crawl", "--ids", "many", "--archive", tmp_path / "a.db")
    assert numbers.exit_code == 2


def test_the_due_option_fetches_only_pages_that_are_due(caliber: Callable[..., Result], tmp_path: Path) -> None:
    archive = tmp_path / "a.db"
    with serve_demo(tmp_path) as demo:
        count = len(demo.truth())
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST, "--due")
        first = caliber(*arguments, "--json").json
        requested = len(demo.requests())
        again = caliber(*arguments, "--json")
        assert [request["path"] for request in demo.requests()[requested:]] == []
        assert again.json["outcome"] == "finished"
        with closing(sqlite3.connect(archive)) as connection, connection:
            # They are due every 30 and every 60 minutes, with a tolerance.
            ago = "visited_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', ?)"
            connection.execute(f"update frontier set {ago} where kind = 'feed'", ("-28 minutes",))
            connection.execute(f"update frontier set {ago} where kind = 'listing'", ("-50 minutes",))
        caliber(*arguments)
        paths = [request["path"] for request in demo.requests()[requested:]]
    assert first["stored"] == count
    assert again.exit_code == 0, again.stderr
    assert [path for path in paths if path != "/robots.txt"] == ["/rss.xml"]
