"""The index of a page: subtrees are intervals, and its text is the page's."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from caliber_crawler.extraction.document import Document
from caliber_crawler.extraction.tree import select
from caliber_crawler.learning.candidates import Frequencies, matches, selectors_of
from caliber_crawler.learning.page_index import PageIndex, text_key
from tests.properties import examples

tags = st.sampled_from(("div", "p", "span", "ul", "li", "h1", "a"))
classes = st.sampled_from(("", "a", "b", "b c", "post-1", "md:w-1/2"))


@st.composite
def trees(draw: st.DrawFn, depth: int = 0) -> str:
    tag, name = draw(tags), draw(classes)
    inner = "".join(draw(st.lists(st.sampled_from(("word", "two words", " ")), max_size=2)))
    if depth < 3:
        inner += "".join(draw(st.lists(trees(depth=depth + 1), max_size=3)))
    return f'<{tag} class="{name}">{inner}</{tag}>'


def index(body: str) -> PageIndex:
    return PageIndex(Document(f"<html><body>{body}</body></html>".encode()).root)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.lists(trees(), max_size=4))
def test_a_subtree_is_an_interval(pieces: list[str]) -> None:
    page = index("".join(pieces))
    for place, element in enumerate(page.elements):
        inside = page.elements[place : page.ends[place]]
        assert inside == list(element.iter())
        assert [page.elements[above] for above in page.ancestors(place)] == [
            above for above in element.iterancestors() if above.tag != "html"
        ]


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.lists(trees(), max_size=4))
def test_no_letter_of_the_text_is_lost_or_repeated(pieces: list[str]) -> None:
    page = index("".join(pieces))
    whole = text_key("".join(page.elements[0].itertext()))
    assert text_key(page.text(0)) == whole
    assert "".join(block.key for block in page.blocks) == whole


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.lists(trees(), min_size=1, max_size=4))
def test_a_candidate_matches_in_the_index_what_it_selects_on_the_page(pieces: list[str]) -> None:
    page = index("".join(pieces))
    frequencies = Frequencies([page])
    for place in range(1, len(page.elements)):
        for selector in selectors_of(page, place, frequencies):
            found = [page.elements[match] for match in matches(page, selector)]
            assert page.elements[place] in found
            assert found == select(page.elements[0].getroottree().getroot(), selector.css)


def test_scripts_and_styles_have_no_text() -> None:
    page = index("<p>One</p><script>var two</script><style>three</style><p>four</p>")
    assert [block.text for block in page.blocks] == ["One", "four"]


def test_names_that_need_an_escape_are_no_tokens() -> None:
    page = index('<div class="md:w-1/2 card" id="1st">x</div>')
    assert page.tokens[1] == ("div", ".card")


def test_an_endless_page_is_indexed_up_to_a_limit() -> None:
    page = index("<p>x</p>" * 30_000)
    assert len(page.elements) <= 20_000
