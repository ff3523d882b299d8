"""Citations in the browser: files, metadata for reference managers, permalinks, and links to other archives."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.citations import json_ld, wayback_url
from tests.archive.cited import cited_text
from tests.browse.conftest import Get, browsing
from tests.browse.newsroom import article, hour, save

URL = "https://caliber.az/en/post/formula"


def digests(get: Get, article_id: int = 1) -> list[str]:
    rows = get(f"/archive/versions.json?_shape=array&article_id={article_id}&_sort=number").json()
    return [row["content_digest"] for row in rows]


@pytest.mark.parametrize(
    ("suffix", "media_type", "sign"),
    [
        ("txt", "text/plain", "“Baku’s new formula”. Caliber.Az."),
        ("bib", "application/x-bibtex", "@online{"),
        ("ris", "application/x-research-info-systems", "TY  - NEWS"),
        ("json", "application/vnd.citationstyles.csl+json", '"type": "article-newspaper"'),
    ],
)
def test_an_article_is_cited_in_every_style(get: Get, suffix: str, media_type: str, sign: str) -> None:
    response = get(f"/archive/-/citations.{suffix}?article=1")
    assert response.headers["content-type"].startswith(media_type)
    assert f'filename="citations.{suffix}"' in response.headers["content-disposition"]
    assert sign in response.text


def test_a_search_has_a_bibliography(get: Get) -> None:
    found = get("/archive/-/search.json?q=ministers").json()
    cited = get("/archive/-/citations.json?q=ministers").json()
    assert [item["URL"] for item in cited] == [hit["url"] for hit in found["hits"]]
    assert cited


def test_the_files_are_linked_from_the_article_and_the_search(get: Get) -> None:
    for path, asked_for in (("/archive/articles/1", "article=1"), ("/archive/-/search?q=ministers", "q=ministers")):
        links = Selector(get(path).text).css("a[href*='/citations.']::attr(href)").getall()
        assert [link.partition("?")[0].rpartition(".")[2] for link in links] == ["txt", "bib", "ris", "json"]
        assert all(asked_for in link for link in links)
        assert {get(link).status_code for link in links} == {200}


def test_an_earlier_version_is_cited_as_such(get: Get) -> None:
    old = get("/archive/-/citations.txt?article=1&version=1").text
    assert "“Baku’s geopolitical formula”" in old
    assert ", version 1; SHA-256 " in old
    assert "version" not in get("/archive/-/citations.txt?article=1&version=2").text


@pytest.mark.parametrize("asked_for", ["article=99", "article=1&version=7", "article=x"])
def test_what_the_archive_does_not_have_cannot_be_cited(get: Get, asked_for: str) -> None:
    assert get(f"/archive/-/citations.bib?{asked_for}").status_code == 404


def test_reference_managers_find_metadata_on_the_article_page(get: Get) -> None:
    page = Selector(get("/archive/articles/1").text)
    named = {meta.attrib["name"]: meta.attrib["content"] for meta in page.css("meta[name]")}
    assert named["citation_title"] == "Baku’s new formula"
    assert named["citation_author"] == "Tural Heybatov"
    assert named["citation_publication_date"] == "2026/01/06"
    assert named["citation_public_url"] == URL
    assert named["z:itemType"] == "newspaperArticle"
    described = json.loads(page.css("script[type='application/ld+json']::text").get() or "")
    assert (described["@type"], described["headline"]) == ("NewsArticle", "Baku’s new formula")
    assert described["datePublished"] == "2026-01-06T19:13:00+04:00"


def test_metadata_cannot_end_its_script_element() -> None:
    hostile = "</script><script>alert(1)</script><!-- <script>"
    written = json_ld(cited_text(headline=hostile))
    assert "<" not in written
    assert json.loads(written)["headline"] == hostile


def test_a_permalink_leads_to_the_same_text_after_a_merge(tmp_path: Path) -> None:
    first, second = tmp_path / "first.db", tmp_path / "second.db"
    with Archive.open(first, mode="write") as archive:
        save(archive, article(headline="As it was"))
        save(archive, article(headline="As it is"), seen_at=hour(2))
    with browsing(first) as get:
        page = Selector(get("/first/articles/1").text)
        (old, _) = page.css(".versions a.cause::attr(href)").getall()
        assert page.css("#cite a::text").getall()[-1] == "Permalink to this version"
        before = Selector(get(old).text)
    with Archive.open(second, mode="write") as archive:
        save(archive, article("another", headline="Another"))
        with Archive.open(first) as other:
            list(archive.merge(other, {}))
    with browsing(second) as get:
        after = Selector(get(old.replace("/first/", "/second/")).text)
    assert before.css("h1::text").get() == after.css("h1::text").get() == "As it was"
    assert before.css(".citation::text").get() == after.css(".citation::text").get()
    assert "This is an earlier text" in (after.css(".notice").xpath("string()").get() or "")


@pytest.mark.parametrize("query", ["", f"url={URL}", f"url={URL}&text={'0' * 64}", "url=https://caliber.az/none"])
def test_a_text_that_the_archive_does_not_have_is_a_404(get: Get, query: str) -> None:
    assert get(f"/archive/-/version?{query}").status_code == 404


def test_the_page_of_a_version_has_its_text_and_proof(get: Get) -> None:
    old, _ = digests(get)
    page = Selector(get(f"/archive/-/version?url={URL}&text={old}").text)
    assert page.css("h1::text").get() == "Baku’s geopolitical formula"
    assert old in page.css("aside code::text").getall()
    inside = [href for href in page.css("a::attr(href)").getall() if not href.startswith("http")]
    assert {href: get(href).status_code for href in inside} == dict.fromkeys(inside, 200)


def test_each_capture_has_links_to_the_live_page_and_the_wayback_machine(get: Get) -> None:
    links = Selector(get("/archive/articles/1").text).css("aside td a[rel]::attr(href)").getall()
    assert URL in links
    assert f"https://web.archive.org/web/20260107160000/{URL}" in links


def test_a_wayback_url_has_the_time_of_the_capture() -> None:
    assert wayback_url(URL, "2026-01-07T16:00:05Z") == f"https://web.archive.org/web/20260107160005/{URL}"
