"""The body as Markdown, and its rendering."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from markdown_it import MarkdownIt

from caliber_crawler.extraction.lines import extract_lines, paragraphs
from caliber_crawler.extraction.markdown import write_markdown

RENDER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def markdown_of(html: str) -> str:
    element = etree.HTML(f"<div>{html}</div>").find(".//div")
    assert element is not None
    return write_markdown(extract_lines(element), lambda href: href if href.startswith("http") else None)


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<h2>What <b>changes</b></h2><p>One</p>", "## What **changes**\n\nOne"),
        ("<ul><li>One</li><li>Two</li></ul><p>After</p>", "- One\n- Two\n\nAfter"),
        ("<ol><li>One</li><li>Two<ul><li>Deep</li></ul></li></ol>", "1. One\n2. Two\n   - Deep"),
        ('<ol start="4"><li><p>Four</p><p>more</p></li><li>Five</li></ol>', "4. Four\n\n   more\n\n5. Five"),
        ("<blockquote><p>One</p><p>Two</p></blockquote><p>After</p>", "> One\n>\n> Two\n\nAfter"),
        ("<p>— Why?<br>— Because.</p><p>Two</p>", "— Why?\\\n— Because.\n\nTwo"),
        ("<p>A <b>bold </b>word, an <i>old</i> one</p>", "A **bold** word, an *old* one"),
        ("<p><b><i>Both</i></b>, <strong>«so»</strong>he</p>", "***Both***, **«so**»he"),
        ('<p>See <a href="https://a.az/b_c (1)">the <em>report</em></a>.</p>',
         "See [the](https://a.az/b_c%20%281%29) [*report*](https://a.az/b_c%20%281%29)."),
        ('<p>See <a href="javascript:x">this</a>.</p>', "See this."),
        ("<table><tr><th>Year</th><th>Oil</th></tr><tr><td>2025</td><td><b>1|2</b></td></tr></table>",
         "| Year | Oil |\n| --- | --- |\n| 2025 | **1\\|2** |"),
        ("<p># 5*5 [x] &lt;p&gt; &amp;amp; a_b</p><p>1. One</p><p>- no</p>",
         "\\# 5\\*5 \\[x\\] \\<p\\> \\&amp; a\\_b\n\n1\\. One\n\n\\- no"),
    ],
)  # fmt: skip
def test_structure_emphasis_and_links_are_kept(html: str, markdown: str) -> None:
    assert markdown_of(html) == markdown


def locate(source: str) -> str | None:
    return None if "furniture" in source else f"https://a.az{source}"


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ('<p>One</p><p><img src="/1.webp" alt="A [new] road"></p><p>Two</p>',
         "One\n\n![A \\[new\\] road](https://a.az/1.webp)\n\nTwo"),
        ('<p><img src="/1.webp" caption=\'The "road" &amp; more\'></p>',
         '![The "road" & more](https://a.az/1.webp "The \\"road\\" & more")'),
        ('<p>One<br><img src="/1.webp"><br>Two</p>', "One\n\n![](https://a.az/1.webp)\n\nTwo"),
        ('<p><img src="/1 (a).webp" alt="A"> # One</p>', "![A](https://a.az/1%20%28a%29.webp) # One"),
        ('<h2><img src="/1.webp" alt="A">One</h2>', "## ![A](https://a.az/1.webp) One"),
        ('<ul><li><img src="/1.webp" alt="A"><p>One</p></li><li>Two</li></ul>',
         "- ![A](https://a.az/1.webp)\n\n  One\n\n- Two"),
        ('<blockquote><img src="/1.webp" alt="A"><p>One</p></blockquote>', "> ![A](https://a.az/1.webp)\n>\n> One"),
        ('<p>One</p><img src="/furniture.png"><p>Two</p>', "One\n\nTwo"),
        ('<p>One<img src="/dot.gif" width="1" height="1"></p><p>Two <img src="/smile.png" width="16px"></p>',
         "One\n\nTwo"),
        ('<table><tr><td><img src="/1.webp"></td><td>Oil</td></tr><tr><td>2025</td><td>12</td></tr></table>',
         "| | Oil |\n| --- | --- |\n| 2025 | 12 |"),
    ],
)  # fmt: skip
def test_pictures_keep_their_position(html: str, markdown: str) -> None:
    element = etree.HTML(f"<div>{html}</div>").find(".//div")
    assert element is not None
    assert write_markdown(extract_lines(element), lambda href: href, locate) == markdown


TEXT = st.text(alphabet="ab Яյ*_[]()#>-+1.|`~\\!&;<=\u00a0\u00ad«’,\n", max_size=12).map(
    lambda text: text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
)
TREE = st.recursive(
    TEXT,
    lambda inner: st.builds(
        lambda tag, parts: f"<{tag}>{''.join(parts)}</{tag.split()[0]}>",
        st.sampled_from(["p", "b", "i", "em", "a href='http://a/b'", "h3", "ul", "li", "ol", "blockquote", "div"]),
        st.lists(inner, max_size=4),
    ),
    max_leaves=12,
)


def words(text: str) -> str:
    return re.sub(r"\s+", "", text)


@pytest.mark.slow
@given(st.lists(TREE, max_size=6).map("".join))
def test_rendered_markdown_has_the_words_of_the_plain_body(html: str) -> None:
    element = etree.HTML(f"<div>{html}</div>").find(".//div")
    assert element is not None
    lines = extract_lines(element)
    shown = etree.HTML(f"<div>{RENDER.render(write_markdown(lines, lambda href: href))}</div>")
    assert words("".join(map(str, shown.itertext()))) == words(paragraphs(lines))
