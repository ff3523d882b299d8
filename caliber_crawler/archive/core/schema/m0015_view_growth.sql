-- The same rows and columns, computed by a window of each article instead of two searches for each count. The window
-- follows the primary key, so that nothing is sorted, and a condition on article_id reads only the counts of that article.
-- Only the articles that have duplicates, whose counts must be put in order, are sorted.
DROP VIEW view_growth;

CREATE VIEW view_growth AS
SELECT g.article_id, g.observed_at, g.views, g.views - g.views_before AS gained,
  round((g.day - g.day_before) * 24, 2) AS hours,
  CASE WHEN g.day > g.day_before THEN round((g.views - g.views_before) / ((g.day - g.day_before) * 24), 2)
    END AS per_hour
FROM (
  SELECT * FROM (
    SELECT a.id AS article_id, c.observed_at, c.views, julianday(c.observed_at) AS day,
      lag(julianday(c.observed_at)) OVER earlier AS day_before, lag(c.views) OVER earlier AS views_before
    FROM articles a CROSS JOIN view_counts c ON c.article_id = a.id
    WHERE a.duplicate_of IS NULL AND NOT EXISTS (SELECT 1 FROM articles d WHERE d.duplicate_of = a.id)
    WINDOW earlier AS (PARTITION BY a.id ORDER BY c.observed_at, c.views))
  UNION ALL
  SELECT * FROM (
    SELECT a.id AS article_id, c.observed_at, c.views, julianday(c.observed_at) AS day,
      lag(julianday(c.observed_at)) OVER earlier AS day_before, lag(c.views) OVER earlier AS views_before
    FROM articles a CROSS JOIN articles m ON m.id = a.id OR m.duplicate_of = a.id
    CROSS JOIN view_counts c ON c.article_id = m.id
    WHERE a.id IN (SELECT duplicate_of FROM articles WHERE duplicate_of IS NOT NULL)
    WINDOW earlier AS (PARTITION BY a.id ORDER BY c.observed_at, c.views))) g;

PRAGMA user_version = 15;
