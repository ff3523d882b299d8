-- A page may be in several cold files: each of the archives that were merged may have moved it to one. All are kept, so
-- that a takedown reaches them, and a page can be read while one of them is missing.
DROP TRIGGER bodies_are_immutable;

CREATE TABLE cold_places (
  digest TEXT NOT NULL REFERENCES bodies (digest),
  file_id INTEGER NOT NULL REFERENCES cold_files (id),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  length INTEGER NOT NULL CHECK (length > 0),
  extent INTEGER NOT NULL CHECK (extent >= length),
  size INTEGER NOT NULL CHECK (size > 0),
  PRIMARY KEY (digest, file_id)
) STRICT, WITHOUT ROWID;

INSERT INTO cold_places SELECT digest, file_id, offset, length, extent, size FROM cold_pages;

DROP TABLE cold_pages;

ALTER TABLE cold_places RENAME TO cold_pages;

CREATE INDEX cold_pages_repetition ON cold_pages (file_id, offset, length, extent, size);

CREATE TRIGGER bodies_are_immutable BEFORE UPDATE ON bodies
WHEN NOT (new.digest = old.digest AND new.size = old.size
  AND ((new.data = x'' AND new.dictionary_id IS NULL) OR old.data = x'')
  AND EXISTS (SELECT 1 FROM cold_pages p WHERE p.digest = old.digest AND p.size = old.size)) BEGIN
  SELECT raise(ABORT, 'bodies are addressed by their content and never change');
END;

-- The pages that are only in cold storage, and their bytes as served.
ALTER TABLE totals ADD COLUMN cold INTEGER NOT NULL DEFAULT 0;

ALTER TABLE totals ADD COLUMN cold_served INTEGER NOT NULL DEFAULT 0;

UPDATE totals SET (cold, cold_served) = (SELECT count(*), coalesce(sum(size), 0) FROM bodies WHERE stored = 0);

DROP TRIGGER bodies_are_counted;

CREATE TRIGGER bodies_are_counted AFTER INSERT ON bodies BEGIN
  UPDATE totals SET bodies = bodies + 1, served = served + new.size, stored = stored + length(new.data),
    cold = cold + (new.data = x''), cold_served = cold_served + (new.data = x'') * new.size;
END;

DROP TRIGGER deleted_bodies_are_counted;

CREATE TRIGGER deleted_bodies_are_counted AFTER DELETE ON bodies BEGIN
  UPDATE totals SET bodies = bodies - 1, served = served - old.size, stored = stored - length(old.data),
    cold = cold - (old.data = x''), cold_served = cold_served - (old.data = x'') * old.size;
END;

DROP TRIGGER moved_bodies_are_counted;

CREATE TRIGGER moved_bodies_are_counted AFTER UPDATE OF data ON bodies BEGIN
  UPDATE totals SET stored = stored - length(old.data) + length(new.data),
    cold = cold - (old.data = x'') + (new.data = x''),
    cold_served = cold_served + ((new.data = x'') - (old.data = x'')) * new.size;
END;

PRAGMA user_version = 22;
