-- A chart: the values that were given and what the engine made of them.
CREATE TABLE chart (
    id TEXT NOT NULL PRIMARY KEY,
    site TEXT NOT NULL,
    title TEXT NOT NULL,
    request TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('queued', 'collecting', 'ready', 'failed')),
    error_title TEXT,
    error_detail TEXT,
    call_id TEXT NOT NULL UNIQUE,
    deadline TEXT NOT NULL,
    ask_again INTEGER NOT NULL DEFAULT 0,
    result_key TEXT,
    provenance TEXT,
    result TEXT,
    created_at TEXT NOT NULL,
    created_by_id TEXT NOT NULL,
    created_by_name TEXT NOT NULL
) STRICT;
CREATE INDEX chart_by_site ON chart (site, created_at);
CREATE INDEX chart_by_state ON chart (state);
