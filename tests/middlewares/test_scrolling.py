"""URLs that a browser may request; tests/discovery/test_scrolling.py tests whole crawls."""

from __future__ import annotations

import pytest

from caliber_crawler.middlewares.scrolling import is_on_site
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site.served_at("http://127.0.0.1:8000")


@pytest.mark.parametrize("url", ["http://127.0.0.1:8000/api?page=2", "HTTP://127.0.0.1:8000/app.js"])
def test_a_script_may_request_urls_of_the_site(url: str) -> None:
    assert is_on_site(url, SITE)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:8001/",
        "http://127.0.0.1/",
        "http://localhost:8000/",
        "https://elsewhere.example/",
        "ws://127.0.0.1:8000/",
        "data:text/html,x",
        "blob:http://127.0.0.1:8000/1",
        "file:///etc/passwd",
        "http://[::1",
    ],
)
def test_a_script_may_request_no_other_url(url: str) -> None:
    assert not is_on_site(url, SITE)
