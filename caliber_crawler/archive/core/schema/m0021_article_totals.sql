-- The number of articles in each section, language and month, kept by triggers: reports and pages that count all articles
-- need not read them all. A missing section or month is an empty text, so that the key has no NULL.
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

INSERT INTO article_totals
SELECT site, language, coalesce(section, ''), coalesce(published_month, ''), count(*), sum(version_count),
  sum(max(version_count - 1, 0)), count(views), coalesce(sum(views), 0)
FROM articles WHERE duplicate_of IS NULL GROUP BY 1, 2, 3, 4;

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

PRAGMA user_version = 21;
