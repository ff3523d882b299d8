"""Elements are removed, measured and found in the same way however many there are."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from trafilatura.xpaths import BODY_XPATH

from caliber_crawler.extraction.generic.elements import MAX_FEW, REMOVED, remove_marked
from caliber_crawler.extraction.generic.main_element import find_main_element
from caliber_crawler.extraction.generic.size import MAX_DEPTH, tame
from caliber_crawler.extraction.lines import inner_text
from caliber_crawler.extraction.tree import parse_html

NAMES = ("", "post", "article-body", "content", "page-content", "Main", "fulltext", "nav", "story", "CONTENT-main")


@pytest.mark.parametrize("number", [1, MAX_FEW, MAX_FEW + 1, 500])
def test_the_text_after_removed_elements_stays(number: int) -> None:
    pieces = "".join(f"<b>gone <i>too {n}</i> away</b> kept {n}" for n in range(number))
    root = parse_html(f"<html><body><p>First{pieces}</p><p>Last</p></body></html>".encode())
    marked = list(root.iter("b"))
    for element in marked:
        element.tag = REMOVED
    remove_marked(root, marked)
    assert inner_text(root) == "First " + " ".join(f"kept {n}" for n in range(number)) + "Last"


@given(
    st.lists(st.tuples(st.sampled_from(("div", "section", "article", "main")), st.sampled_from(NAMES), st.booleans()))
)
def test_the_main_element_is_the_one_that_the_expressions_find_on_the_page(
    parts: list[tuple[str, str, bool]],
) -> None:
    root = etree.Element("body")
    around = root
    for tag, name, is_inside in parts:
        element = etree.SubElement(around, tag, {"class": name} if name else {})
        around = element if is_inside else around
    found = (elements[0] for expression in BODY_XPATH if (elements := cast(list[etree._Element], expression(root))))
    assert find_main_element(root) is next(found, None)


@pytest.mark.parametrize(("depth", "is_tame"), [(MAX_DEPTH - 3, True), (MAX_DEPTH + 3, False)])
def test_a_page_is_tame_up_to_a_depth(depth: int, *, is_tame: bool) -> None:
    inner = "<div>" * depth + "text" + "</div>" * depth
    root = parse_html(f"<html><body><p>a</p>{inner}<p>b</p></body></html>".encode())
    assert tame(root) is is_tame
