"""Requests and redirects stay on the site's own hosts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from scrapy import Request
from scrapy.exceptions import CannotResolveHostError
from scrapy.http import Response

from caliber_crawler.archive import Entry
from caliber_crawler.crawling.outcome import Halt
from caliber_crawler.discovery.cdx_indexes import index_entry
from caliber_crawler.fetching.refusals import Refusal
from caliber_crawler.fetching.resolver import PublicAddressResolver
from caliber_crawler.middlewares.offsite import MAX_URL_LENGTH, OffsiteMiddleware
from tests.crawl.runs import SCOPE, SITE

PAGE = f"{SITE.base_url}/en/post/a"


class Gate:
    """The middleware, and its reasons to end the run."""

    def __init__(self, max_in_a_row: int = 3, resolver: PublicAddressResolver | None = None) -> None:
        self.halts: list[Halt] = []
        self.middleware = OffsiteMiddleware(SITE, self.halts.append, resolver=resolver, max_in_a_row=max_in_a_row)

    def code(self, request: Request) -> str | None:
        try:
            self.middleware.process_request(request)
        except Refusal as refusal:
            return refusal.code
        return None

    def redirect(self, location: str, status: int = 302) -> str | None:
        response = Response(PAGE, status=status, headers={"Location": location})
        try:
            assert self.middleware.process_response(Request(PAGE), response) is response
        except Refusal as refusal:
            return refusal.code
        return None


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        (PAGE, None),
        (PAGE.replace("caliber.az", "www.caliber.az"), None),
        (f"https://{SITE.hosts[0]}/image.png", None),
        ("https://elsewhere.example/en/post/a", "offsite"),
        ("https://caliber.az.elsewhere.example/", "offsite"),
        ("ftp://caliber.az/en/post/a", "scheme"),
        (f"{PAGE}/{'x' * MAX_URL_LENGTH}", "url_too_long"),
    ],
)
def test_only_the_sites_own_hosts_are_requested(gate: Gate, url: str, code: str | None) -> None:
    assert gate.code(Request(url)) == code


def test_a_url_of_the_maximum_length_passes(gate: Gate) -> None:
    longest = PAGE + "x" * (MAX_URL_LENGTH - len(PAGE))
    assert gate.code(Request(longest)) is None
    assert gate.code(Request(longest + "x")) == "url_too_long"


@pytest.mark.parametrize(
    ("location", "status", "code"),
    [
        ("/en/post/b", 302, None),
        ("https://elsewhere.example/", 301, "offsite"),
        ("//elsewhere.example/", 308, "offsite"),
        ("mailto:us@example.org", 302, "scheme"),
        ("https://elsewhere.example/", 399, "offsite"),
        ("https://elsewhere.example/", 200, None),
        ("https://elsewhere.example/", 400, None),
        ("http://[::1", 302, "offsite"),
    ],
)
def test_a_redirect_that_leads_offsite_is_refused(gate: Gate, location: str, status: int, code: str | None) -> None:
    assert gate.redirect(location, status) == code


def test_consecutive_redirects_to_one_other_host_end_the_run(gate: Gate) -> None:
    for _ in range(2):
        gate.redirect("https://elsewhere.example/login")
    assert gate.halts == []
    gate.redirect("https://elsewhere.example/login")
    assert [halt.code for halt in gate.halts] == ["failing"]
    assert "caliber.az led to elsewhere.example 3 times in a row" in gate.halts[0].clause


def test_redirects_to_different_hosts_do_not_end_the_run(gate: Gate) -> None:
    for name in ("a", "b", "a", "b", "a", "b"):
        gate.redirect(f"https://{name}.example/")
    assert gate.halts == []


def test_a_good_response_resets_the_count(gate: Gate) -> None:
    for _ in range(4):
        gate.redirect("https://elsewhere.example/")
        gate.redirect("https://elsewhere.example/")
        gate.middleware.process_response(Request(PAGE), Response(PAGE))
    assert gate.halts == []


def test_the_index_of_a_web_archive_must_stay_on_its_host(gate: Gate) -> None:
    known = {"wayback": "https://index.example/cdx?output=json"}
    index = index_entry("wayback", known, SCOPE, datetime(2026, 1, 7, tzinfo=UTC))
    assert gate.code(Request(index.url, cb_kwargs={"entry": index})) is None
    assert gate.code(Request("https://other.example/", cb_kwargs={"entry": index})) == "offsite"
    assert gate.code(Request(PAGE, cb_kwargs={"entry": index})) == "offsite"
    page = Entry(url=PAGE, site=SITE.name, kind="article", discovered_via="listing")
    assert gate.code(Request(index.url, cb_kwargs={"entry": page})) == "offsite"


def test_a_host_with_a_private_address_has_its_own_reason() -> None:
    resolver = PublicAddressResolver(SimpleNamespace(nameResolver=None))
    resolver.refused["caliber.az"] = "10.0.0.1"
    gate = Gate(resolver=resolver)
    with pytest.raises(Refusal, match=r"10\.0\.0\.1") as caught:
        gate.middleware.process_exception(Request(PAGE), CannotResolveHostError())
    assert caught.value.code == "private_address"
    gate.middleware.process_exception(Request(PAGE), TimeoutError())
    gate.middleware.process_exception(Request("https://other.example/"), CannotResolveHostError())


def test_only_a_local_site_may_have_a_loopback_address() -> None:
    resolver = PublicAddressResolver(SimpleNamespace(nameResolver=None))
    OffsiteMiddleware(SITE, print, resolver=resolver)
    assert not resolver.local_hosts
    OffsiteMiddleware(replace(SITE, base_url="http://localhost:8000"), print, resolver=resolver)
    assert set(resolver.local_hosts) == {"localhost"}
