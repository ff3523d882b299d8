from dataclasses import replace

import pytest

from caliber_crawler.extraction import extract_page, text_identity
from caliber_crawler.items import Article
from caliber_crawler.site.generic import generic_site
from tests.extraction.pages import PAGES, capture_of, recorded_capture, site_named

SITE = site_named("caliber")
SEED = PAGES / "caliber/baku-s-geopolitical-formula-as-text"
POST = (
    '{head}<div class="post"><h1 class="post_title">A</h1><div class="post_time">06 January 2026 19:13</div>'
    '<div class="post_body"><p>Text.</p></div></div>'
)


def read(url: str, canonical: str = "", og: str = "", **capture: object) -> Article:
    head = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    head += f'<meta property="og:url" content="{og}">' if og else ""
    return extract_page(capture_of(POST.format(head=head), url=url, **capture), SITE).article


def test_a_slug_is_preferred_to_a_number() -> None:
    article = read("https://caliber.az/en/post/152098/?fbclid=x", canonical="/en/post/goes-on-the-warpath")
    assert article.url == "https://caliber.az/en/post/goes-on-the-warpath"
    assert article.urls == ("https://caliber.az/en/post/152098", "https://caliber.az/en/post/goes-on-the-warpath")


def test_every_redirect_url_belongs_to_the_article() -> None:
    article = read(
        "https://caliber.az/ru/post/164699/",
        redirects=("https://www.caliber.az/post/164699/",),
        final_url="https://caliber.az/post/blizhajshie-mesyacy",
    )
    assert set(article.urls) == {
        "https://caliber.az/ru/post/164699",
        "https://caliber.az/post/164699",
        "https://caliber.az/post/blizhajshie-mesyacy",
    }
    assert article.url == "https://caliber.az/post/blizhajshie-mesyacy"


@pytest.mark.parametrize(
    "canonical",
    [
        "/",
        "/en",
        "https://caliber.az/post/russian-edition",
        "https://elsewhere.example/en/post/a",
        "http://[",
        "mailto:x",
    ],
)
def test_a_canonical_link_to_another_page_is_ignored(canonical: str) -> None:
    assert read("https://caliber.az/en/post/a", canonical=canonical).urls == ("https://caliber.az/en/post/a",)


@pytest.mark.parametrize(
    ("canonical", "og", "stated"),
    [
        ("/en/post/a", "/en/post/stale", ()),
        ("/en/post/b", "/en/post/stale", ("https://caliber.az/en/post/b",)),
        ("/", "/en/post/b", ("https://caliber.az/en/post/b",)),
        ("", "/en/post/b", ("https://caliber.az/en/post/b",)),
    ],
)
def test_the_canonical_link_beats_og_url(canonical: str, og: str, stated: tuple[str, ...]) -> None:
    head = f'<link rel="canonical" href="{canonical}"><meta property="og:url" content="{og}">'
    url = "https://caliber.az/en/post/a"
    extraction = extract_page(capture_of(POST.format(head=head), url=url), SITE)
    assert extraction.stated_urls == stated
    assert extraction.article.urls == (url, *stated)


def test_a_saved_page_is_identified_by_its_canonical_url() -> None:
    article = read("file:///saved.html", og="https://caliber.az/en/post/a")
    assert (article.url, article.language) == ("https://caliber.az/en/post/a", "en")


def test_a_text_without_a_url_gets_a_stable_urn() -> None:
    capture = recorded_capture(SEED)
    later = replace(
        capture, body=capture.body.replace(b"Views: 354", b"Views: 9000").replace(b"On January 5", b"On 5 January")
    )
    names = {extract_page(one, SITE).article.url for one in (capture, later, replace(capture, url="urn:text:2"))}
    assert len(names) == 1
    assert names.pop().startswith("urn:article:caliber:en:20260106T1513Z:baku-s-geopolitical-formula")


def test_headline_and_subtitle_count_as_one_title() -> None:
    article = extract_page(recorded_capture(SEED), SITE).article
    head, _, tail = article.headline.partition(" How ")
    assert text_identity(replace(article, headline=head, subtitle=f"How {tail}")) == text_identity(article)


@pytest.mark.parametrize(
    ("requested", "served", "urls"),
    [
        ("/node/297", "/usual-questions", ("/usual-questions", "/node/297")),  # neither is a title of four words
        ("/node/297", "/2026/01/talks-resume", ("/2026/01/talks-resume", "/node/297")),
        ("/node/297", "/", ("/node/297",)),
        ("/node/297", "https://other.example/usual-questions", ("/node/297",)),
        ("/about-us", "/usual-questions", ("/usual-questions",)),
    ],
)
def test_the_url_that_served_a_page_is_its_own_on_a_site_without_a_definition(
    requested: str, served: str, urls: tuple[str, ...]
) -> None:
    base = "https://news.example"
    final = served if served.startswith("https:") else base + served
    text = "<p>" + "A sentence about the talks in the capital. " * 20 + "</p>"
    page = (
        f"<html><head><meta property=og:type content=article></head><body><h1>Questions</h1>{text}{text}</body></html>"
    )
    capture = replace(capture_of(page, base + requested), final_url=final)
    article = extract_page(capture, generic_site(base)).article
    assert article.urls == tuple(base + url for url in urls)
    assert article.url == article.urls[0]
