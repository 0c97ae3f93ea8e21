CREATE TABLE sample (
    id INTEGER NOT NULL PRIMARY KEY,
    name TEXT NOT NULL CONSTRAINT sample_name_length CHECK (length(name) <= 40),
    weight REAL,
    ready INTEGER NOT NULL,
    tags TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE TABLE sample_note (
    sample INTEGER NOT NULL REFERENCES sample (id),
    note TEXT NOT NULL
) STRICT;
CREATE TRIGGER sample_note_kept BEFORE DELETE ON sample_note BEGIN SELECT RAISE(ABORT, 'notes are kept'); END;
