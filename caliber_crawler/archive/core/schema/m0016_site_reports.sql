-- What a run added, as columns: a report over the runs of a thousand sites must not parse the counts of each. The first index
-- covers that report, the second the alarms of runs, the third the known URLs of each site.
ALTER TABLE runs ADD COLUMN new_articles INTEGER;

ALTER TABLE runs ADD COLUMN problem_count INTEGER;

ALTER TABLE runs ADD COLUMN stored_bytes INTEGER;

DROP INDEX runs_repetition;

CREATE INDEX runs_repetition ON runs (
  software, command, site, outcome, reason, started_at, heartbeat_at, finished_at, counts, arguments, settings, user_agent,
  exit_code, new_articles, problem_count, stored_bytes);

CREATE INDEX runs_site ON runs (command, site, started_at, outcome, exit_code, new_articles, problem_count, stored_bytes);

CREATE INDEX problems_of_runs ON problems (run_id, reason) WHERE stage = 'run';

DROP INDEX frontier_state;

CREATE INDEX frontier_state ON frontier (site, state, kind, due_at, article_id);

PRAGMA user_version = 16;
