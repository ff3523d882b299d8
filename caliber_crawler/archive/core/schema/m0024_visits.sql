-- An incremental merge asks for the last visits and for all entries that are no articles: it read the whole frontier for
-- them. The index that repeats the frontier starts with the time of the visit now, which costs nothing; entries that are no
-- articles are few.
DROP INDEX frontier_repetition;

CREATE INDEX frontier_repetition ON frontier (
  visited_at, last_modified, etag, discovered_at, discovered_on, discovered_via, last_status, failures, reason, page_number,
  traversal_started_at, crawled_since, crawled_at, request_url);

CREATE INDEX frontier_lists ON frontier (kind) WHERE kind <> 'article';

PRAGMA user_version = 24;
