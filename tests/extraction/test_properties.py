"""Properties of every page."""

import contextlib
import html
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from caliber_crawler.extraction import Unreadable, check, extract_listing, extract_page
from caliber_crawler.extraction.article import FIELD_OF
from caliber_crawler.extraction.boilerplate import boilerplate_of
from tests.extraction.pages import PAGES, READ_AT, capture_of, recorded_capture, site_named

SITE = site_named("caliber")
SEED = recorded_capture(PAGES / "caliber/baku-s-geopolitical-formula").body
BOILERPLATE = st.sampled_from([*boilerplate_of(SITE), "A+", "twitter", "Caliber.az © 2026. ."])
WORDS = st.text(alphabet="abc «»Яյ’–\u00a0\u00ad", max_size=30).map(lambda text: text + "z")
TAGS = [
    "p",
    "div",
    "br",
    "span",
    "h1",
    "h2",
    "a",
    "b",
    "table",
    "tr",
    "td",
    "ul",
    "li",
    "script",
    "blockquote",
    "html",
    "body",
]
CLASSES = [
    "post",
    "post_title",
    "post_time",
    "post_body",
    "post_hits",
    "post_categoty",
    "post_signature",
    "float_block",
    "banner",
]
SCRAPS = st.one_of(
    st.text(max_size=20),
    BOILERPLATE,
    st.sampled_from(
        ["06 January 2026 19:13", "10 Мая 2023 - 17:33", "ANALYTICS", "Views: 354", "Caliber.Az", "By Ann Lee", "\n"]
    ),
    st.builds("<{}{} class='{}'>".format, st.sampled_from(["", "/"]), st.sampled_from(TAGS), st.sampled_from(CLASSES)),
    st.builds(
        "<a href='{}'>".format, st.text(max_size=12) | st.sampled_from(["http://[", "//", "/en/post/1", "javascript:x"])
    ),
)


def read_all(body: bytes, url: str = "https://caliber.az/en/post/a") -> None:
    capture = capture_of(body, url=url)
    try:
        extraction = extract_page(capture, SITE)
        assert extraction.article.url
        assert extraction.article.urls
        fields = {FIELD_OF.get(name, name) for name in extraction.methods}
        assert all(getattr(extraction.article, field) not in (None, "", ()) for field in fields)
        check(extraction, SITE, READ_AT)
    except Unreadable:
        pass
    with contextlib.suppress(Unreadable):
        extract_listing(capture, SITE)


@given(st.lists(SCRAPS, max_size=30).map("".join))
@example("<h1 class='post_title'>A headline</h1>&#8;\x1b[0m behind it\ufffe")
@example("<p>A word before <a \x1f href=/x\x02>a link</a>, and behind it</p>")
def test_extraction_raises_only_unreadable(page: str) -> None:
    read_all(page.encode(errors="replace"))


@given(st.binary(max_size=300))
def test_any_bytes_are_extracted_or_rejected(body: bytes) -> None:
    read_all(body)


@given(st.integers(0, len(SEED)), st.integers(0, 200), st.binary(max_size=20))
def test_a_damaged_page_is_extracted_or_rejected(start: int, length: int, damage: bytes) -> None:
    read_all(SEED[:start] + damage + SEED[start + length :])


@given(
    st.sampled_from(["", "file:///x", "urn:x", "http://[", "https://caliber.az/en/post/a", "https://caliber.az"])
    | st.text()
)
def test_any_url_is_accepted(url: str) -> None:
    read_all(SEED, url=url)


def page_of(paragraphs: list[str], boilerplate: list[str]) -> str:
    body = "".join(f"<p>{text}</p><p>{furniture}</p>" for text, furniture in zip(paragraphs, boilerplate, strict=False))
    return (
        '<div class="post"><h1 class="post_title">Title</h1><div class="post_time">06 January 2026 19:13</div>'
        f'<div class="post_body">{body}</div></div>'
    )


@given(st.lists(WORDS, min_size=1, max_size=8), st.lists(BOILERPLATE, min_size=8, max_size=8))
def test_a_body_has_all_its_text_and_no_boilerplate(paragraphs: list[str], boilerplate: list[str]) -> None:
    body = extract_page(capture_of(page_of(paragraphs, boilerplate)), SITE).article.body
    shown = [unicodedata.normalize("NFC", " ".join(text.replace("\u00ad", "").split())) for text in paragraphs]
    assert body.split("\n\n") == shown


@given(st.lists(st.text(alphabet="abc Яյ<>/p&;b", max_size=20), max_size=12))
def test_a_body_is_a_subsequence_of_the_page(scraps: list[str]) -> None:
    page = page_of(scraps, [""] * len(scraps))
    try:
        body = extract_page(capture_of(page), SITE).article.body
    except Unreadable:
        return
    source = iter(html.unescape(page))
    assert all(letter in source for letter in body if not letter.isspace()), "the body is not a subsequence of the page"


@pytest.mark.parametrize(
    "folder", sorted(path for path in PAGES.glob("caliber/*/") if "listing" not in path.name), ids=lambda f: f.name
)
def test_a_recorded_page_has_no_fatal_problem(folder: Path) -> None:
    extraction = extract_page(recorded_capture(folder), SITE)
    assert [problem for problem in check(extraction, SITE, READ_AT) if problem.fatal] == []
