-- No unique keys: what happened twice must show. `record` stands for the audit trail: one entry for each change or effect.
CREATE TABLE change (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, subject TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
CREATE TABLE effect (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, subject TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
CREATE TABLE record (seq INTEGER PRIMARY KEY, id TEXT NOT NULL) STRICT;
