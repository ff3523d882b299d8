-- Old pages in cold storage. The row in bodies stays, with its size and without its data, so that captures refer to it
-- as before; cold_pages says where its bytes are.
CREATE TABLE cold_files (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE CHECK (name GLOB '?*.warc.gz' AND name NOT GLOB '*/*'),
  folder TEXT NOT NULL,
  started_at TEXT NOT NULL CHECK (started_at GLOB '????-??-??T??:??:??Z'),
  size INTEGER CHECK (size > 0),
  sha256 TEXT CHECK (length(sha256) = 64),
  CHECK ((size IS NULL) = (sha256 IS NULL))
) STRICT;

CREATE TABLE cold_pages (
  digest TEXT PRIMARY KEY REFERENCES bodies (digest),
  file_id INTEGER NOT NULL REFERENCES cold_files (id),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  length INTEGER NOT NULL CHECK (length > 0),
  extent INTEGER NOT NULL CHECK (extent >= length),
  size INTEGER NOT NULL CHECK (size > 0)
) STRICT, WITHOUT ROWID;

-- Records of pages under takedown that are still in a file.
CREATE TABLE cold_removals (
  file_id INTEGER NOT NULL REFERENCES cold_files (id),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  extent INTEGER NOT NULL CHECK (extent > 0),
  PRIMARY KEY (file_id, offset)
) STRICT, WITHOUT ROWID;

CREATE INDEX cold_files_repetition ON cold_files (folder, started_at, size, sha256, name);

CREATE INDEX cold_pages_repetition ON cold_pages (file_id, offset, length, extent, size);

CREATE INDEX cold_removals_repetition ON cold_removals (extent);

-- The only changes of a body: its data leaves once cold_pages says where it is, and returns when it is served again.
DROP TRIGGER bodies_are_immutable;

CREATE TRIGGER bodies_are_immutable BEFORE UPDATE ON bodies
WHEN NOT (new.digest = old.digest AND new.size = old.size
  AND ((new.data = x'' AND new.dictionary_id IS NULL) OR old.data = x'')
  AND EXISTS (SELECT 1 FROM cold_pages p WHERE p.digest = old.digest AND p.size = old.size)) BEGIN
  SELECT raise(ABORT, 'bodies are addressed by their content and never change');
END;

CREATE TRIGGER moved_bodies_are_counted AFTER UPDATE OF data ON bodies BEGIN
  UPDATE totals SET stored = stored - length(old.data) + length(new.data);
END;

PRAGMA user_version = 20;
