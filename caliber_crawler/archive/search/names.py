"""Names in a query: authors, sections, languages and sites, compared word by word and in any case."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.search.tokens import words_in
from caliber_crawler.archive.search.tree import Term

BY_AUTHOR = """a.id IN (SELECT article_id FROM article_authors
  WHERE author_id IN (SELECT value FROM json_each(:{name})))"""
# An article without a section is in no section; NULL would be neither.
IN_SECTION = """coalesce((a.site, a.language, a.section) IN (
  SELECT json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
  FROM json_each(:{name})), 0)"""
OF_LANGUAGE = "a.language IN (SELECT value FROM json_each(:{name}))"
OF_SITE = "a.site IN (SELECT value FROM json_each(:{name}))"

SECTIONS = "SELECT site, language, section, label FROM sections"
SITES = "SELECT DISTINCT a.site, s.title FROM articles a LEFT JOIN sites s ON s.site = a.site"


def named_articles(connection: Connection, term: Term) -> tuple[str, str]:
    """The condition for rows of ``articles a`` of an ``author:``, ``section:`` … term, and its parameter.

    ``{name}`` in the condition stands for the name of the parameter. Part of an author's name is enough. A section or
    a site is known by its key and by its name on the site. A language includes its regional variants.
    """
    match term.field:
        case "author":
            authors = connection.rows("SELECT id, name FROM authors")
            return BY_AUTHOR, json.dumps([row["id"] for row in authors if contains(row["name"], term)])
        case "section":
            sections = connection.rows(SECTIONS)
            found = [
                (row["site"], row["language"], row["section"])
                for row in sections
                if is_one_of((row["section"], row["label"]), term)
            ]
            return IN_SECTION, json.dumps(found)
        case "language":
            languages = connection.values("SELECT DISTINCT language FROM articles")
            return OF_LANGUAGE, json.dumps([name for name in languages if begins(name, term)])
        case _:
            sites = connection.rows(SITES)
            return OF_SITE, json.dumps([row["site"] for row in sites if is_one_of((row["site"], row["title"]), term)])


def contains(name: str, term: Term) -> bool:
    """Whether a name contains the words of a term, one after another."""
    words, count = words_of(name), len(term.words)
    return any(are_words(words[start : start + count], term) for start in range(len(words) - count + 1))


def begins(name: str, term: Term) -> bool:
    """Whether a name begins with the words of a term."""
    return are_words(words_of(name)[: len(term.words)], term)


def is_one_of(names: Iterable[str | None], term: Term) -> bool:
    """Whether a term is the whole of one of these names."""
    return any(are_words(words_of(name), term) for name in names if name)


def are_words(words: tuple[str, ...], term: Term) -> bool:
    if words == term.words:
        return True
    if not term.prefix or not words or words[:-1] != term.words[:-1]:
        return False
    return words[-1].startswith(term.words[-1])


@lru_cache(maxsize=20_000)
def words_of(name: str) -> tuple[str, ...]:
    return tuple(words_in(name))
