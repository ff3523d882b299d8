"""A page of a site without a definition becomes an article."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from caliber_crawler.extraction import Unreadable, check, extract_page
from caliber_crawler.items import Capture, Extraction
from caliber_crawler.site.generic import generic_site
from tests.extraction.generic.newspage import HEADLINE, PARAGRAPHS, SENTENCE, URL, article, linked, page
from tests.extraction.pages import READ_AT

HEAD = (
    linked(
        _type='"NewsArticle"',
        headline=f'"{HEADLINE}"',
        datePublished='"2026-01-07T10:30:00+04:00"',
        author='"Ayla Quliyeva"',
        articleSection='"World News"',
    )
    + '<meta property="og:image" content="/road.jpg">'
)
TEASERS = list(enumerate(PARAGRAPHS))


def read_at(url: str, html: str) -> Extraction:
    capture = Capture(site=generic_site(url).name, url=url, fetched_at=READ_AT, status=200, body=html.encode())
    return extract_page(capture, generic_site(url))


def test_every_field_is_extracted_with_its_method() -> None:
    extraction = read_at(URL, article(head=HEAD).replace("<html>", '<html lang="en">'))
    found = extraction.article
    assert (found.site, found.language, found.url) == ("news.example", "en", URL)
    assert found.headline == HEADLINE
    assert found.body == "\n\n".join(PARAGRAPHS)
    assert found.authors == ("Ayla Quliyeva",)
    assert (found.section, found.section_label) == ("world-news", "World News")
    assert found.cover_image == "https://news.example/road.jpg"
    assert extraction.layout == "generic"
    assert extraction.methods["body"] == "generic"
    assert {extraction.methods[name] for name in ("headline", "published_at", "authors", "section")} == {
        "structured_data"
    }
    assert [problem for problem in check(extraction, generic_site(URL), READ_AT) if problem.fatal] == []


def test_the_publication_date_keeps_the_offset_of_the_page() -> None:
    published_at = read_at(URL, article(head=HEAD)).article.published_at
    assert published_at == datetime(2026, 1, 7, 6, 30, tzinfo=UTC)
    assert published_at.utcoffset() == timedelta(hours=4)


def test_a_timestamp_without_an_offset_is_utc() -> None:
    published_at = read_at(URL, article(head=HEAD.replace("+04:00", ""))).article.published_at
    assert published_at == datetime(2026, 1, 7, 10, 30, tzinfo=UTC)


def test_missing_fields_are_not_guessed() -> None:
    digits = "".join(f"<p>{' '.join(f'{row}{column}' for column in range(40))}.</p>" for row in range(12))
    found = read_at("https://news.example/a-page", page(f"<h1>7 11 13 17</h1>{digits}", html="<html>")).article
    assert found.language == "und"
    assert (found.published_at, found.authors, found.section, found.views) == (None, (), None, None)


def test_links_in_the_text_get_absolute_urls() -> None:
    linking = f'<p>{SENTENCE.format("last")[:-1]}, as <a href="/earlier">an earlier report</a> had said.</p>'
    links = read_at(URL, article(linking, head=HEAD)).article.links
    assert [(link.url, link.text) for link in links] == [("https://news.example/earlier", "an earlier report")]


def test_the_canonical_url_is_another_url_of_the_article() -> None:
    head = HEAD + '<link rel="canonical" href="https://www.news.example/2026/01/talks?utm_source=x">'
    found = read_at(URL + "?ref=home", article(head=head)).article
    assert found.url == "https://news.example/2026/01/talks"
    assert set(found.urls) == {"https://news.example/2026/01/talks", URL}


def test_a_canonical_link_to_the_home_page_is_ignored() -> None:
    found = read_at(URL, article(head=HEAD + '<link rel="canonical" href="https://news.example/">')).article
    assert found.urls == (URL,)


@pytest.mark.parametrize(
    "html",
    [
        page("<h1>News</h1>" + "<ul>" + '<li><a href="/a">The road was opened on Tuesday</a></li>' * 5 + "</ul>"),
        page(
            "<h1>News</h1>" + "".join(f"<h2><a href='/a{at}'>Story {at}</a></h2><p>{text}</p>" for at, text in TEASERS),
            '<meta property="og:type" content="website">',
        ),
        page("<p>Please log in.</p>"),
        page(""),
    ],
    ids=["list of links", "list of teasers", "one line", "nothing"],
)
def test_a_page_without_an_article_is_rejected(html: str) -> None:
    with pytest.raises(Unreadable, match="is not an article"):
        read_at("https://news.example/world", html)


def test_extraction_of_a_known_site_does_not_load_generic_libraries() -> None:
    code = (
        "import sys, caliber_crawler.extraction, caliber_crawler.commands.cli;"
        "print([name for name in ('trafilatura', 'resiliparse') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.strip() == "[]"
