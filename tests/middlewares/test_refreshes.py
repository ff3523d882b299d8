"""A page that sends browsers on is followed like a redirect, on the site's own hosts."""

from __future__ import annotations

from typing import Any

import pytest
from scrapy import Request
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response

from caliber_crawler.archive import Entry
from caliber_crawler.middlewares.refreshes import RefreshMiddleware
from tests.crawl.runs import SITE

PAGE, TARGET = f"{SITE.base_url}/en/old/a", f"{SITE.base_url}/en/post/a"
ENTRY = Entry(url=PAGE, site=SITE.name, kind="article", discovered_via="listing")


def followed(
    body: str,
    *,
    status: int = 200,
    refresh: str = "",
    media_type: str = "text/html",
    entry: Entry | None = ENTRY,
    times: int = 0,
) -> Request | None:
    """The request that the middleware makes, if any."""
    request = Request(PAGE, cb_kwargs={"entry": entry}, meta={"redirect_times": times, "seconds_spent": 1.5})
    headers = {"Content-Type": media_type} | ({"Refresh": refresh} if refresh else {})
    response = Response(PAGE, status=status, headers=headers, body=body.encode())
    outcome = RefreshMiddleware(SITE, 5).process_response(request, response)
    return outcome if isinstance(outcome, Request) else None


def meta(url: str, delay: int = 0) -> str:
    return f'<html><head><meta http-equiv="refresh" content="{delay}; url={url}"></head></html>'


@pytest.mark.parametrize(
    ("body", "refresh"), [(meta(TARGET), ""), (meta("../post/a", 5), ""), ("Moved", f"0;url={TARGET}")]
)
def test_the_target_is_requested_as_a_redirect(body: str, refresh: str) -> None:
    request = followed(body, refresh=refresh)
    assert request is not None
    assert (request.url, request.cb_kwargs["entry"]) == (TARGET, ENTRY)
    assert (request.meta["redirect_urls"], request.meta["redirect_times"]) == ([PAGE], 1)
    assert request.meta["seconds_spent"] == 1.5  # they share the time limit


def test_redirects_of_all_kinds_are_limited_together() -> None:
    assert followed(meta(TARGET), times=4) is not None
    with pytest.raises(IgnoreRequest, match="max redirections"):
        followed(meta(TARGET), times=5)


@pytest.mark.parametrize(
    "arguments",
    [
        {"body": meta("https://elsewhere.example/")},
        {"body": meta("http://169.254.169.254/")},
        {"body": meta("http://[bad")},
        {"body": meta("javascript:alert(1)")},
        {"body": meta(TARGET, 300)},
        {"body": meta(TARGET), "status": 503},
        {"body": meta(TARGET), "media_type": "text/plain"},
        {"body": meta(TARGET), "media_type": "application/rss+xml"},
        {"body": meta(TARGET), "entry": None},
        {"body": "Moved", "refresh": "0; url=https://elsewhere.example/"},
    ],
)
def test_every_other_page_is_passed_on(arguments: dict[str, Any]) -> None:
    assert followed(**arguments) is None
