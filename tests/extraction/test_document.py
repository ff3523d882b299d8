"""Fast and full parsing of a page give the same result, and fast parsing is only used where it is safe."""

import contextlib
import time
from dataclasses import replace
from pathlib import Path

import pytest

from caliber_crawler.extraction import Unreadable, extract_page, open_page
from caliber_crawler.extraction.document import MAX_TAGS, Document
from caliber_crawler.site import Layout
from tests.extraction.pages import PAGES, capture_of, expected_of, recorded_capture, site_named, site_of

SITE = site_named("caliber")
LAYOUT = Layout(name="any", article=".post", headline="h1")
CLAIMS = (
    '<html lang="az-AZ"><head><title>A page &amp; more</title><base href="/b/"><link rel="Canonical" href="/c">'
    '<meta property="OG:title" content="One"><meta name="og:title" content="Two"><meta name="empty" content=" ">'
    '<script type="application/ld+json">{"@type": "Article"}</script><script>other()</script></head>'
)
# Exceeds the limit of fast parsing and is not part of any article.
BALLAST = b"<br>" * MAX_TAGS


def described_pages() -> list[Path]:
    folders = [path.parent for path in sorted(PAGES.glob("*/*/page.html"))]
    return [
        folder for folder in folders if expected_of(folder).get("layout") not in (None, "old", "unknown", "generic")
    ]


@pytest.mark.parametrize("folder", described_pages(), ids=lambda folder: folder.name)
def test_both_parsers_give_the_same_article(folder: Path) -> None:
    capture, site = recorded_capture(folder), site_of(folder)
    heavy = replace(capture, body=capture.body + BALLAST)
    assert Document(capture.body)._look is not None
    assert Document(heavy.body)._look is None
    assert extract_page(heavy, site).article == extract_page(capture, site).article


def test_both_parsers_find_the_same_metadata() -> None:
    quick, slow = Document(CLAIMS.encode()), Document(CLAIMS.encode() + BALLAST)
    assert quick.metadata == slow.metadata
    assert quick.metadata.metas == {"og:title": "One"}
    assert (quick.metadata.canonical, quick.metadata.base, quick.metadata.language) == ("/c", "/b/", "az-AZ")
    assert (quick.metadata.title, quick.metadata.linked) == ("A page & more", ('{"@type": "Article"}',))


@pytest.mark.parametrize("ballast", [b"", BALLAST])
def test_of_several_articles_the_first_with_a_headline_counts(ballast: bytes) -> None:
    page = '<div class="post">Teaser</div><div class="post"><h1>A</h1></div><div class="post"><h1>B</h1></div>'
    article = Document(page.encode() + ballast).find_article(LAYOUT)
    assert article is not None
    assert article.findtext("h1") == "A"


@pytest.mark.parametrize("ballast", [b"", BALLAST])
def test_elements_beside_the_only_article_belong_to_it(ballast: bytes) -> None:
    page = b'<div class="post"><h1>A</h1></div><p class="date">Today</p>'
    found = Document(page + ballast).find_beside(LAYOUT, ".date")
    assert found is not None
    assert found.text == "Today"
    assert Document(page + page + ballast).find_beside(LAYOUT, ".date") is None


def test_a_selector_that_only_cssselect_supports_works() -> None:
    layout = replace(LAYOUT, article="div:contains('winter')")
    article = Document(b"<div>spring</div><div id=w>in winter</div>").find_article(layout)
    assert article is not None
    assert article.get("id") == "w"


@pytest.mark.parametrize("tag", ["td", "tr", "li", "body", "html", "main", "o:p"])
def test_any_element_can_contain_the_article(tag: str) -> None:
    page = f"<table><tr><td></td></tr></table><{tag} class='post'><h1>A</h1></{tag}>"
    if tag in ("td", "tr"):
        page = f"<table><{tag} class='post'><td><h1>A</h1></td></{tag}></table>"
    article = Document(page.encode()).find_article(LAYOUT)
    assert article is not None
    assert article.tag == tag


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        "<p>" + "".join(f"<b id={number}>" for number in range(9_000)) + "</p>" + "<p>x" * 9_000,
        "<p>" + "".join(f"<FONT\nid={number}>" for number in range(9_000)) + "</p>" + "<p>x" * 9_000,
        "<div>" * 19_000,
        "<ul><li>" * 9_000,
        "<p " + " ".join(f"a{number}=1" for number in range(100_000)) + ">",
        ("<p " + " ".join(f"a{number}=1" for number in range(4_000)) + ">") * 9,
    ],
    ids=["emphasis", "fonts", "depth", "lists", "attributes", "many attributes"],
)
def test_expensive_pages_are_not_parsed_by_browser_rules(page: str) -> None:
    started = time.process_time()
    capture = capture_of(f'<div class="post"><h1 class="post_title">A</h1></div>{page}')
    with contextlib.suppress(Unreadable):
        open_page(capture, SITE)
    assert time.process_time() - started < 12
