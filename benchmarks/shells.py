"""Pages of real size: one newspaper's page as the shell of many articles.

A shell is a real page with a hole where its headline and its paragraphs were; the texts of other real articles go into
it. All else stays as the newspaper made it, so what truly differs from page to page of a site (dates, teasers, tokens)
stays the same here: that flatters any dictionary. With ``teasers``, every link text as long as a headline is another
one on every page, and so is its address. What pages of one newspaper truly share, `neighbours` shows: real pairs.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from lxml import html

# Characters of Unicode's private use area: no page has them, and no serialiser changes them.
HEADLINE, BODY, NUMBER, TEASER, TEASER_PATH = "\ue001", "\ue002", "\ue003", "\ue004", "\ue005"
REAL_SIZE = range(80_000, 260_000)
# What a link says is a teaser's headline from this many characters on.
TEASER_CHARACTERS = 25
# Of the article's text, found again in the page's paragraphs; with less, much of it would stay in the shell.
FOUND = 0.8
HEADLINE_CHARACTERS = 70
# Characters of the shortest text taken.
SHORTEST = 1_000


@dataclass(frozen=True, slots=True)
class Shell:
    """A page with holes. ``name`` is its newspaper's host."""

    name: str
    text: str

    def page(self, number: int, headline: str, body: str, teasers: Iterator[str]) -> bytes:
        """The page of another article. ``body`` has a paragraph a line."""
        paragraphs = "\n".join(f"<p>{escape(part)}</p>" for part in body.split("\n") if part.strip())
        page = self.text.replace(BODY, paragraphs).replace(HEADLINE, escape(headline)).replace(NUMBER, str(number))
        page = re.sub(TEASER, lambda _: escape(next(teasers)), page)
        return re.sub(TEASER_PATH, lambda _: re.sub(r"\W+", "-", next(teasers).lower()), page).encode()


def shells(path: Path, wanted: int, *, teasers: bool) -> list[Shell]:
    """The first pages of a file of JSON lines (``url``, ``html``, ``truth``; gzip) that make good shells."""
    found: dict[str, Shell] = {}
    for row in rows(path):
        if len(row["html"].encode()) in REAL_SIZE and (shell := hollow(row, teasers=teasers)) is not None:
            found.setdefault(shell.name, shell)
        if len(found) == wanted:
            break
    return list(found.values())


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def hollow(row: dict[str, Any], *, teasers: bool) -> Shell | None:
    """A page without its article, or ``None`` when the article cannot be taken out cleanly."""
    headline, body = row["truth"].get("headline"), squeezed(row["truth"].get("body") or "")
    if not headline or not body:
        return None
    tree = html.document_fromstring(row["html"].encode(), parser=html.HTMLParser(encoding="utf-8"))
    ours = [p for p in tree.iter("p") if len(text := squeezed(p.text_content())) > 40 and text in body]
    if not ours or sum(len(squeezed(p.text_content())) for p in ours) < FOUND * len(body):
        return None
    opening = [squeezed(p.text_content())[:60] for p in ours]
    for place, paragraph in enumerate(ours):
        if place == 0:
            hole = html.Element("div")
            hole.text = BODY
            paragraph.addprevious(hole)
        paragraph.drop_tree()
    if teasers:
        take_teasers(tree)
    text = html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>")
    for form in {headline, escape(headline), escape(headline, quote=False), json.dumps(headline)[1:-1]}:
        text = text.replace(form, HEADLINE)
    text = text.replace(urlsplit(row["url"]).path, f"/news/{NUMBER}")
    # The article once more in a script or in JSON-LD would be the same on every page, as it never is.
    if any(start in text or json.dumps(start)[1:-1] in text for start in opening):
        return None
    return Shell(urlsplit(row["url"]).netloc.removeprefix("www."), text)


def take_teasers(tree: html.HtmlElement) -> None:
    for link in tree.iter("a"):
        longest = max(link.iter(), key=lambda part: len((part.text or "").strip()) if part.tag is not None else 0)
        if len((longest.text or "").strip()) >= TEASER_CHARACTERS and BODY not in link.text_content():
            longest.text = TEASER
            link.set("href", f"/news/{TEASER_PATH}")


def squeezed(text: str) -> str:
    return " ".join(text.split())


def texts(path: Path) -> list[str]:
    """The texts of real articles, in Latin letters, none too short to fill a page."""
    found = (row["truth"].get("body") or "" for row in rows(path))
    return [text for text in found if len(text) >= SHORTEST and text.count("e") > text.count("е") + len(text) / 50]


def filled(shell: Shell, bodies: Sequence[str]) -> list[bytes]:
    """A page for each article, under its first words as headline."""
    chance = random.Random(3)
    teasers = (teaser_of(chance.choice(bodies), chance) for _ in count())
    return [
        shell.page(100_000 + number, squeezed(body)[:HEADLINE_CHARACTERS], body, teasers)
        for number, body in enumerate(bodies)
    ]


def teaser_of(body: str, chance: random.Random) -> str:
    """A line of an article, from anywhere in it: no two teasers need be alike."""
    text = squeezed(body)
    start = chance.randrange(len(text) - HEADLINE_CHARACTERS)
    return text[start : start + HEADLINE_CHARACTERS]


def neighbours(path: Path) -> list[tuple[bytes, bytes, str]]:
    """Two real pages of one newspaper as they are, of any sections and designs, some days apart, some years.

    With the text of the second one's article.
    """
    by_host: dict[str, list[dict[str, Any]]] = {}
    for row in rows(path):
        by_host.setdefault(urlsplit(row["url"]).netloc.removeprefix("www."), []).append(row)
    return [
        (first["html"].encode(), second["html"].encode(), second["truth"].get("body") or "")
        for first, second, *_ in (found for found in by_host.values() if len(found) > 1)
    ]
