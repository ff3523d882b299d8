"""The sites of an archive in the browser, and the alarms on the page of a site's health."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive, Entry
from caliber_crawler.archive.core.times import utc_now, utc_text
from caliber_crawler.archive.reports.site_reports import COLUMNS
from caliber_crawler.browse.sites_page import ORDERS, bars
from caliber_crawler.items import Problem
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.browse.conftest import browsing
from tests.browse.newsroom import article, save

HOSTILE = "<script>alert('site')</script>"
CODES = {"caliber": 0, "down": 10, HOSTILE: 3, "new": None}


def text(selector: Selector) -> str:
    return " ".join(" ".join(selector.xpath(".//text()").getall()).split())


def add_crawls(archive: Archive, site: str, exit_code: int | None) -> None:
    """Five daily crawls of a site; the last one ended with this exit code, or is still active."""
    for days_ago in range(4, -1, -1):
        run = archive.runs.start("crawl", site=site, arguments={}, settings={}, software={})
        started = utc_text(utc_now() - timedelta(days=days_ago, hours=1))
        archive.db.execute("UPDATE runs SET started_at = ?, heartbeat_at = ? WHERE id = ?", (started, started, run))
        if exit_code is None and not days_ago:
            continue
        if exit_code == 3 and days_ago < 2:
            message = f"All pages of {site} have a new layout."
            archive.runs.record_problem(run, Problem(stage="run", reason="unknown_layout", message=message))
        archive.runs.finish(run, "finished", None, {"new": 10 * days_ago + 2})
        archive.runs.record_exit_code(run, (exit_code or 0) if days_ago < 2 else 0)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sites") / "archive.db"
    with Archive.open(path, mode="write") as archive:
        archive.sites.store(CaliberSpider.site)
        save(archive, article(headline="A corridor"))
        for number in (1, 2):
            url = f"https://caliber.az/en/post/{number}"
            archive.frontier.add([Entry(url=url, site="caliber", kind="article", discovered_via="listing")], None)
        archive.db.execute("UPDATE frontier SET state = 'done', article_id = 1 WHERE url LIKE '%/1'")
        for site, code in CODES.items():
            add_crawls(archive, site, code)
    return path


def test_each_site_has_a_row_and_those_that_need_attention_are_first(path: Path) -> None:
    with browsing(path) as get:
        page = Selector(get("/archive/-/sites").text)
    rows = page.css(".sites tbody tr")
    assert [row.css("th a::text").get() for row in rows] == ["down", HOSTILE, "Caliber.Az", "new"]
    assert [bool(row.css(".unhealthy")) for row in rows] == [True, True, False, False]
    assert not page.css("script")
    failed, alarm, healthy, active = (text(row) for row in rows)
    assert "exit code 10" in failed
    assert f"All pages of {HOSTILE} have a new layout." in alarm
    assert "healthy since" in healthy
    assert "usual 27" in healthy
    assert "running" in active
    assert len(rows[2].css("svg rect")) == 5
    assert "4 sites · 1 failed · 1 with alarms · 2 healthy · CSV of all" in text(page.css("[role=status]")[0])


def test_every_order_has_every_site_once(path: Path) -> None:
    with browsing(path) as get:
        for order in ("", *ORDERS, "no such order"):
            page = Selector(get(f"/archive/-/sites?sort={order}").text)
            assert sorted(page.css(".sites tbody th a::text").getall()) == sorted(
                ["down", HOSTILE, "Caliber.Az", "new"]
            )
            assert len(page.css("[aria-sort]")) == 1


def test_the_files_have_every_site_with_the_same_values(path: Path) -> None:
    with browsing(path) as get:
        rows = list(csv.DictReader(io.StringIO(get("/archive/-/sites.csv?sort=title").text)))
        objects = get("/archive/-/sites.json?sort=title").json()
    assert tuple(rows[0]) == COLUMNS
    assert [row["site"] for row in rows] == [each["site"] for each in objects] == [HOSTILE, "caliber", "down", "new"]
    assert [row["state"] for row in rows] == [each["state"] for each in objects]
    assert objects[0]["alarms"][0]["runs"] == 2
    assert objects[1]["new_per_day"][-5:] == [42, 32, 22, 12, 2]


def test_a_large_archive_shows_its_sites_page_by_page(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        archive.db.conn.executemany(
            "INSERT INTO sites VALUES (?, ?, 'https://a.example', 'UTC', NULL)",
            [(f"site{number:02}", f"Site {number:02}") for number in range(51)],
        )
    with browsing(path) as get:
        first, second = (Selector(get(f"/archive/-/sites?page={number}").text) for number in (1, 2))
        rows = get("/archive/-/sites.csv").text.splitlines()
    assert text(first.css(".pager")[0]) == "1–50 of 51 Next"
    assert second.css(".sites tbody th a::text").getall() == ["Site 50"]
    assert len(rows) == 52


def test_an_archive_without_sites_says_what_to_do(tmp_path: Path) -> None:
    with Archive.open(tmp_path / "archive.db", mode="write"):
        pass
    with browsing(tmp_path / "archive.db") as get:
        assert "caliber crawl URL" in get("/archive/-/sites").text
        assert get("/archive/-/sites.json").json() == []
        assert len(get("/archive/-/sites.csv").text.splitlines()) == 1


def test_the_page_is_closed_in_public_mode(path: Path) -> None:
    with browsing(path, metadata={"plugins": {"caliber_crawler": {"public": True}}}) as get:
        for name in ("sites", "sites.csv", "sites.json"):
            assert get(f"/archive/-/{name}").status_code == 403
        assert "/-/sites" not in get("/archive/-/home").text


def test_the_health_of_a_site_begins_with_its_alarms_and_how_to_acknowledge_them(path: Path) -> None:
    with browsing(path) as get:
        link = Selector(get("/archive/-/sites").text).css(".sites tbody tr")[1].css("th a::attr(href)").get("")
        page = Selector(get(link).text)
        other = Selector(get("/archive/-/health?site=down").text)
        every = Selector(get("/archive/-/health").text)
    assert text(page.css("h1")[0]) == f"Crawl health: {HOSTILE}"
    assert page.css("h2::text").get() == "Open alarms"
    assert f"All pages of {HOSTILE} have a new layout." in text(page.css("#alarms tbody tr")[0])
    assert text(page.css("#alarms code")[0]) == (
        """caliber status --acknowledge '<script>alert('"'"'site'"'"')</script>' --note "…" --archive archive.db"""
    )
    assert "unknown_layout" in text(page.css("#problems")[0])
    assert not other.css("#alarms")
    assert "unknown_layout" not in text(other.css("main")[0])
    assert len(other.css('[aria-label="Runs"] tbody tr')) == 5
    assert len(every.css("#alarms tbody tr")) == 1
    assert len(every.css('[aria-label="Runs"] tbody tr')) > 20


def test_the_health_of_an_unknown_site_says_so(path: Path) -> None:
    with browsing(path) as get:
        assert "This archive has no site nowhere." in text(Selector(get("/archive/-/health?site=nowhere").text))


def test_all_links_of_the_page_work(path: Path) -> None:
    with browsing(path) as get:
        links = Selector(get("/archive/-/sites").text).css("main a::attr(href)").getall()
        assert {link: get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_a_picture_has_a_bar_for_each_day_with_articles() -> None:
    assert bars([None, 0, 5, 10]) == [(6, 10.0), (9, 20.0)]
    assert bars([None, 0]) == []


def test_stored_urls_are_those_with_an_article(path: Path) -> None:
    with browsing(path) as get:
        reports = {report["site"]: report for report in get("/archive/-/sites.json").json()}
        row = next(
            row for row in Selector(get("/archive/-/sites").text).css(".sites tbody tr") if "Caliber" in text(row)
        )
    caliber = reports["caliber"]
    assert (caliber["known_urls"], caliber["stored_urls"], caliber["coverage"]) == (2, 1, 0.5)
    assert "50.0% 1 of 2" in text(row)
