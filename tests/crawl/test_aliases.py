"""One article under many addresses is asked for once, visited at one of them, and found again when that one dies."""

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


def named(number: int, slug: str) -> tuple[Answer, Answer]:
    """The page of a story under its number, and under its slug, which the page names as its own address."""

    def answer(gazette: Gazette, query: Query) -> Any:
        return gazette.story(number, f'<link rel="canonical" href="{gazette.base_url}/{slug}.html">')

    return answer, answer


def test_every_dirty_form_of_an_address_from_standard_input_leads_to_one_article(
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
        asked = [request["path"] for request in demo.requests() if "/post/" in request["path"]]
        held = caliber("show", forms[3], "--archive", archive, "--json").json
    assert done.returncode == 0, done.stdout + done.stderr
    # Only the site knows which number belongs to which slug: each is asked for once, whatever way it is written.
    assert len(asked) == 4, asked
    assert held["headline"] == russian["headline"]
    with closing(sqlite3.connect(archive)) as connection:
        (articles,) = connection.execute("select count(*) from articles where duplicate_of is null").fetchone()
        (visited,) = connection.execute("select count(*) from frontier where due_at is not null").fetchone()
    assert (articles, visited) == (2, 2)


def test_another_address_of_an_article_is_not_asked_for(caliber: Callable[..., Result], tmp_path: Path) -> None:
    by_number, by_slug = named(7, "the-harbour")
    gazette = Gazette(pages={"/story/7": by_number, "/the-harbour.html": by_slug}, sections={"world": [7]})
    teaser = '<article class="teaser"><a href="/the-harbour.html"><h2>The harbour</h2></a></article>'
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        assert stand.crawl("--json").json["new"] == 1
        gazette.pages["/world"] = html(teaser)
        second = stand.crawl("--json").json
        third = stand.crawl("--json").json
        asked = stand.asked()
    assert asked == ["/world", "/story/7", "/world", "/world"]
    assert (second["discovered"], second["unchanged"], second["not_due"]) == (1, 1, 1)
    assert third["outcome"] == "finished"
    assert stand.rows("select count(*) from articles where duplicate_of is null") == [(1,)]


def test_a_redirect_is_spared_from_the_second_visit_on(caliber: Callable[..., Result], tmp_path: Path) -> None:
    pages: dict[str, Answer] = {"/story/7": html("", 301, location="/the-harbour.html")}
    pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7)
    with sold(Gazette(pages=pages, sections={"world": [7]}), tmp_path, caliber, listing="") as stand:
        stand.crawl()
        for _ in range(2):
            stand.make_due()
            assert stand.crawl().exit_code == 0
        asked = [path for path in stand.asked() if path != "/world"]
    assert asked == ["/story/7", *["/the-harbour.html"] * 3]
    assert stand.rows("select count(*) from view_counts") == [(3,)]


def test_an_article_whose_address_dies_is_found_at_another_one(caliber: Callable[..., Result], tmp_path: Path) -> None:
    by_number, by_slug = named(7, "the-harbour")
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


def test_two_articles_that_turn_out_to_be_one_keep_all_they_had(caliber: Callable[..., Result], tmp_path: Path) -> None:
    gazette = Gazette(sections={"world": [7]})
    gazette.pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7, views=200)
    teaser = '<article class="teaser"><a href="/the-harbour.html"><h2>The harbour</h2></a></article>'
    gazette.pages["/world"] = lambda gazette, query: html(gazette.teaser(7) + teaser)
    with sold(gazette, tmp_path, caliber, listing="") as stand:
        stand.crawl()
        assert stand.rows("select count(*) from articles where duplicate_of is null") == [(2,)]
        # Now the page under the slug says that it is the one under the number.
        canonical = f'<link rel="canonical" href="{stand.base_url}/story/7">'
        gazette.pages["/the-harbour.html"] = lambda gazette, query: gazette.story(7, canonical, views=300)
        stand.make_due()
        run = stand.crawl("--json")
        assert run.exit_code == 0
        show = caliber("show", f"{stand.base_url}/the-harbour.html", "--archive", stand.archive, "--json").json
        stand.make_due()
        requests = stand.requests()
        stand.crawl()
        asked = [path for path in stand.asked(requests) if path != "/world"]
    assert {url["url"].removeprefix(stand.base_url) for url in show["urls"]} == {"/story/7", "/the-harbour.html"}
    assert sorted(count["views"] for count in show["view_counts"]) == [100, 100, 200, 300]
    assert stand.rows("select count(*) from articles where duplicate_of is null") == [(1,)]
    assert len({row[0] for row in stand.rows("select article_id from frontier where kind = 'article'")}) == 1
    assert len(asked) == 1
