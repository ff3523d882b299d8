"""The family of an article: its own row and the rows that were merged into it."""

from __future__ import annotations

FAMILY = "SELECT id FROM articles WHERE id = :article_id OR duplicate_of = :article_id"
"""A subquery for the IDs of a family. ``:article_id`` is the row to which the ``duplicate_of`` of the others points."""
