"""No page crashes or hangs the generic extractor."""

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from caliber_crawler.extraction import Unreadable
from tests.extraction.generic.newspage import PARAGRAPHS, read
from tests.properties import examples


@pytest.mark.parametrize(
    "html", ["", " \n", "<!--", "<p " + " ".join(f"a{number}=1" for number in range(40_000)) + ">", "<div>" * 9000]
)
def test_an_unreadable_page_gives_a_one_sentence_message(html: str) -> None:
    with pytest.raises(Unreadable, match=r"^[A-Z].*\.$"):
        read(html)


@pytest.mark.slow
@pytest.mark.parametrize(
    "html",
    [
        "<p>" + "<span>word</span> " * 25_000,
        "<p>ab cd</p>" * 8_000,
        "<table>" + ("<tr>" + "<td>12</td>" * 50 + "</tr>") * 700,
        f"<p>{PARAGRAPHS[0]}</p>" * 20_000,
        "<p>" + f"{PARAGRAPHS[0]}<br>" * 20_000,
        "<ul>" + "<li><a href=/x>read this other thing now</a></li>" * 10_000,
        '<h1>T</h1><div class="byline date">By John Smith</div>' * 9_000,
        "<title>" + "a | " * 200_000 + "</title><p>x",
        "<SVG>HTML",
        'HTML<s href="">',
    ],
    ids=["spans", "short paragraphs", "table", "paragraphs", "breaks", "links", "bylines", "title", "svg", "s"],
)
def test_generic_extraction_of_extreme_pages_ends_in_time(html: str) -> None:
    started = time.process_time()
    read(html)
    assert time.process_time() - started < 12


@pytest.mark.slow
@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<h1>",
                "<a href='",
                "'>",
                "<div class='ad'>",
                "</div>",
                "<time datetime='",
                "2026-01-07",
                "<script type='application/ld+json'>",
                "{",
                "}",
                "[",
                '"@type"',
                ":",
                '"NewsArticle"',
                "</script>",
                "<meta name=author content='",
                PARAGRAPHS[0],
                "By ",
                "\0",
                "&#0;",
                "&amp;",
                "<!--",
                "\ud800",
                "<table><tr><td>",
            ]
        )
    )
)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_generic_extraction_raises_only_unreadable(pieces: list[str]) -> None:
    try:
        extraction = read("".join(pieces))
    except Unreadable:
        return
    assert all(line.text for line in extraction.body)
    assert all(method in ("structured_data", "text", "generic", "url") for method in extraction.methods.values())
