-- The same rows and columns. Counts are read in the order of their key, without their articles: few articles have
-- duplicates, and an index has these.
DROP VIEW view_growth;

CREATE VIEW view_growth AS
SELECT g.article_id, g.observed_at, g.views, g.views - g.views_before AS gained,
  round((g.day - g.day_before) * 24, 2) AS hours,
  CASE WHEN g.day > g.day_before THEN round((g.views - g.views_before) / ((g.day - g.day_before) * 24), 2)
    END AS per_hour
FROM (
  SELECT * FROM (
    SELECT c.article_id, c.observed_at, c.views, julianday(c.observed_at) AS day,
      lag(julianday(c.observed_at)) OVER earlier AS day_before, lag(c.views) OVER earlier AS views_before
    FROM view_counts c
    WHERE c.article_id NOT IN (SELECT id FROM articles WHERE duplicate_of IS NOT NULL)
      AND c.article_id NOT IN (SELECT duplicate_of FROM articles WHERE duplicate_of IS NOT NULL)
    WINDOW earlier AS (PARTITION BY c.article_id ORDER BY c.observed_at, c.views))
  UNION ALL
  SELECT * FROM (
    SELECT a.id AS article_id, c.observed_at, c.views, julianday(c.observed_at) AS day,
      lag(julianday(c.observed_at)) OVER earlier AS day_before, lag(c.views) OVER earlier AS views_before
    FROM articles a CROSS JOIN articles m ON m.id = a.id OR m.duplicate_of = a.id
    CROSS JOIN view_counts c ON c.article_id = m.id
    WHERE a.id IN (SELECT duplicate_of FROM articles WHERE duplicate_of IS NOT NULL)
    WINDOW earlier AS (PARTITION BY a.id ORDER BY c.observed_at, c.views))) g;

PRAGMA user_version = 26;
