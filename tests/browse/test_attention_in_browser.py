"""Attention over time in a real browser: the chart, its links, its pictures, and hostile queries."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote_plus

import pytest
from axe_playwright_python.sync_playwright import Axe
from lxml import etree
from playwright.sync_api import Browser, expect

from tests.browse.chromium import NEEDS_CHROMIUM, browser_page

pytestmark = [pytest.mark.slow, NEEDS_CHROMIUM]
HOSTILE = '"</svg><script>alert(1)</script>" OR baku'
PAGE = f"/archive/-/attention?q=baku&q={quote_plus(HOSTILE)}&by=month"


def test_a_click_on_a_point_opens_its_articles(browser: Browser, server: str) -> None:
    with browser_page(server, browser=browser) as (page, account):
        page.goto("/archive/-/attention?q=baku")
        point = page.locator('figure g[data-mark="dot"] circle').first
        point.hover()
        expect(page.locator('figure g[aria-label="tip"]')).to_contain_text("baku")
        box = point.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_url("**/search?**")
        expect(page.locator(".hits h2")).to_have_count(1)
    assert (account.outside, account.dialogs, account.errors) == ([], [], [])


def test_a_chart_is_saved_as_svg_and_png(browser: Browser, server: str, tmp_path: Path) -> None:
    with browser_page(server, browser=browser) as (page, account):
        page.goto(PAGE)
        for name in ("svg", "png"):
            with page.expect_download() as download:
                page.get_by_role("button", name=f"Save as {name.upper()}").click()
            download.value.save_as(tmp_path / name)
        assert (account.outside, account.dialogs, account.errors) == ([], [], [])
        picture = etree.parse(tmp_path / "svg").getroot()
        assert not picture.xpath(
            "//*[local-name()='script' or local-name()='foreignObject' or starts-with(name(@*), 'on')]"
        )
        texts = picture.xpath("//*[local-name()='text']/text()")
        assert HOSTILE in texts
        assert any(text.startswith("State of the archive: ") for text in texts)
    assert (tmp_path / "png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_is_accessible_and_fits(browser: Browser, server: str, *, dark: bool, width: int) -> None:
    with browser_page(server, dark=dark, width=width, browser=browser) as (page, account):
        for address in (
            PAGE,
            "/archive/-/attention?q=baku+AND",
            "/archive/-/charts/age",
            "/archive/-/search?q=baku+AND",
        ):
            page.goto(address, wait_until="networkidle")
            faults = [
                each for each in Axe().run(page).response["violations"] if each["impact"] in ("serious", "critical")
            ]
            assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in faults] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (account.outside, account.dialogs) == ([], [])
