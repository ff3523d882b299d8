"""Requests that a scrolled listing causes, and the parameter that counts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.doctor.scroll_search import ScrollRequest, _first_listing, _scrolling_spider, template
from caliber_crawler.errors import SiteError
from caliber_crawler.site import Edition, Section
from caliber_crawler.spiders.caliber import CaliberSpider

LISTING = "https://caliber.az/en/category/a"
SITE = CaliberSpider.site


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("?page=1", "?page=2", ("?page={page}", 0)),
        ("?page=2", "?page=3", ("?page={page}", 0)),
        ("?page=3", "?page=4", ("", 0)),
        ("?q=&page=2", "?q=&page=3", ("?q=&page={page}", 0)),
        ("?start=10", "?start=20", ("?start={offset}", 10)),
        ("?start=20", "?start=30", ("", 0)),
        ("?page=3", "?page=2", ("", 0)),
        ("?page=2", "?page=2", ("", 0)),
        ("?page=2&n=1", "?page=3&n=2", ("", 0)),
        ("?page=2&n=5", "?page=3&n=5", ("?page={page}&n=5", 0)),
        ("?page=2", "?other=3", ("", 0)),
        ("?page=x", "?page=3", ("", 0)),
    ],
)
def test_the_only_rising_parameter_is_the_counter(first: str, second: str, expected: tuple[str, int]) -> None:
    assert template(LISTING, [LISTING + first, LISTING + second]) == expected


@pytest.mark.parametrize("count", [0, 1])
def test_one_request_shows_no_counter(count: int) -> None:
    assert template(LISTING, [f"{LISTING}?page=2"] * count) == ("", 0)


@given(size=st.integers(2, 500), path=st.sampled_from(["/en/category/a", "/api/posts"]))
def test_the_template_of_an_offset_gives_the_requests(size: int, path: str) -> None:
    urls = [f"https://caliber.az{path}?from={size * number}" for number in (1, 2, 3)]
    more, page_size = template(LISTING, urls)
    assert page_size == size
    origin = LISTING if more.startswith("?") else "https://caliber.az"
    assert [origin + more.format(offset=page_size * number) for number in (1, 2, 3)] == urls


def test_a_result_is_a_sentence_with_the_values_to_set() -> None:
    nothing = ScrollRequest(LISTING)
    assert nothing.sentence.startswith(f"No request returned more teasers while {LISTING} was scrolled.")
    uncounted = ScrollRequest(LISTING, [LISTING], [9])
    assert uncounted.sentence.endswith(f"\n  {LISTING} (9 teasers)")
    assert "no parameter is a counter" in uncounted.sentence
    offset = ScrollRequest(LISTING, [LISTING], [9], more="?from={offset}", page_size=9)
    assert offset.sentence.endswith("more='?from={offset}', page_size=9")
    assert "form" not in offset.sentence
    page = replace(offset, page_size=0)
    assert page.sentence.endswith("ListingLayout: more='?from={offset}'")


def test_the_first_listing_is_that_of_the_first_edition_with_the_section() -> None:
    editions = (
        Edition(language="en", name="en", prefixes=("/en",), sections={"world": Section(path="/en/world")}),
        Edition(language="ru", name="ru", prefixes=("",), sections={"analytics": Section(path="/analitika")}),
    )
    site = replace(SITE, editions=editions)
    assert _first_listing(site, "").endswith("/analitika"), "the default section"
    assert _first_listing(site, "world").endswith("/en/world")
    with pytest.raises(SiteError, match=r"no listing of horoscope\.$"):
        _first_listing(site, "horoscope")
    with pytest.raises(SiteError, match=r"no listing\.$"):
        _first_listing(replace(site, default_sections=()), "")


def test_a_scrolled_listing_needs_a_definition_of_listings() -> None:
    class WithoutListings(CaliberSpider):
        site = replace(SITE, listing=None)

    with pytest.raises(SiteError, match="does not describe its listings"):
        _scrolling_spider(WithoutListings, [])
    scrolled = _scrolling_spider(CaliberSpider, []).site
    assert scrolled.sources == ()
    assert scrolled.listing is not None
    assert (scrolled.listing.scroll, scrolled.listing.more, scrolled.listing.next) == ("browser", "", "")
