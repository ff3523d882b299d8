from __future__ import annotations

from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
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
    assert list(get("/.json").json()) == ["archive"]


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
