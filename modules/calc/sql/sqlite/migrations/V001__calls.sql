-- Every version of every script, named by the hash of its source.
CREATE TABLE script_version (
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    source TEXT NOT NULL,
    functions TEXT NOT NULL,
    packages TEXT NOT NULL,
    published_by_id TEXT NOT NULL,
    published_by_name TEXT NOT NULL,
    published_at TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

-- The version that a call without one gets.
CREATE TABLE script (
    name TEXT NOT NULL PRIMARY KEY,
    version TEXT NOT NULL,
    changed_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Values by the hash of their JSON.
CREATE TABLE result (
    result_key TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    size INTEGER NOT NULL,
    stays INTEGER NOT NULL,
    used_at TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX result_age ON result (used_at) WHERE stays = 0;

-- What was called, by whom, and what it gave.
CREATE TABLE call (
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
    outcome TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX call_computation ON call (computation_key) WHERE result_key IS NOT NULL;
CREATE INDEX call_age ON call (started_at) WHERE asked_by = 'http';
