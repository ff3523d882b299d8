"""Extraction from damaged and unusual pages."""

import contextlib
import time
from dataclasses import replace
from typing import Any

import pytest
from lxml import etree

from caliber_crawler.errors import SiteError
from caliber_crawler.extraction import Unreadable, clean_page, extract_article, extract_page, open_page
from caliber_crawler.extraction.page import MAX_TEXT_BYTES
from tests.extraction.pages import capture_of, site_named

SITE = site_named("caliber")


def post(body: str, title: str = "A headline", more: str = "") -> str:
    return (
        f'<html><body><div class="post"><h1 class="post_title">{title}</h1><div class="post_time">06 January 2026 19:13'
        f'</div><div class="post_body">{body}</div>{more}</div></body></html>'
    )


def body_of(page: str | bytes, **capture: Any) -> str:
    return extract_page(capture_of(page, **capture), SITE).article.body


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n ", "empty"),
        (b"<!-- nothing -->", "not_an_article"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not_text"),
        (b"%PDF-1.7", "not_text"),
        (bytes(range(256)) * 8, "not_text"),
        (b"<?xml version='1.0'?><rss><channel/></rss>", "not_html"),
        (b'{"result": [], "pages_left": true}', "not_an_article"),
        (b"<SVG>HTML", "not_an_article"),
        (b'HTML<s href="">', "not_an_article"),
        (b"<", "not_an_article"),
        (b"<html><body><h1>Caliber.Az</h1><p>06 January 2026</p></body></html>", "not_an_article"),
        (post("<div>" * 5000).encode(), "too_deep"),
        (post("<p " + " ".join(f"a{n}=''" for n in range(100_000)) + ">").encode(), "too_complex"),
        (post("<p " + " ".join(f"a{n}=\">\"" for n in range(100_000)) + ">").encode(), "too_complex"),
    ],
)  # fmt: skip
def test_an_unreadable_page_gives_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        extract_page(capture_of(body), SITE)
    assert refused.value.reason == reason
    assert refused.value.message.endswith(".")
    assert "\n" not in refused.value.message


def test_a_failed_request_is_unreadable() -> None:
    capture = capture_of(b"", error="timed out after 30 s")
    with pytest.raises(Unreadable, match=r"timed out after 30 s") as refused:
        open_page(capture, SITE)
    assert refused.value.reason == "no_response"


@pytest.mark.parametrize("media_type", ["image/webp", "video/mp4", "font/woff2"])
def test_a_picture_is_not_extracted_as_text(media_type: str) -> None:
    with pytest.raises(Unreadable) as refused:
        open_page(capture_of("text", headers=(("Content-Type", media_type),)), SITE)
    assert refused.value.reason == "not_text"


@pytest.mark.parametrize("count", [10, 300, 1800])
def test_nesting_is_extracted_up_to_the_limit_of_the_parser(count: int) -> None:
    assert body_of(post("<div>" * count + "Bottom" + "</div>" * count + "<p>After</p>")) == "Bottom\n\nAfter"


def test_text_after_a_misplaced_document_end_is_extracted() -> None:
    assert body_of(post("<p>Before</p></body></html><p>After</p>")) == "Before\n\nAfter"


def test_text_after_a_nul_is_extracted() -> None:
    assert body_of(post("<p>Be\0fore</p><p>After</p>")) == "Before\n\nAfter"


@pytest.mark.parametrize("control", ["\x01", "&#1;", "\x1f", "\ufffe", "&#xD800;", "\x0b"])
def test_text_around_a_control_character_is_extracted(control: str) -> None:
    tweet = f'<blockquote class="twitter-tweet"><a href="/status/{control}">May 1</a></blockquote>'
    body = body_of(post(f"<p>Be{control}fore</p><script></script>{control}tail{tweet}<p>After</p>"))
    assert body.split("\n\n")[1:] == ["tail", "[Post on X: https://caliber.az/status/]", "After"] or "\ufffd" in body


def test_undeclared_html_is_recognised_by_its_content() -> None:
    assert extract_page(capture_of(post("<p>Text</p>"), url="file:///page"), SITE).layout == "new"


def test_html_served_as_plain_text_is_parsed_as_html() -> None:
    headers = (("Content-Type", "text/plain"),)
    assert extract_page(capture_of(post("<p>Text</p>"), headers=headers), SITE).layout == "new"


def test_a_plain_text_that_is_longer_than_any_article_is_refused() -> None:
    with pytest.raises(Unreadable) as raised:
        open_page(capture_of(b"word " * (MAX_TEXT_BYTES // 5 + 1), headers=(("Content-Type", "text/plain"),)), SITE)
    assert raised.value.reason == "too_long"


def test_plain_text_can_contain_tags() -> None:
    text = "ANALYTICS\nHow <p> came to be\n\n06 January 2026 19:13\n\nA paragraph about <p>.\n"
    extraction = extract_page(capture_of(text, headers=(("Content-Type", "text/plain; charset=utf-8"),)), SITE)
    assert (extraction.layout, extraction.article.headline) == ("text", "How <p> came to be")


def test_cleaning_does_not_change_its_input() -> None:
    page = open_page(capture_of(post('<p>Text</p><div class="banner">Buy</div><script>x()</script>')), SITE)
    assert page.root is not None
    before = etree.tostring(page.root)
    clean_page(page)
    assert etree.tostring(page.root) == before


def test_cleaning_twice_changes_nothing() -> None:
    once = clean_page(open_page(capture_of(post("<p>Text</p><script>x()</script>tail")), SITE))
    assert extract_article(clean_page(once)).article == extract_article(once).article


@pytest.mark.parametrize(
    "furniture",
    [
        '<div class="banner"><p>Buy now</p></div>',
        "<script>var text = '<p>no</p>';</script>",
        "<style>p { color: red }</style>",
        "<noscript>Enable scripts</noscript>",
        "<figure><img src='/a.webp'><figcaption>A map</figcaption></figure>",
        '<p class="image-caption">Photo: somebody</p>',
        '<iframe src="https://www.googletagmanager.com/ns.html?id=1" height="0" width="0"></iframe>',
        '<noscript><iframe src="https://www.youtube.com/embed/x"></iframe></noscript>',
        "<p>Follow us on Youtube</p>",
        "<p><i>share-line</i>Liked the story? Share it on social media!</p>",
        "<div>print</div><div>copy link</div><div>Ссылка скопирована</div>",
        "<p>Caliber.az © 2026. .</p>",
        '<p style="display:none">hidden</p>',
    ],
)
def test_boilerplate_is_not_in_the_body(furniture: str) -> None:
    assert body_of(post(f"<p>First.</p>{furniture}<p>Last.</p>")) == "First.\n\nLast."


def test_byline_and_signature_are_not_in_the_body() -> None:
    article = extract_page(capture_of(post("<p>Text.</p><p>By Aghakazim Guliyev</p><p>Caliber.Аz</p>")), SITE).article
    assert (article.body, article.authors, article.signature) == ("Text.", ("Aghakazim Guliyev",), "Caliber.Аz")


def test_an_author_in_the_subtitle_stays_in_the_subtitle() -> None:
    page = post("<p>Text.</p>", title="A headline<br>Analysis by Matanat Nasibova")
    article = extract_page(capture_of(page), SITE).article
    assert (article.subtitle, article.authors) == ("Analysis by Matanat Nasibova", ("Matanat Nasibova",))


def test_the_first_of_several_scrolled_articles_is_extracted() -> None:
    page = post("<p>First.</p>") + post("<p>Second.</p>", title="Another")
    assert body_of(page) == "First."


def test_a_body_split_over_containers_is_complete() -> None:
    assert body_of(post("<p>First.</p>", more='<div class="post_body"><p>Second.</p></div>')) == "First.\n\nSecond."


def test_every_field_with_a_value_has_a_method() -> None:
    extraction = extract_page(capture_of(post("<p>Text.</p>", more='<div class="post_hits">Views: 3</div>')), SITE)
    assert extraction.methods == {
        "headline": "selector",
        "body": "selector",
        "published_at": "selector",
        "published_at_precision": "minute",
        "published_at_zone": "site",
        "views_shown": "selector",
        "views": "selector",
        "language": "url",
        "url": "url",
        "urls": "url",
    }


def test_a_missing_headline_is_taken_from_the_metadata() -> None:
    page = '<meta property="og:title" content="The headline | Caliber.Az">' + post("<p>Text.</p>", title="")
    extraction = extract_page(capture_of(page), SITE)
    assert (extraction.article.headline, extraction.methods["headline"]) == ("The headline", "structured_data")


def test_a_missing_date_is_taken_from_trusted_metadata() -> None:
    page = '<meta property="article:published_time" content="2026-01-06T15:13:00Z">' + post("<p>Text.</p>").replace(
        "06 January 2026 19:13", ""
    )
    assert extract_page(capture_of(page), SITE).article.published_at is None
    extraction = extract_page(capture_of(page), replace(SITE, trusted_metadata=("published_at",)))
    assert extraction.article.published_at is not None
    assert extraction.article.published_at.isoformat() == "2026-01-06T19:13:00+04:00"
    assert extraction.methods["published_at"] == "structured_data"


@pytest.mark.parametrize(
    "subtitle", [" <span>Words are cheap</span>", "<br>Words are cheap", "</h1><h2>Words are cheap</h2><h1>"]
)
def test_an_article_is_extracted_with_all_class_names_changed(subtitle: str) -> None:
    page = (
        '<html><body><nav><a href="/en">en</a></nav><h2>June 22, 2025 – Israel vs Iran: LIVE</h2><div class="a">'
        '<a class="b" href="/en/category/analytics">ANALYTICS</a>'
        f'<h1 class="c">Peace is built{subtitle}</h1><div class="d">07 June 2025 16:28</div>'
        '<div class="e"><p>One.</p><p>Two.</p></div>'
        '<div class="f">Caliber.Az</div><div class="g">Views: 1 234</div></div></body></html>'
    )
    extraction = extract_page(capture_of(page), SITE)
    article = extraction.article
    assert extraction.layout == "unknown"
    assert (article.headline, article.subtitle) == ("Peace is built", "Words are cheap")
    assert (article.body, article.views) == ("One.\n\nTwo.", 1234)
    assert (article.section, article.signature) == ("analytics", "Caliber.Az")


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    [
        post("<span>word</span> " * 50_000),
        post("<p>" + "<b><i>" * 900),
        post('<a href="x">' * 20_000),
        post('<div class="gallery"><img src="a">' * 1_500),
        post("<b>" + "." * 100_000 + "</b>word"),
        post("<p>" + "Ð\x9fÑ\x80 Ã*_[" * 20_000),
        "06 January 2026 19:13\n" * 20_000,
        "ANALYTICS\nTitle\n06 January 2026 19:13\n" + "share-line" * 100_000,
    ],
)
def test_extraction_of_extreme_pages_ends_in_time(page: str) -> None:
    started = time.process_time()
    with contextlib.suppress(Unreadable):
        extract_page(capture_of(page), SITE)
    assert time.process_time() - started < 12


def test_an_invalid_selector_is_a_site_error() -> None:
    wrong = replace(SITE, layouts=(replace(SITE.layouts[0], article="..post"),))
    with pytest.raises(SiteError, match="CSS selector"):
        open_page(capture_of(post("<p>Text.</p>")), wrong)
