-- No unique keys: what happened twice must show. `record` stands for the audit trail: one entry for each change or effect.
CREATE TABLE change (id TEXT NOT NULL, subject TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
CREATE TABLE effect (id TEXT NOT NULL, subject TEXT NOT NULL, number INTEGER NOT NULL) STRICT;
CREATE TABLE record (id TEXT NOT NULL) STRICT;
