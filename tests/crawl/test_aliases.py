"""An article with several URLs is requested once, visited at one URL, and found again if that URL disappears."""

from __future__ import annotations

import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any
from unicodedata import normalize
from urllib.parse import quote

import pytest

from tests.conftest import Result, command, environment
from tests.discovery.gazette import Answer, Gazette, Query, html, sold

pytestmark = pytest.mark.slow


def story_pages(number: int, slug: str) -> tuple[Answer, Answer]:
    """The page of a story under its number and under its slug; the slug is its canonical URL."""

    def answer(gazette: Gazette, query: Query) -> Any:
        return gazette.story(number, f'<link rel="canonical" href="{gazette.base_url}/{slug}.html">')

    return answer, answer


def test_all_variants_of_a_url_from_standard_input_lead_to_one_article(
    serve: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    archive = tmp_path / "a.db"
    with serve(articles=40, sections=("analytics",)) as demo:
        pages = {page["language"]: page for page in demo.truth().values() if page["post_number"]}
        russian, armenian = pages["ru"], pages["hy"]
        slug = quote(armenian["slug"])
        forms = [
            f"{demo.base_url}/post/{russian['slug']}",
            f"{demo.base_url}/post/{russian['slug']}/",
            f"{demo.base_url}/ru/post/{russian['slug']}",
            f"{demo.base_url}/ru/post/{russian['post_number']}/",
            f"{demo.base_url}/post/{russian['post_number']}?utm_source=a&fbclid=b&yclid=c&ysclid=d&_openstat=e",
            f"{demo.base_url.replace('http:', 'https:')}/post/{russian['slug']}?UTM_Medium=mail#comments",
            f"  {demo.base_url.replace('http:', 'HTTP:')}/post/{russian['slug']}  ",
            f"{demo.base_url}/arm/post/{armenian['slug']}",
            f"{demo.base_url}/arm/post/{slug}",
            f"{demo.base_url}/arm/post/{slug.lower()}",
            f"{demo.base_url}/arm/post/{normalize('NFD', armenian['slug'])}",
            f"{demo.base_url}/arm/post/{quote(normalize('NFD', armenian['slug']))}/?fbclid=x",
            f"{demo.base_url}/arm/post/{armenian['post_number']}/",
        ]
        done = subprocess.run(
            command("crawl", "--base-url", demo.base_url, "--archive", archive, "--delay", 0, "--urls", "-", "--json"),
            input="\n".join(forms),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=400,
            check=False,
        )
        requested = [request["path"] for request in demo.requests() if "/post/" in request["path"]]
        shown_article = caliber("show", forms[3], "--archive", archive, "--json").json
    assert done.returncode == 0, done.stdout + done.stderr
    # Only the site knows which number belongs to which slug: each is requested once, in any notation.
    assert len(requested) == 4, requested
    assert shown_article["headline"] == russian["headline"]
    with closing(sqlite3.connect(archive)) as connection:
        (articles,) = connection.execute("select count(*) from articles where duplicate_of is null").fetchone()
        (visited,) = connection.execute("select count(*) from frontier where due_at is not null").fetchone()
    assert (articles, visited) == (2, 2)


def test_an_alias_of_an_article_is_not_requested(caliber: Callable[..., Result], tmp_path: Path) -> None:
    by_number, by_slug = story_pages(7, "the-harbour")
    gazette = Gazette(pages={"/story/7": by_number, "/the-harbour.html": by_slug}, sections={"world": [7]})
    teaser = '<article class="teaser"><a href="/the-harbour.html"><h2>The harbour</h2></a></article>'
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        assert stand.crawl("--json").json["new"] == 1
        gazette.pages["/world"] = html(teaser)
        second = stand.crawl("--json").json
        third = stand.crawl("--json").json
        requested = stand.asked()
    assert requested == ["/world", "/story/7", "/world", "/world"]
    assert (second["discovered"], second["unchanged"], second["not_due"]) == (1, 1, 1)
    assert third["outcome"] == "finished"
    assert stand.rows("select count(*) from articles where duplicate_of is null") == [(1,)]


def test_the_second_visit_skips_the_redirect(caliber: Callable[..., Result], tmp_path: Path) -> None:
    pages: dict[str, Answer] = {"/story/7": html("", 301, location="/the-harbour.html")}
    pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7)
    with sold(Gazette(pages=pages, sections={"world": [7]}), tmp_path, caliber, listing="") as stand:
        stand.crawl()
        for _ in range(2):
            stand.make_due()
            assert stand.crawl().exit_code == 0
        requested = [path for path in stand.asked() if path != "/world"]
    assert requested == ["/story/7", *["/the-harbour.html"] * 3]
    assert stand.rows("select count(*) from view_counts") == [(3,)]


def test_an_article_whose_url_disappears_is_found_at_another_url(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    by_number, by_slug = story_pages(7, "the-harbour")
    gazette = Gazette(pages={"/story/7": by_number, "/the-harbour.html": by_slug}, sections={"world": [7]})
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        gazette.pages["/story/7"] = html("<h1>Not found</h1>", 404)
        stand.make_due()
        stand.crawl()
        assert stand.rows("select gone_at is null from articles") == [(0,)]
        stand.make_due()
        assert stand.crawl().exit_code == 0
        assert stand.rows("select gone_at is null from articles") == [(1,)]
        due = stand.rows("select url from frontier where due_at is not null and kind = 'article'")
    assert due == [(f"{stand.base_url}/the-harbour.html",)]


def test_two_articles_that_are_united_keep_their_urls_and_view_counts(
    caliber: Callable[..., Result], tmp_path: Path
) -> None:
    gazette = Gazette(sections={"world": [7]})
    gazette.pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7, views=200)
    teaser = '<article class="teaser"><a href="/the-harbour.html"><h2>The harbour</h2></a></article>'
    gazette.pages["/world"] = lambda gazette, query: html(gazette.teaser(7) + teaser)
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        assert stand.rows("select count(*) from articles where duplicate_of is null") == [(2,)]
        # Now the page under the slug names the URL with the number as its canonical URL.
        canonical = f'<link rel="canonical" href="{stand.base_url}/story/7">'
        gazette.pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7, canonical, views=300)
        stand.make_due()
        run = stand.crawl("--json")
        assert run.exit_code == 0
        show = caliber("show", f"{stand.base_url}/the-harbour.html", "--archive", stand.archive, "--json").json
        stand.make_due()
        requests = stand.requests()
        stand.crawl()
        requested = [path for path in stand.asked(requests) if path != "/world"]
    assert {url["url"].removeprefix(stand.base_url) for url in show["urls"]} == {"/story/7", "/the-harbour.html"}
    assert sorted(count["views"] for count in show["view_counts"]) == [100, 100, 200, 300]
    assert stand.rows("select count(*) from articles where duplicate_of is null") == [(1,)]
    assert len({row[0] for row in stand.rows("select article_id from frontier where kind = 'article'")}) == 1
    assert len(requested) == 1
