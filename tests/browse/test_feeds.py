from __future__ import annotations

from datetime import datetime
from pathlib import Path

from lxml import etree

from caliber_crawler.archive import Archive
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import SITE, article, hour, print_hostile_newspaper, save

ATOM = {"a": "http://www.w3.org/2005/Atom"}


def feed(get: Get, address: str) -> etree._Element:
    response = get(f"/archive/-/feeds/{address}")
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/atom+xml; charset=utf-8"
    return etree.fromstring(response.content)


def titles(get: Get, address: str) -> list[str]:
    return feed(get, address).xpath("a:entry/a:title/text()", namespaces=ATOM)


def test_the_articles_feed_has_the_newest_articles(get: Get) -> None:
    assert titles(get, "articles") == ["Совещание министров", "Բաքվի բանաձևը", "Baku’s new formula"]


def test_the_articles_feed_is_filtered_by_section_language_and_search(get: Get) -> None:
    assert titles(get, "articles?section=politics") == ["Բաքվի բանաձևը"]
    assert titles(get, "articles?language=ru") == ["Совещание министров"]
    assert titles(get, "articles?q=minister") == ["Baku’s new formula"]
    assert get("/archive/-/feeds/articles?q=***").status_code == 400


def test_an_entry_has_source_author_date_and_terms_of_use(get: Get) -> None:
    (entry,) = feed(get, "articles?q=minister").findall("a:entry", ATOM)

    def text(tag: str) -> str:
        return entry.findtext(f"a:{tag}", namespaces=ATOM) or ""

    links = {link.get("rel"): link.get("href") for link in entry.findall("a:link", ATOM)}
    assert links == {"alternate": "http://localhost/archive/articles/1", "via": "https://caliber.az/en/post/formula"}
    assert text("id") == "https://caliber.az/en/post/formula"
    assert text("published") == "2026-01-06T15:13:00Z"
    assert text("rights") == SITE.reuse
    assert entry.findtext("a:author/a:name", namespaces=ATOM) == "Tural Heybatov"
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"


def test_the_edits_feed_has_differences(get: Get) -> None:
    (entry,) = feed(get, "edits").findall("a:entry", ATOM)
    content = entry.findtext("a:content", namespaces=ATOM) or ""
    assert "<del>geopolitical </del><ins>new </ins>formula" in content
    assert titles(get, "edits?kind=text") == []


def test_feeds_have_the_required_elements_of_rfc_4287(get: Get) -> None:
    for address in ("articles", "edits", "articles?q=zebra"):
        shown = feed(get, address)
        for each in [shown, *shown.findall("a:entry", ATOM)]:
            assert each.findtext("a:id", namespaces=ATOM)
            assert each.findtext("a:title", namespaces=ATOM)
            assert datetime.fromisoformat(each.findtext("a:updated", namespaces=ATOM) or "").tzinfo
        ids = shown.xpath("a:entry/a:id/text()", namespaces=ATOM)
        assert len(ids) == len(set(ids))
        assert shown.xpath("a:author/a:name", namespaces=ATOM)


def test_characters_forbidden_in_xml_are_omitted(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article(headline="A\x0bbroken \ufffe headline & <b>more</b>", body="One\x01 text"))
        save(archive, article(headline="Another\x02", body="Two\x1f texts"), seen_at=hour(1))
    with browsing(path) as get:
        assert titles(get, "articles") == ["Another"]
        assert len(titles(get, "edits")) == 1


def test_feeds_of_a_hostile_archive_are_valid(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    print_hostile_newspaper(path)
    with browsing(path) as get:
        (title,) = titles(get, "articles")
        assert title == "<script>alert('headline')</script>{{ 7 * 7 }}"
        content = feed(get, "edits").findtext("a:entry/a:content", namespaces=ATOM) or ""
        assert "<script" not in content
        assert "&lt;script" in content
