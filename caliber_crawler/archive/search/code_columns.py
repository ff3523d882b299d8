"""Columns of exports with the codes of an article: one for each variable of the codebook.

A column has every code that a coder gave, each once, whatever their number of coders: coders who disagree give two
codes. A row of an article has the codes of all its texts, a row of a version those of its own text.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from caliber_crawler.archive.core.connection import Connection

PREFIX = "code_"
SEPARATOR = "; "

CODES = """
SELECT DISTINCT coalesce(m.duplicate_of, m.id) AS article_id, k.variable, k.code, k.content_digest
FROM articles m JOIN codes k ON k.article_id = m.id
WHERE m.id IN (SELECT value FROM json_each(:ids)) OR m.duplicate_of IN (SELECT value FROM json_each(:ids))
ORDER BY k.variable, k.code"""

CodesOfTexts = dict[tuple[int, str], dict[str, list[str]]]
"""Article and digest of a text to variable and codes."""


def variables(connection: Connection) -> list[str]:
    """The variables of the codebook, sorted."""
    found: list[str] = connection.values("SELECT variable FROM codebook ORDER BY variable")
    return found


def code_columns(connection: Connection) -> dict[str, type[str]]:
    """The columns of exports with codes, and the type of their values."""
    return {f"{PREFIX}{variable}": str for variable in variables(connection)}


def codes_of_texts(connection: Connection, ids: Sequence[int]) -> CodesOfTexts:
    """The codes of some articles, by text."""
    found: CodesOfTexts = {}
    for row in connection.rows(CODES, {"ids": json.dumps(list(ids))}):
        of_text = found.setdefault((row["article_id"], row["content_digest"]), {})
        of_text.setdefault(row["variable"], []).append(row["code"])
    return found


def codes_of_articles(codes: CodesOfTexts) -> dict[int, dict[str, list[str]]]:
    """The codes by article, of all its texts together."""
    found: dict[int, dict[str, list[str]]] = {}
    for (article, _), of_text in codes.items():
        for variable, given in of_text.items():
            listed = found.setdefault(article, {}).setdefault(variable, [])
            listed += [code for code in given if code not in listed]
            listed.sort()
    return found
