"""Images of an article, the terms of use of its site, and the times of a frontier entry."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from caliber_crawler.archive import Entry, Selection
from caliber_crawler.archive.queue.entry import traversal_text
from caliber_crawler.items import Image
from caliber_crawler.spiders.caliber import CaliberSpider
from tests.archive.newsroom import NOON, Newsroom, minutes

URL = "https://x.az/1.webp"
SITE = CaliberSpider.site


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_an_image_has_the_text_of_the_newest_page_in_any_order(newsroom: Newsroom, order: tuple[int, ...]) -> None:
    for place in order:
        newsroom.save(minutes(place), images=(Image(url=URL, alt=f"text {place}"),))
    (row,) = newsroom.archive.db.query("select alt, first_seen_at, last_seen_at from images")
    assert tuple(row.values()) == ("text 2", "2026-01-07T12:00:00Z", "2026-01-07T12:02:00Z")


def test_an_image_of_two_pages_of_the_same_second_has_the_later_text(newsroom: Newsroom) -> None:
    for alt in ("first", "second"):
        newsroom.save(images=(Image(url=URL, alt=alt),), page=alt.encode())
    assert newsroom.values("select alt from images") == ["second"]


@pytest.mark.parametrize(("reuse", "stated"), [("Reuse with a link", "Reuse with a link"), ("", "not stated")])
def test_the_terms_of_use_of_every_selected_site_are_stated(newsroom: Newsroom, reuse: str, stated: str) -> None:
    archive = newsroom.archive
    assert archive.rights(Selection()) == ""
    archive.sites.store(replace(SITE, reuse=reuse))
    newsroom.save()
    assert newsroom.values("select reuse from sites") == [reuse or None]
    sentence = f"{SITE.title}: {stated}."
    assert archive.rights(Selection()) == sentence
    assert archive.rights(Selection(sites=("caliber",))) == sentence
    assert archive.rights(Selection(sites=("orf",))) == ""


def test_a_traversal_has_a_time_in_microseconds_or_none(newsroom: Newsroom) -> None:
    entry = Entry(url=URL, site="caliber", kind="listing", discovered_via="listing", due_at=NOON)
    assert traversal_text(entry) is None
    started = replace(entry, traversal_started_at=NOON.replace(microsecond=7))
    assert str(traversal_text(started)).startswith("2026-01-07T12:00:00.000007")
    newsroom.archive.frontier.add([started, replace(entry, url=f"{URL}2")], newsroom.run_id)
    stored = [newsroom.archive.frontier.get(url) for url in (URL, f"{URL}2")]
    assert [each and each.traversal_started_at for each in stored] == [started.traversal_started_at, None]
