"""All pages of the plugin in a real browser: layout, charts, accessibility, and safety with a hostile archive."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from caliber_crawler.browse.charts_page import charts
from tests.browse.chromium import CHROMIUM, browser_page, served
from tests.browse.newsroom import print_hostile_newspaper

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None and os.environ.get("CI") != "true", reason="Chromium is not on the PATH"),
]

PAGES = [
    *("/", "/archive/articles/1", "/archive/-/search?q=baku+OR+министр", "/archive/-/edits", "/archive/-/changes/1"),
    *("/archive/-/changes/1?show=side", "/archive/-/captures/1", "/archive/-/health", "/archive/-/queries"),
    *("/archive/-/copies", "/archive/-/compare?a=1&b=2&show=side"),
    *(f"/archive/-/charts/{name}" for name in charts()),
]

DRAWN = {
    "bars": 'g[data-mark="rect"] rect',
    "lines": 'g[data-mark="dot"] circle',
    "cells": 'g[data-mark="cell"] rect',
    "ranks": 'g[data-mark="bar"] rect',
}


@pytest.fixture(scope="module")
def server(newspaper: Path) -> Iterator[str]:
    with served(newspaper) as address:
        yield address


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    path = tmp_path_factory.mktemp("hostile") / "archive.db"
    print_hostile_newspaper(path)
    with served(path) as address:
        yield address


@pytest.mark.parametrize("dark", [False, True])
def test_pages_have_no_serious_accessibility_violations(server: str, *, dark: bool) -> None:
    faults = {}
    with browser_page(server, dark=dark) as (page, account):
        for address in PAGES:
            page.goto(address, wait_until="networkidle")
            found = Axe().run(page).response["violations"]
            serious = [
                (fault["id"], [node["html"][:160] for node in fault["nodes"]])
                for fault in found
                if fault["impact"] in ("serious", "critical")
            ]
            if serious:
                faults[address] = serious
    assert faults == {}
    assert (account.outside, account.dialogs, account.errors) == ([], [], [])


@pytest.mark.parametrize("dark", [False, True])
def test_every_page_fits_a_phone(server: str, *, dark: bool) -> None:
    with browser_page(server, width=360, height=740, dark=dark) as (page, _):
        wide = {}
        for address in PAGES:
            page.goto(address, wait_until="networkidle")
            width = page.evaluate("document.documentElement.scrollWidth")
            if width > 360:
                wide[address] = width
        assert wide == {}


def test_a_chart_has_a_mark_for_every_row(newspaper: Path, server: str) -> None:
    with browser_page(server) as (page, account), closing(sqlite3.connect(newspaper)) as connection:
        for name, chart in charts().items():
            rows = connection.execute(chart.sql, chart.parameters).fetchall()
            page.goto(f"/archive/-/charts/{name}", wait_until="networkidle")
            expect(page.locator(f"figure.chart {DRAWN[chart.mark]}")).to_have_count(len(rows))
            expect(page.locator("#rows tbody tr")).to_have_count(len(rows))
    assert (account.outside, account.errors) == ([], [])


def test_search_leads_to_article_changes_and_capture(server: str) -> None:
    with browser_page(server) as (page, account):
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


def test_printing_an_article_hides_navigation_and_sidebar(server: str) -> None:
    with browser_page(server) as (page, _):
        page.goto("/archive/articles/1")
        page.emulate_media(media="print")
        expect(page.locator(".body")).to_be_visible()
        for around in (".bar", ".foot", "aside"):
            expect(page.locator(around)).to_be_hidden()


def test_the_first_tab_stop_skips_to_the_content(server: str) -> None:
    with browser_page(server) as (page, _):
        page.goto("/archive/articles/1")
        page.keyboard.press("Tab")
        expect(page.locator(".skip")).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url("**/archive/articles/1#content")


def test_no_page_of_a_hostile_archive_runs_scripts_or_sends_external_requests(hostile: str) -> None:
    with browser_page(hostile) as (page, account):
        for address in [*PAGES, "/archive/-/captures/1/page", "/archive/-/feeds/articles", "/archive/-/feeds/edits"]:
            page.goto(address.replace("baku+OR+министр", "alert"), wait_until="networkidle")
            assert run_as_markup(page) == []
    assert (account.outside, account.dialogs) == ([], [])


def run_as_markup(page: Page) -> list[str]:
    """Return the elements with event handlers, which hostile texts would add as markup."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll("*")].filter((e) => e.getAttributeNames().some((n) => n.startsWith("on")))
        .map((e) => e.outerHTML)"""
    )
    return found
