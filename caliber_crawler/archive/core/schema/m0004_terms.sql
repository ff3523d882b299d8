-- Columns, states and codes in the terms of docs/glossary.md. The values inside JSON are changed by the step in Python.

ALTER TABLE versions RENAME COLUMN rungs TO methods;
ALTER TABLE versions RENAME COLUMN seal TO checksum;
ALTER TABLE view_counts RENAME COLUMN seal TO checksum;
ALTER TABLE article_urls RENAME COLUMN seal TO checksum;
ALTER TABLE images RENAME COLUMN seal TO checksum;
ALTER TABLE links RENAME COLUMN seal TO checksum;
ALTER TABLE captures RENAME COLUMN seal TO checksum;
ALTER TABLE captures RENAME COLUMN reservations TO opt_outs;
ALTER TABLE hosts RENAME COLUMN gap TO delay_s;
ALTER TABLE field_coverage RENAME COLUMN rung TO method;

DROP INDEX captures_reserved;
CREATE INDEX captures_opted_out ON captures (article_id) WHERE opt_outs IS NOT NULL;
DROP INDEX dictionaries_lane;
CREATE INDEX dictionaries_page_class ON dictionaries (site, kind, language, media_type, id);
DROP TRIGGER forgotten_versions_leave_the_index;
CREATE TRIGGER deleted_versions_leave_the_index AFTER DELETE ON versions BEGIN
  INSERT INTO versions_fts (versions_fts, rowid, headline, subtitle, body, folded)
  VALUES ('delete', old.id, old.headline, old.subtitle, old.body, old.folded);
END;

UPDATE articles SET layout = 'generic' WHERE layout = 'general';
UPDATE field_coverage SET layout = 'generic' WHERE layout = 'general';
UPDATE field_coverage SET method = CASE method WHEN 'structured' THEN 'structured_data' ELSE 'generic' END
WHERE method IN ('structured', 'general');

-- The crawl queue: one row per known URL. It is fetched when due_at has passed; NULL means never again. discovered_at,
-- traversal_started_at and crawled_at have microseconds: two runs within one second must not mix up their discoveries.
-- A listing was crawled without a gap back to the publication date crawled_since, in the traversal that ended at crawled_at.
CREATE TABLE frontier_with_terms (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  site TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('article', 'listing', 'feed', 'sitemap', 'post_ids')),
  language TEXT,
  section TEXT,
  state TEXT NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'done', 'failed', 'refused', 'gone')),
  priority INTEGER NOT NULL DEFAULT 0,
  due_at TEXT CHECK (due_at GLOB '????-??-??T??:??:??Z'),
  discovered_at TEXT NOT NULL CHECK (discovered_at GLOB '????-??-??T??:??:??.??????Z'),
  discovered_on TEXT,
  discovered_via TEXT NOT NULL,
  run_id INTEGER REFERENCES runs (id),
  page_number INTEGER NOT NULL DEFAULT 1,
  traversal_started_at TEXT CHECK (traversal_started_at GLOB '????-??-??T??:??:??.??????Z'),
  crawled_since TEXT CHECK (crawled_since GLOB '????-??-??T??:??:??Z'),
  crawled_at TEXT CHECK (crawled_at GLOB '????-??-??T??:??:??.??????Z'),
  visited_at TEXT CHECK (visited_at GLOB '????-??-??T??:??:??Z'),
  last_status INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  etag TEXT,
  last_modified TEXT,
  article_id INTEGER REFERENCES articles (id)
) STRICT;

INSERT INTO frontier_with_terms
SELECT id, url, site, CASE kind WHEN 'numbers' THEN 'post_ids' ELSE kind END, language, section,
  CASE state WHEN 'todo' THEN 'queued' ELSE state END, priority, due_at, discovered_at, discovered_on,
  CASE road WHEN 'numbers' THEN 'post_ids' WHEN 'page' THEN 'start_page' ELSE road END, run_id, batch, walk, walked_since,
  walked_at, visited_at, last_status, failures, reason, etag, last_modified, article_id
FROM frontier;

DROP TABLE frontier;
ALTER TABLE frontier_with_terms RENAME TO frontier;
CREATE INDEX frontier_due ON frontier (site, kind, language, section, priority, due_at);
CREATE INDEX frontier_state ON frontier (site, state);
CREATE INDEX frontier_article ON frontier (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX frontier_run ON frontier (run_id);

UPDATE problems SET stage = 'pagination' WHERE stage = 'walk';

PRAGMA user_version = 4;
