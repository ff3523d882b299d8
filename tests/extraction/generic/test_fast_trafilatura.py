"""trafilatura's steps with quick searches give what trafilatura gives."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree
from lxml.html import HtmlElement
from trafilatura import bare_extraction, xpaths
from trafilatura.utils import load_html

from caliber_crawler.extraction.generic.attribute_tests import AttributeTests
from caliber_crawler.extraction.generic.fast_trafilatura import _options, read_main_content
from caliber_crawler.extraction.generic.main_element import source_of_main

PAGES = sorted((Path(__file__).parents[2] / "pages").glob("*/*/page.html"))
LISTS = (
    "RAW_TREE_PRUNE_XPATH",
    "REMOVE_COMMENTS_AND_LISTS_XPATH",
    "REMOVE_COMMENTS_XPATH",
    "OVERALL_DISCARD_XPATH",
    "DISCARD_IMAGE_ELEMENTS",
    "TEASER_DISCARD_XPATH",
    "PRECISION_DISCARD_XPATH",
)
EXPRESSIONS = [expression for name in LISTS for expression in getattr(xpaths, name)]
TESTS = AttributeTests(EXPRESSIONS, "all")
WORDS = st.sampled_from(
    [
        *("comment", "commentary", "post-comments", "reply-1", "tags", "footer", "share", "bottom", "link", "text"),
        *("Teaser", "caption", "x mvp-post-add-box", "infinite-scroll", "cookie", " ad ", "hidden", "nav", "a\nb"),
        "y" * 500,
    ]
)
ATTRIBUTES = st.dictionaries(
    st.sampled_from(["class", "id", "style", "role", "aria-hidden", "data-component", "href"]), WORDS, max_size=3
)
TAGS = st.sampled_from(["div", "section", "p", "list", "item", "span", "header", "ul", "h1", "aside", "b"])
ELEMENTS = st.lists(st.tuples(TAGS, ATTRIBUTES, st.integers(0, 3)), max_size=12)


def tree_of(elements: list[tuple[str, dict[str, str], int]]) -> etree._Element:
    root = node = etree.Element("body")
    for tag, attributes, levels_up in elements:
        for _ in range(levels_up):
            parent = node.getparent()
            node = parent if parent is not None else node
        node = etree.SubElement(node, tag, attributes)
        node.text = "word"
    return root


@given(ELEMENTS)
def test_the_searches_find_what_the_expressions_find(elements: list[tuple[str, dict[str, str], int]]) -> None:
    root = tree_of(elements)
    expected = [expression(root) for expression in EXPRESSIONS]
    TESTS.mark(root)
    assert [search(root) for search in TESTS.searches] == expected


def test_most_expressions_are_replaced_by_marks() -> None:
    replaced = [search for search, own in zip(TESTS.searches, EXPRESSIONS, strict=True) if search is not own]
    assert len(replaced) == len(EXPRESSIONS) - 1, "all but `.//header`"


def text_of(body: etree._Element | None) -> bytes:
    return etree.tostring(body) if body is not None else b""


def fast(source: str) -> bytes:
    return text_of(read_main_content(cast(HtmlElement, load_html(source))))


def of_library(source: str) -> bytes:
    document = bare_extraction(source, options=_options())
    return text_of(getattr(document, "body", None))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.parent.name)
def test_recorded_pages_give_the_same_main_content(page: Path) -> None:
    source = page.read_text(encoding="utf-8", errors="replace")
    assert lines_of(fast(source)) == lines_of(of_library(source))


def lines_of(body: bytes) -> list[str]:
    return [str(text) for text in etree.fromstring(body).itertext()] if body else []


@example([("h1", {}, 0)], "infinite-scroll")
@given(ELEMENTS, WORDS)
def test_generated_pages_give_the_same_main_content(elements: list[tuple[str, dict[str, str], int]], name: str) -> None:
    inner = etree.tostring(tree_of(elements), encoding="unicode")
    prose = "<p>The council approved the budget of the river port on Monday evening.</p>" * 4
    source = f'<html><body><div class="{escape(name)}"><article>{prose}{inner}</article></div></body></html>'
    marked = source_of_main(cast(etree._Element, load_html(source)))
    assert marked is not None
    assert lines_of(fast(source)) == lines_of(fast(marked)) == lines_of(of_library(source))
