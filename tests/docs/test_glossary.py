"""The glossary explains the words of tables and discovery sources."""

from __future__ import annotations

import re

import pytest

from caliber_crawler.site import Exploration, Feed, Links, Listings, PostIds, Search, Sitemaps, StartPage
from docs.reference_pages.schema import relations
from tests.tooling.repository import ROOT

GLOSSARY = (ROOT / "docs/glossary.md").read_text("utf-8")
TERMS = set(re.findall(r"^\| ([^|]+?) \|", GLOSSARY.partition("## Frontier states")[0], re.MULTILINE))
PLAIN = {"at", "author", "by", "coverage", "day", "growth", "image", "key", "link", "search", "total", "url"}
"""Words with their usual meaning."""


def singular(word: str) -> str:
    return re.sub(r"(?<!s)s$", "", re.sub(r"(?<=ch)es$", "", re.sub(r"ies$", "y", word)))


@pytest.mark.parametrize("name", [each.name for each in relations()])
def test_every_table_is_named_by_terms(name: str) -> None:
    """As a whole, or word by word."""
    words = [singular(word) for word in name.split("_")]
    terms = {term.replace("-", " ") for term in TERMS}
    assert singular(name.replace("_", " ")) in terms or set(words) <= terms | PLAIN


@pytest.mark.parametrize("source", [Exploration, Feed, Links, Listings, PostIds, Search, Sitemaps, StartPage])
def test_every_discovery_source_is_a_term(source: type) -> None:
    word = source.name.replace("_", " ").replace("post ids", "post ID")
    assert singular(word) in TERMS | PLAIN


def test_no_term_is_explained_twice() -> None:
    named = re.findall(r"^\| ([^|]+?) \|", GLOSSARY.partition("## Frontier states")[0], re.MULTILINE)
    assert sorted(named) == sorted(set(named))
