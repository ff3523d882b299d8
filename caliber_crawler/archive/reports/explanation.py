"""Everything an archive knows about one URL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypedDict, cast

from caliber_crawler.archive.core.connection import Connection
from caliber_crawler.archive.core.rows import FrontierRow

MAX_ROWS = 20
"""The maximum number of captures, and of problems, in an explanation."""


class ExplainedCapture(TypedDict):
    """A fetch of the URL. Times are ISO 8601 text in UTC."""

    id: int
    url: str
    fetched_at: str
    status: int | None
    """The HTTP status; ``None`` if there was no response."""
    error: str | None
    """Why there was no response, as one clause."""
    final_url: str | None
    media_type: str | None
    size: int
    """Bytes of the body after content decoding."""
    run_id: int
    opt_outs: dict[str, str]
    """Each rights reservation (``noarchive``, ``tdm`` …), and where the page states it."""


class ExplainedProblem(TypedDict):
    """Something unexpected on a page of the URL."""

    noted_at: str
    stage: str
    reason: str
    """A reason code (``http_404``)."""
    message: str
    field: str | None
    fatal: int
    """1 if the page was refused because of it, else 0."""
    run_id: int


class DueUrl(TypedDict):
    """A URL of the article that is or will be due."""

    url: str
    due_at: str


class ExplainedArticle(TypedDict):
    """The article that the URL belongs to. Times are ISO 8601 text in UTC."""

    id: int
    url: str
    headline: str
    language: str
    section: str | None
    published_at: str | None
    first_seen_at: str
    last_seen_at: str
    gone_at: str | None
    version_count: int
    layout: str
    extractor: str
    methods: dict[str, str]
    """The extraction method of each field."""
    view_count_observations: int
    due: list[DueUrl]
    """Earliest first."""


class Explanation(TypedDict):
    """Everything an archive knows about one URL."""

    frontier: FrontierRow | None
    captures: list[ExplainedCapture]
    """Newest first."""
    problems: list[ExplainedProblem]
    """Newest first."""
    article: ExplainedArticle | None


def explain(connection: Connection, urls: Sequence[str]) -> Explanation:
    """Everything known about a URL, given in all its variants. Captures and problems are those of the URL itself."""
    variants = json.dumps(list(urls))
    entry = connection.row_of(
        FrontierRow,
        """SELECT * FROM frontier WHERE url IN (SELECT value FROM json_each(?))
        ORDER BY visited_at IS NULL, id LIMIT 1""",
        (variants,),
    )
    captures = connection.rows(
        """SELECT id, url, fetched_at, status, error, final_url, media_type, size, run_id, opt_outs FROM captures
        WHERE url IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?""",
        (variants, MAX_ROWS),
    )
    problems = connection.rows_of(
        ExplainedProblem,
        """SELECT noted_at, stage, reason, message, field, fatal, run_id FROM problems
        WHERE url IN (SELECT value FROM json_each(?)) ORDER BY id DESC LIMIT ?""",
        (variants, MAX_ROWS),
    )
    return {
        "frontier": entry,
        "captures": [
            cast(ExplainedCapture, row | {"opt_outs": json.loads(row["opt_outs"] or "{}")}) for row in captures
        ],
        "problems": problems,
        "article": _article(connection, variants, entry),
    }


def _article(connection: Connection, variants: str, entry: FrontierRow | None) -> ExplainedArticle | None:
    id = connection.value(
        "SELECT article_id FROM article_urls WHERE url IN (SELECT value FROM json_each(?))", (variants,)
    )
    id = id or (entry and entry["article_id"])
    row = connection.row(
        """SELECT a.id, a.url, a.headline, a.language, a.section, a.published_at, a.first_seen_at, a.last_seen_at,
          a.gone_at, a.version_count, v.layout, v.extractor, v.methods,
          (SELECT count(*) FROM view_counts c WHERE c.article_id = a.id) AS view_count_observations
        FROM articles x JOIN articles a ON a.id = coalesce(x.duplicate_of, x.id)
        JOIN versions v ON v.id = a.current_version_id WHERE x.id = ?""",
        (id,),
    )
    if row is None:
        return None
    due = connection.rows_of(
        DueUrl,
        "SELECT url, due_at FROM frontier WHERE article_id = ? AND due_at IS NOT NULL ORDER BY due_at",
        (row["id"],),
    )
    return cast(ExplainedArticle, row | {"methods": json.loads(row["methods"]), "due": due})
