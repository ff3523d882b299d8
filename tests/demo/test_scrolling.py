"""A real browser scrolls through the listings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from caliber_crawler.demo import DemoSite, running
from tests.demo.visible import LATER

pytestmark = pytest.mark.slow

LINKS = "[...document.querySelectorAll('.float_block')].map(card => card.querySelector('a').pathname)"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI has no Chromium: tests in a browser must run there")
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        # Chromium cannot use its sandbox as root.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        yield browser
        browser.close()


def scroll(page: Page) -> list[str]:
    """Scroll until "loading" disappears; return the URLs of all teasers."""
    for _ in range(100):
        if not page.locator(".loading").count():
            break
        before = page.locator(".float_block").count()
        page.mouse.wheel(0, 20_000)
        page.wait_for_function(
            """before => document.querySelectorAll('.float_block').length > before
                         || !document.querySelector('.loading')""",
            arg=before,
            timeout=10_000,
        )
    return list(page.evaluate(LINKS))


@pytest.mark.parametrize("path", ["/en/category/analytics", "/en/post/baku-s-geopolitical-formula"])
def test_scrolling_to_the_end_shows_every_article_of_the_section(browser: Browser, path: str) -> None:
    site = DemoSite(300, seed=4, clock=lambda: LATER, sections=["analytics"])
    with running(site) as base_url:
        page = browser.new_page()
        try:
            page.goto(base_url + path, timeout=20_000)
            shown = scroll(page)
        finally:
            page.close()
        wanted = [truth["url"].removeprefix(base_url) for truth in site.truth() if truth["edition"] == "en"]
    assert list(dict.fromkeys(shown)) == wanted
    assert len(shown) > len(wanted) > 100, "teasers repeat between pages"


def test_the_browser_can_show_the_pictures(browser: Browser) -> None:
    site = DemoSite(20, clock=lambda: LATER)
    with running(site) as base_url:
        page = browser.new_page()
        try:
            page.goto(next(site.truth())["cover_image"], timeout=20_000)
            size = page.evaluate("(() => { const i = document.images[0]; return [i.naturalWidth, i.naturalHeight] })()")
        finally:
            page.close()
    assert size == [1280, 720], base_url
