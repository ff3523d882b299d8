"""The canned queries of ``caliber browse``."""

from __future__ import annotations

from caliber_crawler.browse.canned_queries import canned_queries
from docs.reference_pages.markdown import cell, code, escaped, table

INTRODUCTION = """# Canned queries

`caliber browse` shows them on the page `/archive/-/queries`, each as a form. `/archive/NAME?PARAMETER=VALUE` is the
result of one, and `/archive/NAME.csv` or `/archive/NAME.json` the same for programs. The SQL works in any SQLite tool.
"""


def queries_page() -> str:
    """Each query with its parameters and its SQL."""
    text = INTRODUCTION
    for name, query in canned_queries().items():
        rows = ((code(parameter), cell(query.hints.get(parameter, ""))) for parameter in query.params)
        text += f"\n## {escaped(query.title)}\n\n`{name}`: {escaped(query.description)}\n\n"
        text += table(("Parameter", "Example"), rows)
        text += f"\n```sql\n{query.sql.strip()}\n```\n"
    return text
