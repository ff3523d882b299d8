from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.datasette_json import count_of
from tests.browse.newsroom import PUBLISHED, SITE, article, hour, reextract_all, save


def page(get: Get, article_id: int = 1) -> Selector:
    response = get(f"/archive/articles/{article_id}")
    assert response.status_code == 200
    return Selector(response.text)


def text_of(selector: Selector, css: str) -> str:
    return " ".join(" ".join(selector.css(css).xpath("string()").getall()).split())


def test_an_article_page_has_headline_subtitle_authors_and_body(get: Get) -> None:
    shown = page(get)
    assert text_of(shown, "h1") == "Baku’s new formula"
    assert text_of(shown, ".subtitle") == "How Azerbaijan is redefining sovereignty"
    assert text_of(shown, ".kicker") == "ANALYTICS"
    assert text_of(shown, ".authors") == "By Tural Heybatov"
    assert shown.css(".body p::text").getall() == ["The ministers met.", "Nothing was agreed."]
    assert shown.css("article::attr(lang)").get() == "en"


def test_the_date_is_shown_in_local_time_and_utc(get: Get) -> None:
    dateline = text_of(page(get), ".dateline")
    assert dateline == "6 January 2026, 19:13 (UTC+4) 6 January 2026, 15:13 UTC"


def test_the_source_is_linked_without_referrer_and_terms_of_use_are_shown(get: Get) -> None:
    source = page(get).css("article > footer a")
    assert source.attrib["href"] == "https://caliber.az/en/post/formula"
    assert source.attrib["rel"] == "noopener noreferrer"
    assert SITE.reuse in text_of(page(get), "article > footer")


def test_every_view_count_is_a_dot_and_a_row(get: Get) -> None:
    views = page(get).css("aside #views")
    assert len(views.css("circle.dot")) == 4
    assert views.css("td.number::text").getall() == ["1,510", "1,400", "900", "354"]


def test_only_the_latest_view_counts_are_listed_with_a_link_to_all(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for count in range(30):
            save(archive, article(views=count * 10), seen_at=hour(count))
    with browsing(path) as get:
        views = page(get).css("aside #views")
        assert len(views.css("circle.dot")) == 30
        assert len(views.css("tbody tr")) == 12
        link = views.css("a[href*=view_growth]")
        assert link.css("::text").get() == "All 30 view counts"
        assert count_of(get, link.attrib["href"].replace("?", ".json?")) == 30


def test_versions_are_listed_with_their_old_headlines(get: Get) -> None:
    versions = page(get).css(".versions li")
    assert [text_of(version, ".cause") for version in versions] == ["First seen", "Edited by the site"]
    assert text_of(versions[0], ".old") == "Baku’s geopolitical formula"
    assert "current" in versions[1].attrib["class"]


def test_an_older_version_that_arrives_later_is_first_seen(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article(headline="As it is now"), seen_at=hour(5))
        save(archive, article(headline="As it was then"), seen_at=hour(1))
    with browsing(path) as get:
        shown = page(get)
        assert text_of(shown, "h1") == "As it is now"
        assert [text_of(version, ".cause") for version in shown.css(".versions li")] == [
            "First seen",
            "Edited by the site",
        ]


@pytest.mark.slow
def test_a_replaced_version_is_not_listed_as_version_or_change(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article(headline="Wrong headline"))
        save(archive, article("other", headline="Wrong headline"))
        save(archive, article("other", headline="Edited"), seen_at=hour(2))
        reextract_all(archive, {1: article(headline="Right headline")})
        reextract_all(archive, {2: article("other", headline="Right headline"), 3: article("other", headline="Edited")})
    with browsing(path) as get:
        assert [text_of(li, ".cause") for li in page(get, 1).css(".versions li")] == ["Re-extracted"]
        assert "/changes/" not in get("/archive/articles/1").text
        assert get("/archive/-/changes/1").status_code == 404
        assert len(page(get, 2).css(".versions li")) == 2
        assert "Wrong headline" not in get("/archive/articles/2").text
        changes = Selector(get("/archive/-/changes/2").text)
        assert len(changes.css("select[name=from] option")) == 2
        assert text_of(changes, "h1 del") == "Right headline"
        # The URL of the old comparison still works.
        bad, well = get("/archive/versions.json?_shape=arrayfirst&article_id=1&_sort=id&_col=id").json()
        comparison = Selector(get(f"/archive/-/changes/1?from={bad}&to={well}").text)
        assert len(comparison.css("select[name=from] option")) == 2


@pytest.mark.slow
def test_all_internal_links_of_an_article_work(get: Get) -> None:
    inside = [href for href in page(get).css("a::attr(href)").getall() if not href.startswith("http")]
    assert len(inside) >= 8
    assert {href: get(href).status_code for href in inside} == dict.fromkeys(inside, 200)


def test_the_citation_has_source_time_and_digest(get: Get) -> None:
    citation = text_of(page(get), ".citation")
    assert citation.startswith(
        "Tural Heybatov. “Baku’s new formula”. Caliber.Az. 6 January 2026. https://caliber.az/en/"
    )
    (digest,) = [
        row["body_digest"]
        for row in get("/archive/captures.json?_shape=array&article_id=1").json()
        if row["fetched_at"] == "2026-01-07T16:00:00Z"
    ]
    assert citation.endswith(f"(archived 7 January 2026, 16:00 UTC; SHA-256 {digest}).")


def test_an_article_links_to_the_previous_and_next_of_its_section(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        for slug, days in (("first", 0), ("second", 1), ("same-minute", 1), ("third", 2)):
            save(archive, article(slug, headline=slug, published_at=PUBLISHED + timedelta(days=days)))
        save(archive, article("elsewhere", headline="elsewhere", section="politics"))
    with browsing(path) as get:
        way = [1]
        while following := page(get, way[-1]).css("a[rel=next]::attr(href)").get():
            way.append(int(following.rpartition("/")[2]))
        assert way == [1, 2, 3, 4]
        back = [page(get, each).css("a[rel=prev]::attr(href)").get("").rpartition("/")[2] for each in way]
        assert back == ["", "1", "2", "3"]
        assert not page(get, 5).css(".neighbours")


def test_style_sheets_have_print_rules(get: Get) -> None:
    sheets = [get(link).text for link in page(get).css("link[rel=stylesheet]::attr(href)").getall()]
    assert len(sheets) == 3
    assert all("@media print" in sheet for sheet in sheets)


def test_an_armenian_url_is_readable(get: Get) -> None:
    shown = page(get, 2)
    assert "https://caliber.az/arm/post/բաքու" in text_of(shown, "article > footer")
    assert shown.css("article::attr(lang)").get() == "hy"


def test_an_article_without_view_counts_has_a_message(get: Get) -> None:
    assert "No view counter was found." in text_of(page(get, 2), "aside")
    assert not page(get, 2).css("svg")


def test_a_merged_article_shows_the_remaining_one(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    numbered, named = "https://caliber.az/en/post/247893", "https://caliber.az/en/post/formula"
    with Archive.open(path, mode="write") as archive:
        first = save(archive, article(url=numbered, urls=(numbered,)))
        second = save(archive, article(), seen_at=hour(1))
        save(archive, article(urls=(named, numbered)), seen_at=hour(2))
    assert (first, second) == (1, 2)
    with browsing(path) as get:
        shown = page(get, second)
        assert text_of(shown, ".notice") == "Article 2 was merged into this one, article 1."
        assert {numbered, named} <= set(shown.css(".addresses a::attr(href)").getall())


def test_an_article_page_has_no_inline_scripts_or_external_resources(get: Get) -> None:
    response = get("/archive/articles/1")
    shown = Selector(response.text)
    assert not shown.css("style, iframe, img, [style]")
    assert all(href.startswith("/-/") for href in shown.css("link::attr(href)").getall())
    (script,) = shown.css("script:not([type='application/ld+json'])")
    assert script.attrib["src"].startswith("/-/static-plugins/")
    assert not script.css("::text").get()
    policy = response.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"


def test_the_style_sheet_is_served_from_the_package(get: Get) -> None:
    sheet = get(page(get).css("link[rel=stylesheet]::attr(href)").get() or "")
    assert sheet.status_code == 200
    assert sheet.headers["content-type"] == "text/css"
    assert "prefers-color-scheme: dark" in sheet.text


def test_an_unknown_article_is_a_404(get: Get) -> None:
    assert get("/archive/articles/99").status_code == 404
    assert get("/archive/articles/formula").status_code == 404


@pytest.mark.parametrize("spelling", ["01", "1.0", "1,2", "~31", "+1"])
def test_another_spelling_of_an_id_is_the_same_article_or_a_404(get: Get, spelling: str) -> None:
    response = get(f"/archive/articles/{spelling}")
    # In Datasette 1.0, two values for one key are a bad request.
    assert response.status_code in (400, 404) or "<h1>Baku’s new formula</h1>" in response.text


def test_the_json_of_an_article_is_unchanged(get: Get) -> None:
    assert get("/archive/articles/1.json?_shape=array").json()[0]["headline"] == "Baku’s new formula"
