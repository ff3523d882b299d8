"""Guessed requests for further teasers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from caliber_crawler.extraction.further_pages import MAX_REQUESTS, filled, further_requests, successor


@pytest.mark.parametrize(
    ("markup", "first"),
    [
        ('<button data-url="/more?page=2">More</button>', "/more?page={page}"),
        ('<a data-next-href="/news/page/2/" href="#">More</a>', "/news/page/{page}/"),
        ('<div class="more" data-ajax-url="/list" data-offset="12" data-cat="5">', "/list?offset={offset}&cat=5"),
        ('<button data-url="/more?page=">More</button>', "/more?page={page}"),
        ('<button data-load="/more" data-method="post" data-page="1">', "/more#page={page}"),
        ("<script>more('/ajax/more', {cat:5,offset:n})</script>", "/ajax/more?cat=5&offset={offset}"),
        ("<script>$.post('/ajax/more', {cat:5,page:p+1})</script>", "/ajax/more#cat=5&page={page}"),
        ('<ul data-cat="7"></ul><script>$.post("/next", {cat: cat, page: x})</script>', "/next#cat=7&page={page}"),
        ("<script src='/load-more.js'></script><script>x('/more.js')</script>", None),
        ('<div data-url="/share/this"></div>', None),
    ],
)  # fmt: skip
def test_requests_come_from_attributes_and_scripts(markup: str, first: str | None) -> None:
    found = further_requests(html.fromstring(f"<html><body>{markup}</body></html>"))
    assert next(iter(found), None) == first


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_script_and_attribute_is_harmless(script: str, value: str) -> None:
    root = html.fromstring("<html><body><script></script><div></div></body></html>")
    element, division = root.find(".//script"), root.find(".//div")
    assert element is not None
    assert division is not None
    try:
        element.text = f"load('/more', {{{script}}})"
        division.set("data-url", value)
    except ValueError:  # a character that XML does not allow
        return
    assert len(further_requests(root)) <= MAX_REQUESTS


@given(st.sampled_from(["page", "p", "paged"]), st.integers(2, 5000), st.booleans())
def test_the_successor_of_a_page_is_the_next_page(name: str, page: int, posted: bool) -> None:
    template = f"https://example.org/more{'#' if posted else '?'}cat=5&{name}={{page}}"
    assert successor(filled(template, page=page, offset=0), page) == filled(template, page=page + 1, offset=0)


@given(st.integers(2, 400), st.integers(1, 100))
def test_the_successor_of_an_offset_is_as_much_higher(page: int, size: int) -> None:
    template = "https://example.org/more#offset={offset}"
    now = filled(template, page=page, offset=(page - 1) * size)
    assert successor(now, page) == filled(template, page=page + 1, offset=page * size)
