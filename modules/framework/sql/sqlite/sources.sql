-- procedure data_source_add(id TEXT, site TEXT, name TEXT, kind TEXT, url TEXT, asset_server TEXT, asset_database TEXT, data_server TEXT,
--   credentials TEXT, ca_file TEXT?, from_file BOOL)
INSERT INTO data_source (id, site, name, kind, url, asset_server, asset_database, data_server, credentials, ca_file, from_file, removed, version)
VALUES (:id, :site, :name, :kind, :url, :asset_server, :asset_database, :data_server, :credentials, :ca_file, :from_file, 0, 1);

-- procedure data_source_replace(id TEXT, seen INTEGER, site TEXT, name TEXT, url TEXT, asset_server TEXT, asset_database TEXT, data_server TEXT,
--   credentials TEXT, ca_file TEXT?, from_file BOOL, removed BOOL)
UPDATE data_source SET site = :site, name = :name, url = :url, asset_server = :asset_server, asset_database = :asset_database,
    data_server = :data_server, credentials = :credentials, ca_file = :ca_file, from_file = :from_file, removed = :removed, version = version + 1
WHERE id = :id AND version = :seen;

-- procedure data_source_noted(source TEXT, site TEXT, version INTEGER, action TEXT, reason TEXT, answered BOOL?, by_id TEXT, by_name TEXT, at TIME, state JSON)
INSERT INTO data_source_change (source, site, version, action, reason, answered, by_id, by_name, at, state)
VALUES (:source, :site, :version, :action, :reason, :answered, :by_id, :by_name, :at, :state);

-- procedure data_sources(removed BOOL) ->
--   id TEXT, site TEXT, name TEXT, kind TEXT, url TEXT, asset_server TEXT, database TEXT, data_server TEXT, credentials TEXT, ca_file TEXT,
--   from_file BOOL, removed BOOL, version INTEGER
SELECT id, site, name, kind, url, asset_server, asset_database AS database, data_server, credentials, ca_file, from_file, removed, version
FROM data_source WHERE removed = 0 OR :removed = 1
ORDER BY site, name LIMIT 1000;

-- procedure data_source_changes(site TEXT, before INTEGER, count INTEGER) ->
--   seq INTEGER, source TEXT, version INTEGER, action TEXT, reason TEXT, answered BOOL, by_id TEXT, by_name TEXT, at TIME, state JSON, former JSON
SELECT change.seq, change.source, change.version, change.action, change.reason, change.answered, change.by_id, change.by_name, change.at,
    change.state, earlier.state AS former
FROM data_source_change AS change
LEFT JOIN data_source_change AS earlier ON earlier.source = change.source AND earlier.version = change.version - 1
WHERE change.site = :site AND change.seq < :before
ORDER BY change.seq DESC LIMIT :count;

-- procedure data_source_state(source TEXT, site TEXT, version INTEGER) -> state JSON
SELECT state FROM data_source_change WHERE source = :source AND site = :site AND version = :version;
