"""Endless URLs and lists are abandoned, reported and counted."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caliber_crawler.crawling.traps import MAX_REMEMBERED_TEASERS, Bounds, SeenPages, url_trap, variant_trap
from caliber_crawler.known_sites import project_settings
from tests.conftest import Result, run_module
from tests.hostile.site import Behaviour, Exchange

HOST = "https://news.example"
BOUNDS = Bounds()


@pytest.mark.parametrize(
    "path",
    [
        "/en/post/talks-resume",
        "/2026/01/07/world/europe/talks-resume-after-winter",
        "/a/a/a",
        "/story.php?id=17&page=2&print=1",
        "/",
        "",
    ],
)
def test_an_ordinary_url_is_not_a_trap(path: str) -> None:
    assert url_trap(HOST + path, BOUNDS) is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/" + "/".join(f"year-{n}" for n in range(17)), "trap_deep"),
        ("/news/more" * 4 + "/talks-resume", "trap_circle"),
        ("/calendar?" + "&".join(f"facet{n}=1" for n in range(9)), "trap_query"),
    ],
)
def test_an_endless_url_is_a_trap(path: str, code: str) -> None:
    trap = url_trap(HOST + path, BOUNDS)
    assert trap is not None
    assert trap.code == code
    assert url_trap(HOST + path, Bounds(segments=0, parameters=0)) is None


def test_variants_of_a_url_are_followed_up_to_a_limit() -> None:
    url = f"{HOST}/en/post/a?sid=17"
    assert variant_trap(url, 19, BOUNDS) is None
    assert variant_trap(url, 20, BOUNDS) is not None
    assert variant_trap(url, 20, Bounds(variants=0)) is None
    assert variant_trap(f"{HOST}/en/post/a", 20, BOUNDS) is None
    assert variant_trap(url, 3, BOUNDS, named=True) is not None


@pytest.mark.parametrize(
    ("path", "code", "clause"),
    [
        ("/x" * 3, None, ""),
        ("/x" * 4, "trap_circle", "'x' occurs 4 times in its path"),
        ("/" + "/".join(["x" * 49 + "yz"] * 4), "trap_circle", f"'{'x' * 49}y' occurs 4 times in its path"),
        ("/" + "/".join(map(str, range(16))), None, ""),
        ("/" + "/".join(map(str, range(17))), "trap_deep", "its path has 17 segments"),
        ("//a///b//", None, ""),
        ("/a?" + "&".join("abcdefgh"), None, ""),
        ("/a?" + "&".join("abcdefghi"), "trap_query", "its query has 9 parameters"),
    ],
)
def test_the_limits_are_exact(path: str, code: str | None, clause: str) -> None:
    trap = url_trap(HOST + path, BOUNDS)
    assert (trap.code if trap else None) == code
    assert (trap.clause if trap else "") == clause


def test_each_limit_can_be_disabled() -> None:
    long, query = f"{HOST}/{'/'.join(map(str, range(17)))}", f"{HOST}/a?{'&'.join('abcdefghi')}"
    assert url_trap(long, Bounds(segments=0)) is None
    assert url_trap(HOST + "/x" * 9, Bounds(segments=0)) is None
    assert url_trap(query, Bounds(parameters=0)) is None
    assert url_trap(query, Bounds(segments=0)) is not None
    assert url_trap(long, Bounds(parameters=0)) is not None


def test_urls_of_one_trap_have_one_pattern() -> None:
    first, second = (
        url_trap(f"{HOST}/calendar/2026/{'/'.join(map(str, range(start, start + 20)))}", BOUNDS) for start in (1, 50)
    )
    assert first is not None
    assert second is not None
    assert first.pattern == second.pattern == "news.example/calendar/2026"
    query = url_trap(f"{HOST}/calendar?{'&'.join('abcdefghi')}", BOUNDS)
    variants = variant_trap(f"{HOST}/en/post/a?sid=17", 20, BOUNDS)
    assert query is not None
    assert variants is not None
    assert (query.pattern, variants.pattern) == ("/calendar", "/en/post/a")
    assert variants.code == "trap_variants"
    assert "20 known URLs" in variants.clause


@pytest.mark.parametrize(
    ("known", "named", "variants", "is_trap"),
    [(19, False, 20, False), (20, False, 20, True), (2, True, 20, False), (3, True, 20, True), (2, True, 2, True)],
)
def test_few_variants_of_an_article_url_are_followed(
    known: int,
    named: bool,
    variants: int,
    is_trap: bool,
) -> None:
    trap = variant_trap(f"{HOST}/a?b=1", known, Bounds(variants=variants), named=named)
    assert (trap is not None) == is_trap


def test_the_limits_are_settings() -> None:
    settings = project_settings(TRAP_VARIANTS=1, TRAP_SEGMENTS=2, TRAP_PARAMETERS=3, TRAP_PAGES=4)
    assert Bounds.from_settings(settings) == Bounds(variants=1, segments=2, parameters=3, pages=4)
    assert Bounds.from_settings(project_settings()) == Bounds()


def test_consecutive_pages_without_a_new_teaser_are_counted() -> None:
    seen = SeenPages()
    pages = (["a", "b"], ["b", "a"], ["b"], ["c"], ["a"])
    stale = []
    for page in pages:
        seen.repeats(page)
        stale.append(seen.stale)
    assert stale == [0, 1, 2, 0, 1]


def test_the_third_consecutive_page_without_a_new_teaser_repeats() -> None:
    seen = SeenPages()
    assert [seen.repeats(page) for page in (["a", "b", "c"], ["a"], ["b"], ["c"])] == [False, False, False, True]
    assert [SeenPages().repeats(page) for page in ([], [])] == [False, False]


@given(st.text(max_size=80))
def test_any_url_is_accepted_without_an_error(text: str) -> None:
    url_trap(f"{HOST}/{text}", BOUNDS)


def test_a_page_that_occurred_before_repeats() -> None:
    seen = SeenPages()
    assert [seen.repeats(page) for page in (["a", "b"], ["c", "d"], ["a", "b"])] == [False, False, True]


def test_overlapping_and_empty_pages_are_not_repetitions() -> None:
    seen = SeenPages()
    assert not any(seen.repeats(page) for page in (["a", "b"], ["b", "c"], [], [], ["c", "d"]))


def test_the_same_teasers_in_a_different_order_are_a_repetition() -> None:
    seen = SeenPages()
    pages = (["a", "b", "c"], ["b", "c", "a"], ["c", "a", "b"], ["c", "b", "a"])
    assert [seen.repeats(page) for page in pages] == [False, False, False, True]


def test_the_number_of_remembered_teasers_is_limited() -> None:
    seen = SeenPages()
    assert not any(seen.repeats([f"{page}-{teaser}" for teaser in range(500)]) for page in range(30))
    assert len(seen._teasers) == MAX_REMEMBERED_TEASERS


def teaser(path: str) -> str:
    return f'<div class="float_block"><a href="{path}"><h2 class="float_block_title">{path}</h2></a></div>'


def page_of(exchange: Exchange) -> int:
    return int(parse_qs(urlsplit(exchange.target).query).get("page", ["1"])[0])


def listing_of(teasers: Callable[[int, list[str]], list[str]]) -> Behaviour:
    """An endless listing whose teasers are made from the good ones."""

    async def behave(exchange: Exchange) -> None:
        path = urlsplit(exchange.target).path
        if path != "/en/category/analytics":
            response = exchange.site.respond(exchange.target)
            await exchange.answer(response.status, response.body, response.headers)
            return
        good = [urlsplit(page["url"]).path for page in exchange.site.truth() if page["language"] == "en"]
        body = "".join(map(teaser, teasers(page_of(exchange), good)))
        await exchange.answer(200, f"<html><body>{body}</body></html>".encode())

    return behave


numbers = count()
ENDLESS = {
    # The same teasers on every page, rotated by one.
    "turning": (listing_of(lambda page, good: good[page % len(good) :] + good[: page % len(good)]), "listing_repeats"),
    # A session ID in every URL, new on every page.
    "sessions": (listing_of(lambda page, good: [f"{path}?sid={next(numbers)}" for path in good]), "trap_variants"),
    # A new teaser on every page.
    "calendar": (listing_of(lambda page, good: [f"/en/post/day-{page}", *good]), "listing_endless"),
}


@pytest.mark.slow
@pytest.mark.parametrize("trap", list(ENDLESS))
def test_an_endless_listing_is_abandoned_and_the_good_pages_are_stored(
    misbehave: Callable[..., Any], tmp_path: Path, trap: str
) -> None:
    archive = tmp_path / "a.db"
    behave, reason = ENDLESS[trap]
    with misbehave(articles=12, instead={"*": behave}) as site:
        arguments = ("-a", f"base_url={site.base_url}", "-a", "language=en", "-a", "via=listing")
        settings = ("-s", "DOWNLOAD_DELAY=0", "-s", "TRAP_PAGES=30", "-s", f"ARCHIVE={archive}")
        done = run_module("scrapy", "crawl", "caliber", *arguments, *settings)
        truth, requested = site.truth(language="en"), Counter(urlsplit(path).path for path in site.paths())
    assert done.exit_code == 0, done.stderr
    with closing(sqlite3.connect(archive)) as connection:
        stored = {slug for (slug,) in connection.execute("select slug from articles")}
        reasons = dict(connection.execute("select reason, count(*) from problems group by reason").fetchall())
        outcome, counts = connection.execute("select outcome, counts from runs").fetchone()
    assert stored == truth.keys()
    assert reason in reasons
    assert outcome == "finished"
    assert requested["/en/category/analytics"] <= 30
    if trap == "sessions":
        assert reasons[reason] == len(truth)
        assert json.loads(counts)["trapped"] > 0
        assert max(requested[urlsplit(page["url"]).path] for page in truth.values()) <= 3


@pytest.mark.slow
def test_a_self_repeating_path_is_skipped_on_a_generic_site(
    misbehave: Callable[..., Any], caliber: Callable[..., Result], tmp_path: Path
) -> None:
    async def deeper(exchange: Exchange) -> None:
        links = "".join(
            f'<a href="{urlsplit(exchange.target).path.rstrip("/")}/{step}/the-talks-are-resumed">x</a>'
            for step in ("more", "next")
        )
        await exchange.answer(200, f"<html><body>{links}</body></html>".encode())

    archive = tmp_path / "a.db"
    with misbehave(instead={"*": deeper, "/robots.txt": None}) as site:
        start = site.base_url + "/news/more/the-talks-are-resumed" * 4
        result = caliber("crawl", start, "--archive", archive, "--delay", 0, "--json")
        assert len(site.paths()) < 30
    assert result.json["trapped"] >= 2
    with closing(sqlite3.connect(archive)) as connection:
        reasons = {reason for (reason,) in connection.execute("select distinct reason from problems")}
    assert reasons == {"trap_circle", "nothing_found"}, "its links lead to no article"
