-- Values without a checksum are repeated by an index. SQLite's check compares the two, so a damaged value is found, and lost
-- rows are restored from the index. No query has a condition on the first column, so none is planned with such an index.
CREATE INDEX articles_repetition ON articles (cover_image);

CREATE INDEX captures_repetition ON captures (extractor);

CREATE INDEX frontier_repetition ON frontier (
  last_modified, etag, visited_at, discovered_at, discovered_on, discovered_via, last_status, failures, reason, page_number,
  traversal_started_at, crawled_since, crawled_at, request_url);

CREATE INDEX runs_repetition ON runs (
  software, command, site, outcome, reason, started_at, heartbeat_at, finished_at, counts, arguments, settings, user_agent);

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

PRAGMA user_version = 8;
