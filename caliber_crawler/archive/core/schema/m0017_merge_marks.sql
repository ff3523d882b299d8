-- How far each other archive was merged: the next merge of it reads only what came after. Marks are not merged.
CREATE TABLE merge_marks (
  source TEXT PRIMARY KEY CHECK (length(source) = 32),
  name TEXT NOT NULL,
  marks TEXT NOT NULL CHECK (json_valid(marks)),
  merged_at TEXT NOT NULL CHECK (merged_at GLOB '????-??-??T??:??:??Z')
) STRICT, WITHOUT ROWID;

CREATE INDEX merge_marks_repetition ON merge_marks (merged_at, name, marks);

PRAGMA user_version = 17;
