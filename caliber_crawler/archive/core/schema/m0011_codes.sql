-- The codebook of a content analysis, and the codes that people gave to articles. content_digest is that of the text that
-- was read, which may have changed since.
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

-- No foreign key to the codebook: a lost row of the codebook must not cost codes.
CREATE INDEX codebook_repetition ON codebook (changed_at, label, several, codes);

CREATE INDEX codes_repetition ON codes (content_digest, coded_at);

CREATE VIEW coded_articles AS
SELECT a.id AS article_id, a.headline, a.published_date, a.language, a.section, a.site, k.variable, k.code, k.coder,
  k.coded_at, CAST(v.content_digest <> k.content_digest AS INTEGER) AS text_changed, a.url
FROM codes k
JOIN articles m ON m.id = k.article_id
JOIN articles a ON a.id = coalesce(m.duplicate_of, m.id)
LEFT JOIN versions v ON v.id = a.current_version_id;

PRAGMA user_version = 11;
