-- Saved searches, and what they found since: each event is delivered once to each target.
CREATE TABLE alerts (
  name TEXT PRIMARY KEY,
  query TEXT NOT NULL,
  filters TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(filters)),
  kinds TEXT NOT NULL CHECK (json_valid(kinds)),
  min_words INTEGER NOT NULL DEFAULT 1 CHECK (min_words >= 1),
  targets TEXT NOT NULL CHECK (json_valid(targets)),
  created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??Z'),
  last_version_id INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE alert_events (
  id INTEGER PRIMARY KEY,
  alert TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('new', 'headline', 'text', 'removed')),
  article_id INTEGER NOT NULL REFERENCES articles (id),
  version_id INTEGER NOT NULL REFERENCES versions (id),
  earlier_version_id INTEGER REFERENCES versions (id),
  words_changed INTEGER,
  gone_at TEXT CHECK (gone_at GLOB '????-??-??T??:??:??Z'),
  found_at TEXT NOT NULL CHECK (found_at GLOB '????-??-??T??:??:??Z'),
  delivered TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(delivered))
) STRICT;

CREATE UNIQUE INDEX alert_events_once ON alert_events (alert, kind, article_id, version_id, coalesce(gone_at, ''));

CREATE INDEX alert_events_article ON alert_events (article_id);

CREATE INDEX alerts_repetition ON alerts (created_at, query, filters, kinds, min_words, targets, last_version_id);

CREATE INDEX alert_events_repetition ON alert_events (
  found_at, alert, kind, article_id, version_id, earlier_version_id, words_changed, gone_at, delivered);

PRAGMA user_version = 12;
