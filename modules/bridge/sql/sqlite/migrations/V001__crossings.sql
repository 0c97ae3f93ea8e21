-- What came from the other zone; never changed and never deleted.
CREATE TABLE crossing (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    key TEXT NOT NULL,
    source TEXT NOT NULL,
    zone TEXT NOT NULL,
    published_at TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;
