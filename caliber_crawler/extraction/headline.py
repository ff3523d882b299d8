"""Headline and subtitle from one heading."""

from __future__ import annotations

import re

from lxml import etree

from caliber_crawler.extraction.lines import extract_lines, inner_text
from caliber_crawler.extraction.text import clean_inline
from caliber_crawler.extraction.tree import text_of

# A separate part at the end of a heading. Emphasis (i, b, em …) belongs to the headline unless a line break precedes
# it.
PARTS = frozenset(("span", "small", "div", "p", "section", "h2", "h3", "h4", "h5", "h6"))
WRAPPERS = PARTS | {"a", "b", "strong"}
_SUBTITLE_NAME = re.compile(r"(?:^|[-_ ])(?:sub[-_]?(?:title|head)|standfirst|lead)(?:$|[-_ ])")


def split_heading(heading: etree._Element) -> tuple[str, str | None]:
    """Return the headline, and the subtitle if the heading contains one.

    The heading's own text is the headline. Text after a line break is the subtitle. So is a separate element at the end
    of the heading (``Headline <span>Subtitle</span>``). An element followed by text is part of the headline.
    """
    if not len(heading):
        return clean_inline(heading.text or ""), None
    pieces = _pieces(_unwrap(heading))
    if len(pieces) == 1:
        return pieces[0][1], None
    if any(kind == "br" for kind, _ in pieces):
        return _split_at_break(pieces)
    texts = [(kind, text) for kind, text in pieces if text]
    first_part = len(texts)
    while first_part > 1 and texts[first_part - 1][0] == "part":
        first_part -= 1
    return _join(texts[:first_part]), _join(texts[first_part:]) or None


def subtitle_below(heading: etree._Element | None) -> str | None:
    """Return the text of an ``h2`` or of an element named as subtitle directly after the heading."""
    below = heading.getnext() if heading is not None else None
    if below is None:
        return None
    named = _SUBTITLE_NAME.search(below.get("class") or "")
    return text_of(below) or None if below.tag == "h2" or named else None


def _unwrap(heading: etree._Element) -> etree._Element:
    """The heading, or the one element that wraps its whole content."""
    inner = heading
    while (
        len(inner) == 1
        and inner[0].tag in WRAPPERS
        and not (inner.text or "").strip()
        and not (inner[0].tail or "").strip()
    ):
        inner = inner[0]
    return inner


def _pieces(heading: etree._Element) -> list[tuple[str, str]]:
    """The heading as ``text``, ``part`` and ``br`` in order; emphasis and adjacent words are one run of text."""
    pieces = [("text", heading.text or "")]

    def add(kind: str, text: str) -> None:
        if kind == "text" and pieces[-1][0] == "text":
            pieces[-1] = ("text", pieces[-1][1] + text)
        else:
            pieces.append((kind, text))

    for child in heading:
        if child.tag == "br":
            add("br", "")
        elif child.tag in PARTS:
            add("part", " ".join(line.text for line in extract_lines(child)) if len(child) else child.text or "")
        else:
            add("text", inner_text(child))
        add("text", child.tail or "")
    return [(kind, clean_inline(text)) for kind, text in pieces]


def _split_at_break(pieces: list[tuple[str, str]]) -> tuple[str, str | None]:
    while pieces and not pieces[0][1]:
        pieces = pieces[1:]
    at = next((i for i, (kind, _) in enumerate(pieces) if kind == "br"), len(pieces))
    return _join(pieces[:at]), _join(pieces[at:]) or None


def _join(pieces: list[tuple[str, str]]) -> str:
    return " ".join([text for _, text in pieces if text])
