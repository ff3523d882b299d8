-- The current schema, with which a new archive is created in one step. Written by scripts/write-schema from the migrations,
-- which explain it; a test compares the two.

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
, exit_code INTEGER, new_articles INTEGER, problem_count INTEGER, stored_bytes INTEGER) STRICT;

CREATE TABLE sites (
  site TEXT PRIMARY KEY,
  title TEXT NOT NULL,
  url TEXT NOT NULL,
  timezone TEXT NOT NULL,
  reuse TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE sections (
  site TEXT NOT NULL,
  language TEXT NOT NULL,
  section TEXT NOT NULL,
  label TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (site, language, section)
) STRICT, WITHOUT ROWID;

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
, changed_at TEXT CHECK (changed_at GLOB '????-??-??T??:??:??Z')) STRICT;

CREATE UNIQUE INDEX articles_post_number ON articles (site, post_number) WHERE duplicate_of IS NULL;

CREATE UNIQUE INDEX articles_slug ON articles (site, language, slug) WHERE duplicate_of IS NULL;

CREATE INDEX articles_published ON articles (published_at);

CREATE INDEX articles_url ON articles (url);

CREATE INDEX articles_duplicate_of ON articles (duplicate_of) WHERE duplicate_of IS NOT NULL;

CREATE TABLE article_urls (
  url TEXT PRIMARY KEY CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  article_id INTEGER NOT NULL REFERENCES articles (id),
  kind TEXT NOT NULL CHECK (kind IN ('number', 'slug', 'other')),
  language TEXT,
  post_number INTEGER,
  slug TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z')
, checksum INTEGER) STRICT, WITHOUT ROWID;

CREATE INDEX article_urls_article ON article_urls (article_id);

CREATE INDEX article_urls_post_number ON article_urls (post_number) WHERE post_number IS NOT NULL;

CREATE INDEX article_urls_slug ON article_urls (slug) WHERE slug IS NOT NULL;

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

CREATE TABLE bodies (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
  dictionary_id INTEGER REFERENCES dictionaries (id),
  size INTEGER NOT NULL CHECK (size >= 0),
  data BLOB NOT NULL,
  stored INTEGER GENERATED ALWAYS AS (length(data)) VIRTUAL
) STRICT;

CREATE INDEX bodies_dictionary ON bodies (dictionary_id);

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
  version_id INTEGER REFERENCES versions (id), extractor TEXT, checksum INTEGER, opt_outs TEXT CHECK (opt_outs IS NULL OR json_valid(opt_outs)),
  CHECK ((status IS NULL) <> (error IS NULL))
) STRICT;

CREATE INDEX captures_run ON captures (run_id, kind);

CREATE INDEX captures_url ON captures (url, fetched_at);

CREATE INDEX captures_article ON captures (article_id) WHERE article_id IS NOT NULL;

CREATE INDEX captures_body ON captures (body_digest);

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
  methods TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(methods)),
  folded TEXT GENERATED ALWAYS AS (
    nullif(
      replace(replace(replace(replace(replace(replace(
        headline || char(10) || coalesce(subtitle, '') || char(10) || body,
        'ё', 'е'), 'Ё', 'Е'), 'ə', 'e'), 'Ə', 'E'), 'ı', 'i'), 'İ', 'I'),
      headline || char(10) || coalesce(subtitle, '') || char(10) || body)
    ) VIRTUAL, checksum INTEGER, replaced_by INTEGER REFERENCES versions (id),
  UNIQUE (article_id, number),
  CHECK (seen_from <= seen_until)
) STRICT;

CREATE INDEX versions_seen ON versions (article_id, seen_from);

CREATE INDEX versions_capture ON versions (capture_id);

CREATE INDEX versions_run ON versions (run_id);

CREATE TABLE view_counts (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  observed_at TEXT NOT NULL CHECK (observed_at GLOB '????-??-??T??:??:??Z'),
  views INTEGER NOT NULL CHECK (views >= 0),
  shown TEXT,
  capture_id INTEGER NOT NULL REFERENCES captures (id), checksum INTEGER,
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

CREATE TABLE article_authors (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  author_id INTEGER NOT NULL REFERENCES authors (id),
  position INTEGER NOT NULL,
  PRIMARY KEY (article_id, author_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX article_authors_author ON article_authors (author_id);

CREATE TABLE images (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  url TEXT NOT NULL,
  position INTEGER NOT NULL,
  alt TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??Z'), checksum INTEGER,
  PRIMARY KEY (article_id, url)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  url TEXT NOT NULL,
  position INTEGER NOT NULL,
  host TEXT,
  text TEXT,
  first_seen_at TEXT NOT NULL CHECK (first_seen_at GLOB '????-??-??T??:??:??Z'),
  last_seen_at TEXT NOT NULL CHECK (last_seen_at GLOB '????-??-??T??:??:??Z'), checksum INTEGER,
  PRIMARY KEY (article_id, url)
) STRICT, WITHOUT ROWID;

CREATE INDEX links_host ON links (host);

CREATE TABLE hosts (
  host TEXT PRIMARY KEY,
  last_request_at TEXT CHECK (last_request_at GLOB '????-??-??T??:??:??.??????Z'),
  delay_s REAL NOT NULL DEFAULT 0,
  robots_at TEXT CHECK (robots_at GLOB '????-??-??T??:??:??Z'),
  robots_status INTEGER,
  robots TEXT,
  wait_until TEXT CHECK (wait_until GLOB '????-??-??T??:??:??.??????Z'),
  wait_since TEXT CHECK (wait_since GLOB '????-??-??T??:??:??.??????Z'),
  wait_reason TEXT
) STRICT, WITHOUT ROWID;

CREATE TABLE field_coverage (
  run_id INTEGER NOT NULL REFERENCES runs (id),
  site TEXT NOT NULL,
  layout TEXT NOT NULL,
  field TEXT NOT NULL,
  method TEXT NOT NULL,
  pages INTEGER NOT NULL,
  filled INTEGER NOT NULL,
  PRIMARY KEY (run_id, site, layout, field, method)
) STRICT, WITHOUT ROWID;

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

CREATE VIRTUAL TABLE versions_fts USING fts5 (
  headline, subtitle, body, folded,
  content="versions", content_rowid="id", tokenize="unicode61 remove_diacritics 2"
);

CREATE VIRTUAL TABLE versions_vocab USING fts5vocab (versions_fts, 'row');

CREATE TRIGGER dictionaries_are_immutable BEFORE UPDATE ON dictionaries BEGIN
  SELECT raise(ABORT, 'dictionaries never change: bodies are made with them');
END;

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

CREATE VIEW coverage_by_day AS
SELECT published_date AS day, site, language, section, count(*) AS articles, sum(word_count) AS words, sum(views) AS views,
  count(*) FILTER (WHERE version_count > 1) AS with_versions
FROM articles
WHERE duplicate_of IS NULL AND published_date IS NOT NULL
GROUP BY published_date, site, language, section;

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

CREATE INDEX versions_replaced_by ON versions (replaced_by) WHERE replaced_by IS NOT NULL;

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

CREATE TABLE takedown_keys (
  digest TEXT PRIMARY KEY CHECK (length(digest) = 64),
  takedown_id INTEGER NOT NULL REFERENCES takedowns (id)
) STRICT, WITHOUT ROWID;

CREATE INDEX takedown_keys_takedown ON takedown_keys (takedown_id);

CREATE TRIGGER view_counts_are_append_only BEFORE UPDATE ON view_counts BEGIN
  SELECT raise(ABORT, 'view_counts are append-only');
END;

CREATE TRIGGER view_counts_are_kept BEFORE DELETE ON view_counts
WHEN NOT EXISTS (SELECT 1 FROM takedowns WHERE article_id = old.article_id) BEGIN
  SELECT raise(ABORT, 'view_counts are append-only');
END;

CREATE INDEX articles_current_version
ON articles (current_version_id, duplicate_of, published_at, published_date, language, section, site);

CREATE INDEX articles_section ON articles (site, language, section, published_at, duplicate_of, version_count, views);

CREATE INDEX articles_period ON articles (published_year, published_month);

CREATE INDEX articles_gone ON articles (gone_at) WHERE gone_at IS NOT NULL;

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
, cold INTEGER NOT NULL DEFAULT 0, cold_served INTEGER NOT NULL DEFAULT 0) STRICT;

INSERT INTO totals VALUES (1, 0, 0, 0, NULL, NULL, 0, 0, 0, 0, 0, 0, 0);

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

CREATE TRIGGER view_counts_are_counted AFTER INSERT ON view_counts BEGIN
  UPDATE totals SET view_counts = view_counts + 1;
END;

CREATE TRIGGER deleted_view_counts_are_counted AFTER DELETE ON view_counts BEGIN
  UPDATE totals SET view_counts = view_counts - 1;
END;

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

CREATE TRIGGER versions_are_indexed AFTER INSERT ON versions BEGIN
  INSERT INTO versions_fts (rowid, headline, subtitle, body, folded)
  VALUES (new.id, new.headline, new.subtitle, new.body, new.folded);
END;

CREATE TRIGGER versions_only_widen BEFORE UPDATE ON versions
WHEN new.seen_from > old.seen_from OR new.seen_until < old.seen_until BEGIN
  SELECT raise(ABORT, 'versions are append-only: the time a text was seen may only widen');
END;

CREATE TRIGGER versions_are_kept BEFORE DELETE ON versions
WHEN NOT EXISTS (SELECT 1 FROM takedowns WHERE article_id = old.article_id) BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;

CREATE TRIGGER versions_are_append_only
BEFORE UPDATE OF id, article_id, number, cause, headline, subtitle, authors, published_at, published_local, word_count, body,
  content_digest, capture_id, run_id ON versions BEGIN
  SELECT raise(ABORT, 'versions are append-only');
END;

CREATE TRIGGER versions_are_counted AFTER INSERT ON versions BEGIN
  UPDATE totals SET versions = versions + 1;
END;

CREATE TRIGGER deleted_versions_are_counted AFTER DELETE ON versions BEGIN
  UPDATE totals SET versions = versions - 1;
END;

CREATE INDEX captures_opted_out ON captures (article_id) WHERE opt_outs IS NOT NULL;

CREATE INDEX dictionaries_page_class ON dictionaries (site, kind, language, media_type, id);

CREATE TRIGGER deleted_versions_leave_the_index AFTER DELETE ON versions BEGIN
  INSERT INTO versions_fts (versions_fts, rowid, headline, subtitle, body, folded)
  VALUES ('delete', old.id, old.headline, old.subtitle, old.body, old.folded);
END;

CREATE TABLE "frontier" (
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
, request_url TEXT CHECK (request_url GLOB 'http://*' OR request_url GLOB 'https://*')) STRICT;

CREATE INDEX frontier_due ON frontier (site, kind, language, section, priority, due_at);

CREATE INDEX frontier_article ON frontier (article_id) WHERE article_id IS NOT NULL;

CREATE INDEX frontier_run ON frontier (run_id);

CREATE TABLE url_claims (
  url TEXT NOT NULL CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  article_id INTEGER NOT NULL REFERENCES articles (id),
  PRIMARY KEY (url, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX url_claims_article ON url_claims (article_id);

CREATE INDEX versions_undated ON versions (content_digest) WHERE published_at IS NULL;

CREATE TABLE site_facts (
  site TEXT NOT NULL,
  fact TEXT NOT NULL,
  value TEXT NOT NULL,
  pages_confirming INTEGER NOT NULL CHECK (pages_confirming >= 0),
  pages_examined INTEGER NOT NULL CHECK (pages_examined >= pages_confirming),
  first_confirmed_at TEXT NOT NULL CHECK (first_confirmed_at GLOB '????-??-??T??:??:??Z'),
  last_confirmed_at TEXT NOT NULL CHECK (last_confirmed_at GLOB '????-??-??T??:??:??Z'),
  replaced_at TEXT CHECK (replaced_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (site, fact, value)
) STRICT, WITHOUT ROWID;

CREATE INDEX articles_repetition ON articles (cover_image);

CREATE INDEX captures_repetition ON captures (extractor);

CREATE INDEX problems_repetition ON problems (message, noted_at, stage, field, fatal, url);

CREATE INDEX hosts_robots ON hosts (robots);

CREATE INDEX hosts_repetition ON hosts (
  wait_reason, wait_since, wait_until, robots_status, robots_at, delay_s, last_request_at);

CREATE INDEX sites_repetition ON sites (reuse, title, url, timezone);

CREATE INDEX sections_repetition ON sections (label, first_seen_at);

CREATE INDEX site_facts_repetition ON site_facts (
  pages_examined, pages_confirming, first_confirmed_at, last_confirmed_at, replaced_at);

CREATE INDEX field_coverage_repetition ON field_coverage (pages, filled);

CREATE INDEX takedowns_repetition ON takedowns (reason, site, language, requested_at, carried_out_at, versions, captures);

CREATE TABLE copies (
  article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  original_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  relation TEXT NOT NULL CHECK (relation IN ('near-duplicate', 'excerpt')),
  similarity REAL NOT NULL CHECK (similarity BETWEEN 0 AND 1),
  containment REAL NOT NULL CHECK (containment BETWEEN 0 AND 1),
  method TEXT NOT NULL,
  found_at TEXT NOT NULL CHECK (found_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (article_id, original_id),
  CHECK (article_id <> original_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX copies_original ON copies (original_id, relation);

CREATE INDEX copies_repetition ON copies (method, found_at, similarity, containment, relation);

CREATE TABLE counterparts (
  article_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  counterpart_id INTEGER NOT NULL REFERENCES articles (id) ON DELETE CASCADE,
  method TEXT NOT NULL CHECK (method IN ('hreflang', 'link', 'content')),
  score REAL NOT NULL CHECK (score BETWEEN 0 AND 1),
  evidence TEXT NOT NULL CHECK (json_valid(evidence)),
  found_at TEXT NOT NULL CHECK (found_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (article_id, counterpart_id),
  CHECK (article_id < counterpart_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX counterparts_counterpart ON counterparts (counterpart_id);

CREATE INDEX counterparts_repetition ON counterparts (evidence, method, score, found_at);

CREATE VIEW near_duplicates AS
SELECT g.group_id, a.id AS article_id, a.site, a.language, a.section, a.published_at, a.headline, a.url,
  g.similarity, g.containment, g.method, g.found_at
FROM (
  SELECT original_id AS group_id, article_id, similarity, containment, method, found_at
  FROM copies WHERE relation = 'near-duplicate'
  UNION ALL
  SELECT original_id, original_id, 1.0, 1.0, min(method), max(found_at)
  FROM copies WHERE relation = 'near-duplicate' GROUP BY original_id) g
JOIN articles a ON a.id = g.article_id
WHERE a.duplicate_of IS NULL AND a.current_version_id IS NOT NULL;

CREATE VIEW editions AS
SELECT a.id AS article_id, a.language, a.headline, a.published_at, b.id AS counterpart_id,
  b.language AS counterpart_language, b.headline AS counterpart_headline, b.published_at AS counterpart_published_at,
  b.url AS counterpart_url, e.method, e.score, e.evidence, e.found_at
FROM (
  SELECT article_id, counterpart_id, method, score, evidence, found_at FROM counterparts
  UNION ALL
  SELECT counterpart_id, article_id, method, score, evidence, found_at FROM counterparts) e
JOIN articles a ON a.id = e.article_id
JOIN articles b ON b.id = e.counterpart_id
WHERE a.duplicate_of IS NULL AND b.duplicate_of IS NULL AND a.current_version_id IS NOT NULL
  AND b.current_version_id IS NOT NULL;

CREATE TABLE codebook (
  variable TEXT PRIMARY KEY,
  label TEXT,
  codes TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codes)),
  several INTEGER NOT NULL DEFAULT 0 CHECK (several IN (0, 1)),
  changed_at TEXT NOT NULL CHECK (changed_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE TABLE codes (
  article_id INTEGER NOT NULL REFERENCES articles (id),
  variable TEXT NOT NULL,
  coder TEXT NOT NULL,
  code TEXT NOT NULL,
  coded_at TEXT NOT NULL CHECK (coded_at GLOB '????-??-??T??:??:??Z'),
  content_digest TEXT NOT NULL CHECK (length(content_digest) = 64),
  PRIMARY KEY (article_id, variable, coder, code)
) STRICT, WITHOUT ROWID;

CREATE INDEX codes_variable ON codes (variable, code);

CREATE INDEX codebook_repetition ON codebook (changed_at, label, several, codes);

CREATE INDEX codes_repetition ON codes (content_digest, coded_at);

CREATE VIEW coded_articles AS
SELECT a.id AS article_id, a.headline, a.published_date, a.language, a.section, a.site, k.variable, k.code, k.coder,
  k.coded_at, CAST(v.content_digest <> k.content_digest AS INTEGER) AS text_changed, a.url
FROM codes k
JOIN articles m ON m.id = k.article_id
JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
LEFT JOIN versions v ON v.id = a.current_version_id;

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

CREATE TABLE name_searches (
  article_id INTEGER PRIMARY KEY REFERENCES articles (id) ON DELETE CASCADE,
  version_id INTEGER NOT NULL,
  method TEXT NOT NULL,
  searched_at TEXT NOT NULL CHECK (searched_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE INDEX name_searches_repetition ON name_searches (searched_at, method, version_id);

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

CREATE INDEX runs_repetition ON runs (
  software, command, site, outcome, reason, started_at, heartbeat_at, finished_at, counts, arguments, settings, user_agent,
  exit_code, new_articles, problem_count, stored_bytes);

CREATE INDEX runs_site ON runs (command, site, started_at, outcome, exit_code, new_articles, problem_count, stored_bytes);

CREATE INDEX problems_of_runs ON problems (run_id, reason) WHERE stage = 'run';

CREATE INDEX frontier_state ON frontier (site, state, kind, due_at, article_id);

CREATE TABLE merge_marks (
  source TEXT PRIMARY KEY CHECK (length(source) = 32),
  name TEXT NOT NULL,
  marks TEXT NOT NULL CHECK (json_valid(marks)),
  merged_at TEXT NOT NULL CHECK (merged_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE INDEX merge_marks_repetition ON merge_marks (merged_at, name, marks);

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

CREATE TABLE cold_files (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name GLOB '?*.warc.gz' AND name NOT GLOB '*/*'),
  folder TEXT NOT NULL,
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??Z'),
  size INTEGER CHECK (size > 0),
  sha256 TEXT CHECK (length(sha256) = 64),
  CHECK ((size IS NULL) = (sha256 IS NULL))
) STRICT;

CREATE TABLE cold_removals (
  file_id INTEGER NOT NULL REFERENCES cold_files (id),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  extent INTEGER NOT NULL CHECK (extent > 0),
  PRIMARY KEY (file_id, offset)
) STRICT, WITHOUT ROWID;

CREATE INDEX cold_files_repetition ON cold_files (folder, started_at, size, sha256, name);

CREATE INDEX cold_removals_repetition ON cold_removals (extent);

CREATE TABLE article_totals (
  site TEXT NOT NULL,
  language TEXT NOT NULL,
  section TEXT NOT NULL,
  month TEXT NOT NULL,
  articles INTEGER NOT NULL,
  versions INTEGER NOT NULL,
  edits INTEGER NOT NULL,
  viewed INTEGER NOT NULL,
  views INTEGER NOT NULL,
  PRIMARY KEY (site, language, section, month)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER articles_are_counted AFTER INSERT ON articles WHEN new.duplicate_of IS NULL BEGIN
  INSERT INTO article_totals
  VALUES (new.site, new.language, coalesce(new.section, ''), coalesce(new.published_month, ''), 1, new.version_count,
    max(new.version_count - 1, 0), new.views IS NOT NULL, coalesce(new.views, 0))
  ON CONFLICT (site, language, section, month) DO UPDATE SET articles = articles + 1,
    versions = versions + excluded.versions, edits = edits + excluded.edits, viewed = viewed + excluded.viewed,
    views = views + excluded.views;
END;

CREATE TRIGGER deleted_articles_are_counted AFTER DELETE ON articles WHEN old.duplicate_of IS NULL BEGIN
  UPDATE article_totals SET articles = articles - 1, versions = versions - old.version_count,
    edits = edits - max(old.version_count - 1, 0), viewed = viewed - (old.views IS NOT NULL),
    views = views - coalesce(old.views, 0)
  WHERE site = old.site AND language = old.language AND section = coalesce(old.section, '')
    AND month = coalesce(old.published_month, '');
  DELETE FROM article_totals WHERE articles = 0 AND site = old.site AND language = old.language
    AND section = coalesce(old.section, '') AND month = coalesce(old.published_month, '');
END;

CREATE TRIGGER changed_articles_are_counted
AFTER UPDATE OF site, language, section, published_month, version_count, views, duplicate_of ON articles
WHEN old.version_count <> new.version_count OR old.views IS NOT new.views OR old.published_month IS NOT new.published_month
  OR old.section IS NOT new.section OR old.duplicate_of IS NOT new.duplicate_of OR old.language <> new.language
  OR old.site <> new.site
BEGIN
  UPDATE article_totals SET articles = articles - 1, versions = versions - old.version_count,
    edits = edits - max(old.version_count - 1, 0), viewed = viewed - (old.views IS NOT NULL),
    views = views - coalesce(old.views, 0)
  WHERE old.duplicate_of IS NULL AND site = old.site AND language = old.language
    AND section = coalesce(old.section, '') AND month = coalesce(old.published_month, '');
  DELETE FROM article_totals WHERE articles = 0 AND site = old.site AND language = old.language
    AND section = coalesce(old.section, '') AND month = coalesce(old.published_month, '');
  INSERT INTO article_totals
  SELECT new.site, new.language, coalesce(new.section, ''), coalesce(new.published_month, ''), 1, new.version_count,
    max(new.version_count - 1, 0), new.views IS NOT NULL, coalesce(new.views, 0)
  WHERE new.duplicate_of IS NULL
  ON CONFLICT (site, language, section, month) DO UPDATE SET articles = articles + 1,
    versions = versions + excluded.versions, edits = edits + excluded.edits, viewed = viewed + excluded.viewed,
    views = views + excluded.views;
END;

CREATE TABLE "cold_pages" (
  digest TEXT NOT NULL REFERENCES bodies (digest),
  file_id INTEGER NOT NULL REFERENCES cold_files (id),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  length INTEGER NOT NULL CHECK (length > 0),
  extent INTEGER NOT NULL CHECK (extent >= length),
  size INTEGER NOT NULL CHECK (size > 0),
  PRIMARY KEY (digest, file_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX cold_pages_repetition ON cold_pages (file_id, offset, length, extent, size);

CREATE TRIGGER bodies_are_immutable BEFORE UPDATE ON bodies
WHEN NOT (new.digest = old.digest AND new.size = old.size
  AND ((new.data = x'' AND new.dictionary_id IS NULL) OR old.data = x'')
  AND EXISTS (SELECT 1 FROM cold_pages p WHERE p.digest = old.digest AND p.size = old.size)) BEGIN
  SELECT raise(ABORT, 'bodies are addressed by their content and never change');
END;

CREATE TRIGGER bodies_are_counted AFTER INSERT ON bodies BEGIN
  UPDATE totals SET bodies = bodies + 1, served = served + new.size, stored = stored + length(new.data),
    cold = cold + (new.data = x''), cold_served = cold_served + (new.data = x'') * new.size;
END;

CREATE TRIGGER deleted_bodies_are_counted AFTER DELETE ON bodies BEGIN
  UPDATE totals SET bodies = bodies - 1, served = served - old.size, stored = stored - length(old.data),
    cold = cold - (old.data = x''), cold_served = cold_served - (old.data = x'') * old.size;
END;

CREATE TRIGGER moved_bodies_are_counted AFTER UPDATE OF data ON bodies BEGIN
  UPDATE totals SET stored = stored - length(old.data) + length(new.data),
    cold = cold - (old.data = x'') + (new.data = x''),
    cold_served = cold_served + ((new.data = x'') - (old.data = x'')) * new.size;
END;

CREATE INDEX runs_with_scope ON runs (site) WHERE command = 'crawl' AND instr(arguments, '"due_only": true') = 0;

CREATE INDEX frontier_repetition ON frontier (
  visited_at, last_modified, etag, discovered_at, discovered_on, discovered_via, last_status, failures, reason, page_number,
  traversal_started_at, crawled_since, crawled_at, request_url);

CREATE INDEX frontier_lists ON frontier (kind) WHERE kind <> 'article';

CREATE INDEX articles_of_several_versions ON articles (changed_at) WHERE version_count > 1;

CREATE VIRTUAL TABLE versions_tokens USING fts5vocab (versions_fts, 'instance');

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

PRAGMA application_id = 1128352841;

PRAGMA user_version = 26;
