"""What stands behind an article's URL is not always the article: walls and error pages are put aside."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from caliber_crawler.archive import Archive, PageSetAside
from caliber_crawler.archive.core.times import utc_text
from caliber_crawler.commands.merge import merge_one
from caliber_crawler.items import Capture, Extraction
from tests.archive.newsroom import SLUG_URL, Newsroom, address, article, capture, minutes, start_run

WALL: dict[str, Any] = {
    "headline": "Service temporarily unavailable",
    "body": "Our site is being updated. Please come back in a few minutes.",
    "published_at": None,
}
DAY = 24 * 60


class Site:
    """Saves pages of one site as a crawl does."""

    def __init__(self, newsroom: Newsroom) -> None:
        self.newsroom = newsroom
        self.extractions: dict[int, Extraction] = {}

    def visit(
        self, minute: int, url: str = SLUG_URL, layout: str = "new", dated_by: str = "selector", **fields: Any
    ) -> str:
        """Save a page; return the outcome, or the reason why it was put aside."""
        run_id, archive = self.newsroom.run_id, self.newsroom.archive
        kept = archive.captures.store(capture(minutes(minute), url=url), run_id)
        found = Extraction(
            capture=kept,
            article=article(url=url, **fields),
            layout=layout,
            extractor="x",
            methods={"headline": "selector", "published_at": dated_by},
        )
        assert kept.id is not None
        self.extractions[kept.id] = found
        try:
            return archive.articles.save(found, run_id, [address(url)], self.reextract).outcome
        except PageSetAside as aside:
            archive.runs.record_problem(run_id, aside.problem, url=url, capture_id=kept.id)
            archive.articles.withdraw(aside.others, run_id)
            return aside.problem.reason

    def reextract(self, stored: Capture) -> Extraction | None:
        assert stored.id is not None
        return replace(self.extractions[stored.id], capture=stored)

    @property
    def headlines(self) -> list[str]:
        return self.newsroom.values("SELECT headline FROM versions WHERE replaced_by IS NULL ORDER BY seen_from")


@pytest.fixture
def site(newsroom: Newsroom) -> Site:
    return Site(newsroom)


@pytest.mark.parametrize(
    "fields",
    [
        WALL,
        WALL | {"layout": "unknown"},
        WALL | {"layout": "unknown", "published_at": article().published_at},
        WALL | {"published_at": article().published_at, "dated_by": "url"},
    ],
    ids=["no date", "neither", "no layout", "date of the URL"],
)
def test_a_text_that_shares_nothing_and_lost_date_or_layout_is_put_aside(site: Site, fields: dict[str, Any]) -> None:
    assert site.visit(0) == "new"
    assert site.visit(5, **fields) == "unlike_before"
    assert site.headlines == [article().headline]
    assert site.newsroom.values("SELECT count(*) FROM captures WHERE article_id IS NULL") == [1]
    assert site.visit(9) == "unchanged"
    assert [finding for finding in site.newsroom.archive.verify() if finding] == []


@pytest.mark.parametrize(
    "fields",
    [
        WALL | {"published_at": article().published_at},
        {"headline": "Edited", "published_at": None},
        {"body": WALL["body"], "published_at": None, "layout": "unknown"},
    ],
    ids=["a reused URL", "an edit without a date", "one headline"],
)
def test_other_changes_are_edits(site: Site, fields: dict[str, Any]) -> None:
    site.visit(0)
    assert site.visit(5, **fields) == "updated"


def test_a_text_that_lasts_counts_as_an_edit(site: Site) -> None:
    site.visit(0)
    assert site.visit(DAY, **WALL) == "unlike_before"
    assert site.visit(2 * DAY, **WALL) == "unlike_before"
    assert site.visit(4 * DAY, **WALL) == "updated"
    assert site.headlines == [article().headline, WALL["headline"]]


def test_the_time_starts_again_when_the_article_is_seen_in_between(site: Site) -> None:
    site.visit(0)
    site.visit(DAY, **WALL)
    site.visit(2 * DAY)
    assert site.visit(5 * DAY, **WALL) == "unlike_before"


def test_another_text_is_not_lasting(site: Site) -> None:
    site.visit(0)
    site.visit(DAY, **WALL)
    other = WALL | {"headline": "Subscribe", "body": "Choose an offer that suits you, from one euro."}
    assert site.visit(5 * DAY, **other) == "unlike_before"


def test_the_time_is_a_setting(site: Site) -> None:
    site.newsroom.archive.articles.admission.lasting = timedelta(hours=1)
    site.visit(0)
    site.visit(5, **WALL)
    assert site.visit(66, **WALL) == "updated"


def test_an_undated_text_under_a_second_url_is_put_aside(site: Site) -> None:
    others = [f"https://caliber.az/en/post/story-{name}" for name in "abc"]
    assert [site.visit(minute, url, **WALL) for minute, url in enumerate(others)] == [
        "new",
        *["same_text_elsewhere"] * 2,
    ]
    assert site.visit(9, others[0], **WALL) == "unchanged"
    assert site.visit(10, others[1]) == "new"


@pytest.mark.parametrize("fields", [WALL, WALL | {"layout": "unknown", "published_at": article().published_at}])
def test_a_wall_that_came_before_the_article_is_put_aside(site: Site, fields: dict[str, Any]) -> None:
    site.visit(0, **fields)
    assert site.visit(5) == "updated"
    assert site.headlines == [article().headline]
    assert site.newsroom.values("SELECT reason FROM problems") == ["unlike_before"]
    assert site.newsroom.values("SELECT count(*) FROM captures WHERE article_id IS NULL") == [1]
    assert site.newsroom.values("SELECT first_seen_at FROM articles") == [utc_text(minutes(5))]
    assert [finding for finding in site.newsroom.archive.verify() if finding] == []


def test_a_text_that_lasted_stays_when_another_one_comes(site: Site) -> None:
    site.visit(0, **WALL)
    site.visit(3 * DAY, **WALL)
    site.visit(4 * DAY)
    assert site.headlines == [WALL["headline"], article().headline]


def test_one_text_with_a_date_may_have_two_urls(site: Site) -> None:
    assert [site.visit(0, "https://caliber.az/en/post/a"), site.visit(1, "https://caliber.az/en/post/b")] == ["new"] * 2


NUMBERS = [f"https://caliber.az/en/post/{number}" for number in (4711, 5822, 6933)]
PLAIN = WALL | {"layout": "generic"}


def reasons(site: Site) -> list[str]:
    return site.newsroom.values("SELECT reason FROM problems ORDER BY id")


def has_no_findings(site: Site) -> bool:
    return [finding for finding in site.newsroom.archive.verify() if finding] == []


@pytest.mark.parametrize(
    "fields", [PLAIN, PLAIN | {"published_at": article().published_at, "dated_by": "url"}], ids=["undated", "URL"]
)
def test_one_text_at_unrelated_urls_is_no_article_at_any(site: Site, fields: dict[str, Any]) -> None:
    assert [site.visit(minute, url, **fields) for minute, url in enumerate(NUMBERS)] == [
        "new",
        *["same_text_elsewhere"] * 2,
    ]
    assert site.headlines == []
    assert site.newsroom.values("SELECT count(*) FROM captures WHERE article_id IS NULL") == [3]
    assert reasons(site) == ["same_text_elsewhere"] * 3
    assert has_no_findings(site)
    assert site.visit(9, NUMBERS[0], **fields) == "same_text_elsewhere"
    assert site.visit(10, NUMBERS[0], layout="generic") == "new"


def test_a_text_that_was_put_aside_is_recognized_by_another_process(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minute, url in enumerate(NUMBERS[:2]):
        site.visit(minute, url, **PLAIN)
    monkeypatch.setattr(site.newsroom.archive.articles.admission.shared, "_known", {})
    assert site.visit(9, NUMBERS[2], **PLAIN) == "same_text_elsewhere"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("https://caliber.az/en/post/4711", "https://caliber.az/mobile/post/4711"),
        ("https://caliber.az/en/post/novyi-most", "https://caliber.az/print/post/novyi-most"),
        ("https://caliber.az/en/post/service-temporarily-unavailable", "https://caliber.az/en/post/5822"),
    ],
    ids=["number", "name", "words of the URL"],
)
def test_one_article_at_two_urls_is_not_withdrawn(site: Site, first: str, second: str) -> None:
    assert site.visit(0, first, **PLAIN) == "new"
    site.visit(1, second, **PLAIN)
    assert site.headlines == [WALL["headline"]]


def test_a_text_with_a_date_may_be_at_two_urls_and_not_at_many(site: Site) -> None:
    dated = PLAIN | {"published_at": article().published_at}
    assert [site.visit(minute, url, **dated) for minute, url in enumerate(NUMBERS[:2])] == ["new"] * 2
    assert site.headlines == [WALL["headline"]] * 2
    assert site.visit(5, NUMBERS[0], **dated) == "unchanged"
    assert site.visit(6, NUMBERS[2], **dated) == "same_text_elsewhere"
    assert site.headlines == []
    assert site.visit(7, NUMBERS[0], layout="generic") == "new"
    assert has_no_findings(site)


def test_a_page_that_states_the_date_and_lost_the_words_of_its_url_is_put_aside(site: Site) -> None:
    url = "https://caliber.az/en/post/ministers-meet-again"
    assert site.visit(0, url, layout="generic", headline="Ministers meet again") == "new"
    assert site.visit(5, url, **WALL | {"layout": "generic", "published_at": article().published_at}) == "unlike_before"
    assert site.visit(6, url, layout="generic", headline="The ministers met", body="They met.") == "updated"


OTHER_WALL = WALL | {"headline": "Subscribe", "body": "Choose an offer that suits you, from one euro."}
Visit = tuple[int, str, dict[str, Any]]


def archive_of(path: Path, *visits: Visit) -> Path:
    with Archive.open(path, mode="write") as archive:
        site = Site(Newsroom(archive, start_run(archive)))
        for minute, url, fields in visits:
            site.visit(minute, url, **fields)
        archive.runs.finish(site.newsroom.run_id, "finished", None, {})
    return path


@pytest.mark.parametrize("turned", [False, True])
def test_merge_puts_aside_what_a_crawl_would(tmp_path: Path, turned: bool) -> None:
    one: list[Visit] = [(0, NUMBERS[0], PLAIN), (0, SLUG_URL, {})]
    other: list[Visit] = [(1, NUMBERS[1], PLAIN), (5, SLUG_URL, OTHER_WALL)]
    if turned:
        one, other = other, one
    here, there = archive_of(tmp_path / "here.db", *one), archive_of(tmp_path / "there.db", *other)
    with Archive.open(here, mode="write") as archive:
        for _ in range(2):
            with Archive.open(there) as second:
                merge_one(archive, second)
            count = lambda sql: [tuple(row) for row in archive.db.execute(sql)]  # noqa: E731
            assert count("SELECT headline FROM article_texts") == [(article().headline,)]
            assert count("SELECT count(*) FROM captures WHERE article_id IS NULL") == [(3,)]
            problems = count("SELECT reason, count(*) FROM problems GROUP BY reason ORDER BY reason")
            assert problems == [("same_text_elsewhere", 2), ("unlike_before", 1)]
            assert [finding for finding in archive.verify() if finding] == []
        assert len(count("SELECT id FROM runs WHERE command = 'merge'")) == 1


def test_a_merged_text_that_lasted_stays(tmp_path: Path) -> None:
    here = archive_of(tmp_path / "here.db", (0, SLUG_URL, {}), (DAY, SLUG_URL, WALL))
    there = archive_of(tmp_path / "there.db", (5 * DAY, SLUG_URL, WALL))
    with Archive.open(here, mode="write") as archive, Archive.open(there) as second:
        merge_one(archive, second)
        texts = archive.db.execute("SELECT headline FROM versions WHERE replaced_by IS NULL ORDER BY seen_from")
        assert [row[0] for row in texts] == [article().headline, WALL["headline"]]


def test_re_extraction_puts_aside_what_the_current_code_sees(site: Site) -> None:
    """Earlier code found a date on the wall."""
    site.visit(0)
    site.visit(5, **WALL | {"published_at": article().published_at})
    assert site.headlines == [article().headline, WALL["headline"]]
    archive = site.newsroom.archive
    captures = [archive.captures.get(id) for id in site.extractions]
    fresh = [replace(site.extractions[capture.id or 0], capture=capture, extractor="y") for capture in captures]
    wall = replace(fresh[1], article=replace(fresh[1].article, published_at=None))
    with archive.transaction():
        archive.reextractions.apply([fresh[0], wall], site.newsroom.run_id)
    assert site.headlines == [article().headline]
    assert reasons(site) == ["unlike_before"]
    assert has_no_findings(site)


def visit_dated_articles(site: Site, count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        words = {"headline": f"Ministers meet {number}", "body": f"They met for the {number}th time."}
        assert site.visit(number, f"https://caliber.az/en/post/{70_000 + number}", layout="generic", **words) == "new"


UNKNOWN_WALL = WALL | {
    "headline": "Almost there",
    "body": "Tell us who you are, and this text will open.",
    "layout": "generic",
}
"""A wall that no phrase gives away."""


def test_a_short_page_that_shows_nothing_is_put_aside_where_articles_have_dates(site: Site) -> None:
    visit_dated_articles(site, 20)
    assert site.visit(50, NUMBERS[0], **UNKNOWN_WALL) == "unlike_site"
    assert site.visit(51, NUMBERS[0], layout="generic") == "new"
    assert has_no_findings(site)


@pytest.mark.parametrize(
    "fields",
    [
        {"layout": "new"},
        {"authors": ("Aysel Məmmədova",)},
        {"published_at": article().published_at},
        {"body": "They spoke of the corridor. " * 200},
        {"url": "https://caliber.az/en/post/almost-there-again"},
    ],
    ids=["layout", "author", "date", "length", "words"],
)
def test_a_page_that_shows_that_it_is_an_article_is_admitted(site: Site, fields: dict[str, Any]) -> None:
    visit_dated_articles(site, 20)
    assert site.visit(50, **{"url": NUMBERS[0], **UNKNOWN_WALL, **fields}) == "new"


@pytest.mark.parametrize(("dated", "undated"), [(19, 0), (30, 3)], ids=["few articles", "several without a date"])
def test_a_site_of_which_little_is_known_or_whose_articles_lack_dates_sets_no_norm(
    site: Site, dated: int, undated: int
) -> None:
    for number in range(undated):
        other = {"headline": f"Number {number}", "body": f"A text of its own, {number} of them.", "layout": "generic"}
        site.visit(number, f"https://caliber.az/en/post/{90_000 + number}", published_at=None, **other)
    visit_dated_articles(site, dated)
    assert site.visit(50, NUMBERS[0], **UNKNOWN_WALL) == "new"


def test_a_page_that_lasts_is_an_article_although_it_has_no_date(site: Site) -> None:
    visit_dated_articles(site, 20)
    assert site.visit(DAY, NUMBERS[0], **UNKNOWN_WALL) == "unlike_site"
    assert site.visit(2 * DAY, NUMBERS[0], **UNKNOWN_WALL) == "unlike_site"
    assert site.visit(5 * DAY, NUMBERS[0], **UNKNOWN_WALL) == "new"
    assert site.newsroom.archive.articles.admission.review_undated(site.newsroom.run_id) == 0


def test_a_wall_that_came_before_most_articles_is_put_aside_when_the_run_ends(site: Site) -> None:
    visit_dated_articles(site, 3)
    assert site.visit(4, NUMBERS[0], **UNKNOWN_WALL) == "new"
    visit_dated_articles(site, 20, start=5)
    assert site.newsroom.archive.articles.admission.review_undated(site.newsroom.run_id) == 1
    assert UNKNOWN_WALL["headline"] not in site.headlines
    assert reasons(site) == ["unlike_site"]
    assert has_no_findings(site)


def test_a_merge_knows_the_sites_of_both_archives(tmp_path: Path) -> None:
    here = archive_of(tmp_path / "here.db", (4, NUMBERS[0], UNKNOWN_WALL))
    with Archive.open(here, mode="write") as archive, Archive.open(tmp_path / "there.db", mode="write") as second:
        visit_dated_articles(Site(Newsroom(second, start_run(second))), 20)
        merge_one(second, archive)
        assert [row[0] for row in second.db.execute("SELECT reason FROM problems")] == ["unlike_site"]
        assert [row[0] for row in second.db.execute("SELECT count(*) FROM articles")] == [20]
        assert [finding for finding in second.verify() if finding] == []


def test_an_entirely_different_text_that_shows_nothing_is_no_edit(site: Site) -> None:
    """The article itself has no date either, and its URL is a number."""
    undated = {"published_at": None, "layout": "generic"}
    assert site.visit(0, NUMBERS[0], **undated) == "new"
    assert site.visit(5, NUMBERS[0], **UNKNOWN_WALL) == "unlike_before"
    assert site.visit(6, NUMBERS[0], **undated, body=f"{article().body}\n\nHe spoke again.") == "updated"
    assert site.visit(DAY, NUMBERS[0], **UNKNOWN_WALL) == "unlike_before"
    assert site.visit(5 * DAY, NUMBERS[0], **UNKNOWN_WALL) == "updated"


def test_a_merged_text_that_shows_nothing_is_no_edit(tmp_path: Path) -> None:
    undated: dict[str, Any] = {"published_at": None, "layout": "generic"}
    edited = undated | {"body": f"{article().body}\n\nHe spoke again."}
    here = archive_of(tmp_path / "here.db", (0, NUMBERS[0], undated), (9, NUMBERS[0], edited))
    there = archive_of(tmp_path / "there.db", (5, NUMBERS[0], UNKNOWN_WALL))
    with Archive.open(here, mode="write") as archive, Archive.open(there) as second:
        merge_one(archive, second)
        texts = archive.db.execute("SELECT body FROM versions WHERE replaced_by IS NULL ORDER BY seen_from")
        assert [row[0] for row in texts] == [article().body, edited["body"]]
        assert [row[0] for row in archive.db.execute("SELECT reason FROM problems")] == ["unlike_before"]
        assert [finding for finding in archive.verify() if finding] == []
