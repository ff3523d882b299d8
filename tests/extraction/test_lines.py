import pytest
from lxml import etree

from caliber_crawler.extraction.lines import extract_lines, images_of, links_of, paragraphs, split_lines
from caliber_crawler.items import Image, Link


def body_of(html: str) -> str:
    element = etree.HTML(f"<div>{html}</div>").find(".//div")
    assert element is not None
    return paragraphs(extract_lines(element))


@pytest.mark.parametrize(
    ("html", "body"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<p>One\n   of\u00a0them</p>\n\n<p> </p><p>&nbsp;</p><p>Two</p>", "One of them\n\nTwo"),
        ("One<br><br>Two", "One\n\nTwo"),
        ("One<br>\n<br>\n<br>Two", "One\n\nTwo"),
        ("<p>— Why?<br>— Because.</p><p>Two</p>", "— Why?\n— Because.\n\nTwo"),
        ("<div>One<div>Two</div>Three</div>", "One\n\nTwo\n\nThree"),
        ("<ul><li>One</li><li>Two</li></ul>", "One\n\nTwo"),
        ("<blockquote><p>One</p><p>Two</p></blockquote>", "One\n\nTwo"),
        ("<h2>One</h2>Two", "One\n\nTwo"),
        ("<table><tr><td>One</td><td>1</td></tr><tr><td>Two</td><td>2</td></tr></table>", "One | 1\nTwo | 2"),
        ("<p>O<b>n</b>e <i>of</i> them</p>", "One of them"),
        ("", ""),
    ],
)
def test_a_body_is_paragraphs_with_one_blank_line_between(html: str, body: str) -> None:
    assert body_of(html) == body


def test_lines_without_any_gap_are_paragraphs() -> None:
    assert paragraphs(split_lines("One\nTwo\nThree")) == "One\n\nTwo\n\nThree"


def test_gaps_in_plain_text_are_kept_whatever_their_size() -> None:
    assert paragraphs(split_lines("One\r\n\r\n\r\n  Two\nThree\n")) == "One\n\nTwo\nThree"


def test_deeply_nested_text_is_extracted() -> None:
    element = etree.Element("div")
    inner = element
    for _ in range(5000):
        inner = etree.SubElement(inner, "div")
    inner.text = "Bottom"
    assert paragraphs(extract_lines(element)) == "Bottom"


def test_links_and_images_are_in_page_order() -> None:
    element = etree.HTML(
        '<p><img src="1.webp" alt=" A  map "><a href="/one">The <b>first</b></a></p>'
        '<p><img data-src="2.webp" src="blank.gif"><a href="/two"><img src="3.webp"></a></p>'
    )
    lines = extract_lines(element)
    assert links_of(lines) == [Link(url="/one", text="The first"), Link(url="/two")]
    assert images_of(lines) == [Image(url="1.webp", alt="A map"), Image(url="2.webp"), Image(url="3.webp")]
