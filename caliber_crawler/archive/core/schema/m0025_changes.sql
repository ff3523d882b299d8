-- The front page and the page of edits sorted the versions of all articles with several of them to find the newest. An
-- article states now when its newest version was first seen, and the index of these articles is in that order. It takes
-- twenty bytes for each of them; an article with one version has no value, and is not in the index.
ALTER TABLE articles ADD COLUMN changed_at TEXT CHECK (changed_at GLOB '????-??-??T??:??:??Z');

DROP INDEX articles_of_several_versions;

UPDATE articles SET changed_at = (
  SELECT max(v.seen_from) FROM articles m CROSS JOIN versions v ON v.article_id = m.id
  WHERE (m.id = articles.id OR m.duplicate_of = articles.id) AND v.replaced_by IS NULL)
WHERE version_count > 1 AND duplicate_of IS NULL;

CREATE INDEX articles_of_several_versions ON articles (changed_at) WHERE version_count > 1;

-- The words of the full-text index by place. A search asks which words begin with some letters: `versions_vocab` counts the
-- texts of each word for that, and so reads most of the index of a frequent one. Takes no space.
CREATE VIRTUAL TABLE versions_tokens USING fts5vocab (versions_fts, 'instance');

PRAGMA user_version = 25;
