"""Small synthetic news pages, and their generic extraction."""

from __future__ import annotations

from caliber_crawler.extraction.generic import GenericExtraction, extract_tree
from caliber_crawler.extraction.lines import paragraphs
from caliber_crawler.extraction.tree import parse_html

URL = "https://news.example/world/2026/01/07/talks-resume"
SENTENCE = "The delegations met for the {} time on Tuesday and agreed to open the road before the end of the month."
PARAGRAPHS = [SENTENCE.format(ordinal) for ordinal in ("first", "second", "third", "fourth", "fifth", "sixth")]
HEADLINE = "Talks resume after a long winter"


def read(html: str) -> GenericExtraction:
    return extract_tree(parse_html(html.encode("utf-8", errors="replace")), URL)


def body_of(html: str) -> str:
    return paragraphs(read(html).body)


def page(body: str, head: str = "", html: str = '<html lang="en-GB">') -> str:
    return f"<!doctype html>{html}<head>{head}</head><body>{body}</body></html>"


def article(*blocks: str, head: str = "") -> str:
    text = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    return page(f"<main><article><h1>{HEADLINE}</h1>{text}{''.join(blocks)}</article></main>", head)


def linked(**properties: str) -> str:
    pairs = ", ".join(f'"{name.replace("_type", "@type")}": {value}' for name, value in properties.items())
    return f'<script type="application/ld+json">{{{pairs}}}</script>'
