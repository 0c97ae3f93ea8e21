-- The zone whose messages the file carries: one row.
CREATE TABLE zone (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    name TEXT NOT NULL
) STRICT;
