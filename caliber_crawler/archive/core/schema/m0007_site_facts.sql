-- Facts that were learned about a site from its stored pages: selectors, URL patterns, labels, repeated lines. A fact holds
-- from first_confirmed_at; one that failed since, or that a better one replaced, keeps its row with replaced_at.
CREATE TABLE site_facts (
  site TEXT NOT NULL,
  fact TEXT NOT NULL,
  value TEXT NOT NULL,
  pages_confirming INTEGER NOT NULL CHECK (pages_confirming >= 0),
  pages_examined INTEGER NOT NULL CHECK (pages_examined >= pages_confirming),
  first_confirmed_at TEXT NOT NULL CHECK (first_confirmed_at GLOB '????-??-??T??:??:??Z'),
  last_confirmed_at TEXT NOT NULL CHECK (last_confirmed_at GLOB '????-??-??T??:??:??Z'),
  replaced_at TEXT CHECK (replaced_at GLOB '????-??-??T??:??:??Z'),
  PRIMARY KEY (site, fact, value)
) STRICT, WITHOUT ROWID;

PRAGMA user_version = 7;
