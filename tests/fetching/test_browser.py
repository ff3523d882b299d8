"""The browser's process and the requests of its scripts; tests/discovery/test_scrolling.py tests whole crawls."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from caliber_crawler.fetching import browser as module
from caliber_crawler.fetching.browser import Browser, BrowserTimeout, OpenPage, _request, launch_options
from caliber_crawler.fetching.scrolling import TEASER_TIMEOUT, scroll_to_end
from caliber_crawler.site import ListingLayout


class FakePlaywright:
    """Counts starts of Playwright and of the browser."""

    def __init__(self) -> None:
        self.starts, self.stops = 0, 0
        self.launched: list[Any] = []
        self.chromium = self

    async def start(self) -> FakePlaywright:
        self.starts += 1
        return self

    async def stop(self) -> None:
        self.stops += 1

    async def launch(self, **options: Any) -> Any:
        chromium = SimpleNamespace(connected=True, closed=False)
        chromium.is_connected = lambda: chromium.connected

        async def close() -> None:
            chromium.closed = True

        chromium.close = close
        self.launched.append(chromium)
        return chromium


def test_a_browser_is_started_once_and_again_after_it_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    playwright = FakePlaywright()
    monkeypatch.setattr(module, "async_playwright", lambda: playwright)
    monkeypatch.setattr(module, "launch_options", lambda path: {})

    async def download(request: object) -> Any:
        raise AssertionError

    async def check() -> None:
        browser = Browser(download, lambda url: True, "test")
        await browser.close()
        assert playwright.stops == 0
        first = await browser._running()
        assert await browser._running() is first
        first.connected = False  # type: ignore[attr-defined]
        second: Any = await browser._running()
        assert playwright.launched == [first, second]
        await browser.close()
        assert second.closed
        await browser._running()
        assert (playwright.starts, playwright.stops, len(playwright.launched)) == (2, 1, 3)

    asyncio.run(check())


@pytest.mark.parametrize(("user", "sandbox"), [(0, False), (1_000, True)])
def test_a_browser_has_no_window_and_loses_its_sandbox_only_for_root(
    monkeypatch: pytest.MonkeyPatch, user: int, sandbox: bool
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: user)
    monkeypatch.setattr(module, "chromium", lambda path: path)
    options = launch_options("/usr/bin/chromium")
    assert options["headless"] is True
    assert options["executable_path"] == "/usr/bin/chromium"
    assert ("--no-sandbox" not in options["args"]) == sandbox


@pytest.mark.parametrize(("sent", "body"), [(None, b""), (b"page=2", b"page=2")])
def test_a_request_of_a_script_keeps_its_method_body_and_headers(sent: bytes | None, body: bytes) -> None:
    headers = {"accept": "text/html", "cookie": "a=b", "sec-fetch-mode": "cors", "user-agent": "Chromium"}
    page_request: Any = SimpleNamespace(
        url="https://caliber.az/api", method="POST", headers=headers, post_data_buffer=sent
    )
    request = _request(page_request)
    assert (request.url, request.method, request.body) == ("https://caliber.az/api", "POST", body)
    assert request.headers.to_unicode_dict() == {"Accept": "text/html"}
    assert request.dont_filter


class FakePage:
    """A listing in the browser that shows more teasers each time it is scrolled to its end."""

    def __init__(self, *counts: int) -> None:
        self.counts = list(counts)
        self.page, self.seconds_idle = self, TEASER_TIMEOUT

    def locator(self, css: str) -> FakePage:
        return self

    async def count(self) -> int:
        return self.counts[0]

    async def evaluate(self, script: str, arguments: list[Any] | None = None) -> list[str]:
        if arguments is None:
            return []
        return [f"https://caliber.az/{number}" for number in range(arguments[-1], self.counts[0])]

    async def wait_for_function(self, script: str, *, arg: list[Any], timeout: float) -> None:
        if len(self.counts) == 1:
            raise BrowserTimeout("no more teasers")
        self.counts.pop(0)
        assert self.counts[0] > arg[1]


@pytest.mark.parametrize(
    ("counts", "known", "outcome"),
    [
        ((10,), set[str](), "rounds=0; teasers=10"),
        ((10, 20), set[str](), "rounds=1; teasers=20"),
        ((10, 20), {"https://caliber.az/10"}, "rounds=1; teasers=20; known"),
        ((10, 20, 30), {"https://caliber.az/0"}, "rounds=0; teasers=10; known"),
        ((10, 20, 30, 40), set[str](), "rounds=3; teasers=40; cut"),
        ((10, 4_999), set[str](), "rounds=1; teasers=4999"),
        ((10, 5_000, 6_000), set[str](), "rounds=1; teasers=5000; cut"),
        ((10, 20, 5_000), set[str](), "rounds=2; teasers=5000; cut"),
    ],
)
def test_scrolling_ends_at_known_teasers_or_a_limit(counts: tuple[int, ...], known: set[str], outcome: str) -> None:
    page: Any = FakePage(*counts)
    layout = ListingLayout(teaser="article", link="a", scroll="browser", max_scrolls=3)
    assert asyncio.run(scroll_to_end(page, layout, lambda links: bool(known & set(links)))) == outcome


def test_a_page_is_idle_since_its_last_response() -> None:
    async def check() -> None:
        page: Any = OpenPage(None, None, None, None)  # type: ignore[arg-type]
        page._last_response_at = asyncio.get_running_loop().time() - 60
        assert 60 <= page.seconds_idle < 120
        page._pending = 1
        assert page.seconds_idle == 0

    asyncio.run(check())
