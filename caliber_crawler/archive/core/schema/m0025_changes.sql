-- The front page and the page of edits sorted the versions of all articles with several of them to find the newest. An
-- article states now when its newest version was first seen, and the index of these articles is in that order. It takes
-- twenty bytes for each of them; an article with one version has no value, and is not in the index.
ALTER TABLE articles ADD COLUMN changed_at TEXT CHECK (changed_at GLOB '????-??-??T??:??:??Z');

DROP INDEX articles_of_several_versions;

UPDATE articles SET changed_at = (
  SELECT max(v.seen_from) FROM articles m CROSS JOIN versions v ON v.article_id = m.id
  WHERE (m.id = articles.id OR m.duplicate_of = articles.id) AND v.replaced_by IS NULL)
WHERE version_count > 1 AND duplicate_of IS NULL;

CREATE INDEX articles_of_several_versions ON articles (changed_at) WHERE version_count > 1;

-- The words of the full-text index by place. A search asks which words begin with some letters: `versions_vocab` counts the
-- texts of each word for that, and so reads most of the index of a frequent one. Takes no space.
CREATE VIRTUAL TABLE versions_tokens USING fts5vocab (versions_fts, 'instance');

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

PRAGMA user_version = 25;
