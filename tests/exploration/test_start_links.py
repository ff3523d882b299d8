"""The links of the start page: which kinds are given up, and in which order they are tried."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.exploration.link_classes import LinkClass
from caliber_crawler.exploration.start_links import MAX_DATED_MISSES, MAX_LABEL_MISSES, StartLinks, kind_of

SITE = "https://example.org"
MONTHS = [f"{SITE}/{2026 - back // 12}/{12 - back % 12:02}" for back in range(60)]


def classes_of(url: str) -> Collection[LinkClass]:
    return {LinkClass.TAG} if "/tag/" in url else {LinkClass.NAVIGATION}


def tried(urls: list[str], useful: Collection[str] = ()) -> list[str]:
    links, found = StartLinks(), []
    links.add(urls, classes_of)
    while (url := links.next(lambda url: True)) is not None:
        found.append(url)
        links.note(url, classes_of(url), is_useful=url in useful)
    return found


def test_a_calendar_is_tried_from_both_ends_and_given_up() -> None:
    assert tried(MONTHS) == [MONTHS[0], MONTHS[-1], MONTHS[1], MONTHS[-2], MONTHS[2], MONTHS[-3]]


@given(st.integers(0, 59))
def test_a_calendar_with_articles_beyond_a_month_is_tried_until_these_are_found(first: int) -> None:
    older = set(MONTHS[first:])
    assert older <= set(tried(MONTHS, older))


def test_tags_are_given_up_and_sections_are_not() -> None:
    tags, sections = [f"{SITE}/tag/word-{n}" for n in range(90)], [f"{SITE}/part-{n}" for n in range(90)]
    found = tried([*tags, *sections])
    assert len(set(found) & set(tags)) == MAX_LABEL_MISSES
    assert set(sections) <= set(found)


@pytest.mark.parametrize("path", ["/about", "/en/contact/", "/privacy-policy.html", "/impressum"])
def test_pages_about_the_site_are_not_requested(path: str) -> None:
    assert tried([SITE + path, f"{SITE}/politics"]) == [f"{SITE}/politics"]


def test_links_that_were_requested_meanwhile_are_left_out() -> None:
    links = StartLinks()
    links.add(MONTHS[:4], classes_of)
    assert links.next(lambda url: url == MONTHS[2]) == MONTHS[2]
    assert links.next(lambda url: url == MONTHS[2]) == MONTHS[2] or len(links) == 0


@pytest.mark.parametrize(
    ("path", "classes", "bound"),
    [
        ("/2026/01/05", {LinkClass.NUMBER}, MAX_DATED_MISSES),
        ("/2026", {LinkClass.NAVIGATION}, MAX_DATED_MISSES),
        ("/archive/2026/01", {LinkClass.NAVIGATION}, MAX_DATED_MISSES),
        ("/c/12", {LinkClass.NAVIGATION}, None),
        ("/tag/x", {LinkClass.TAG}, MAX_LABEL_MISSES),
        ("/tag/x", {LinkClass.TAG, LinkClass.NAVIGATION}, None),
        ("/world", {LinkClass.NAVIGATION}, None),
        ("/?p=12", {LinkClass.NAVIGATION}, None),
    ],
)
def test_kinds(path: str, classes: Collection[LinkClass], bound: int | None) -> None:
    kind = kind_of(SITE + path, classes)
    assert (kind and kind[1]) == bound
