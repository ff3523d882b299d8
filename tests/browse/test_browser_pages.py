"""All pages of the plugin in a real browser: layout, charts, accessibility, and safety with a hostile archive."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from caliber_crawler.archive import Archive
from caliber_crawler.archive.analysis.alerts import KINDS, Alert
from caliber_crawler.archive.analysis.coding import Variable
from caliber_crawler.browse.canned_queries import canned_queries
from caliber_crawler.browse.charts_page import charts
from caliber_crawler.browse.words_page import TABS
from tests.browse.chromium import NEEDS_CHROMIUM, browser_page, served
from tests.browse.newsroom import article, hour, print_hostile_newspaper, print_newspaper, save

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM]

ARTICLES = "/archive/-/search"
PAGES = [
    *("/", ARTICLES, "/archive/-/search?q=baku+OR+министр", "/archive/articles/1", "/archive/-/edits"),
    *("/archive/-/changes/1", "/archive/-/changes/1?show=side", "/archive/-/captures/1", "/archive/-/health"),
    *("/archive/-/copies", "/archive/-/compare?a=1&b=2&show=side", "/archive/-/coding", "/archive/-/alerts"),
    *(f"/archive/-/words?tab={tab}&word=baku" for tab in TABS),
    *(f"/archive/-/charts/{name}" for name in charts()),
    "/archive/-/queries",
    # One query of each mark, and one without a chart.
    "/archive/-/queries/term_over_time?term=baku",
    "/archive/-/queries/longest",
    "/archive/-/queries/authors_at_work",
    "/archive/-/queries/who_links_to?host=president.az",
    *("/archive/-/names", "/archive/-/names?name=Baku"),
    *("/archive/-/sites", "/archive/-/sites?sort=growth", "/archive/-/health?site=caliber"),
]

DRAWN = {
    "bars": 'g[data-mark="rect"] rect',
    "lines": 'g[data-mark="dot"] circle',
    "cells": 'g[data-mark="cell"] rect',
    "ranks": 'g[data-mark="bar"] rect',
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("pages") / "archive.db"
    print_newspaper(path)
    use_workbench(path)
    with served(path) as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("hostile") / "archive.db"
    print_hostile_newspaper(path)
    use_workbench(path, text="<script>alert('code')</script>")
    with served(path) as address:
        yield address


def use_workbench(path: Path, text: str = "good") -> None:
    """Add codes, an alert that found something, and the word index to an archive."""
    with Archive.open(path, mode="write") as archive:
        archive.coding.replace_codebook(
            [Variable(name="tone", label=text, codes=(text, "bad")), Variable(name="remark")]
        )
        units = archive.coding.sample(9, seed=1).units
        for coder in ("Aida", "Bahar"):
            rows = [{"unit": each["unit"], "url": each["url"], "tone": text, "remark": text} for each in units]
            archive.coding.import_codes(list(rows[0]), rows, coder=coder)
        archive.alerts.add(Alert(name="desk", query="ministers OR alert", targets=("file:alerts.atom",), kinds=KINDS))
        save(archive, article("again", headline=f"Again {text}", body="The ministers met. Alert."), seen_at=hour(30))
        archive.alerts.find(datetime(2026, 1, 8, tzinfo=UTC))
        archive.words.build()


def violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the serious accessibility violations on a page, each with the elements."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    return [
        (fault["id"], [node["html"][:160] for node in fault["nodes"]])
        for fault in page.evaluate("axe.run({resultTypes: ['violations']})")["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def test_pages_are_accessible_fit_a_phone_in_the_dark_and_show_the_focus(browser: Browser, server: str) -> None:
    faults: dict[str, object] = {}
    with browser_page(server, browser=browser) as (page, account):
        for address in PAGES:
            page.emulate_media(color_scheme="dark")
            page.set_viewport_size({"width": 360, "height": 740})
            page.goto(address)
            faults[f"{address} on a phone in the dark"] = violations(page)
            if (width := page.evaluate("document.documentElement.scrollWidth")) > 360:
                faults[f"{address} in width"] = width
            page.emulate_media(color_scheme="light")
            page.set_viewport_size({"width": 1280, "height": 860})
            if page.locator("figure.chart").count():
                page.reload()  # charts are drawn once, for the width that they find
            faults[address] = violations(page)
            for _ in range(3):
                page.keyboard.press("Tab")
            if page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "none":
                faults[f"{address} without focus"] = page.evaluate("document.activeElement.outerHTML")
    assert {address: found for address, found in faults.items() if found} == {}
    assert (account.outside, account.dialogs, account.errors) == ([], [], [])


def test_a_chart_has_a_mark_for_every_row(browser: Browser, server: str) -> None:
    drawn = {f"/archive/-/charts/{name}": chart.mark for name, chart in charts().items()}
    drawn |= {f"/archive/-/queries/{name}": query.chart.mark for name, query in canned_queries().items() if query.chart}
    seen = set()
    with browser_page(server, browser=browser) as (page, account):
        for address, mark in drawn.items():
            page.goto(f"{address}?term=baku")
            rows = page.locator("#rows tbody tr").count()
            if rows and page.locator("figure.chart").count():
                seen.add(address)
                expect(page.locator(f"figure.chart {DRAWN[mark]}")).to_have_count(rows)
    # These need more articles and view counts than this archive has.
    assert drawn.keys() - seen == {"/archive/-/charts/accrual", "/archive/-/queries/silent_sections"}
    assert (account.outside, account.errors) == ([], [])


def test_a_query_is_asked_with_the_keyboard(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, account):
        page.goto("/archive/-/queries")
        page.get_by_role("link", name="Longest articles").focus()
        page.keyboard.press("Enter")
        expect(page.locator("#rows tbody tr")).to_have_count(4)
        page.get_by_label("Language").focus()
        page.keyboard.type("ru")
        page.keyboard.press("Tab")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#rows tbody tr")).to_have_count(1)
        page.locator("summary", has_text="View SQL").focus()
        page.keyboard.press("Enter")
        expect(page.locator("details pre")).to_contain_text("ORDER BY word_count DESC")
    assert (account.outside, account.errors) == ([], [])


def test_search_leads_to_article_changes_and_capture(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, account):
        page.goto("/")
        page.get_by_label("Search the articles").fill("ministers")
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Baku’s new formula").click()
        page.get_by_role("link", name="changes", exact=True).click()
        expect(page.locator("h1 del")).to_have_text("geopolitical")
        page.get_by_label("Show").select_option("side by side")
        page.get_by_role("button", name="Compare").click()
        expect(page.locator(".sides")).to_be_visible()
        page.get_by_role("link", name="Back to the article").click()
        page.locator("summary", has_text="Captures").click()
        page.locator("a[href*='/-/captures/']").first.click()
        frame = page.frame_locator("iframe")
        expect(frame.get_by_role("heading", level=1)).to_have_text("Baku’s new formula")
    assert (account.outside, account.dialogs, account.errors) == ([], [], [])


def test_printing_an_article_hides_navigation_and_sidebar(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, _):
        page.goto("/archive/articles/1")
        page.emulate_media(media="print")
        expect(page.locator(".body")).to_be_visible()
        for around in (".bar", ".foot", "aside"):
            expect(page.locator(around)).to_be_hidden()


def test_the_first_tab_stop_skips_to_the_content(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, _):
        page.goto("/archive/articles/1")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/archive/articles/1#content")


def test_no_page_of_a_hostile_archive_runs_scripts_or_sends_external_requests(browser: Browser, hostile: str) -> None:
    with browser_page(hostile, browser=browser) as (page, account):
        for address in [*PAGES, "/archive/-/captures/1/page", "/archive/-/feeds/articles", "/archive/-/feeds/edits"]:
            page.goto(address.replace("baku+OR+министр", "alert").replace("baku", "alert"))
            assert run_as_markup(page) == []
        page.wait_for_load_state("networkidle")
    assert (account.outside, account.dialogs) == ([], [])


def run_as_markup(page: Page) -> list[str]:
    """Return the elements with event handlers, which hostile texts would add as markup."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("*")].filter((e) => e.getAttributeNames().some((n) => n.startsWith("on")))
        .map((e) => e.outerHTML)"""
    )
    return found
