"""HTML trees: pages that cannot be parsed, selectors, and tags that would overload the parser."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree, html

from caliber_crawler.errors import SiteError
from caliber_crawler.extraction import tree
from caliber_crawler.extraction.lines import inner_text, separated_text
from caliber_crawler.extraction.tree import (
    Selection,
    Unreadable,
    compiled,
    first,
    is_overloaded,
    parse_html,
    parse_piece,
    select,
    strip_elements,
    strip_tags,
    text_of,
)

PAGE = parse_html(b"<div class='a b'><p class=a>One</p> <i class=a-b>Two</i> <p class=ab>Three</p></div>")


@pytest.mark.parametrize("source", [b"", b"<!-- only a comment -->", b"<?pi?>"])
def test_a_page_without_elements_is_unreadable(source: bytes) -> None:
    with pytest.raises(Unreadable) as error:
        parse_html(source)
    assert error.value.reason == "empty"


@pytest.mark.parametrize(("depth", "readable"), [(300, True), (10_000, False)])
def test_a_page_that_is_nested_too_deeply_is_unreadable(depth: int, readable: bool) -> None:
    source = b"<div>" * depth + b"Text"
    if readable:
        assert text_of(parse_html(source)) == "Text"
        return
    with pytest.raises(Unreadable, match="nested so deeply") as error:
        parse_html(source)
    assert error.value.reason == "too_deep"


def test_text_after_a_misplaced_end_of_the_document_is_parsed() -> None:
    assert text_of(parse_html(b"<body><p>One</p></body></html> <p>Two</p>")) == "One Two"


@pytest.mark.parametrize("tag", ["br", "p", "div", "li", "h2", "td", "figcaption", "section", "blockquote"])
def test_words_on_two_lines_are_two_words(tag: str) -> None:
    one = (
        f"<div>Pier<{tag}>Photo</{tag}>Archive<!-- no word --></div>"
        if tag != "br"
        else "<div>Pier<br>Photo<br>Archive</div>"
    )
    element = html.fragment_fromstring(
        one if tag != "td" else "<table><tr><td>Pier</td><td>Photo</td><td>Archive</td></tr></table>"
    )
    assert text_of(element) == "Pier Photo Archive"


@pytest.mark.parametrize("tag", ["b", "i", "span", "a", "font", "wbr", "sup"])
def test_an_element_within_a_word_does_not_split_it(tag: str) -> None:
    assert text_of(html.fragment_fromstring(f"<h1>North<{tag}>ern</{tag}> pier</h1>")) == "Northern pier"


@given(
    st.lists(
        st.sampled_from(["<p>", "</p>", "<b>", "</b>", "<br>", "<!--c-->", "<?p?>", "one", " ", "two"]), max_size=12
    )
)
def test_separated_text_has_the_characters_of_the_text(pieces: list[str]) -> None:
    element = parse_html(f"<div>{''.join(pieces)}</div>".encode())
    assert "".join(separated_text(element).split()) == "".join(inner_text(element).split())


@pytest.mark.parametrize(
    ("css", "texts"),
    [
        ("p.a", ["One"]),
        (".a", ["One Two Three", "One"]),
        ("i.a", []),
        ("p", ["One", "Three"]),
        ("div > p", ["One", "Three"]),
        (".absent", []),
        ("", []),
    ],
)
def test_a_selection_finds_the_same_elements_as_a_search(css: str, texts: list[str]) -> None:
    found = [text_of(element) for element in select(PAGE, css)]
    assert found == [text_of(element) for element in Selection(PAGE).select(css)] == texts
    element = first(PAGE, css)
    assert Selection(PAGE).first(css) is element
    assert (text_of(element) if element is not None else None) == (texts[0] if texts else None)


@pytest.mark.parametrize("css", ["p[", "a::", ">"])
def test_an_invalid_selector_is_an_error_of_the_site_definition(css: str) -> None:
    with pytest.raises(SiteError, match="is not a CSS selector"):
        compiled(css)


@pytest.mark.parametrize(
    ("attributes", "padding", "overloaded"),
    [(5_001, 300_000, True), (4_990, 300_000, False), (5_001, 0, False)],
)
def test_a_long_page_with_too_many_attributes_in_a_tag_is_unreadable(
    attributes: int, padding: int, overloaded: bool
) -> None:
    source = b"<a" + b"".join(b" a%d=1" % number for number in range(attributes)) + b">" + b"x" * padding
    assert is_overloaded(source) is overloaded
    if overloaded:
        with pytest.raises(Unreadable, match="more than 5000 attributes"):
            parse_piece(source)


def test_words_behind_a_less_than_in_a_script_are_not_attributes() -> None:
    words = b" ".join(b"word%d" % number for number in range(tree.MAX_ATTRIBUTES + 1000))
    script = b"<script>for(var i=0;i<f.length;i++){} /* " + words + b" */</script>"
    page = b"<p>" + b"x" * tree.LONG_PAGE + b"</p>"
    assert text_of(parse_html(page + script + b"<p>Text</p>")).endswith("Text")
    with pytest.raises(Unreadable, match="more than 5000 attributes"):
        parse_html(page + script + b"<a " + words + b">")
    with pytest.raises(Unreadable, match="more than 5000 attributes"):
        parse_html(page + b"<script " + words + b"></script>")


def test_long_values_and_texts_are_not_attributes() -> None:
    source = b'<a title="' + b"word " * 60_000 + b'">' + b"word " * 60_000
    assert len(source) > tree.LONG_PAGE
    assert not is_overloaded(source)
    assert isinstance(parse_piece(source), etree._Element)


@pytest.mark.parametrize("count", [3, tree.MAX_CROWD + 1])
def test_stripping_one_or_very_many_elements_gives_the_same_text(count: int) -> None:
    source = "<p>a" + "<i>b<b>c</b></i>d<i>e</i>f" * count + "<u>g</u>h</p>"
    tagless, without = parse_html(source.encode()), parse_html(source.encode())
    strip_tags(tagless, "i")
    strip_elements(without, "i")
    assert text_of(tagless) == "a" + "bcdef" * count + "gh"
    assert text_of(without) == "a" + "df" * count + "gh"
    assert [node.tag for node in tagless.iter("i", "b", "u")] == ["b"] * count + ["u"]


def test_many_stripped_elements_leave_one_text() -> None:
    root = parse_html(b"<p>" + b"<i>word</i> " * (tree.MAX_CROWD + 1))
    strip_tags(root, "i")
    assert len(root.xpath("//p/text()")) == 1
