"""The body of an article: rendered Markdown without scripts and external resources."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from parsel import Selector

from caliber_crawler.archive import Archive
from caliber_crawler.browse.body import MAX_BODY_LENGTH, body_html
from caliber_crawler.browse.urls import is_web_url
from tests.browse.conftest import browsing
from tests.browse.newsroom import HOSTILE_MARKDOWN, article, save

ALLOWED = {
    "a": {"href", "rel", "title"},
    "code": {"class"},
    "ol": {"start"},
    "td": {"style"},
    "th": {"style"},
} | {
    name: set()
    for name in (
        *("p", "em", "strong", "s", "br", "hr", "blockquote", "ul", "li", "pre", "table", "thead", "tbody", "tr"),
        *("h2", "h3", "h4", "h5", "h6"),
    )
}


def render(markdown: str) -> Selector:
    html = body_html(markdown)
    assert html is not None
    return Selector(f"<body>{html}</body>")


def is_harmless(body: Selector) -> bool:
    elements = body.xpath("//body//*")
    return all(set(each.attrib) <= ALLOWED[each.root.tag] for each in elements) and all(
        is_web_url(link.attrib["href"]) and link.attrib["rel"] == "noopener noreferrer nofollow"
        for link in body.css("a")
    )


def test_headings_quotations_lists_and_links_are_rendered() -> None:
    body = render(
        "# First\n\nOne *word* and [another](https://example.org/a).\\\nNext line.\n\n### Third\n\n> Said.\n\n"
        "- item\n- item\n\n| a | b |\n| --- | --- |\n| c | d |"
    )
    assert body.css("h2::text").getall() == ["First"]
    assert body.css("h4::text").getall() == ["Third"]
    assert body.css("p em::text").get() == "word"
    assert dict(body.css("a").attrib) == {"href": "https://example.org/a", "rel": "noopener noreferrer nofollow"}
    assert body.css("br + *").getall() == []
    assert body.css("p br").getall() == ["<br>"]
    assert body.css("blockquote p::text").get() == "Said."
    assert len(body.css("ul li")) == 2
    assert body.css("td::text").getall() == ["c", "d"]


def test_lower_headings_are_raised_to_level_2() -> None:
    assert render("### A\n\n#### B").css("h2, h3").xpath("name()").getall() == ["h2", "h3"]


def test_a_picture_is_a_link_with_its_alternative_text() -> None:
    body = render("before ![the *minister*](https://caliber.az/x.jpg) after")
    assert body.css("p").xpath("string()").get() == "before the minister after"
    assert body.css("a::attr(href)").getall() == ["https://caliber.az/x.jpg"]
    assert not body.css("img")


def test_a_picture_link_prefers_the_caption() -> None:
    assert render('![flag](https://caliber.az/x.jpg "The summit")').css("a::text").getall() == ["The summit"]
    assert render("![](https://caliber.az/x.jpg)").css("a::text").getall() == ["picture"]


def test_a_picture_inside_a_link_keeps_the_link() -> None:
    body = render("[![flag](https://caliber.az/x.jpg)](https://caliber.az/en/post/1/)")
    assert body.css("a::attr(href)").getall() == ["https://caliber.az/en/post/1/"]
    assert body.css("a::text").getall() == ["flag"]


@pytest.mark.parametrize(
    "target",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "java&#115;cript:alert(1)",
        "&#x6A;avascript:alert(1)",
        "javascript&colon;alert(1)",
        "\\javascript:alert(1)",
        "data:text/html;base64,PHNjcmlwdD4=",
        "data:image/png;base64,AAAA",
        "vbscript:x",
        "file:///etc/passwd",
        "//evil.example/x",
        "/archive/articles",
        "?sql=x",
        "#top",
        "mailto:a@example.org",
        "https:evil",
        "<javascript:alert(1)>",
    ],
)
def test_markdown_links_are_limited_to_http(target: str) -> None:
    for markdown in (f"[word]({target})", f"[word][1]\n\n[1]: {target}", f"<{target}>"):
        body = render(markdown)
        assert not body.css("a"), markdown
        assert is_harmless(body)


def test_hostile_markdown_is_escaped() -> None:
    body = render(HOSTILE_MARKDOWN)
    assert is_harmless(body)
    assert "<img src=x onerror=alert('body')>" in body.css("p::text").getall()
    assert "\u202e" not in body.xpath("string()").get("")


PIECES = (
    *(
        "<script>",
        "</p>",
        "<img src=x onerror=y>",
        "](",
        "[",
        "]",
        ")",
        "!",
        "`",
        "```",
        "~~",
        "*",
        "_",
        "\n",
        "\n\n",
        "> ",
    ),
    *(
        "# ",
        "- ",
        "1. ",
        "|",
        "| --- |",
        "\\",
        "&quot;",
        "&#0;",
        '"',
        "'",
        "javascript:",
        "https://a.b/",
        "<",
        ">",
        "\x00",
    ),
    *("data:", "//", " ", "x", "ə", "\u202e", "    ", "\t", "onclick="),
)


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=5))).map("".join))
def test_any_markdown_is_rendered_harmless(markdown: str) -> None:
    html = body_html(markdown)
    assert html is None or is_harmless(Selector(f"<body>{html}</body>"))


def test_empty_or_too_long_markdown_is_not_rendered() -> None:
    assert body_html(" \n") is None
    assert body_html("x" * (MAX_BODY_LENGTH + 1)) is None


def test_a_page_shows_markdown_if_available_or_paragraphs(tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    with Archive.open(path, mode="write") as archive:
        save(archive, article(body="Why\n\nBecause.", body_markdown="## Why\n\n**Because.**"))
        save(archive, article("plain", body="**One.**\n\nTwo."))
    with browsing(path) as get:
        first = Selector(get("/archive/articles/1").text)
        assert first.css(".body h2::text").get() == "Why"
        assert first.css(".body p strong::text").get() == "Because."
        assert Selector(get("/archive/articles/2").text).css(".body p::text").getall() == ["**One.**", "Two."]
