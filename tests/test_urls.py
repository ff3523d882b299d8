"""URLs: the printed form is requested, the normal form identifies a page."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote, urljoin

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caliber_crawler.errors import SiteError
from caliber_crawler.site import SiteRegistry
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.site import origin
from caliber_crawler.site.urls import browser_url, host_of, is_http_url, normal_url, requested_url, without_credentials

BASE = "https://news.test"
SITE = generic_site(f"{BASE}/")
PAGE = f"{BASE}/news/talks-12345"

SAME = [
    (PAGE, "https://news.test:443/news/talks-12345"),
    (PAGE, "http://news.test:80/news/talks-12345"),
    (PAGE, "http://news.test/news/talks-12345/"),
    (PAGE, "https://www.news.test./news/talks-12345"),
    (PAGE, "https://NEWS.test\\news\\talks-12345"),
    (PAGE, "//news.test/x/../news/./talks-12345"),
    (PAGE, "/x/%2e%2E/news/talks%2D12345#comments"),
    (PAGE, "https://reader:secret@news.test/news/talks-12345?"),
    (PAGE, "\n https://news.test/ne\tws/talks-\r\n12345 "),
    (PAGE, f"{PAGE};jsessionid=AB12?PHPSESSID=17&utm%5Fsource=x"),
    (PAGE, f"{BASE}/(S(abc123def456ghi789jkl012))/news/talks-12345"),
    (PAGE, f"{PAGE}%3Bjsessionid=AB12"),
    (PAGE, f"{PAGE}?amp;utm_source=a&fb_comment_id=5&share=facebook&nb=1&replytocom=7"),
    (PAGE, f"{PAGE}/?amp=1&m=1&_escaped_fragment_="),
    (f"{PAGE}?a=1&b=2", f"{PAGE}?a=1&amp;amp;b=2"),
    (f"{PAGE}?id", f"{PAGE}?id="),
    (f"{PAGE}?q=a+b", f"{PAGE}?q=a%20b"),
    (f"{PAGE}?/a/1,2;3", f"{PAGE}?%2Fa%2F1%2C2%3B3="),
    (f"{BASE}/caf%C3%A9-12345", f"{BASE}/cafe\u0301-12345"),
    (f"{BASE}/50%-off-12345", f"{BASE}/50%25-off-12345"),
]
DIFFERENT = [
    ("/news/%EF%F0%E8-12345.html", "/news/%EE%F1%E8-12345.html"),
    ("/news/12345?t=%EF%F0", "/news/12345?t=%EE%F1"),
    ("/news/12345?%EF%F0", "/news/12345?%EE%F1"),
    ("/a%2Fb-12345", "/a/b-12345"),
    ("/a%3Fb-12345", "/a?b-12345"),
    ("/a%2523b-12345", "/a%23b-12345"),
    ("/a+b-12345", "/a%20b-12345"),
    ("/News-12345", "/news-12345"),
    ("/news/a;v=1-12345", "/news/a;v=2-12345"),
    ("/news.php?12345", "/news.php?12346"),
    ("/news.php?/read/1,2;3", "/news.php?/read/1,2;4"),
    ("/news.php?a=1;b=2", "/news.php?a=1;b=3"),
    ("/news.php?q=a%26b=c", "/news.php?q=a&b=c"),
    ("/news.php?q=a%2Bb", "/news.php?q=a+b"),
    ("/news.php?a%3Db", "/news.php?a=b"),
    ("/article?ref=12345", "/article?ref=12346"),
    ("/archive?m=202601", "/archive?m=202602"),
    ("/story?share=17", "/story?share=18"),
    ("/app?_escaped_fragment_=/a", "/app?_escaped_fragment_=/b"),
    ("https://news.test:8443/news-12345", "https://news.test/news-12345"),
    ("https://m.news.test/news-12345", "https://news.test/news-12345"),
]
UNCHANGED = [
    "/news/talks-12345/",
    "/news/%EF%F0%E8-12345.html?%EF%F0",
    "/a%2Fb%2fc-12345",
    "/cafe%CC%81-12345",
    "/news.php?12345",
    "/news.php?id=&x",
    "/news.php?/read/1,2;3",
    "/news.php?a=1&amp;b=2&&c",
    "/50%-off-12345",
    "//double//slash-12345",
]
IMPOSSIBLE = [
    "http://[bad/2026/01/07/x",
    f"http://{'é' * 80}.test/2026/01/07/x",
    f"http://{'a' * 64}.test/2026/01/07/x",
    f"http://{'a.' * 127}test/2026/01/07/x",
    "http://a..test/2026/01/07/x",
    "http://news.test:99999/2026/01/07/x",
    "http://news.test:0/2026/01/07/x",
    "http://ne ws.test/2026/01/07/x",
]
TEXT = st.text(alphabet=st.one_of(st.sampled_from("/\\?#%&=;.+@:()ab2Fe\t \u0301\u00e9\ud800"), st.characters()))


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_page_have_one_normal_form(one: str, other: str) -> None:
    assert SITE.normal_url(one) == SITE.normal_url(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_pages_have_different_normal_forms(one: str, other: str) -> None:
    assert SITE.normal_url(one) != SITE.normal_url(other)


def test_no_two_pages_of_the_tables_are_confused() -> None:
    urls = {urljoin(BASE, url) for pair in DIFFERENT for url in pair}
    assert len({SITE.normal_url(url) for url in urls}) == len(urls)


@pytest.mark.parametrize("path", UNCHANGED)
def test_the_printed_url_is_requested_byte_for_byte(path: str) -> None:
    assert SITE.requested_url(BASE + path) == BASE + path


@pytest.mark.parametrize(
    ("printed", "requested"),
    [
        ("https://reader:secret@news.test:443/a/../b/#c", "https://news.test/b/"),
        ("\\news\\talks 12345/", "https://news.test/news/talks%2012345/"),
        ("/a/?utm_source=x&id=5&fbclid=y", "https://news.test/a/?id=5"),
        ("/a/;jsessionid=AB12?utm_source=x", "https://news.test/a/"),
        ("http://www.news.test/a/", "https://www.news.test/a/"),
        ("https://bücher.test/a", "https://xn--bcher-kva.test/a"),
    ],
)
def test_a_url_is_requested_as_by_a_browser_without_tracking(printed: str, requested: str) -> None:
    assert SITE.requested_url(printed) == requested


def test_a_site_over_http_is_asked_over_https_where_it_prints_that() -> None:
    site = generic_site("http://news.test")
    assert site.requested_url("https://news.test/a/") == "https://news.test/a/"
    assert site.requested_url("http://news.test/a/") == "http://news.test/a/"
    assert site.normal_url("https://news.test/a/") == site.normal_url("http://news.test:80/a")


@pytest.mark.parametrize("url", IMPOSSIBLE)
def test_an_impossible_url_is_not_an_article_and_raises_nothing_else(url: str) -> None:
    assert SITE.article_url(url) is None
    assert SITE.article_urls([url, PAGE]) == [SITE.article_url(PAGE)]
    assert not SITE.owns(url)
    assert not is_http_url(url)
    assert SiteRegistry([SITE]).owner(url) is None
    with pytest.raises(ValueError, match="URL"):
        generic_site(url)


def test_octets_of_another_charset_and_encoded_slashes_keep_slugs_apart() -> None:
    caliber = generic_site("https://caliber.test").served_at(BASE)
    names = ["%EF%F0%E8", "%EE%F1%E8", "a%2Fb"]
    found = [caliber.article_url(f"/2026/01/07/{name}") for name in names]
    assert len({article_url.url for article_url in found if article_url}) == len(names)


def test_a_number_with_more_digits_than_an_integer_of_the_archive_is_no_number() -> None:
    from caliber_crawler.spiders.caliber import CaliberSpider

    for digits in (19, 5000):
        article_url = CaliberSpider.site.article_url(f"https://caliber.az/en/post/{'9' * digits}/")
        assert article_url is None or article_url.number is None


@pytest.mark.parametrize("spelling", ["news.test", "news.test:443", "NEWS.test.", "reader:secret@news.test"])
def test_all_spellings_of_a_host_are_one_site(spelling: str) -> None:
    site = generic_site(f"https://{spelling}/a")
    assert (site.name, site.base_url, site.host) == ("news.test", BASE, "news.test")
    assert SiteRegistry([SITE]).owner(f"https://{spelling}/a") is SITE
    assert host_of(f"https://{spelling}/a") == "news.test"


def test_credentials_are_in_no_message() -> None:
    with pytest.raises(SiteError) as raised:
        origin("https://reader:secret@news.test/a?b")
    assert "secret" not in str(raised.value)
    with pytest.raises(ValueError, match="web page") as refused:
        generic_site("ftp://reader:secret@news.test/a")
    assert "secret" not in str(refused.value)
    assert without_credentials("see https://a:b@x.test/ and ftp://c@y.test") == "see https://x.test/ and ftp://y.test"


@given(TEXT, TEXT)
@example(";jsessionid=1/", "")
@example("%3Bjsessionid=1", "amp%3Bamp;a=1")
@example("/.;jsessionid=1/b", "")
def test_both_forms_are_unchanged_by_their_own_rules(path: str, query: str) -> None:
    url = f"{BASE}/{path}?{query}"
    try:
        normal, requested = SITE.normal_url(url), SITE.requested_url(url)
    except ValueError:
        return
    assert SITE.normal_url(normal) == normal
    assert SITE.requested_url(requested) == requested
    assert SITE.normal_url(requested) == normal
    assert (normal + requested).isascii()


@given(st.lists(st.integers(0, 255), min_size=1, max_size=12), st.lists(st.integers(0, 255), min_size=1, max_size=12))
def test_octets_in_any_charset_identify_a_page(one: list[int], other: list[int]) -> None:
    paths = [quote(bytes(octets), safe="") for octets in (one, other)]
    urls = [normal_url(f"{BASE}/a-{path}-b", BASE) for path in paths]
    decoded = [bytes(octets).decode("utf-8", "ignore").encode() == bytes(octets) for octets in (one, other)]
    if paths[0] == paths[1]:
        assert urls[0] == urls[1]
    elif not any(decoded):
        assert urls[0] != urls[1]
    assert all(requested_url(f"{BASE}/a-{path}-b").endswith(f"/a-{path}-b") for path in paths)


@given(TEXT)
def test_a_printed_path_is_requested_as_a_browser_would(text: str) -> None:
    try:
        browser = browser_url(f"{BASE}/{text}")
    except ValueError:
        return
    if "?" not in browser and "jsessionid" not in browser.lower() and "((" not in browser:
        assert SITE.requested_url(f"{BASE}/{text}") == browser


@pytest.mark.parametrize(
    ("trailing_slash", "expected"), [(None, ("/a/?x", "/a?x")), (True, ("/a/?x", "/a/?x")), (False, ("/a?x", "/a?x"))]
)
def test_a_definition_may_decide_on_the_trailing_slash(trailing_slash: bool | None, expected: tuple[str, str]) -> None:
    site = replace(SITE, trailing_slash=trailing_slash)
    assert tuple(site.requested_url(path) for path in ("/a/?x", "/a?x")) == tuple(BASE + path for path in expected)
    assert site.requested_url("/") == f"{BASE}/"
    assert site.requested_url("/feed.xml") == f"{BASE}/feed.xml"
    assert site.normal_url("/a/?x") == site.normal_url("/a?x")
