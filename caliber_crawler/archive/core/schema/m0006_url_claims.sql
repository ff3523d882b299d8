-- Claims: URLs that pages of an article state as theirs, or that redirect to them, while no page of the article was served
-- there. A URL in article_urls with a claim of the same article was never visited. A claim on a URL of another article waits
-- until a text of both resembles the other.
CREATE TABLE url_claims (
  url TEXT NOT NULL CHECK (url GLOB 'http://*' OR url GLOB 'https://*' OR url GLOB 'urn:*'),
  article_id INTEGER NOT NULL REFERENCES articles (id),
  PRIMARY KEY (url, article_id)
) STRICT, WITHOUT ROWID;

CREATE INDEX url_claims_article ON url_claims (article_id);

-- The few texts without a date: one of them under several URLs is a wall or an error page.
CREATE INDEX versions_undated ON versions (content_digest) WHERE published_at IS NULL;

PRAGMA user_version = 6;
