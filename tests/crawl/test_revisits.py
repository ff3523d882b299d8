"""Only new and due pages are requested, verified by the site's log."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from caliber_crawler.demo import Response
from tests.conftest import Result
from tests.discovery.gazette import Gazette, sold
from tests.hostile.site import answering

pytestmark = pytest.mark.slow

FAST = ("--delay", 0, "--language", "en", "--via", "listing")


def make_all_due(archive: Path) -> None:
    with closing(sqlite3.connect(archive)) as connection, connection:
        connection.execute("update frontier set due_at = '2024-01-01T00:00:00Z' where due_at is not null")


def values(archive: Path, query: str) -> list[Any]:
    with closing(sqlite3.connect(archive)) as connection:
        return [row[0] for row in connection.execute(query)]


def test_an_unchanged_listing_is_not_sent_again_but_every_visit_observes_the_counter(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=30, sections=("analytics",), validators=True) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        first = caliber(*arguments, "--json").json
        before = len(demo.requests())
        make_all_due(archive)
        time.sleep(1.1)  # times are whole seconds, and two visits in one second are one observation
        second = caliber(*arguments, "--json").json
        requests = demo.requests()[before:]
    listings = [request for request in requests if "category" in request["path"]]
    articles = [request for request in requests if "/post/" in request["path"]]
    assert [request["status"] for request in listings] == [304]
    assert len(articles) == first["stored"] == second["revisited"]
    assert {(request["status"], request["if_none_match"]) for request in articles} == {(200, None)}
    assert values(archive, "select count(*) from view_counts") == [2 * first["stored"]]
    assert values(archive, "select count(*) from versions") == [first["stored"]]
    assert second["outcome"] == "finished"
    assert second["discovered"] == second["unchanged"]


def test_the_revisits_of_a_run_are_limited(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=30, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        stored = caliber(*arguments, "--json").json["stored"]
        make_all_due(archive)
        second = caliber(*arguments, "--revisits", 3, "--json")
    assert second.exit_code == 0
    assert second.json["revisited"] == 3
    assert second.json["remaining"] == stored - 3
    assert second.json["outcome"] == "stopped"


def test_revisits_leave_half_of_a_limit_to_new_articles(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=150, sections=("analytics",)) as demo:
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, *FAST)
        assert caliber(*arguments, "--limit", 20, "--json").json["new"] == 20
        make_all_due(archive)
        second = caliber(*arguments, "--limit", 16, "--json").json
        make_all_due(archive)
        third = caliber(*arguments, "--limit", 16, "--json").json
    # Known URLs that were never fetched come first; articles of older listing pages come after the revisits.
    assert (second["new"], second.get("revisited", 0)) == (16, 0)
    assert (third["new"], third["revisited"]) == (8, 8)
    assert third["outcome"] == "stopped"


def test_all_variants_of_a_url_lead_to_one_article_that_is_visited_at_one_url(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive, urls = tmp_path / "a.db", tmp_path / "urls.txt"
    with serve(articles=12, sections=("analytics",)) as demo:
        truth = list(demo.truth().values())
        urls.write_text("\n".join(variant for page in truth for variant in variants(page, demo.base_url)))
        arguments = ("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0)
        result = caliber(*arguments, "--urls", urls, "--json")
        make_all_due(archive)
        before = len(demo.requests())
        caliber(*arguments, "--due")
        visited = [request["path"] for request in demo.requests()[before:] if "/post/" in request["path"]]
    assert result.exit_code == 0, result.stderr
    assert values(archive, "select count(*) from article_texts") == [len(truth)]
    assert values(archive, "select count(*) from versions") == [len(truth)]
    assert len(visited) == len(truth)


def variants(page: dict[str, Any], base_url: str) -> list[str]:
    """Variants of an article's URL."""
    prefix = {"en": "/en", "hy": "/arm", "ru": ""}[page["language"]]
    slug = f"{base_url}{prefix}/post/{quote(page['slug'])}"
    number = f"{base_url}{prefix}/post/{page['post_number']}"
    numbered = [number, number + "/"] if page["post_number"] else []
    return [slug, slug + "?utm_source=x&fbclid=y", slug + "#top", *numbered, slug.replace("http:", "HTTP:")]


def test_a_counter_that_falls_or_jumps_is_stored_as_observed(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7]})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        for views in (100, 90, 5_000_000, 90):
            gazette.pages["/story/7"] = gazette.story(7, views=views)
            stand.crawl()
            stand.make_due()
            # Observations have the precision of a second; of two within one, the higher is the current one.
            time.sleep(1 - time.time() % 1)
    assert stand.rows("select views from view_counts order by capture_id") == [(100,), (90,), (5_000_000,), (90,)]
    assert stand.rows("select views, version_count from articles") == [(90, 1)]


def test_without_a_counter_in_the_page_a_revisit_is_conditional(caliber: Callable[..., Result], tmp_path: Path) -> None:
    plan = "revisits=Revisits(ages=(timedelta(minutes=10),), later=timedelta(days=3)), counter_in_page=False"
    gazette = Gazette(sections={"world": [7]})
    page = gazette.story(7)
    gazette.pages["/story/7"] = Response(200, (*page.headers, ("etag", '"7"')), page.body)
    with sold(gazette, tmp_path, caliber, listing="", facts=plan) as stand:
        stand.crawl()
        stand.make_due()
        requests = stand.requests()
        run = stand.crawl("--json").json
        story = [request for request in stand.log(requests) if request["path"] == "/story/7"]
    assert [(request["status"], request["if_none_match"]) for request in story] == [(304, '"7"')]
    assert (run["revisited"], run["outcome"]) == (1, "finished")
    # The site has its own revisit plan: old stories are visited every three days.
    ((state, soon),) = stand.rows(
        "select state, round(julianday(due_at) - julianday(visited_at)) between 0 and 3 from frontier"
        " where kind = 'article'"
    )
    assert (state, soon) == ("done", 1)
    assert stand.rows("select count(*) from view_counts") == [(1,)]
    assert stand.rows("select count(*) from captures where status = 304") == [(1,)]


def test_a_redirect_to_the_home_page_marks_the_page_gone_and_keeps_the_article(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with misbehave(articles=12) as site:
        arguments = ("crawl", "--base-url", site.base_url, "--archive", archive, *FAST)
        caliber(*arguments)
        url = values(archive, "select url from articles order by id")[0]
        site.instead[url.removeprefix(site.base_url)] = answering(302, Location="/en")
        make_all_due(archive)
        caliber(*arguments)
    assert values(archive, f"select gone_at is not null from articles where url = '{url}'") == [1]
    assert values(archive, "select count(*) from articles where gone_at is not null") == [1]
    assert values(archive, f"select state from frontier where url = '{url}'") == ["gone"]
    assert values(archive, "select reason from problems") == ["redirect_home"]
