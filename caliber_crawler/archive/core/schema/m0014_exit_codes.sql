-- The exit code that a crawl of this site alone would have: it says whether the site was healthy, and a change of it is
-- news for the operator.
ALTER TABLE runs ADD COLUMN exit_code INTEGER;

DROP INDEX runs_repetition;

CREATE INDEX runs_repetition ON runs (
  software, command, site, outcome, reason, started_at, heartbeat_at, finished_at, counts, arguments, settings, user_agent,
  exit_code);

PRAGMA user_version = 14;
