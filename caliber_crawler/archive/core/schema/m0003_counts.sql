-- Size: what is asked of all rows at once is answered from indexes and counts, without reading the rows.

-- All that a hit of a search is narrowed and ordered by, found by the text.
DROP INDEX articles_current_version;
CREATE INDEX articles_current_version
ON articles (current_version_id, duplicate_of, published_at, published_date, language, section, site);

-- All that is told of a section.
DROP INDEX articles_section;
CREATE INDEX articles_section ON articles (site, language, section, published_at, duplicate_of, version_count, views);
-- How much was published when.
CREATE INDEX articles_period ON articles (published_year, published_month);
CREATE INDEX articles_gone ON articles (gone_at) WHERE gone_at IS NOT NULL;

-- Bytes are counted below.
DROP INDEX bodies_size;

-- How much there is, counted by the triggers below. `answered` captures have a status below 400, `unanswered` none at all.
-- `served` and `stored` are the bytes of all bodies, as pages and as kept.
CREATE TABLE totals (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  captures INTEGER NOT NULL,
  answered INTEGER NOT NULL,
  unanswered INTEGER NOT NULL,
  first_capture_at TEXT,
  last_capture_at TEXT,
  bodies INTEGER NOT NULL,
  served INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  versions INTEGER NOT NULL,
  view_counts INTEGER NOT NULL
) STRICT;

INSERT INTO totals
SELECT 1, c.total, c.answered, c.unanswered, c.first_at, c.last_at, b.total, b.served, b.stored,
  (SELECT count(*) FROM versions), (SELECT count(*) FROM view_counts)
FROM (
  SELECT count(*) AS total, count(*) FILTER (WHERE status < 400) AS answered, count(error) AS unanswered,
    min(fetched_at) AS first_at, max(fetched_at) AS last_at FROM captures) c
CROSS JOIN (
  SELECT count(*) AS total, coalesce(sum(size), 0) AS served, coalesce(sum(stored), 0) AS stored FROM bodies) b;

CREATE TRIGGER captures_are_counted AFTER INSERT ON captures BEGIN
  UPDATE totals SET captures = captures + 1, answered = answered + coalesce(new.status < 400, 0),
    unanswered = unanswered + (new.status IS NULL),
    first_capture_at = min(coalesce(first_capture_at, new.fetched_at), new.fetched_at),
    last_capture_at = max(coalesce(last_capture_at, new.fetched_at), new.fetched_at);
END;
CREATE TRIGGER deleted_captures_are_counted AFTER DELETE ON captures BEGIN
  UPDATE totals SET captures = captures - 1, answered = answered - coalesce(old.status < 400, 0),
    unanswered = unanswered - (old.status IS NULL);
  UPDATE totals SET (first_capture_at, last_capture_at) = (SELECT min(fetched_at), max(fetched_at) FROM captures)
  WHERE old.fetched_at IN (first_capture_at, last_capture_at);
END;
CREATE TRIGGER bodies_are_counted AFTER INSERT ON bodies BEGIN
  UPDATE totals SET bodies = bodies + 1, served = served + new.size, stored = stored + length(new.data);
END;
CREATE TRIGGER deleted_bodies_are_counted AFTER DELETE ON bodies BEGIN
  UPDATE totals SET bodies = bodies - 1, served = served - old.size, stored = stored - length(old.data);
END;
CREATE TRIGGER versions_are_counted AFTER INSERT ON versions BEGIN
  UPDATE totals SET versions = versions + 1;
END;
CREATE TRIGGER deleted_versions_are_counted AFTER DELETE ON versions BEGIN
  UPDATE totals SET versions = versions - 1;
END;
CREATE TRIGGER view_counts_are_counted AFTER INSERT ON view_counts BEGIN
  UPDATE totals SET view_counts = view_counts + 1;
END;
CREATE TRIGGER deleted_view_counts_are_counted AFTER DELETE ON view_counts BEGIN
  UPDATE totals SET view_counts = view_counts - 1;
END;

-- In both views, what came before is looked up row by row: a window would read all rows to show the newest twenty.
-- Every reading of the counter beside the one before it. Rows of merged articles count for the one that stands for them.
DROP VIEW view_growth;
CREATE VIEW view_growth AS
SELECT g.article_id, g.observed_at, g.views, g.views - g.views_before AS gained,
  round((julianday(g.observed_at) - julianday(g.observed_before)) * 24, 2) AS hours,
  CASE WHEN g.observed_at > g.observed_before THEN round((g.views - g.views_before)
    / ((julianday(g.observed_at) - julianday(g.observed_before)) * 24), 2) END AS per_hour
FROM (
  SELECT CAST(coalesce(m.duplicate_of, m.id) AS INTEGER) AS article_id, c.observed_at, c.views,
    (SELECT p.observed_at FROM view_counts p
      WHERE p.article_id IN (
        SELECT f.id FROM articles f
        WHERE f.id = coalesce(m.duplicate_of, m.id) OR f.duplicate_of = coalesce(m.duplicate_of, m.id))
        AND (p.observed_at, p.views) < (c.observed_at, c.views)
      ORDER BY p.observed_at DESC, p.views DESC LIMIT 1) AS observed_before,
    (SELECT p.views FROM view_counts p
      WHERE p.article_id IN (
        SELECT f.id FROM articles f
        WHERE f.id = coalesce(m.duplicate_of, m.id) OR f.duplicate_of = coalesce(m.duplicate_of, m.id))
        AND (p.observed_at, p.views) < (c.observed_at, c.views)
      ORDER BY p.observed_at DESC, p.views DESC LIMIT 1) AS views_before
  FROM view_counts c JOIN articles m ON m.id = c.article_id) g;

-- Every change the newspaper made: it happened after `seen_before` and not later than `seen_after`. Texts that a better
-- reading of the same pages replaced are left out: they differ by how they were read.
DROP VIEW edits;
CREATE VIEW edits AS
SELECT a.id AS article_id, a.url, a.language, a.section, n.number AS version, o.seen_until AS seen_before,
  n.seen_from AS seen_after, o.headline AS old_headline, n.headline AS new_headline,
  CAST(o.headline <> n.headline AS INTEGER) AS headline_changed, CAST(o.body <> n.body AS INTEGER) AS body_changed,
  n.word_count - o.word_count AS words_added, o.body AS old_body, n.body AS new_body, o.id AS old_version_id,
  n.id AS new_version_id
FROM articles a
JOIN articles m ON m.id = a.id OR m.duplicate_of = a.id
JOIN versions n ON n.article_id = m.id
JOIN versions o ON o.id = (
  SELECT p.id FROM versions p
  WHERE p.article_id IN (SELECT f.id FROM articles f WHERE f.id = a.id OR f.duplicate_of = a.id)
    AND p.replaced_by IS NULL
    AND (p.seen_from, p.seen_until, p.content_digest) < (n.seen_from, n.seen_until, n.content_digest)
  ORDER BY p.seen_from DESC, p.seen_until DESC, p.content_digest DESC LIMIT 1)
WHERE a.version_count > 1 AND a.duplicate_of IS NULL AND n.replaced_by IS NULL
  AND n.content_digest <> o.content_digest;

PRAGMA user_version = 3;
