-- The archive, as it began. Times are ISO 8601 text in UTC, to the second (2026-01-06T15:13:00Z);
-- `published_local` keeps the offset the site prints in. JSON columns are text. Digests are SHA-256 in hexadecimal.
-- Everything here must parse on SQLite 3.38, the version inside DuckDB's scanner.

-- One run of a command that wrote to the archive.
CREATE TABLE runs (
  id INTEGER PRIMARY KEY,
  command TEXT NOT NULL,
  site TEXT,
  outcome TEXT NOT NULL DEFAULT 'running' CHECK (outcome IN ('running', 'finished', 'failed', 'interrupted', 'stopped')),
  reason TEXT,
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??Z'),
  heartbeat_at TEXT NOT NULL CHECK (heartbeat_at GLOB '????-??-??T??:??:??Z'),
  finished_at TEXT CHECK (finished_at GLOB '????-??-??T??:??:??Z'),
  counts TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(counts)),
  arguments TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(arguments)),
  settings TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(settings)),
  software TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(software)),
  user_agent TEXT
) STRICT;

-- A site whose pages are kept here, as its own file described it when it was last crawled. `reuse` is the site's condition.
CREATE TABLE sites (
  site TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  timezone TEXT NOT NULL,
  reuse TEXT
) STRICT, WITHOUT ROWID;

-- A section of one edition; `section` is the site's key for it, the same in every language.
CREATE TABLE sections (
  site TEXT NOT NULL,
  language TEXT NOT NULL,
  section TEXT NOT NULL,
  label TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (site, language, section)
) STRICT, WITHOUT ROWID;

-- An article as it stands now. The text columns repeat the current version, views the latest reading of the counter;
-- `authors` is a JSON array of names, [] when nobody is named.
CREATE TABLE articles (
  id INTEGER PRIMARY KEY,
  headline TEXT NOT NULL,
  published_at TEXT CHECK (published_at GLOB '????-??-??T??:??:??Z'),
  language TEXT NOT NULL,
  section TEXT,
  views INTEGER,
  word_count INTEGER NOT NULL DEFAULT 0,
  version_count INTEGER NOT NULL DEFAULT 0,
  url TEXT NOT NULL CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  subtitle TEXT,
  authors TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(authors)),
  published_local TEXT CHECK (published_local GLOB '????-??-??T??:??:??[+-]??:??'),
  published_date TEXT,
  published_month TEXT,
  published_year TEXT,
  views_at TEXT CHECK (views_at GLOB '????-??-??T??:??:??Z'),
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??Z'),
  gone_at TEXT CHECK (gone_at GLOB '????-??-??T??:??:??Z'),
  site TEXT NOT NULL,
  post_number INTEGER,
  slug TEXT,
  cover_image TEXT,
  layout TEXT,
  current_version_id INTEGER REFERENCES versions (id),
  duplicate_of INTEGER REFERENCES articles (id)
) STRICT;

CREATE UNIQUE INDEX articles_post_number ON articles (site, post_number) WHERE duplicate_of IS NULL;
CREATE UNIQUE INDEX articles_slug ON articles (site, language, slug) WHERE duplicate_of IS NULL;
CREATE INDEX articles_published ON articles (published_at);
CREATE INDEX articles_section ON articles (site, language, section, published_at);
CREATE INDEX articles_url ON articles (url);
CREATE INDEX articles_current_version ON articles (current_version_id);
CREATE INDEX articles_duplicate_of ON articles (duplicate_of) WHERE duplicate_of IS NOT NULL;
CREATE INDEX articles_of_several_versions ON articles (version_count) WHERE version_count > 1;

-- One address an article was ever known under, with the number or slug it names the article by.
CREATE TABLE article_urls (
  url TEXT PRIMARY KEY CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  article_id INTEGER NOT NULL REFERENCES articles (id),
  kind TEXT NOT NULL CHECK (kind IN ('number', 'slug', 'other')),
  language TEXT,
  post_number INTEGER,
  slug TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE INDEX article_urls_article ON article_urls (article_id);
CREATE INDEX article_urls_post_number ON article_urls (post_number) WHERE post_number IS NOT NULL;
CREATE INDEX article_urls_slug ON article_urls (slug) WHERE slug IS NOT NULL;

-- A page that later pages are compressed against. Never changed, never deleted while a body needs it.
CREATE TABLE dictionaries (
  id INTEGER PRIMARY KEY,
  digest TEXT NOT NULL UNIQUE CHECK (length(digest) = 64),
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  language TEXT,
  media_type TEXT NOT NULL,
  created_at TEXT NOT NULL CHECK (created_at GLOB '????-??-??T??:??:??Z'),
  size INTEGER NOT NULL CHECK (size >= 0),
  data BLOB NOT NULL
) STRICT;

CREATE INDEX dictionaries_lane ON dictionaries (site, kind, language, media_type, id);

-- One distinct body: a zstd frame, made with a dictionary where `dictionary_id` says so. `size` is that of the page itself.
CREATE TABLE bodies (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
  dictionary_id INTEGER REFERENCES dictionaries (id),
  size INTEGER NOT NULL CHECK (size >= 0),
  data BLOB NOT NULL,
  stored INTEGER GENERATED ALWAYS AS (length(data)) VIRTUAL
) STRICT;

CREATE INDEX bodies_dictionary ON bodies (dictionary_id);
-- So that counting bytes does not read every page.
CREATE INDEX bodies_size ON bodies (size, stored);

-- One HTTP exchange, or one saved file; failed ones too.
CREATE TABLE captures (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (id),
  site TEXT NOT NULL,
  kind TEXT NOT NULL,
  url TEXT NOT NULL CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  fetched_at TEXT NOT NULL CHECK (fetched_at GLOB '????-??-??T??:??:??Z'),
  status INTEGER,
  error TEXT,
  final_url TEXT,
  redirects TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(redirects)),
  media_type TEXT,
  headers TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(headers)),
  size INTEGER NOT NULL DEFAULT 0 CHECK (size >= 0),
  body_digest TEXT REFERENCES bodies (digest),
  article_id INTEGER REFERENCES articles (id),
  version_id INTEGER REFERENCES versions (id),
  CHECK ((status IS NULL) <> (error IS NULL))
) STRICT;

CREATE INDEX captures_run ON captures (run_id, kind);
CREATE INDEX captures_url ON captures (url, fetched_at);
CREATE INDEX captures_article ON captures (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX captures_body ON captures (body_digest);

-- One distinct text of an article. `number` counts in order of arrival; `seen_from` and `seen_until` say when it stood.
-- `folded` serves only the search index: the same text with letters people leave out when they type (ё, ə, ı) replaced.
CREATE TABLE versions (
  id INTEGER PRIMARY KEY,
  article_id INTEGER NOT NULL REFERENCES articles (id),
  number INTEGER NOT NULL CHECK (number >= 1),
  cause TEXT NOT NULL CHECK (cause IN ('first', 'edit', 'reextract')),
  seen_from TEXT NOT NULL CHECK (seen_from GLOB '????-??-??T??:??:??Z'),
  seen_until TEXT NOT NULL CHECK (seen_until GLOB '????-??-??T??:??:??Z'),
  headline TEXT NOT NULL,
  subtitle TEXT,
  authors TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(authors)),
  published_at TEXT CHECK (published_at GLOB '????-??-??T??:??:??Z'),
  published_local TEXT CHECK (published_local GLOB '????-??-??T??:??:??[+-]??:??'),
  word_count INTEGER NOT NULL,
  body TEXT NOT NULL,
  body_markdown TEXT NOT NULL DEFAULT '',
  signature TEXT,
  content_digest TEXT NOT NULL CHECK (length(content_digest) = 64),
  capture_id INTEGER NOT NULL REFERENCES captures (id),
  run_id INTEGER NOT NULL REFERENCES runs (id),
  extractor TEXT NOT NULL,
  layout TEXT NOT NULL,
  rungs TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(rungs)),
  folded TEXT GENERATED ALWAYS AS (
    CASE WHEN headline || coalesce(subtitle, '') || body GLOB '*[ёЁəƏıİ]*' THEN
      replace(replace(replace(replace(replace(replace(
        headline || char(10) || coalesce(subtitle, '') || char(10) || body,
        'ё', 'е'), 'Ё', 'Е'), 'ə', 'e'), 'Ə', 'E'), 'ı', 'i'), 'İ', 'I')
    END) VIRTUAL,
  UNIQUE (article_id, number),
  CHECK (seen_from <= seen_until)
) STRICT;

CREATE INDEX versions_seen ON versions (article_id, seen_from);
CREATE INDEX versions_capture ON versions (capture_id);
CREATE INDEX versions_run ON versions (run_id);

-- One reading of the counter. Two readings of one second and one number are the same reading.
CREATE TABLE view_counts (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  observed_at TEXT NOT NULL CHECK (observed_at GLOB '????-??-??T??:??:??Z'),
  views INTEGER NOT NULL CHECK (views >= 0),
  shown TEXT,
  capture_id INTEGER NOT NULL REFERENCES captures (id),
  PRIMARY KEY (article_id, observed_at, views)
) STRICT, WITHOUT ROWID;

CREATE INDEX view_counts_observed ON view_counts (observed_at);
CREATE INDEX view_counts_capture ON view_counts (capture_id);

CREATE TABLE authors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  site TEXT NOT NULL,
  UNIQUE (site, name)
) STRICT;

-- Who the current version names, in its order. Earlier names stand in versions.authors.
CREATE TABLE article_authors (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  author_id INTEGER NOT NULL REFERENCES authors (id),
  position INTEGER NOT NULL,
  PRIMARY KEY (article_id, author_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_authors_author ON article_authors (author_id);

-- Every picture an article was ever seen with; those of today were last seen on its newest capture.
CREATE TABLE images (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  url TEXT NOT NULL,
  position INTEGER NOT NULL,
  alt TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (article_id, url)
) STRICT, WITHOUT ROWID;

-- Every hyperlink an article's body was ever seen with.
CREATE TABLE links (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  url TEXT NOT NULL,
  position INTEGER NOT NULL,
  host TEXT,
  text TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (article_id, url)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_host ON links (host);

-- One address we know of. It is fetched when due_at has come; NULL means not again. `walk` and `discovered_at` are to the
-- microsecond: runs that follow each other within a second must not take each other's finds for their own.
CREATE TABLE frontier (
  id INTEGER PRIMARY KEY,
  url TEXT NOT NULL UNIQUE CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  site TEXT NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('article', 'listing', 'feed', 'sitemap', 'numbers')),
  language TEXT,
  section TEXT,
  state TEXT NOT NULL DEFAULT 'todo' CHECK (state IN ('todo', 'done', 'failed', 'refused', 'gone')),
  priority INTEGER NOT NULL DEFAULT 0,
  due_at TEXT CHECK (due_at GLOB '????-??-??T??:??:??Z'),
  discovered_at TEXT NOT NULL CHECK (discovered_at GLOB '????-??-??T??:??:??.??????Z'),
  discovered_on TEXT,
  road TEXT NOT NULL,
  run_id INTEGER REFERENCES runs (id),
  batch INTEGER NOT NULL DEFAULT 1,
  walk TEXT CHECK (walk GLOB '????-??-??T??:??:??.??????Z'),
  walked_since TEXT CHECK (walked_since GLOB '????-??-??T??:??:??Z'),
  walked_at TEXT CHECK (walked_at GLOB '????-??-??T??:??:??.??????Z'),
  visited_at TEXT CHECK (visited_at GLOB '????-??-??T??:??:??Z'),
  last_status INTEGER,
  failures INTEGER NOT NULL DEFAULT 0,
  reason TEXT,
  etag TEXT,
  last_modified TEXT,
  article_id INTEGER REFERENCES articles (id)
) STRICT;

CREATE INDEX frontier_due ON frontier (site, kind, language, section, priority, due_at);
CREATE INDEX frontier_state ON frontier (site, state);
CREATE INDEX frontier_article ON frontier (article_id) WHERE article_id IS NOT NULL;
CREATE INDEX frontier_run ON frontier (run_id);

-- A host that was asked: when last, how many seconds must lie between two requests, what its robots.txt said, and until
-- when it wishes to be left alone.
CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  last_request_at TEXT CHECK (last_request_at GLOB '????-??-??T??:??:??.??????Z'),
  gap REAL NOT NULL DEFAULT 0,
  robots_at TEXT CHECK (robots_at GLOB '????-??-??T??:??:??Z'),
  robots_status INTEGER,
  robots TEXT,
  wait_until TEXT CHECK (wait_until GLOB '????-??-??T??:??:??.??????Z'),
  wait_since TEXT CHECK (wait_since GLOB '????-??-??T??:??:??.??????Z'),
  wait_reason TEXT
) STRICT, WITHOUT ROWID;

-- How full a field was in a run: of the pages of one layout, on how many this rung of the ladder gave it.
CREATE TABLE field_coverage (
  run_id INTEGER NOT NULL REFERENCES runs (id),
  site TEXT NOT NULL,
  layout TEXT NOT NULL,
  field TEXT NOT NULL,
  rung TEXT NOT NULL,
  pages INTEGER NOT NULL,
  filled INTEGER NOT NULL,
  PRIMARY KEY (run_id, site, layout, field, rung)
) STRICT, WITHOUT ROWID;

-- What went wrong, where and why. `fatal`: the page was refused because of it.
CREATE TABLE problems (
  id INTEGER PRIMARY KEY,
  run_id INTEGER NOT NULL REFERENCES runs (id),
  noted_at TEXT NOT NULL CHECK (noted_at GLOB '????-??-??T??:??:??Z'),
  stage TEXT NOT NULL,
  reason TEXT NOT NULL,
  message TEXT NOT NULL,
  field TEXT,
  fatal INTEGER NOT NULL CHECK (fatal IN (0, 1)),
  url TEXT,
  capture_id INTEGER REFERENCES captures (id)
) STRICT;

CREATE INDEX problems_run ON problems (run_id, reason);
CREATE INDEX problems_capture ON problems (capture_id) WHERE capture_id IS NOT NULL;

-- Full text of every version, current or not. Versions are never changed or deleted, so neither is the index.
CREATE VIRTUAL TABLE versions_fts USING fts5 (
  headline, subtitle, body, folded,
  content="versions", content_rowid="id", tokenize="unicode61 remove_diacritics 2"
);
CREATE VIRTUAL TABLE versions_vocab USING fts5vocab (versions_fts, 'row');

CREATE TRIGGER versions_are_indexed AFTER INSERT ON versions BEGIN
  INSERT INTO versions_fts (rowid, headline, subtitle, body, folded)
  VALUES (new.id, new.headline, new.subtitle, new.body, new.folded);
END;

CREATE TRIGGER versions_only_widen BEFORE UPDATE ON versions
WHEN new.seen_from > old.seen_from OR new.seen_until < old.seen_until BEGIN
  SELECT raise(ABORT, 'versions are append-only: the time a text was seen may only widen');
END;
CREATE TRIGGER versions_are_append_only
BEFORE UPDATE OF id, article_id, number, cause, headline, subtitle, authors, published_at, published_local, word_count, body,
  body_markdown, signature, content_digest, capture_id, run_id, extractor, layout, rungs ON versions BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;
CREATE TRIGGER versions_are_kept BEFORE DELETE ON versions BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;
CREATE TRIGGER view_counts_are_append_only BEFORE UPDATE ON view_counts BEGIN
  SELECT raise(ABORT, 'view_counts are append-only');
END;
CREATE TRIGGER view_counts_are_kept BEFORE DELETE ON view_counts BEGIN
  SELECT raise(ABORT, 'view_counts are append-only');
END;
CREATE TRIGGER bodies_are_immutable BEFORE UPDATE ON bodies BEGIN
  SELECT raise(ABORT, 'bodies are addressed by their content and never change');
END;
CREATE TRIGGER dictionaries_are_immutable BEFORE UPDATE ON dictionaries BEGIN
  SELECT raise(ABORT, 'dictionaries never change: bodies are made with them');
END;

-- Everything about an article in one row.
CREATE VIEW article_texts AS
SELECT a.id, a.headline, a.subtitle, a.published_at, a.language, a.section, a.views, a.word_count, v.body,
  (SELECT group_concat(name, '; ') FROM (
    SELECT p.name FROM article_authors w JOIN authors p ON p.id = w.author_id
    WHERE w.article_id = a.id ORDER BY w.position)) AS authors,
  a.url, a.site, s.label AS section_label, a.published_local, a.published_date, a.published_month,
  a.published_year, a.views_at, a.version_count, a.first_seen_at, a.last_seen_at, a.gone_at, a.post_number, a.slug,
  a.cover_image, v.signature, a.layout,
  v.extractor, a.current_version_id
FROM articles a
JOIN versions v ON v.id = a.current_version_id
LEFT JOIN sections s ON s.site = a.site AND s.language = a.language AND s.section = a.section
WHERE a.duplicate_of IS NULL;

-- In views, a CAST gives a computed column its type: without one, Datasette's filters, which compare with text, match nothing.
-- Every reading of the counter beside the one before it. Rows of merged articles count for the one that stands for them.
CREATE VIEW view_growth AS
SELECT CAST(coalesce(a.duplicate_of, a.id) AS INTEGER) AS article_id, c.observed_at, c.views,
  c.views - lag(c.views) OVER w AS gained,
  round((julianday(c.observed_at) - julianday(lag(c.observed_at) OVER w)) * 24, 2) AS hours,
  CASE WHEN c.observed_at > lag(c.observed_at) OVER w THEN round((c.views - lag(c.views) OVER w)
    / ((julianday(c.observed_at) - julianday(lag(c.observed_at) OVER w)) * 24), 2) END AS per_hour
FROM view_counts c JOIN articles a ON a.id = c.article_id
WINDOW w AS (PARTITION BY CAST(coalesce(a.duplicate_of, a.id) AS INTEGER) ORDER BY c.observed_at, c.views);

-- Every change the newspaper made: it happened after `seen_before` and not later than `seen_after`.
CREATE VIEW edits AS
SELECT t.article_id, a.url, a.language, a.section, t.number AS version, o.seen_until AS seen_before, n.seen_from AS seen_after,
  o.headline AS old_headline, n.headline AS new_headline,
  CAST(o.headline <> n.headline AS INTEGER) AS headline_changed, CAST(o.body <> n.body AS INTEGER) AS body_changed,
  n.word_count - o.word_count AS words_added, o.body AS old_body, n.body AS new_body, o.id AS old_version_id, n.id AS new_version_id
FROM (
  SELECT v.id, v.number, v.cause, CAST(coalesce(b.duplicate_of, b.id) AS INTEGER) AS article_id,
    lag(v.id) OVER (PARTITION BY CAST(coalesce(b.duplicate_of, b.id) AS INTEGER) ORDER BY v.seen_from, v.id) AS previous_id
  FROM versions v JOIN articles b ON b.id = v.article_id) AS t
JOIN versions n ON n.id = t.id
JOIN versions o ON o.id = t.previous_id
JOIN articles a ON a.id = t.article_id
WHERE t.cause <> 'reextract';

-- How much was published on a day, as far as the archive knows.
CREATE VIEW coverage_by_day AS
SELECT published_date AS day, site, language, section, count(*) AS articles, sum(word_count) AS words, sum(views) AS views,
  count(*) FILTER (WHERE version_count > 1) AS with_versions
FROM articles
WHERE duplicate_of IS NULL AND published_date IS NOT NULL
GROUP BY published_date, site, language, section;

-- How each run went.
CREATE VIEW run_health AS
SELECT r.id, r.command, r.site, r.outcome, r.reason, r.started_at, r.heartbeat_at, r.finished_at,
  count(c.id) AS captures,
  count(c.id) FILTER (WHERE c.status BETWEEN 200 AND 299) AS answered,
  count(c.id) FILTER (WHERE c.status >= 400) AS http_errors,
  count(c.error) AS failures,
  (SELECT count(*) FROM versions v WHERE v.run_id = r.id) AS versions,
  (SELECT count(*) FROM problems p WHERE p.run_id = r.id) AS problems,
  (SELECT count(*) FROM problems p WHERE p.run_id = r.id AND p.fatal = 1) AS refused
FROM runs r LEFT JOIN captures c ON c.run_id = r.id
GROUP BY r.id, r.command, r.site, r.outcome, r.reason, r.started_at, r.heartbeat_at, r.finished_at;

PRAGMA application_id = 0x43414C49;
PRAGMA user_version = 1;
