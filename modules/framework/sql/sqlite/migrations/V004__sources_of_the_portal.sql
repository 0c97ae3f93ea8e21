-- Sources that people set up in the portal stand beside those of the site file. What was taken out stays, so that it can be restored.
ALTER TABLE data_source ADD COLUMN from_file INTEGER NOT NULL DEFAULT 1;
ALTER TABLE data_source ADD COLUMN removed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE data_source ADD COLUMN version INTEGER NOT NULL DEFAULT 0;

-- Every state of every source, who made it and why; rows are added and never changed.
CREATE TABLE data_source_change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    source TEXT NOT NULL,
    site TEXT NOT NULL,
    version INTEGER NOT NULL,
    action TEXT NOT NULL,
    reason TEXT NOT NULL,
    -- Whether the server answered as described when this was kept; none where it was not asked.
    answered INTEGER,
    by_id TEXT NOT NULL,
    by_name TEXT NOT NULL,
    at TEXT NOT NULL,
    state TEXT NOT NULL,
    UNIQUE (source, version)
);
CREATE INDEX data_source_change_by_site ON data_source_change (site, seq);
