"""Every run of text of a page is in the body, or accounted for under a named reason."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from caliber_crawler.extraction import omissions as reasons
from caliber_crawler.extraction.generic.body import extract_body
from caliber_crawler.extraction.omissions import Omissions
from caliber_crawler.extraction.tree import parse_html
from tests.extraction.generic.newspage import HEADLINE, URL, page
from tests.properties import examples

PROSE = "word# said that the road# would open in spring# and that lorries# would be let through# before long#."
UNITS = {
    "paragraph": f"<p>{PROSE}</p>",
    "box": f"<div>{PROSE}</div>",
    "heading": "<h2>chapter# begins#</h2>",
    "list": "<ul><li>first# item# of three#</li><li>second# item# here#</li></ul>",
    "table": "<table><tr><td>cell# one#</td><td>12</td></tr><tr><td>cell# two#</td><td>13</td></tr></table>",
    "quotation": f"<blockquote><p>{PROSE}</p></blockquote>",
    "inline": f"<p>{PROSE} <span class=x>span# text#</span> and <b>bold# words#</b> <time>later#</time>.</p>",
    "hidden": "<p>before# it# <span hidden>hidden# words#</span> after# it# the ministry# said#.</p>",
    "break": "<div>line# one# of this#<br>line# two# of this#<br><br>line# three# of this#</div>",
    "caption": "<figure><img src=/i.jpg><figcaption>caption# by ann#</figcaption></figure>",
    "teaser": "<p><a href=/story>another# story# that is# told# elsewhere#</a></p>",
    "teasers": "<h4>more#:</h4><ul><li><a href=/a>one# story# is told#</a></li>"
    "<li><a href=/b>two# more# are told#</a></li></ul>",
    "pointer": "<p>Read also: <a href=/s>the road# was closed# for years#</a></p>",
    "share": "<div class=share>share# it# <button>press# me#</button></div>",
    "related": "<div class=related-posts><p>related# story# of others#</p></div>",
    "comment": "<div class=comment-list><div class=comment>i think# this# is right#</div></div>",
    "navigation": "<nav><ul><li><a href=/x>section# one#</a></li></ul></nav>",
    "footer": "<footer><p>the footer# of the site#</p></footer>",
    "form": "<form><label>name#<input></label><button>send#</button></form>",
    "tweet": "<blockquote class=twitter-tweet>posted# words# <a href=https://x.com/a/status/1>May 1</a></blockquote>",
    "script": "<script>var unread = 1;</script><style>.x{}</style>",
    "tail": "<div class=ad>buy# this#</div>tail# text# after it#",
    "invitation": "<p>Subscribe to our newsletter number#</p>",
    "duplicate": f"<p>{PROSE.replace('#', '')}</p>",
    "deep": "<div><section><div><p>deep# text# lies# here#.</p></div></section></div>",
}
UNSEEN = {"script", "style"}
EMBED_LINE = re.compile(r"\[Post on X: \S+\]")


def words(text: str) -> Iterator[str]:
    own = EMBED_LINE.sub(" ", text)  # the line that replaces an embed is not text of the page
    return ("".join(filter(str.isalnum, word)) for word in own.split() if any(map(str.isalnum, word)))


def visible_words(root: etree._Element) -> Counter[str]:
    for unread in list(root.iter(*UNSEEN)):
        unread.text = None
    return Counter(word for text in root.find("body").itertext() for word in words(str(text)))


def account_of(html: str) -> tuple[Counter[str], tuple[str, ...], dict[str, list[str]]]:
    """The words of a page, its body, and the texts that are left out, by reason."""
    omissions = Omissions()
    body = extract_body(parse_html(html.encode()), HEADLINE, URL, (), omissions)
    return visible_words(parse_html(html.encode())), body.paragraphs if body else (), omissions.texts


def build(names: list[str], wrapper: str) -> str:
    parts = "\n".join(UNITS[name].replace("#", f"x{number}") for number, name in enumerate(names))
    story = "".join(f"<p>{PROSE.replace('#', f'y{number}')}</p>" for number in range(3))
    return page(f"<h1>{HEADLINE}</h1><{wrapper}>{story}{parts}</{wrapper}>")


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(sorted(UNITS)), max_size=8), st.sampled_from(("article", "main", "div", "section")))
def test_every_word_of_a_page_is_in_the_body_or_left_out_for_a_reason(names: list[str], wrapper: str) -> None:
    on_page, body, left_out = account_of(build(names, wrapper))
    in_body = Counter(word for line in body for word in words(line))
    omitted = Counter(word for texts in left_out.values() for text in texts for word in words(text))
    assert on_page == in_body + omitted


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("caption", reasons.CAPTION),
        ("teaser", reasons.TEASER),
        ("teasers", reasons.TEASER),
        ("pointer", reasons.TEASER),
        ("share", reasons.INVITATION),
        ("related", reasons.TEASER),
        ("comment", reasons.COMMENT),
        ("navigation", reasons.ASIDE),
        ("footer", reasons.ASIDE),
        ("form", reasons.CONTROL),
        ("tweet", reasons.EMBED),
        ("tail", reasons.ADVERTISEMENT),
        ("hidden", reasons.HIDDEN),
        ("invitation", reasons.INVITATION),
    ],
)
def test_text_that_is_left_out_is_counted_under_its_reason(name: str, reason: str) -> None:
    _, _, left_out = account_of(build([name, "paragraph"], "article"))
    assert any("x0" in text for text in left_out.get(reason, ())), left_out


def test_a_repeated_paragraph_and_the_headline_are_counted() -> None:
    _, body, left_out = account_of(build(["duplicate", "duplicate"], "article"))
    assert left_out[reasons.HEADLINE] == [HEADLINE]
    assert left_out[reasons.DUPLICATE] == [PROSE.replace("#", "")]
    assert body.count(PROSE.replace("#", "")) == 1
