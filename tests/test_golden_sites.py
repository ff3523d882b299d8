"""Golden tests of sites: which are on this machine, and which site definition extracts a page."""

from __future__ import annotations

import pytest

from caliber_crawler.ingest import SiteResolver
from caliber_crawler.known_sites import known_sites, known_spiders, project_settings, spider_among
from caliber_crawler.site import Site
from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "127.8.8.8", "localhost", "localhost:80", "[::1]:8000"])
def test_a_site_on_this_machine_is_local(host: str) -> None:
    assert SITE.served_at(f"http://{host}").is_local


@pytest.mark.parametrize(
    "host",
    [
        *("caliber.az", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "100.64.0.1"),
        *("[fe80::1]", "[fd00::1]", "128.0.0.1", "localhost.example", "127.0.0.1.example", "mylocalhost", "localhost2"),
    ],
)
def test_a_site_on_another_machine_is_not_local(host: str) -> None:
    assert not SITE.served_at(f"http://{host}").is_local


OWNERS = {
    "https://caliber.az/en/post/a": "caliber",
    "http://WWW.Caliber.az/en/post/a": "caliber",
    "https://www.kommersant.ru/doc/5000000": "kommersant",
    "https://orf.at/stories/3400000/": "orf",
    "https://caliber.az.example/en/post/a": "caliber.az.example",
    "https://notcaliber.az/en/post/a": "notcaliber.az",
    "https://example.org/?u=https://caliber.az/en/post/a": "example.org",
    "https://kommersant.ru@example.org/doc/5000000": "example.org",
}


@pytest.mark.parametrize("url", OWNERS)
def test_the_host_of_a_url_decides_which_site_definition_extracts_it(url: str) -> None:
    sites = known_sites()
    ingest = SiteResolver(sites=sites, default=sites["caliber"], any_site=True)
    assert name_of(ingest.site_at(url)) == OWNERS[url]
    spider = spider_among(known_spiders(project_settings()), url)
    assert spider.site.name == OWNERS[url]
    assert spider.site.has_layouts == (OWNERS[url] in sites)


def name_of(site: Site | None) -> str | None:
    return None if site is None else site.name
