"""Identity is not the URL: every spelling of an address leads to one article."""

import unicodedata
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.spiders.caliber import CaliberSpider

SITE = CaliberSpider.site
ARMENIAN = "հայաստանում-ամն-ի-դեսպանատունը"


@pytest.mark.parametrize(
    "spelling",
    [
        "https://caliber.az/en/post/in-the-shadow-of-pace",
        "https://caliber.az/en/post/in-the-shadow-of-pace/",
        "http://caliber.az/en/post/in-the-shadow-of-pace",
        "https://www.caliber.az/en/post/in-the-shadow-of-pace",
        "https://Caliber.Az/en/post/in-the-shadow-of-pace?fbclid=IwAR0",
        "https://caliber.az/en/post/in-the-shadow-of-pace?utm_source=telegram#comments",
        "https://caliber.az/en/post/in-the-shadow-of-pace;jsessionid=0A1B?PHPSESSID=17",
        "/en/post/in-the-shadow-of-pace",
        "  https://caliber.az/en/post/in-the-shadow-of-pace ",
    ],
)
def test_every_spelling_of_an_address_is_one(spelling: str) -> None:
    address = SITE.article_url(spelling)
    assert address is not None
    assert address.url == "https://caliber.az/en/post/in-the-shadow-of-pace"
    assert (address.language, address.slug, address.number) == ("en", "in-the-shadow-of-pace", None)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encode", [quote, str])
def test_armenian_letters_are_one_in_every_form_and_encoding(form: str, encode: type[str]) -> None:
    slug = unicodedata.normalize(form, ARMENIAN)  # type: ignore[arg-type]
    address = SITE.article_url(f"https://caliber.az/arm/post/{encode(slug)}")
    assert address is not None
    assert (address.language, address.slug) == ("hy", ARMENIAN)
    assert address.url == f"https://caliber.az/arm/post/{quote(ARMENIAN)}"


@pytest.mark.parametrize(
    ("url", "language", "number"),
    [
        ("https://caliber.az/en/post/152098/", "en", 152098),
        ("https://caliber.az/ru/post/164699/", "ru", 164699),
        ("https://caliber.az/post/164699", "ru", 164699),
    ],
)
def test_old_addresses_carry_a_number(url: str, language: str, number: int) -> None:
    address = SITE.article_url(url)
    assert address is not None
    assert (address.language, address.number, address.slug) == (language, number, None)
    assert address.kind == "number"


@pytest.mark.parametrize(
    "url",
    [
        "https://caliber.az/",
        "https://caliber.az/en/category/analytics",
        "https://caliber.az/search/Baku",
        "https://caliber.az/en/post/",
        "https://caliber.az/en/post/a/b",
        "https://caliber.az.example.org/en/post/a",
        "https://example.org/en/post/a",
        "https://reader:secret@caliber.az/en/post/a",
        "ftp://example.org/en/post/a",
        "javascript:alert(1)",
        "mailto:post@caliber.az",
        "",
    ],
)
def test_what_is_no_article_has_no_article_address(url: str) -> None:
    assert SITE.article_url(url) is None


def test_on_a_site_whose_addresses_end_with_a_slash_they_all_do() -> None:
    listing = replace(SITE.listing, more="{path}/page/{page}/") if SITE.listing else None
    site = replace(SITE, trailing_slash=True, listing=listing)
    forms = ("/en/post/a", "/en/post/a/", "https://www.caliber.az/en/post/a?utm_source=x#top")
    assert {site.normal_url(form) for form in forms} == {"https://caliber.az/en/post/a/"}
    address = site.article_url("/en/post/a")
    assert address is not None
    assert (address.language, address.slug) == ("en", "a")
    assert site.normal_url("/rss.xml") == "https://caliber.az/rss.xml"
    assert site.normal_url("https://caliber.az") == "https://caliber.az/"
    start = site.listing_url(site.editions[0], "analytics")
    assert site.page_url(start, 2, "analytics") == "https://caliber.az/en/category/analytics/page/2/"


@pytest.mark.parametrize("parameter", ["ysclid", "gbraid", "UTM_Source", "mtm_campaign", "igsh"])
def test_what_only_says_where_a_reader_came_from_goes(parameter: str) -> None:
    assert SITE.normal_url(f"/en/post/a?{parameter}=x&p=2") == "https://caliber.az/en/post/a?p=2"


def test_a_query_that_means_something_stays() -> None:
    assert (
        SITE.normal_url("/en/category/analytics?page=2&fbclid=x") == "https://caliber.az/en/category/analytics?page=2"
    )


def test_the_same_site_elsewhere_has_its_addresses_there() -> None:
    demo = SITE.served_at("http://127.0.0.1:8000/")
    assert demo.normal_url("/en/post/a/") == "http://127.0.0.1:8000/en/post/a"
    assert demo.article_url("https://caliber.az/en/post/a") is None


def test_an_edition_is_found_by_code_and_by_the_sites_own_name() -> None:
    assert SITE.edition("arm") is SITE.edition("hy") is not None
    assert SITE.edition("az") is None


def test_a_section_is_known_by_its_label_in_every_edition() -> None:
    assert SITE.section_named("ANALYTICS") == SITE.section_named("АНАЛИТИКА") == SITE.section_named("analytics")
    assert SITE.section_named("HOROSCOPE") is None


@given(st.text())
def test_normal_urls_stay_as_they_are(text: str) -> None:
    try:
        once = SITE.normal_url("https://caliber.az/en/post/" + text.replace("?", "").replace("#", ""))
    except ValueError:
        return
    assert SITE.normal_url(once) == once
