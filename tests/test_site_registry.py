"""Which site owns a URL, and which site definition extracts a capture."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.settings import Settings

from caliber_crawler.errors import SiteError
from caliber_crawler.items import Capture
from caliber_crawler.known_sites import known_sites, known_spiders, project_settings, spider_named
from caliber_crawler.site import Edition, Site, SiteRegistry, StartPage
from caliber_crawler.site.generic import generic_site
from caliber_crawler.spiders.caliber import CaliberSpider
from caliber_crawler.spiders.kommersant import KommersantSpider

CALIBER, KOMMERSANT = CaliberSpider.site, KommersantSpider.site
SITES = SiteRegistry([CALIBER, KOMMERSANT])
MIRROR = "http://127.0.0.1:8000"


def paper(name: str, article_path: str, **facts: object) -> Site:
    return Site(
        name=name,
        title=name,
        timezone="UTC",
        article_path=article_path,
        editions=(Edition(language="en", name="en"),),
        **{"base_url": "https://news.example.org", **facts},  # type: ignore[arg-type]
    )


def capture_of(site: str, url: str) -> Capture:
    return Capture(site=site, url=url, fetched_at=datetime(2026, 1, 7, tzinfo=UTC), status=200, body=b"<p>x</p>")


@pytest.mark.parametrize(
    "url",
    [
        "https://caliber.az/en/post/a",
        "http://caliber.az/en/post/a",
        "https://www.caliber.az/",
        "HTTPS://WWW.Caliber.AZ/ru",
        " https://caliber.az ",
        "https://reader:secret@caliber.az/en/post/a",
        "https://cdn.caliber.az/picture.jpg",
    ],
)
def test_a_site_owns_every_spelling_of_its_hosts(url: str) -> None:
    assert SITES.owner(url) is CALIBER
    assert CALIBER.owns(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://caliber.az.example.org/en/post/a",
        "https://notcaliber.az/en/post/a",
        "https://www.cdn.caliber.az/picture.jpg",
        "https://caliber.az:8443/en/post/a",
        "https://example.org/?from=https://caliber.az/en/post/a",
        "https://caliber.az@example.org/en/post/a",
        "ftp://caliber.az/en/post/a",
        "//caliber.az/en/post/a",
        "/en/post/a",
        "page.html",
        "urn:sha256:00",
        "javascript:location='https://caliber.az'",
        "https://[",
        "https://" + "a" * 70 + "ü.example",
        "",
    ],
)
def test_no_site_owns_any_other_url(url: str) -> None:
    assert SITES.owner(url) is None
    assert not CALIBER.owns(url)


def test_a_host_is_recognized_without_www_and_in_every_script() -> None:
    assert SITES.owner("https://kommersant.ru/doc/17") is KOMMERSANT
    site = paper("gazeta", r"/x", base_url="https://www.газета.example")
    assert SiteRegistry([site]).owner("https://Газета.example/x") is site
    assert SiteRegistry([site]).owner("https://xn--80aahjj1e.example/x") is site


@given(st.text())
def test_any_text_has_an_owner_or_none(text: str) -> None:
    assert SITES.owner(text) in (None, CALIBER, KOMMERSANT)
    assert SITES.owner(f"https://example.org/{text.lstrip('@')}") is None


def test_of_two_sites_on_one_host_the_one_with_the_article_owns_a_url() -> None:
    news, sport = paper("news", r"/news/\d+"), paper("sport", r"/sport/\d+")
    for sites in (SiteRegistry([news, sport]), SiteRegistry([sport, news])):
        assert sites.owner("https://news.example.org/sport/17") is sites["sport"]
        assert sites.owner("https://news.example.org/news/17") is sites["news"]
    assert SiteRegistry([sport, news]).owner("https://news.example.org/about") is sport


def test_a_site_that_only_lists_a_host_does_not_own_it() -> None:
    guest = paper("guest", r"/g/\d+", base_url="https://guest.example", hosts=("news.example.org",))
    host = paper("host", r"/h/\d+")
    assert SiteRegistry([guest, host]).owner("https://news.example.org/about") is host


def test_the_owner_of_a_url_decides_which_definition_extracts_it() -> None:
    assert SITES.site_of("https://caliber.az/en/post/a") is CALIBER
    assert SITES.site_of("https://www.kommersant.ru/doc/17") is KOMMERSANT
    generic = SITES.site_of("https://news.example/2026/01/07/talks-resume")
    assert (generic.name, generic.has_layouts) == ("news.example", False)
    with pytest.raises(ValueError, match="is not the URL of a web page"):
        SITES.site_of("page.html")


def test_a_site_at_a_mirror_owns_only_urls_of_the_mirror() -> None:
    mirrored = SITES.served_at({"caliber": MIRROR, "closed-last-year": "https://closed.example"})
    assert list(mirrored) == list(SITES)
    assert mirrored["caliber"] == CALIBER.served_at(MIRROR)
    assert mirrored.owner(f"{MIRROR}/en/post/a") is mirrored["caliber"]
    assert mirrored.owner("https://caliber.az/en/post/a") is None
    assert mirrored.owner("https://www.kommersant.ru/doc/17") is KOMMERSANT


def test_a_capture_is_extracted_by_the_definition_of_its_site() -> None:
    assert SITES.definition_for(capture_of("caliber", "https://caliber.az/en/post/a")) is CALIBER
    assert SITES.definition_for(capture_of("caliber", f"{MIRROR}/en/post/a")) is CALIBER
    assert SITES.definition_for(capture_of("caliber", "urn:sha256:00")) is CALIBER


def test_a_capture_of_a_site_without_a_definition_is_extracted_by_its_generic_site() -> None:
    url = "https://www.news.example/2026/01/07/talks-resume"
    assert SITES.definition_for(capture_of("news.example", url)) == generic_site(url)


@pytest.mark.parametrize("url", ["https://news.example/a", "https://caliber.az/en/post/a", "urn:sha256:00"])
def test_a_capture_of_a_removed_definition_has_none(url: str) -> None:
    assert SITES.definition_for(capture_of("closed-last-year", url)) is None


def test_the_error_for_an_unknown_name_lists_the_known_ones() -> None:
    assert SITES.named("caliber") is CALIBER
    assert dict(SITES.only("kommersant")) == {"kommersant": KOMMERSANT}
    with pytest.raises(SiteError, match="Unknown site 'calibre'; known sites: caliber, kommersant"):
        SITES.named("calibre")


def test_a_registry_can_be_pickled() -> None:
    sent = pickle.loads(pickle.dumps(SITES))
    assert dict(sent) == dict(SITES)
    assert sent.owner("https://cdn.caliber.az/a.jpg") == CALIBER


def test_the_known_sites_are_those_with_a_definition() -> None:
    assert {"caliber", "kommersant", "orf"} <= set(known_sites())
    assert known_sites()["caliber"] is CALIBER


def test_a_crawl_from_a_page_uses_the_definition_of_its_owner() -> None:
    url = "https://www.caliber.az/en/category/politics"
    site = spider_named(url, project_settings()).site
    assert site == replace(CALIBER, sources=(StartPage(url=url),))
    elsewhere = spider_named("https://news.example/world", project_settings()).site
    assert (elsewhere.name, elsewhere.has_layouts) == ("news.example", False)


@pytest.mark.parametrize(
    ("base_url", "local"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.9.9.9", True),
        ("http://[::1]:8000", True),
        ("http://localhost:8000", True),
        ("https://caliber.az", False),
        ("http://10.0.0.1", False),
        ("http://192.168.1.1:8000", False),
        ("http://169.254.169.254", False),
        ("http://0.0.0.0:8000", False),
        ("http://128.0.0.1", False),
        ("http://[fe80::1]", False),
        ("http://[fd00::1]", False),
        ("http://localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
    ],
)
def test_a_site_is_local_only_on_a_loopback_address(base_url: str, local: bool) -> None:
    assert CALIBER.served_at(base_url).is_local is local


def test_a_spider_must_have_the_name_of_its_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "two_names.py").write_text(
        "from dataclasses import replace\n"
        "from caliber_crawler.news_spider import NewsSpider\n"
        "from caliber_crawler.spiders.caliber import CaliberSpider\n"
        "class TwoNamesSpider(NewsSpider):\n"
        '    name = "mirror"\n'
        '    site = replace(CaliberSpider.site, base_url="https://mirror.example")\n'
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(SiteError, match=r"two_names\.TwoNamesSpider is named 'mirror', but its site 'caliber'"):
        known_spiders(Settings({"SPIDER_MODULES": ["two_names"]}))


@pytest.mark.parametrize("other", ["http://www.news.test:80/b", "https://www.news.test/b", "http://news.test./b"])
def test_a_generic_site_is_one_site_over_http_and_https_with_and_without_www(other: str) -> None:
    registry = SiteRegistry()
    first = registry.site_of("https://news.test/a")
    again = registry.site_of(other)
    assert (again.name, again.base_url) == (first.name, first.base_url)
    assert again.normal_url(other) == "https://news.test/b"
    assert registry.site_of("https://news.test:8443/a").name != first.name


def test_a_generic_site_keeps_the_base_url_that_an_archive_has() -> None:
    registry = SiteRegistry()
    registry.remember({"news.test": "http://www.news.test", "other.test": "http://mirror.test"})
    assert registry.site_of("https://news.test/a").base_url == "http://www.news.test"
    assert registry.site_of("https://other.test/a").base_url == "https://other.test", "a mirror is another host"
