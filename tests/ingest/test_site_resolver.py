"""The site resolver: which site owns a URL, and whether the URL is that of an article."""

from __future__ import annotations

import pytest

from caliber_crawler.ingest import SiteResolver
from caliber_crawler.items import Capture
from caliber_crawler.site import SiteRegistry
from caliber_crawler.site.unknown import unknown_site
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.warc import ResolvedURL
from tests.archive.newsroom import NOON

SITE = CaliberSpider.site
DIGEST_URN = "urn:sha256:0f"


def resolver(*, any_site: bool = False) -> SiteResolver:
    return SiteResolver(sites=SiteRegistry([SITE]), default=SITE, any_site=any_site)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://caliber.az/en/post/a/?fbclid=1", ("https://caliber.az/en/post/a", True, False)),
        ("HTTPS://CALIBER.AZ/en/post/a", ("https://caliber.az/en/post/a", True, False)),
        ("https://caliber.az/en/about", ("https://caliber.az/en/about", False, False)),
        ("https://caliber.az/", ("https://caliber.az/", False, True)),
        (DIGEST_URN, (DIGEST_URN, True, False)),
        ("urn:pageinfo:https://caliber.az/en/post/a", None),
        ("mailto:editor@caliber.az", None),
        ("https://elsewhere.example/en/post/a", None),
        ("http://[", None),
    ],
)
def test_a_url_is_resolved_to_its_site_and_kind(url: str, expected: tuple[str, bool, bool] | None) -> None:
    found = resolver()(url)
    assert (None if found is None else (found.url, found.is_article, found.is_front_page)) == expected
    assert found is None or found.site == SITE.name


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://elsewhere.example/", ("elsewhere.example", False)),
        ("https://elsewhere.example/news/2026/01/a-long-story-of-the-town", ("elsewhere.example", True)),
        ("https://caliber.az/en/post/a", (SITE.name, True)),
        ("urn:text:1", None),
        ("http://[", None),
    ],
)
def test_with_any_site_other_hosts_are_generic_sites(url: str, expected: tuple[str, bool] | None) -> None:
    found = resolver(any_site=True)(url)
    assert (None if found is None else (found.site, found.is_article)) == expected


@pytest.mark.parametrize(
    ("url", "any_site", "is_owned"),
    [
        ("https://caliber.az/", False, True),
        ("https://elsewhere.example/", False, False),
        ("https://elsewhere.example/", True, True),
        ("http://[", False, False),
        ("http://[", True, False),
    ],
)
def test_a_web_url_has_an_owner(url: str, any_site: bool, is_owned: bool) -> None:
    assert (resolver(any_site=any_site).site_at(url) is not None) is is_owned


def test_the_front_page_of_another_host_is_not_that_of_the_site() -> None:
    assert resolver()("https://caliber.az/en") == ResolvedURL(
        site=SITE.name, url="https://caliber.az/en", is_article=False, is_front_page=True
    )


def test_pages_of_the_unknown_site_have_a_definition_and_no_host_that_exists() -> None:
    site = unknown_site()
    assert SiteRegistry().definition_for(Capture(site=site.name, url=DIGEST_URN, fetched_at=NOON, status=200)) == site
    assert site.host.endswith(".invalid")
    assert site.sources == ()
