"""The canned queries of ``caliber browse``."""

from __future__ import annotations

from caliber_crawler.browse.canned_queries import canned_queries
from docs.reference_pages.markdown import cell, code, escaped, table

INTRODUCTION = """# Canned queries

`caliber browse` shows each on a page of its own, `/archive/-/queries/NAME?PARAMETER=VALUE`, with a form. An empty
parameter includes everything. The SQL works in any SQLite tool.
"""


def queries_page() -> str:
    """Each query with its parameters and its SQL."""
    text = INTRODUCTION
    for name, query in canned_queries().items():
        rows = (
            (code(parameter), cell(query.hints.get(parameter, "")), cell(", ".join(query.choices.get(parameter, []))))
            for parameter in query.params
        )
        text += f"\n## {escaped(query.title)}\n\n`{name}`: {escaped(query.description)}\n\n"
        text += table(("Parameter", "Example", "Values"), rows)
        text += f"\n```sql\n{query.sql}\n```\n"
    return text
