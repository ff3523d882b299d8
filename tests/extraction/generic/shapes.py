"""One story in the page layouts of news sites, and source changes that are invisible to visitors."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from tests.extraction.generic.newspage import linked, page

HEADLINE = "Mountain road reopens after the longest winter in forty years"
PUBLISHED = "2026-03-04T09:15:00+04:00"
STORY = (
    "The mountain road between the two districts was reopened on Wednesday morning, forty days after the first of "
    "three avalanches had covered it with eight metres of snow.",
    "Drivers who had waited at the lower barrier since dawn applauded as the last plough came down, and the first bus "
    "with passengers left for the upper villages shortly after nine o’clock.",
    "“We lived on flour, tea and what the helicopter brought,” said Leyla Mammadova, a teacher in the highest of the "
    "villages, who had not seen her sons since the end of January.",
    "The ministry of transport said that repairs of the two damaged bridges would go on until the middle of May, and "
    "that lorries of more than twelve tonnes must still take the long way round.",
    "Insurers put the damage at eleven million, half of it to orchards that were buried below the second pass; farmers "
    "are to apply for help at the district’s office before the first of April.",
    "A gallery of four hundred metres, which has been planned since the winter of 1987, would have kept the road open "
    "all the time, according to the engineers who wrote the last report on it.",
)
MENU = "".join(f'<li><a href="/section-{number}">Section {number}</a></li>' for number in range(12))
RELATED = "".join(
    f'<li><a href="/2026/03/0{number}/other-story">Another story about something else, number {number}</a></li>'
    for number in range(1, 7)
)
TOP = f'<header class="top"><a href="/">Daily Pass</a><nav class="menu"><ul>{MENU}</ul></nav></header>'
BOTTOM = (
    f'<aside class="also"><ul>{RELATED}</ul></aside>'
    '<footer class="foot">© 2026 Daily Pass. All rights reserved.</footer>'
)
TITLE = f"<title>{HEADLINE} | Daily Pass</title>"
CARD = f'<meta property="og:title" content="{HEADLINE}"><meta property="og:site_name" content="Daily Pass">'
STAMP = f'<meta property="article:published_time" content="{PUBLISHED}">'
LINKED = linked(
    _type='"NewsArticle"',
    headline=f'"{HEADLINE}"',
    datePublished=f'"{PUBLISHED}"',
    author='{"@type": "Person", "name": "Rena Aliyeva"}',
)


def _paragraphs(tag: str = "p", **attributes: str) -> list[str]:
    shown = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return [f"<{tag}{shown}>{paragraph}</{tag}>" for paragraph in STORY]


def _in_an_article() -> str:
    text = "\n".join(_paragraphs(**{"class": "text", "data-at": "x"}))
    return page(
        f'{TOP}<main><article class="story"><h1 class="title">{HEADLINE}</h1>{text}</article></main>{BOTTOM}',
        TITLE + LINKED,
    )


def _in_plain_boxes() -> str:
    text = "\n".join(_paragraphs())
    inner = f'<div class="headline"><h1>{HEADLINE}</h1></div><div class="content"><div class="inner">{text}</div></div>'
    return page(f'{TOP}<div id="wrap"><div class="col">{inner}</div></div>{BOTTOM}', TITLE + CARD + STAMP)


def _in_a_table() -> str:
    text = "\n".join(_paragraphs())
    cells = f'<td class="left" width="120"><ul>{MENU}</ul></td><td class="main"><h1>{HEADLINE}</h1>{text}</td>'
    return page(f'<table class="page"><tr>{cells}</tr></table>{BOTTOM}', TITLE + STAMP)


def _with_breaks() -> str:
    text = "<br><br>\n".join(STORY)
    return page(
        f'{TOP}<div class="post"><h1>{HEADLINE}</h1><div class="entry">{text}</div></div>{BOTTOM}', TITLE + CARD + STAMP
    )


def _in_two_halves() -> str:
    first, second = "\n".join(_paragraphs()[:3]), "\n".join(_paragraphs()[3:])
    advert = '<div class="advert"><p>Advertisement</p></div>'
    halves = f'<div class="part">{first}</div>{advert}<div class="part">{second}</div>'
    return page(f"{TOP}<article><h1>{HEADLINE}</h1>{halves}</article>{BOTTOM}", TITLE + LINKED)


def _with_microdata() -> str:
    stamp = f'<time itemprop="datePublished" datetime="{PUBLISHED}">4 March</time>'
    text = f'<div itemprop="articleBody">{"".join(_paragraphs())}</div>'
    inner = f'<h1 itemprop="headline">{HEADLINE}</h1>{stamp}{text}'
    return page(f'{TOP}<div itemscope itemtype="https://schema.org/NewsArticle">{inner}</div>{BOTTOM}', TITLE)


def _under_a_logo() -> str:
    text = "\n".join(_paragraphs())
    logo = '<div class="logo"><h1><a href="/">Daily Pass</a></h1></div>'
    inner = f'<div class="story"><h2 class="title">{HEADLINE}</h2>{text}</div>'
    return page(f"{logo}{TOP}<main>{inner}</main>{BOTTOM}", TITLE + STAMP)


def _in_sections() -> str:
    text = "".join(f"<section>{paragraph}</section>" for paragraph in _paragraphs())
    figure = '<figure><img src="/road.jpg"><figcaption>The road on Wednesday. Photo: Daily Pass</figcaption></figure>'
    return page(f"{TOP}<main><h1>{HEADLINE}</h1>{figure}{text}</main>{BOTTOM}", TITLE + LINKED)


SHAPES: dict[str, Callable[[], str]] = {
    "article": _in_an_article,
    "boxes": _in_plain_boxes,
    "table": _in_a_table,
    "breaks": _with_breaks,
    "halves": _in_two_halves,
    "microdata": _with_microdata,
    "logo": _under_a_logo,
    "sections": _in_sections,
}


# ------------------------------------------------------------------------------------------------------------ changes

_BLOCK = re.compile(r"<(p|h1|ul|article|main|td)\b[^>]*>|</(?:p|h1|ul)>")
_TAG = re.compile(r"<(?!meta|script|!)(\w+)((?:\s+[\w-]+=\"[^\"]*\")+)\s*>")


def _scrambled_names(html: str, chance: random.Random) -> str:
    known: dict[str, str] = {}

    def scramble(match: re.Match[str]) -> str:
        names = [known.setdefault(name, f"q{chance.randrange(10**6)}x") for name in match[2].split()]
        return f'{match[1]}="{" ".join(names)}"'

    return re.sub(r'\b(class|id)="([^"]*)"', scramble, html)


def _wrapped(html: str, chance: random.Random) -> str:
    depth = chance.randint(1, 6)
    body = re.search(r"<body>(.*)</body>", html, re.S)
    assert body
    return html.replace(body[1], "<div>" * depth + body[1] + "</div>" * depth)


def _wrapped_paragraphs(html: str, chance: random.Random) -> str:
    return re.sub(
        r"<p\b[^>]*>.*?</p>", lambda match: f'<div class="b{chance.randrange(9)}">{match[0]}</div>', html, flags=re.S
    )


def _with_comments(html: str, chance: random.Random) -> str:
    return _BLOCK.sub(lambda match: match[0] + ("<!-- ad -->" if chance.random() < 0.5 else ""), html)


def _with_scripts(html: str, chance: random.Random) -> str:
    script = "<script>var x = '<p>Not a word of this is of the story, and nobody should ever read it.</p>';</script>"
    return re.sub(r"</p>", lambda match: match[0] + (script if chance.random() < 0.3 else ""), html)


def _other_order(html: str, chance: random.Random) -> str:
    def shuffle(match: re.Match[str]) -> str:
        attributes = re.findall(r'[\w-]+="[^"]*"', match[2])
        chance.shuffle(attributes)
        return f"<{match[1]} {' '.join(attributes)}>"

    return _TAG.sub(shuffle, html)


def _other_blanks(html: str, chance: random.Random) -> str:
    return _BLOCK.sub(lambda match: chance.choice(["\n\t", "  ", "\r\n"]) + match[0] + chance.choice(["\n", " "]), html)


def _upper_case(html: str, chance: random.Random) -> str:
    return re.sub(r"</?(?:p|div|h1|td|tr|table|article)\b", lambda match: match[0].upper(), html)


@dataclass(frozen=True)
class Change:
    """A change to a page's source that is invisible to visitors."""

    name: str
    apply: Callable[[str, random.Random], str]


CHANGES = [
    Change(function.__name__.strip("_"), function)
    for function in (
        *(_scrambled_names, _wrapped, _wrapped_paragraphs, _with_comments),
        *(_with_scripts, _other_order, _other_blanks, _upper_case),
    )
]
