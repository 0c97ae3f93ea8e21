-- Tables with long values become tables of rows: without a rowid a search reads every long value that it passes, and a call that looked
-- for the key of a short result read megabytes of others. Nothing else changes; a value comes last in its row, so that nobody who reads
-- the rest passes it. SQL Server keeps long values outside the row by itself.
CREATE TABLE result_rows (
    result_key TEXT NOT NULL PRIMARY KEY,
    size INTEGER NOT NULL,
    used_at TEXT NOT NULL,
    draft INTEGER NOT NULL DEFAULT 0,
    media_type TEXT NOT NULL DEFAULT 'application/json',
    class INTEGER NOT NULL DEFAULT 0,
    value TEXT NOT NULL
) STRICT;
INSERT INTO result_rows (result_key, size, used_at, draft, media_type, class, value)
SELECT result_key, size, used_at, draft, media_type, class, value FROM result;
DROP TABLE result;
ALTER TABLE result_rows RENAME TO result;
CREATE INDEX result_age ON result (used_at) WHERE class < 2;
CREATE INDEX result_argument ON result (result_key) WHERE media_type = 'application/vnd.dcp.argument+json';
CREATE INDEX result_use ON result (result_key, used_at, class, size, media_type);

CREATE TABLE call_rows (
    id TEXT NOT NULL PRIMARY KEY,
    script TEXT NOT NULL,
    version TEXT NOT NULL,
    function TEXT NOT NULL,
    site TEXT,
    requested_by_id TEXT NOT NULL,
    requested_by_name TEXT NOT NULL,
    asked_by TEXT NOT NULL,
    started_at TEXT NOT NULL,
    duration_ms REAL NOT NULL,
    computation_key TEXT NOT NULL,
    result_key TEXT,
    failure TEXT,
    draft INTEGER NOT NULL DEFAULT 0,
    notes TEXT,
    outcome TEXT,
    arguments TEXT
) STRICT;
INSERT INTO call_rows (id, script, version, function, site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, draft, notes, outcome, arguments)
SELECT id, script, version, function, site, requested_by_id, requested_by_name, asked_by, started_at, duration_ms,
    computation_key, result_key, failure, draft, notes, outcome, arguments FROM call ORDER BY started_at;
DROP TABLE call;
ALTER TABLE call_rows RENAME TO call;
CREATE INDEX call_age ON call (started_at) WHERE asked_by = 'http';
CREATE INDEX call_computation ON call (computation_key, started_at) WHERE result_key IS NOT NULL;
CREATE INDEX call_result ON call (result_key, started_at) WHERE result_key IS NOT NULL;
CREATE INDEX call_started ON call (started_at);

CREATE TABLE script_version_rows (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    functions TEXT NOT NULL,
    packages TEXT NOT NULL,
    published_by_id TEXT NOT NULL,
    published_by_name TEXT NOT NULL,
    published_at TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'superseded',
    brought_by TEXT,
    examples TEXT,
    files TEXT,
    tests TEXT,
    description TEXT,
    PRIMARY KEY (name, version)
) STRICT;
INSERT INTO script_version_rows (name, version, source, functions, packages, published_by_id, published_by_name, published_at,
    state, brought_by, examples, files, tests, description)
SELECT name, version, source, functions, packages, published_by_id, published_by_name, published_at,
    state, brought_by, examples, files, tests, description FROM script_version ORDER BY published_at;
DROP TABLE script_version;
ALTER TABLE script_version_rows RENAME TO script_version;
CREATE UNIQUE INDEX script_effective ON script_version (name) WHERE state = 'effective';

CREATE TABLE script_file_rows (
    version TEXT NOT NULL,
    path TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (version, path)
) STRICT;
INSERT INTO script_file_rows (version, path, content) SELECT version, path, content FROM script_file;
DROP TABLE script_file;
ALTER TABLE script_file_rows RENAME TO script_file;
