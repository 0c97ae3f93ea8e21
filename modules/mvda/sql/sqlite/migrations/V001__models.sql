-- A version of a model: what was asked for, how far it is, what came out.
CREATE TABLE model (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'collecting', 'ready', 'failed', 'cancelled')),
    fraction REAL NOT NULL DEFAULT 0,
    message TEXT NOT NULL DEFAULT '',
    unit_web_id TEXT NOT NULL,
    request TEXT NOT NULL,
    origin TEXT NOT NULL,
    components INTEGER NOT NULL,
    batches INTEGER NOT NULL,
    reference_batches INTEGER NOT NULL,
    r2y REAL,
    abnormal INTEGER,
    error_title TEXT,
    error_detail TEXT,
    call_id TEXT NOT NULL UNIQUE,
    deadline TEXT NOT NULL,
    ask_again_at TEXT,
    result_key TEXT,
    provenance TEXT,
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    created_by_name TEXT NOT NULL,
    finished_at TEXT,
    archived INTEGER NOT NULL DEFAULT 0,
    revision INTEGER NOT NULL,
    UNIQUE (site, name, version)
) STRICT;
CREATE INDEX model_by_site ON model (site, created_at);
CREATE INDEX model_by_revision ON model (revision);
CREATE INDEX model_by_state ON model (state);

-- The result as the engine gave it, so that it outlives the engine's store.
CREATE TABLE model_result (
    model_id TEXT NOT NULL PRIMARY KEY REFERENCES model (id),
    body TEXT NOT NULL
) STRICT;

-- Explanations that were asked for: they never change, because neither the model nor its data do. `place` is -1 for a whole batch.
CREATE TABLE contribution (
    model_id TEXT NOT NULL REFERENCES model (id),
    batch TEXT NOT NULL,
    place INTEGER NOT NULL,
    statistic TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (model_id, batch, place, statistic)
) STRICT;

-- Counts every change of any model; taken in the transaction of the change, so that readers see no gaps.
CREATE TABLE model_revision (
    id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    value INTEGER NOT NULL
) STRICT;
INSERT INTO model_revision (id, value) VALUES (1, 0);
