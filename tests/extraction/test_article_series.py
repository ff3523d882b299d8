"""A page is a later page of an article if its own links and claims say so, not by its URL alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.extraction import open_page
from caliber_crawler.extraction.article_series import continuation, series_of
from caliber_crawler.items import Capture
from caliber_crawler.site.generic import generic_site
from caliber_crawler.site.page_series import is_page_of, page_numbers

BASE = "https://site.example"
SITE = generic_site(BASE + "/")
STORY = "/news/talks-resume"


def opened(url: str, head: str = "", body: str = "") -> object:
    html = f"<html><head><title>Talks resume</title>{head}</head><body><h1>Talks resume</h1>{body}</body></html>"
    capture = Capture(
        site=SITE.name,
        url=BASE + url,
        fetched_at=datetime(2026, 1, 6, tzinfo=UTC),
        status=200,
        headers=(("content-type", "text/html"),),
        body=html.encode(),
    )
    return open_page(capture, SITE)


def canonical(url: str) -> str:
    return f'<link rel="canonical" href="{BASE}{url}">'


def previous(url: str) -> str:
    return f'<link rel="prev" href="{url}">'


def pager(*links: tuple[str, str]) -> str:
    return "".join(f'<a href="{url}"><span>{text}</span></a>' for url, text in links)


@pytest.mark.parametrize(
    ("url", "head", "body", "first", "is_certain"),
    [
        (f"{STORY}/2", canonical(STORY), "", STORY, True),
        (f"{STORY}?page=2", canonical(STORY), "", STORY, True),
        (f"{STORY}?id=7&pg=3", canonical(f"{STORY}?id=7"), "", f"{STORY}?id=7", True),
        (f"{STORY}/page/3/", previous(f"{STORY}/page/2/"), "", STORY, True),
        (f"{STORY}/2", previous(STORY), "", STORY, True),
        (f"{STORY}_2.html", "", pager((f"{STORY}.html", "1"), (f"{STORY}_3.html", "3")), f"{STORY}.html", True),
        (f"{STORY}/3", "", pager((f"{STORY}/1", "1"), (f"{STORY}/2", "2")), f"{STORY}/1", True),
        (f"{STORY}?start=1", "", pager(("?", "[1]")), STORY, True),
        (f"{STORY}-2.html", previous(f"{STORY}.html"), "", f"{STORY}.html", False),
        (f"{STORY}-2/", canonical(f"{STORY}/"), "", STORY, False),
    ],
)
def test_a_page_that_names_its_first_page(url: str, head: str, body: str, first: str, is_certain: bool) -> None:
    series = series_of(opened(url, head, body))
    assert series is not None
    assert (series.first_page, series.is_certain) == (BASE + first, is_certain)


@pytest.mark.parametrize(
    ("url", "head", "body"),
    [
        (f"{STORY}/2", "", ""),
        (f"{STORY}/2", canonical(f"{STORY}/2"), pager((f"{STORY}/3", "3"))),
        (f"{STORY}-2", canonical(f"{STORY}-2"), ""),
        ("/article/12", previous("/article/11"), pager(("/article/1", "1"))),
        (f"{STORY}-12", previous("/news/other"), pager(("/news/other", "1"))),
        (f"{STORY}?id=2", canonical(STORY), ""),
        (STORY, canonical(STORY), pager((f"{STORY}/2", "2"))),
        ("/2026/11/20", previous("/2026/11/19"), pager(("/2026/11/1", "1"))),
        ("/?page=2", canonical("/"), ""),
    ],
)
def test_a_number_in_the_url_alone_is_not_that_of_a_page(url: str, head: str, body: str) -> None:
    assert series_of(opened(url, head, body)) is None


@pytest.mark.parametrize(
    ("url", "href", "found"),
    [
        (STORY, f"{STORY}/2", (f"{STORY}/2", True)),
        (STORY, "?page=2", (f"{STORY}?page=2", True)),
        (f"{STORY}.html", f"{STORY}-2.html", (f"{STORY}-2.html", False)),
        (STORY, f"{STORY}/comment-page-2", (None, False)),
        (STORY, "/news/other/2", (None, False)),
        (STORY, f"{STORY}?id=2", (None, False)),
        (STORY, f"{STORY}/20", (None, False)),
        (STORY, "http://[bad/2", (None, False)),
    ],
)
def test_an_article_that_continues_on_a_second_page(url: str, href: str, found: tuple[str | None, bool]) -> None:
    second, is_certain = continuation(opened(url, body=pager((href, "Next"))))
    assert (second and second.removeprefix(BASE), is_certain) == found


SEGMENTS = st.text("abcdefghij", min_size=3, max_size=12)
FORMS = st.sampled_from(
    ["{0}/{1}", "{0}/page/{1}", "{0}/page-{1}", "{0}?page={1}", "{0}?id=a&pg={1}", "{0}-{1}", "{0}_{1}", "{0}-page-{1}"]
)


@given(st.lists(SEGMENTS, min_size=1, max_size=3), FORMS, st.integers(1, 99), st.sampled_from(["", ".html", "/"]))
def test_the_url_of_a_later_page_without_its_number_is_that_of_the_first(
    segments: list[str], form: str, number: int, end: str
) -> None:
    first = f"{BASE}/{'/'.join(segments)}"
    later = form.format(first, number)
    if "?" not in form:
        later += end
    wanted = f"{first}?id=a" if "id=a" in form else first
    assert any(each.number == number and is_page_of(each, wanted) for each in page_numbers(later))


@given(st.text("abc/-_.,?=&12page", max_size=30))
def test_any_url_has_page_numbers_of_two_digits_at_most(path: str) -> None:
    assert all(0 <= each.number <= 99 for each in page_numbers(f"{BASE}/{path}"))
