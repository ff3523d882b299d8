-- The crawls that were not limited to what was due: their scope is that of later crawls of what is due. After a year of hourly
-- crawls they are a few among thousands. The text and not its JSON is compared: a damaged row must not make an index fail.
CREATE INDEX runs_with_scope ON runs (site) WHERE command = 'crawl' AND instr(arguments, '"due_only": true') = 0;

PRAGMA user_version = 23;
