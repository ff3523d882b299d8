"""The family of an article: its own row, the rows that were merged into it, and the tables that depend on them."""

from __future__ import annotations

FAMILY = "SELECT id FROM articles WHERE id = :article_id OR duplicate_of = :article_id"
"""A subquery for the IDs of a family. ``:article_id`` is the row to which the ``duplicate_of`` of the others points."""

TABLES_OF_ARTICLE = (
    *("alert_events", "codes", "view_counts", "versions", "images", "links", "article_authors", "article_urls"),
    "url_claims",
)
"""The tables whose rows are deleted with an article, in an order that keeps every reference valid."""
