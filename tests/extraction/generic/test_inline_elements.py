"""Inline elements never change the text around them."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.extraction.generic.newspage import PARAGRAPHS, article, body_of, page, read
from tests.extraction.generic.shapes import SHAPES, STORY
from tests.properties import examples

AFTER = "after a quarrel, and has been closed for all traffic between the two districts ever since."


@pytest.mark.parametrize(
    "marked",
    [
        "<time>the third of May</time>",
        "<button>the third of May</button>",
        "<q>the third of May</q>",
        '<label class="share">the third of May</label>',
        '<span class="link"><a href="/x">the third of May</a></span>',
        '<a href="/x"><i class="fa fa-link"></i>the third of May</a>',
        '<i class="ad"></i>the third of May',
        '<span class="tooltip">the third<span class="tooltiptext">a Thursday</span> of May</span>',
        '<span class="share-highlight">the third</span> of <mark class="promo">May</mark>',
        'the third of<span class="sr-only"> the month of</span> May',
        '<a name="x"></a>the third of<b> </b>May',
        "<font><b><em></em></b></font>the third of May",
        "<glossary-term>the third of May</glossary-term>",
        '<app-link to="/x"><a href="/x">the third</a></app-link> of <x-em><b>May</b></x-em>',
        '<meter value="3">the third of May</meter>',
    ],
)
@pytest.mark.parametrize("block", ["p", "div", "li", "blockquote"])
def test_a_sentence_is_whole(block: str, marked: str) -> None:
    sentence = f"<{block}>It was closed on {marked} {AFTER}</{block}>"
    body = body_of(article(f"<ul>{sentence}</ul>" if block == "li" else sentence, f"<p>{PARAGRAPHS[0][::-1]}</p>"))
    assert body.split("\n\n")[len(PARAGRAPHS)] == f"It was closed on the third of May {AFTER}"


@pytest.mark.parametrize("marker", ['<span id="more-12345"></span>', "<b></b>", '<a id="top"></a>', "<!--more-->"])
def test_a_marker_before_a_paragraph_does_not_delete_it(marker: str) -> None:
    assert body_of(article(f"<p>{marker}{AFTER}</p>")) == "\n\n".join([*PARAGRAPHS, AFTER])


@pytest.mark.parametrize("mark", ['<span class="br"></span>', "<span></span>"])
def test_an_empty_element_between_sentences_without_a_blank_ends_a_paragraph(mark: str) -> None:
    assert body_of(page(f"<article><div>{mark.join(PARAGRAPHS)}</div></article>")) == "\n\n".join(PARAGRAPHS)


TAGS = ("span", "b", "i", "em", "strong", "a", "time", "q", "mark", "small", "font", "abbr", "u", "label", "sup")
NAMES = ("ad", "share", "related", "link", "hidden-xs", "embed", "meta", "button", "newsletter", "x9", "tooltip", "nav")
EMPTY = (
    "<{t} class='{n}'></{t}>",
    "<!-- {n} -->",
    "<{t}><i class='{n}'></i></{t}>",
    "<{t} id='{n}-1' data-x='{n}'></{t}>",
)


def _disturb(sentence: str, chance: random.Random) -> str:
    words = sentence.split(" ")
    for _ in range(chance.randint(1, 3)):
        start = chance.randrange(1, len(words) - 3)
        values = {"t": chance.choice(TAGS), "n": chance.choice(NAMES)}
        if chance.random() < 0.5:
            words[start] = chance.choice(EMPTY).format(**values) + words[start]
        else:
            words[start] = "<{t} class='{n}' data-n='{n}'>".format(**values) + words[start] + "</{t}>".format(**values)
    return " ".join(words)


@pytest.mark.slow
@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 9999))
@settings(max_examples=examples(80), deadline=None)
def test_random_inline_elements_and_comments_do_not_change_the_body(shape: str, seed: int) -> None:
    chance = random.Random(seed)
    html = SHAPES[shape]()
    for sentence in STORY:
        html = html.replace(sentence, _disturb(sentence, chance))
    assert [line.text for line in read(html).body] == list(STORY)


@given(st.sampled_from(sorted(SHAPES)), st.integers(0, 9999))
@settings(max_examples=examples(40), deadline=None)
def test_random_attributes_of_paragraphs_do_not_change_the_body(shape: str, seed: int) -> None:
    chance = random.Random(seed)

    def attribute(match: re.Match[str]) -> str:
        return f"{match[0]} data-{chance.choice(NAMES)}='{chance.choice(NAMES)}' dir='auto' lang='en'"

    html = re.sub(r"<p\b", attribute, SHAPES[shape]())
    assert [line.text for line in read(html).body] == list(STORY)


@pytest.mark.parametrize("tag", ["button", "label", "svg", "noscript", "dialog", "select"])
def test_an_unclosed_element_in_a_removed_one_takes_nothing_along(tag: str) -> None:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    menu = f'<header><div><{tag} class="menu"><div class="inner"><div></{tag}></div></header>'
    assert body_of(page(f"{menu}<main><article><h1>Talks resume</h1>{text}</article></main>")) == "\n\n".join(
        PARAGRAPHS
    )


def test_paragraphs_that_a_paywall_hides_are_kept() -> None:
    hidden = [f'<p class="paywall" aria-hidden="true">{paragraph}</p>' for paragraph in PARAGRAPHS[1:2]]
    first, *others = [f"<p>{paragraph}</p>" for paragraph in (PARAGRAPHS[0], *PARAGRAPHS[2:])]
    assert body_of(page(f"<article>{first}{''.join(hidden)}{''.join(others)}</article>")) == "\n\n".join(PARAGRAPHS)


def test_boxes_of_sentences_are_paragraphs_where_a_page_builder_writes_no_others() -> None:
    boxes = "".join(
        f'<div id="rec{at}" class="rec"><div class="col"><div class="col-text">{paragraph}</div></div></div>'
        for at, paragraph in enumerate(PARAGRAPHS)
    )
    assert body_of(page(f'<div id="records">{boxes}</div>')) == "\n\n".join(PARAGRAPHS)


@pytest.mark.parametrize("tag", ["code", "kbd", "samp", "var", "tt"])
def test_code_in_a_sentence_is_part_of_it(tag: str) -> None:
    sentence = (
        f"The port calls <{tag}>open()</{tag}> twice, and <{tag}>close</{tag}>, which returns nothing, once a day."
    )
    found = body_of(page(f"<article><p>{PARAGRAPHS[0]}</p><p>{sentence}</p><p>{PARAGRAPHS[1]}</p></article>"))
    assert "The port calls open() twice, and close, which returns nothing, once a day." in found.split("\n\n")
