-- The same rows and columns. The counts of an article are looked up by its ID in any case: SQLite could also read all counts
-- before a time, and did so where most articles have one count.
DROP VIEW views_at;

CREATE VIEW views_at AS
SELECT d.article_id, d.hours,
  CASE WHEN b.observed_at = n.observed_at THEN n.views
    WHEN (julianday(n.observed_at) - julianday(b.observed_at)) * 24 <= 3 * d.hours THEN
      CAST(round(b.views + (n.views - b.views) * (julianday(d.at) - julianday(b.observed_at))
        / (julianday(n.observed_at) - julianday(b.observed_at))) AS INTEGER) END AS views,
  CASE WHEN d.at IS NULL THEN 'no date' WHEN b.views IS NULL AND n.views IS NULL THEN 'no view count'
    WHEN b.views IS NULL THEN 'no earlier view count' WHEN n.views IS NULL THEN 'no later view count'
    WHEN (julianday(n.observed_at) - julianday(b.observed_at)) * 24 > 3 * d.hours THEN 'view counts too far apart'
    END AS reason,
  b.observed_at AS before_at, b.views AS views_before, n.observed_at AS after_at, n.views AS views_after,
  round((julianday(n.observed_at) - julianday(b.observed_at)) * 24, 2) AS hours_between
FROM (
  SELECT a.id AS article_id, g.hours,
    strftime('%Y-%m-%dT%H:%M:%SZ', a.published_at, '+' || g.hours || ' hours') AS at
  FROM articles a CROSS JOIN (
    SELECT 1 AS hours UNION ALL SELECT 6 UNION ALL SELECT 24 UNION ALL SELECT 72 UNION ALL SELECT 168) g
  WHERE a.duplicate_of IS NULL) d
LEFT JOIN view_counts b ON (b.article_id, b.observed_at, b.views) = (
  SELECT c.article_id, c.observed_at, c.views FROM articles f
  CROSS JOIN view_counts c ON c.article_id = f.id AND c.observed_at <= d.at
  WHERE f.id = d.article_id OR f.duplicate_of = d.article_id
  ORDER BY c.observed_at DESC, c.views DESC LIMIT 1)
LEFT JOIN view_counts n ON (n.article_id, n.observed_at, n.views) = (
  SELECT c.article_id, c.observed_at, c.views FROM articles f
  CROSS JOIN view_counts c ON c.article_id = f.id AND c.observed_at >= d.at
  WHERE f.id = d.article_id OR f.duplicate_of = d.article_id
  ORDER BY c.observed_at, c.views DESC LIMIT 1);

PRAGMA user_version = 18;
