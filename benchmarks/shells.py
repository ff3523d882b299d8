"""Shells: real pages of newspapers into which the texts of other real articles are inserted.

A shell is a page without its headline and paragraphs. Everything else stays unchanged, so parts that normally differ
between pages of a site (dates, teasers, tokens) are equal here, which makes any dictionary look too good. With
``teasers``, each link text as long as a headline differs on every page, and so does its URL. `neighbours` gives pairs
of real pages, which show what the pages of one newspaper really share.
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

# Characters of Unicode's private use area: they occur on no page, and serialisers do not change them.
HEADLINE, BODY, NUMBER, TEASER, TEASER_PATH = "\ue001", "\ue002", "\ue003", "\ue004", "\ue005"
REAL_SIZE = range(80_000, 260_000)
# Minimum length of a link text that counts as the headline of a teaser.
TEASER_CHARACTERS = 25
# Minimum share of the article's text that is found in the page's paragraphs; otherwise parts of it stay in the shell.
MIN_FOUND = 0.8
HEADLINE_CHARACTERS = 70
# Minimum length of an article's text.
MIN_TEXT_LENGTH = 1_000


@dataclass(frozen=True, slots=True)
class Shell:
    """A page with placeholders. ``name`` is the host of its newspaper."""

    name: str
    text: str

    def page(self, number: int, headline: str, body: str, teasers: Iterator[str]) -> bytes:
        """The page with another article. ``body`` has one paragraph per line."""
        paragraphs = "\n".join(f"<p>{escape(part)}</p>" for part in body.split("\n") if part.strip())
        page = self.text.replace(BODY, paragraphs).replace(HEADLINE, escape(headline)).replace(NUMBER, str(number))
        page = re.sub(TEASER, lambda _: escape(next(teasers)), page)
        return re.sub(TEASER_PATH, lambda _: re.sub(r"\W+", "-", next(teasers).lower()), page).encode()


def shells(path: Path, wanted: int, *, teasers: bool, size: range = REAL_SIZE) -> list[Shell]:
    """The first usable shells from a file of JSON lines (``url``, ``html``, ``truth``; gzip).

    ``size``: of the page in bytes.
    """
    found: dict[str, Shell] = {}
    for row in rows(path):
        if len(row["html"].encode()) in size and (shell := hollow(row, teasers=teasers)) is not None:
            found.setdefault(shell.name, shell)
        if len(found) == wanted:
            break
    return list(found.values())


def rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def hollow(row: dict[str, Any], *, teasers: bool) -> Shell | None:
    """A page without its article; ``None`` if the article cannot be removed completely."""
    headline, body = row["truth"].get("headline"), normalize_space(row["truth"].get("body") or "")
    if not headline or not body:
        return None
    tree = html.document_fromstring(row["html"].encode(), parser=html.HTMLParser(encoding="utf-8"))
    paragraphs = [p for p in tree.iter("p") if len(text := normalize_space(p.text_content())) > 40 and text in body]
    if not paragraphs or sum(len(normalize_space(p.text_content())) for p in paragraphs) < MIN_FOUND * len(body):
        return None
    beginnings = [normalize_space(p.text_content())[:60] for p in paragraphs]
    for index, paragraph in enumerate(paragraphs):
        if index == 0:
            placeholder = html.Element("div")
            placeholder.text = BODY
            paragraph.addprevious(placeholder)
        paragraph.drop_tree()
    if teasers:
        replace_teasers(tree)
    text = html.tostring(tree, encoding="unicode", doctype="<!DOCTYPE html>")
    for form in {headline, escape(headline), escape(headline, quote=False), json.dumps(headline)[1:-1]}:
        text = text.replace(form, HEADLINE)
    text = text.replace(urlsplit(row["url"]).path, f"/news/{NUMBER}")
    # A second copy of the article, in a script or in JSON-LD, would be equal on every page; real pages never are.
    if any(start in text or json.dumps(start)[1:-1] in text for start in beginnings):
        return None
    return Shell(urlsplit(row["url"]).netloc.removeprefix("www."), text)


def replace_teasers(tree: html.HtmlElement) -> None:
    for link in tree.iter("a"):
        longest = max(link.iter(), key=lambda part: len((part.text or "").strip()) if part.tag is not None else 0)
        if len((longest.text or "").strip()) >= TEASER_CHARACTERS and BODY not in link.text_content():
            longest.text = TEASER
            link.set("href", f"/news/{TEASER_PATH}")


def normalize_space(text: str) -> str:
    return " ".join(text.split())


def texts(path: Path) -> list[str]:
    """The texts of real articles in Latin letters, without short ones."""
    found = (row["truth"].get("body") or "" for row in rows(path))
    return [
        text for text in found if len(text) >= MIN_TEXT_LENGTH and text.count("e") > text.count("е") + len(text) / 50
    ]


def fill(shell: Shell, bodies: Sequence[str]) -> list[bytes]:
    """A page for each article, with its first words as the headline."""
    chance = random.Random(3)
    teasers = (teaser_of(chance.choice(bodies), chance) for _ in count())
    return [
        shell.page(100_000 + number, normalize_space(body)[:HEADLINE_CHARACTERS], body, teasers)
        for number, body in enumerate(bodies)
    ]


def teaser_of(body: str, chance: random.Random) -> str:
    """A random excerpt of an article, so that teasers differ."""
    text = normalize_space(body)
    start = chance.randrange(len(text) - HEADLINE_CHARACTERS)
    return text[start : start + HEADLINE_CHARACTERS]


def neighbours(path: Path) -> list[tuple[bytes, bytes, str]]:
    """Pairs of unchanged pages of one newspaper, of any section and design, days or years apart.

    The third element is the text of the second page's article.
    """
    by_host: dict[str, list[dict[str, Any]]] = {}
    for row in rows(path):
        by_host.setdefault(urlsplit(row["url"]).netloc.removeprefix("www."), []).append(row)
    return [
        (first["html"].encode(), second["html"].encode(), second["truth"].get("body") or "")
        for first, second, *_ in (found for found in by_host.values() if len(found) > 1)
    ]
