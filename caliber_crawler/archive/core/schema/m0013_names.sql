-- What `caliber names find` found in the current texts: people, places and organizations, and who said what. Everything is
-- computed from the texts and can be computed anew; it goes when an article goes. Offsets count the characters of the body
-- of version_id, from 0; the end is the first character after the name. name_searches has a row for each text searched.
CREATE TABLE name_searches (
  article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
  version_id INTEGER NOT NULL,
  method TEXT NOT NULL,
  searched_at TEXT NOT NULL CHECK (searched_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE INDEX name_searches_repetition ON name_searches (searched_at, method, version_id);

-- No foreign key to versions, which are never deleted without their article. The index repeats every value, and finds a name.
CREATE TABLE mentions (
  article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  version_id INTEGER NOT NULL,
  start_offset INTEGER NOT NULL CHECK (start_offset >= 0),
  end_offset INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('person', 'place', 'organization')),
  name TEXT NOT NULL,
  written TEXT NOT NULL,
  PRIMARY KEY (article_id, start_offset),
  CHECK (end_offset > start_offset)
) STRICT, WITHOUT ROWID;

CREATE INDEX mentions_repetition ON mentions (name, kind, article_id, version_id, end_offset, written);

CREATE TABLE quotations (
  article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  version_id INTEGER NOT NULL,
  start_offset INTEGER NOT NULL CHECK (start_offset >= 0),
  end_offset INTEGER NOT NULL,
  speaker TEXT,
  speaker_start INTEGER CHECK (speaker_start >= 0),
  speaker_end INTEGER CHECK (speaker_end > speaker_start),
  cue TEXT,
  PRIMARY KEY (article_id, start_offset),
  CHECK (end_offset > start_offset),
  CHECK ((speaker_start IS NULL) = (speaker_end IS NULL)),
  CHECK (speaker IS NULL OR speaker_start IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX quotations_repetition ON quotations (
  speaker, article_id, cue, version_id, end_offset, speaker_start, speaker_end);

CREATE VIEW article_mentions AS
SELECT m.article_id, a.headline, a.published_date, a.site, a.language, a.section, m.kind, m.name, m.written,
  m.start_offset, m.end_offset, m.version_id, a.url
FROM mentions m JOIN articles a ON a.id = m.article_id AND a.current_version_id = m.version_id
WHERE a.duplicate_of IS NULL;

CREATE VIEW names AS
SELECT name, kind, count(DISTINCT article_id) AS articles, count(*) AS mentions, min(published_date) AS first_published,
  max(published_date) AS last_published
FROM article_mentions GROUP BY name, kind;

CREATE VIEW article_quotations AS
SELECT q.article_id, a.headline, a.published_date, a.site, a.language, a.section, q.speaker,
  substr(v.body, q.speaker_start + 1, q.speaker_end - q.speaker_start) AS speaker_written, q.cue,
  substr(v.body, q.start_offset + 1, q.end_offset - q.start_offset) AS quotation, q.start_offset, q.end_offset,
  q.speaker_start, q.speaker_end, q.version_id, a.url
FROM quotations q JOIN articles a ON a.id = q.article_id AND a.current_version_id = q.version_id
JOIN versions v ON v.id = q.version_id
WHERE a.duplicate_of IS NULL;

PRAGMA user_version = 13;
