-- What a version is good for; one version of a name is effective at most.
ALTER TABLE script_version ADD COLUMN state TEXT NOT NULL DEFAULT 'superseded';
ALTER TABLE script_version ADD COLUMN brought_by TEXT;
ALTER TABLE script_version ADD COLUMN examples TEXT;
UPDATE script_version SET state = 'effective'
WHERE EXISTS (SELECT 1 FROM script s WHERE s.name = script_version.name AND s.version = script_version.version);
-- What was published before had no examples to run.
UPDATE script_version SET examples = '[]';
UPDATE script_version SET brought_by = published_by_name WHERE published_by_id LIKE 'service:%';
CREATE UNIQUE INDEX script_effective ON script_version (name) WHERE state = 'effective';

-- Who changed the state of a version, when and why.
CREATE TABLE script_change (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    state TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT
) STRICT;
CREATE INDEX script_change_of ON script_change (name, version);
INSERT INTO script_change (name, version, state, by_id, by_name, at)
SELECT name, version, state, published_by_id, published_by_name, published_at FROM script_version ORDER BY published_at;

-- Counts the changes of a name, so that other instances see that there is something new.
ALTER TABLE script DROP COLUMN version;
ALTER TABLE script DROP COLUMN changed_at;
ALTER TABLE script ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;

-- Drafts are marked; a plot is a result of another media type.
ALTER TABLE result ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;
ALTER TABLE result ADD COLUMN media_type TEXT NOT NULL DEFAULT 'application/json';
ALTER TABLE call ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;
-- What R said beside the value, and why there is none, as JSON.
ALTER TABLE call ADD COLUMN notes TEXT;
-- The first call of a computation is found without looking at those that it answered.
DROP INDEX call_computation;
CREATE INDEX call_computation ON call (computation_key, started_at) WHERE result_key IS NOT NULL;
CREATE INDEX call_result ON call (result_key, started_at) WHERE result_key IS NOT NULL;
CREATE INDEX call_started ON call (started_at);

-- The results a call took as arguments.
CREATE TABLE call_input (
    call_id TEXT NOT NULL,
    result_key TEXT NOT NULL,
    PRIMARY KEY (call_id, result_key)
) STRICT, WITHOUT ROWID;
CREATE INDEX call_input_used ON call_input (result_key);

-- Computations that gave another value when they were repeated; they are not answered from the store any more.
CREATE TABLE deviation (
    call_id TEXT NOT NULL PRIMARY KEY,
    computation_key TEXT NOT NULL,
    script TEXT NOT NULL,
    version TEXT NOT NULL,
    function TEXT NOT NULL,
    before_call_id TEXT NOT NULL,
    before_key TEXT NOT NULL,
    after_key TEXT NOT NULL,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    node TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX deviation_of ON deviation (computation_key);
