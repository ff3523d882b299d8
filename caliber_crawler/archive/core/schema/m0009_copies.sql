-- What `caliber copies find` and `caliber editions find` found. Both tables are computed from the current texts and can be
-- computed anew; they go when an article goes. A near-duplicate names the first published article of its group, an excerpt
-- the longer text that contains it.
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

-- Articles of the same story in two languages. The first has the lower ID. The evidence is a JSON object.
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

PRAGMA user_version = 9;
