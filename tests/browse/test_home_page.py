from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.home_page import ArticleCard, Holding, by_period, sections_of
from tests.browse.conftest import Get, browsing
from tests.browse.datasette_json import databases
from tests.browse.newsroom import article, hour, save


def words(selector: Selector, css: str) -> list[str]:
    return [" ".join(each.xpath("string()").get("").split()) for each in selector.css(css)]


def test_the_home_page_lists_the_contents_of_the_archive(get: Get) -> None:
    shown = Selector(get("/").text)
    assert shown.css("h1::text").get() == "Archive of Caliber.Az"
    assert "3 articles, published from 6 Jan 2026 to 15 Feb 2026" in words(shown, ".lead")[0]
    assert [words(row, "td") for row in shown.css(".holdings tbody tr")] == [
        ["caliber", "en", "ANALYTICS", "1", "6 Jan 2026", "6 Jan 2026"],
        ["caliber", "hy", "Քաղաքականություն", "1", "6 Jan 2026", "6 Jan 2026"],
        ["caliber", "ru", "ANALYTICS", "1", "15 Feb 2026", "15 Feb 2026"],
    ]


def test_the_home_page_lists_the_latest_articles(get: Get) -> None:
    shown = Selector(get("/").text)
    assert words(shown, ".latest h3") == ["Совещание министров", "Բաքվի բանաձևը", "Baku’s new formula"]
    assert "1,510 views · 2 versions" in words(shown, ".latest .when")[2]


def test_most_viewed_articles_are_limited_to_recent_days(get: Get) -> None:
    shown = Selector(get("/").text)
    assert words(shown, "ol.ranked a") == ["Совещание министров"]


def test_edits_and_runs_are_on_the_home_page(get: Get) -> None:
    shown = Selector(get("/").text)
    headings = words(shown, "h2")
    assert "Changed after publication" in headings
    assert "Baku’s new formula headline · seen 7 Jan 2026, 16:00 UTC" in words(shown, "ul.ranked li")
    assert words(shown, ".outcome") == ["finished"] * 5


@pytest.mark.slow
def test_all_internal_links_of_the_home_page_work(get: Get) -> None:
    shown = Selector(get("/").text)
    inside = [link for link in shown.css("a::attr(href), link::attr(href)").getall() if link.startswith("/")]
    assert len(inside) > 20
    assert {link: get(link).status_code for link in inside} == dict.fromkeys(inside, 200)


def test_a_merged_article_is_counted_once(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    numbered, named = "https://caliber.az/en/post/247893", "https://caliber.az/en/post/formula"
    with Archive.open(path, mode="write") as archive:
        save(archive, article(url=numbered, urls=(numbered,)))
        save(archive, article(), seen_at=hour(1))
        save(archive, article(urls=(named, numbered)), seen_at=hour(2))
    with browsing(path) as get:
        shown = Selector(get("/").text)
        assert words(shown, ".holdings .number") == ["Articles", "1"]
        assert len(shown.css(".latest h3")) == 1


def test_pages_of_an_empty_archive_work(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    Archive.open(path, mode="write").close()
    with browsing(path) as get:
        assert "This archive has no articles yet." in get("/").text
        for page in (
            "search",
            "search?q=baku",
            "edits",
            "charts",
            "charts/views",
            "health",
            "queries",
            "feeds/edits",
        ):
            assert get(f"/archive/-/{page}").status_code == 200, page


@pytest.mark.slow
def test_two_archives_have_a_list_and_separate_home_pages(newspaper: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    Archive.open(other, mode="write").close()
    with browsing(newspaper, other) as get:
        links = Selector(get("/").text).css(".metadata-description a::attr(href)").getall()
        assert links == ["/archive/-/home", "/other/-/home"]
        assert "3 articles" in get("/archive/-/home").text


def test_the_json_list_of_databases_is_unchanged(get: Get) -> None:
    assert list(databases(get)) == ["archive"]


def test_unknown_pages_are_404(newspaper: Path) -> None:
    with browsing(newspaper) as get:
        assert get("/nowhere/-/home").status_code == 404
        assert get("/archive/-/changes/999").status_code == 404
        assert get("/archive/-/captures/999").status_code == 404
        assert get("/archive/-/charts/none").status_code == 404


def test_permissions_of_the_user_apply_to_plugin_pages(newspaper: Path) -> None:
    mine = {"databases": {"archive": {"tables": {"bodies": {"allow": False}}}}}
    with browsing(newspaper, metadata=mine) as get:
        assert get("/archive/-/captures/1").status_code == 403
        assert get("/archive/-/captures/1/page").status_code == 403
        assert get("/archive/-/home").status_code == 200
    with browsing(newspaper, metadata={"databases": {"archive": {"allow": False}}}) as get:
        assert {
            get(f"/archive/-/{page}").status_code for page in ("home", "search?q=baku", "charts", "feeds/edits")
        } == {403}


def card(local: str) -> ArticleCard:
    """An article published at a local time."""
    return ArticleCard(
        id=1,
        headline=local,
        subtitle=None,
        published_at=local,
        published_local=local,
        language="en",
        section=None,
        views=None,
        version_count=1,
        section_label=None,
    )


@pytest.mark.parametrize(
    ("now", "headings"),
    [
        ("2026-01-10T19:30:00+00:00", ["Today", "This week", "Earlier"]),
        ("2026-01-10T20:30:00+00:00", ["10 January 2026", "The week before", "Earlier"]),
    ],
)
def test_articles_are_grouped_by_the_days_of_the_site(now: str, headings: list[str]) -> None:
    times = ["2026-01-10T00:10:00+04:00", "2026-01-09T23:50:00+04:00", "2026-01-04T00:00:00+04:00"]
    cards = [card(time) for time in (*times, "2026-01-03T23:59:00+04:00")]
    groups = by_period(cards, datetime.fromisoformat(now))
    assert [heading for heading, _ in groups] == headings
    assert [len(of_group) for _, of_group in groups] == [1, 2, 1]


def test_the_sections_are_linked_with_their_number_of_articles(get: Get) -> None:
    assert words(Selector(get("/").text), ".sections a") == ["ANALYTICS 2", "Քաղաքականություն 1"]


def test_sections_have_their_labels_in_the_largest_language_that_has_them() -> None:
    def holding(language: str, section: str, articles: int) -> Holding:
        dates = {"first_on": None, "last_on": None}
        return Holding(
            site="x", language=language, section=section, articles=articles, label=f"{section} {language}", **dates
        )

    found = sections_of(
        [holding("en", "world", 5), holding("en", "economy", 2), holding("ru", "economy", 4), holding("ru", "sport", 1)]
    )
    assert [(each["label"], each["articles"]) for each in found] == [
        ("economy en", 6),
        ("world en", 5),
        ("sport ru", 1),
    ]
