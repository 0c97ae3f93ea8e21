-- What the results of engines depend on (R, its library, the libraries below it), as far as somebody has found it good.
CREATE TABLE environment (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    facts TEXT NOT NULL,
    node TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT, WITHOUT ROWID;
