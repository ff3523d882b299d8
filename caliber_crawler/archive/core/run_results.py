"""What a run added to the archive, as columns of ``runs``."""

from __future__ import annotations

SET_RESULTS = """UPDATE runs SET
  new_articles = CAST(coalesce(counts ->> 'new', 0) AS INTEGER),
  problem_count = (SELECT count(*) FROM problems p WHERE p.run_id = runs.id),
  stored_bytes = (
    SELECT coalesce(sum(b.stored), 0) FROM captures c CROSS JOIN bodies b ON b.digest = c.body_digest
    WHERE c.run_id = runs.id AND NOT EXISTS (
      SELECT 1 FROM captures e WHERE e.body_digest = c.body_digest AND e.id < c.id))"""
"""Computes these columns. A page that an earlier capture stored counts for the run of that capture."""
