-- Proof: seals that show damage, what each page was last read with, which text a better reading replaced, and takedowns.

-- Which code last read the page. NULL: none did.
ALTER TABLE captures ADD COLUMN extractor TEXT;
ALTER TABLE captures ADD COLUMN seal INTEGER;
-- What the page reserves, and where it says so: {"noarchive": "header", "tdm": "page"}. NULL: nothing.
ALTER TABLE captures ADD COLUMN reservations TEXT CHECK (reservations IS NULL OR json_valid(reservations));
CREATE INDEX captures_reserved ON captures (article_id) WHERE reservations IS NOT NULL;
ALTER TABLE versions ADD COLUMN seal INTEGER;
ALTER TABLE view_counts ADD COLUMN seal INTEGER;
ALTER TABLE article_urls ADD COLUMN seal INTEGER;
ALTER TABLE images ADD COLUMN seal INTEGER;
ALTER TABLE links ADD COLUMN seal INTEGER;

-- The version that today's reading of the same pages gives. NULL: this is still how they are read.
ALTER TABLE versions ADD COLUMN replaced_by INTEGER REFERENCES versions (id);
CREATE INDEX versions_replaced_by ON versions (replaced_by) WHERE replaced_by IS NOT NULL;

-- A request to forget an article. What is left of it is only that it was made: `article_id` is set while it is carried out.
CREATE TABLE takedowns (
  id INTEGER PRIMARY KEY,
  site TEXT NOT NULL,
  language TEXT NOT NULL,
  reason TEXT NOT NULL,
  requested_at TEXT NOT NULL CHECK (requested_at GLOB '????-??-??T??:??:??Z'),
  carried_out_at TEXT NOT NULL CHECK (carried_out_at GLOB '????-??-??T??:??:??Z'),
  versions INTEGER NOT NULL,
  captures INTEGER NOT NULL,
  article_id INTEGER
) STRICT;

-- How a forgotten article is recognised if it is met again: SHA-256 of its addresses, its number and its slug, for these
-- would tell what it was about.
CREATE TABLE takedown_keys (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
  takedown_id INTEGER NOT NULL REFERENCES takedowns (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX takedown_keys_takedown ON takedown_keys (takedown_id);

DROP TRIGGER versions_are_kept;
CREATE TRIGGER versions_are_kept BEFORE DELETE ON versions
WHEN NOT EXISTS (SELECT 1 FROM takedowns WHERE article_id = old.article_id) BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;
DROP TRIGGER view_counts_are_kept;
CREATE TRIGGER view_counts_are_kept BEFORE DELETE ON view_counts
WHEN NOT EXISTS (SELECT 1 FROM takedowns WHERE article_id = old.article_id) BEGIN
  SELECT raise(ABORT, 'view_counts are append-only');
END;
CREATE TRIGGER forgotten_versions_leave_the_index AFTER DELETE ON versions BEGIN
  INSERT INTO versions_fts (versions_fts, rowid, headline, subtitle, body, folded)
  VALUES ('delete', old.id, old.headline, old.subtitle, old.body, old.folded);
END;
-- The text stays for ever; what was noted about how it was read is that of its newest reading.
DROP TRIGGER versions_are_append_only;
CREATE TRIGGER versions_are_append_only
BEFORE UPDATE OF id, article_id, number, cause, headline, subtitle, authors, published_at, published_local, word_count, body,
  content_digest, capture_id, run_id ON versions BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;

-- Every change the newspaper made: it happened after `seen_before` and not later than `seen_after`. Texts that a better
-- reading of the same pages replaced are left out: they differ by how they were read.
DROP VIEW edits;
CREATE VIEW edits AS
SELECT t.article_id, a.url, a.language, a.section, t.number AS version, o.seen_until AS seen_before, n.seen_from AS seen_after,
  o.headline AS old_headline, n.headline AS new_headline,
  CAST(o.headline <> n.headline AS INTEGER) AS headline_changed, CAST(o.body <> n.body AS INTEGER) AS body_changed,
  n.word_count - o.word_count AS words_added, o.body AS old_body, n.body AS new_body, o.id AS old_version_id, n.id AS new_version_id
FROM (
  SELECT v.id, v.number, CAST(coalesce(b.duplicate_of, b.id) AS INTEGER) AS article_id,
    lag(v.id) OVER (PARTITION BY CAST(coalesce(b.duplicate_of, b.id) AS INTEGER) ORDER BY v.seen_from, v.seen_until, v.content_digest) AS previous_id
  FROM versions v JOIN articles b ON b.id = v.article_id WHERE v.replaced_by IS NULL) AS t
JOIN versions n ON n.id = t.id
JOIN versions o ON o.id = t.previous_id
JOIN articles a ON a.id = t.article_id
WHERE n.content_digest <> o.content_digest;

PRAGMA user_version = 2;
