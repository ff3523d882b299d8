"""The identity of articles: every form of a URL leads to one article."""

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
        "https://reader:secret@caliber.az/en/post/in-the-shadow-of-pace",
        "https://caliber.az:443/en/./post/x/../in-the-shadow-of-pace",
        "http://caliber.az:80\\en\\post\\in-the-shadow-of-pace",
        "https://caliber.az./en/post/in-the-\n\tshadow-of-pace",
        "/en/post/in-the-shadow-of-pace",
        "  https://caliber.az/en/post/in-the-shadow-of-pace ",
    ],
)
def test_all_forms_of_a_url_have_one_normal_form(spelling: str) -> None:
    article_url = SITE.article_url(spelling)
    assert article_url is not None
    assert article_url.url == "https://caliber.az/en/post/in-the-shadow-of-pace"
    assert (article_url.language, article_url.slug, article_url.number) == ("en", "in-the-shadow-of-pace", None)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("encode", [quote, str])
def test_armenian_urls_are_equal_in_every_unicode_form_and_encoding(form: str, encode: type[str]) -> None:
    slug = unicodedata.normalize(form, ARMENIAN)  # type: ignore[arg-type]
    article_url = SITE.article_url(f"https://caliber.az/arm/post/{encode(slug)}")
    assert article_url is not None
    assert (article_url.language, article_url.slug) == ("hy", ARMENIAN)
    assert article_url.url == f"https://caliber.az/arm/post/{quote(ARMENIAN)}"


@pytest.mark.parametrize(
    ("url", "language", "number"),
    [
        ("https://caliber.az/en/post/152098/", "en", 152098),
        ("https://caliber.az/ru/post/164699/", "ru", 164699),
        ("https://caliber.az/post/164699", "ru", 164699),
    ],
)
def test_old_urls_have_a_number(url: str, language: str, number: int) -> None:
    article_url = SITE.article_url(url)
    assert article_url is not None
    assert (article_url.language, article_url.number, article_url.slug) == (language, number, None)
    assert article_url.kind == "number"


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
        "ftp://example.org/en/post/a",
        "javascript:alert(1)",
        "mailto:post@caliber.az",
        "",
    ],
)
def test_other_urls_are_not_article_urls(url: str) -> None:
    assert SITE.article_url(url) is None


def test_all_urls_of_a_site_with_trailing_slashes_end_with_one() -> None:
    listing = replace(SITE.listing, more="{path}/page/{page}/") if SITE.listing else None
    site = replace(SITE, trailing_slash=True, listing=listing)
    forms = ("/en/post/a", "/en/post/a/", "https://www.caliber.az/en/post/a?utm_source=x#top")
    assert {site.normal_url(form) for form in forms} == {"https://caliber.az/en/post/a/"}
    article_url = site.article_url("/en/post/a")
    assert article_url is not None
    assert (article_url.language, article_url.slug) == ("en", "a")
    assert site.normal_url("/rss.xml") == "https://caliber.az/rss.xml"
    assert site.normal_url("https://caliber.az") == "https://caliber.az/"
    start = site.listing_url(site.editions[0], "analytics")
    assert site.page_url(start, 2, "analytics") == "https://caliber.az/en/category/analytics/page/2/"


@pytest.mark.parametrize("parameter", ["ysclid", "gbraid", "UTM_Source", "mtm_campaign", "igsh"])
def test_tracking_parameters_are_removed(parameter: str) -> None:
    assert SITE.normal_url(f"/en/post/a?{parameter}=x&p=2") == "https://caliber.az/en/post/a?p=2"


def test_other_query_parameters_are_kept() -> None:
    assert (
        SITE.normal_url("/en/category/analytics?page=2&fbclid=x") == "https://caliber.az/en/category/analytics?page=2"
    )


def test_a_site_at_another_base_url_has_its_urls_there() -> None:
    demo = SITE.served_at("http://127.0.0.1:8000/")
    assert demo.normal_url("/en/post/a/") == "http://127.0.0.1:8000/en/post/a"
    assert demo.article_url("https://caliber.az/en/post/a") is None


def test_an_edition_is_found_by_its_code_or_the_sites_own_name() -> None:
    assert SITE.edition("arm") is SITE.edition("hy") is not None
    assert SITE.edition("az") is None


def test_a_section_is_found_by_its_label_in_any_edition() -> None:
    assert SITE.section_named("ANALYTICS") == SITE.section_named("АНАЛИТИКА") == SITE.section_named("analytics")
    assert SITE.section_named("HOROSCOPE") is None


@given(st.text())
def test_normal_urls_are_unchanged_by_normalization(text: str) -> None:
    try:
        once = SITE.normal_url("https://caliber.az/en/post/" + text.replace("?", "").replace("#", ""))
    except ValueError:
        return
    assert SITE.normal_url(once) == once
