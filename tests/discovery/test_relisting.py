"""From time to time, an incremental crawl goes past known articles, because others may have come back among them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.archive import Archive
from caliber_crawler.archive.core.times import utc_text_us
from caliber_crawler.crawling.pagination import End, Window
from caliber_crawler.crawling.relisting import relisted_since
from tests.discovery.driven import Paper, PaperCrawler, day

NOW = datetime(2026, 1, 7, tzinfo=UTC)
MONTH, DECADE = timedelta(days=30), timedelta(days=3_650)
URLS = st.integers(0, 10_000).map(lambda number: f"https://paper.example/{number}")


@given(URLS, st.integers(1, 300), st.integers(0, 3_000), st.integers(1, 40))
def test_what_comes_back_is_found_after_about_as_long_again(url: str, age: int, hour: int, step: int) -> None:
    """An article appears at an age of some days in a listing that is crawled every few days or hours."""
    appeared = NOW + timedelta(hours=hour)
    published_at = appeared - timedelta(days=age)
    pause = timedelta(hours=6 * step)
    crawled_at = appeared - timedelta(minutes=1)
    while True:
        now = crawled_at + pause
        since = relisted_since(url, crawled_at, now, MONTH)
        if since is not None and since <= published_at:
            break
        crawled_at = now
    assert now - appeared <= max(MONTH, 2 * timedelta(days=age)) + pause


@given(URLS)
@settings(max_examples=10)
def test_a_year_of_hourly_crawls_lists_little_again(url: str) -> None:
    times = [NOW + timedelta(hours=hour) for hour in range(24 * 365)]
    since = [relisted_since(url, *pair, MONTH) for pair in pairwise(times)]
    depths = [(now - each) / MONTH for now, each in zip(times[1:], since, strict=True) if each is not None]
    assert len(depths) in (12, 13)
    assert sorted(depths)[: len(depths) // 2] == [2] * (len(depths) // 2)


@pytest.mark.parametrize("period", [timedelta(), -MONTH])
def test_a_period_of_0_disables_it(period: timedelta) -> None:
    assert relisted_since("https://paper.example/", NOW - DECADE, NOW, period) is None


def crawler_after(path: Path, pause: timedelta, stories: int = 60) -> PaperCrawler:
    """A crawler whose archive was completed some time ago, and a paper in which a story has come back since."""
    paper = Paper({"world": list(range(stories, 0, -1))})
    crawler = PaperCrawler(path, paper)
    crawler.crawl()
    set_back(crawler, pause)
    paper.sections["world"].insert(45, 999)
    return crawler


def set_back(crawler: PaperCrawler, pause: timedelta) -> None:
    """Pretend that the last crawl was some time ago."""
    with Archive.open(crawler.path, mode="write") as archive:
        crawled_at = archive.frontier.crawled_at(crawler.site.base_url + "/world")
        assert crawled_at is not None
        archive.db.execute(
            "UPDATE frontier SET discovered_at = ?1, crawled_at = CASE WHEN crawled_at IS NOT NULL THEN ?2 END",
            (utc_text_us(crawled_at - pause - MONTH), utc_text_us(crawled_at - pause)),
        )


def test_a_story_that_came_back_is_found_and_no_known_one_fetched_again(tmp_path: Path) -> None:
    crawler = crawler_after(tmp_path / "a.db", DECADE)
    found = crawler.crawl(relisting=DECADE)
    assert found.stories == [999]
    assert found.lists == ["/world", *(f"/world?page={page}" for page in range(2, 9))]
    assert found.ends == {"/world?page=8": End.LAST_PAGE}
    again = crawler.crawl(relisting=DECADE)
    assert (again.requested, again.ends) == (["/world"], {"/world": End.ALREADY_CRAWLED})


def test_the_scope_bounds_it(tmp_path: Path) -> None:
    window = Window(since=day(31))
    paper = Paper({"world": list(range(60, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawler.crawl(window=window)
    set_back(crawler, DECADE)
    assert crawler.crawl(window=window, relisting=DECADE).ends == {"/world?page=4": End.WINDOW}


def test_it_ends_at_old_stories(tmp_path: Path) -> None:
    """The first 25 stories are of the last days, and the others of another century."""
    crawler = crawler_after(tmp_path / "a.db", MONTH)
    recent = f"{datetime.now(UTC) - timedelta(days=3):%Y-%m-%dT%H:%M:%SZ}"
    with Archive.open(crawler.path, mode="write") as archive:
        archive.db.execute(
            """UPDATE articles SET published_at = CASE WHEN id IN (
              SELECT article_id FROM frontier WHERE url LIKE '%/story/%' ORDER BY id LIMIT 25)
              THEN ? ELSE '1801-01-01T12:00:00Z' END""",
            (recent,),
        )
    found = crawler.crawl(relisting=MONTH)
    assert found.lists == ["/world", "/world?page=2", "/world?page=3", "/world?page=4"]
    assert found.ends == {"/world?page=4": End.ALREADY_CRAWLED}


def test_without_it_a_crawl_ends_at_known_stories(tmp_path: Path) -> None:
    crawler = crawler_after(tmp_path / "a.db", DECADE)
    assert crawler.crawl(relisting=timedelta()).requested == ["/world"]


@pytest.mark.parametrize("killed_after", [1, 2, 4, 6, 8])
def test_a_killed_crawl_is_resumed_and_not_begun_anew(killed_after: int, tmp_path: Path) -> None:
    crawler = crawler_after(tmp_path / "a.db", DECADE)
    first = crawler.crawl(stop_after=killed_after, relisting=DECADE)
    second = crawler.crawl(relisting=DECADE)
    assert first.stories + second.stories == [999]
    lists = first.lists + second.lists
    assert len(lists) <= 10
    assert set(lists) == {"/world", *(f"/world?page={page}" for page in range(2, 9))}
    assert crawler.crawl(relisting=DECADE).requested == ["/world"]


SINCE = Window(since=day(36))


@pytest.mark.parametrize("relisting", [timedelta(), DECADE])
@pytest.mark.parametrize("news", [0, 3, 6, 12, 25])
def test_teasers_without_dates_do_not_widen_the_scope(relisting: timedelta, news: int, tmp_path: Path) -> None:
    """A redesign hides the dates of teasers after the stories of a window were crawled, and some are new."""
    paper = Paper({"world": list(range(60, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    assert crawler.crawl(window=SINCE).stories == list(range(36, 61))
    set_back(crawler, DECADE)
    paper.dated = False
    paper.sections["world"] = [*range(60 + news, 60, -1), *paper.sections["world"]]
    found = crawler.crawl(window=SINCE, relisting=relisting)
    assert found.stories == list(range(61, 61 + news))
    assert all(end.complete for end in found.ends.values())


def test_new_stories_below_a_pinned_one_without_dates_are_in_scope(tmp_path: Path) -> None:
    paper = Paper({"world": list(range(60, 0, -1))})
    crawler = PaperCrawler(tmp_path / "a.db", paper)
    crawler.crawl(window=SINCE)
    paper.dated = False
    paper.sections["world"] = [50, *range(79, 60, -1), *paper.sections["world"]]
    assert crawler.crawl(window=SINCE).stories == list(range(61, 80))
