"""Plain ``datasette`` with an archive in a real browser."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browse.chromium import NEEDS_CHROMIUM, browser_page, served
from tests.browse.newsroom import print_hostile_newspaper

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM]


def test_articles_can_be_searched_filtered_and_opened(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, account):
        page.goto("/archive/articles")
        rows = page.locator("table.rows-and-columns tbody tr")
        expect(rows).to_have_count(3)

        page.get_by_label("Search:").fill("министр")
        page.get_by_label("Search:").press("Enter")
        expect(rows).to_have_count(1)

        page.goto("/archive/articles")
        page.locator("#facet-section").get_by_role("link", name="analytics").click()
        expect(rows).to_have_count(2)

        page.get_by_role("link", name="Baku’s new formula").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Baku’s new formula")
        expect(page.locator("circle.dot")).to_have_count(4)
        assert page.locator("svg").bounding_box()["width"] > 200
        assert page.locator(".body").evaluate("e => getComputedStyle(e).fontSize") == "18.56px"

        page.get_by_label("Search the articles").fill("Բաքվի")
        page.get_by_role("button", name="Search").click()
        expect(page.locator(".hits li")).to_have_count(1)
        expect(page.locator("mark").first).to_have_text("Բաքվի")
    assert (account.outside, account.dialogs, account.errors) == ([], [], [])


def test_a_hostile_archive_runs_no_scripts_and_sends_no_external_requests(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with served(path) as server, browser_page(server, browser=browser) as (page, account):
        for address in (
            "",
            "/articles?_columns=all",
            "/articles/1",
            "/versions/1",
            "/edits",
            "/article_texts?_columns=all",
            "/links",
        ):
            page.goto(f"/archive{address}", wait_until="networkidle")
        page.goto("/archive/articles/1")
        assert page.locator("script:not([src]):not([type='application/ld+json'])").count() == 0
    assert (account.outside, account.dialogs) == ([], [])


@pytest.mark.parametrize("dark", [False, True])
def test_an_article_fits_a_phone(browser: Browser, server: str, *, dark: bool) -> None:
    with browser_page(server, width=360, height=740, dark=dark, browser=browser) as (page, _):
        page.goto("/archive/articles/1")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        paper, ink = page.evaluate("(s => [s.backgroundColor, s.color])(getComputedStyle(document.body))")
        assert (sum(map(int, paper[4:-1].split(","))) < sum(map(int, ink[4:-1].split(",")))) is dark
