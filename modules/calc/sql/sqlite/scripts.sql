-- procedure script_add(name TEXT, version TEXT, source TEXT, functions JSON, packages JSON, examples JSON?, files JSON?, tests JSON?,
--   description TEXT?, state TEXT, brought_by TEXT?, by_id TEXT, by_name TEXT, now TIME)
INSERT INTO script_change (name, version, state, by_id, by_name, at)
SELECT :name, :version, :state, :by_id, :by_name, :now
WHERE NOT EXISTS (SELECT 1 FROM script_version WHERE name = :name AND version = :version);
INSERT INTO script_version (name, version, source, functions, packages, examples, files, tests, description, state, brought_by,
    published_by_id, published_by_name, published_at)
VALUES (:name, :version, :source, :functions, :packages, :examples, :files, :tests, :description, :state, :brought_by, :by_id, :by_name, :now)
ON CONFLICT DO NOTHING;

-- procedure script_file_add(version TEXT, path TEXT, content BLOB)
INSERT INTO script_file (version, path, content) VALUES (:version, :path, :content) ON CONFLICT DO NOTHING;

-- procedure script_files(version TEXT) -> path TEXT, content BLOB
SELECT path, content FROM script_file WHERE version = :version ORDER BY path;

-- procedure script_superseded(name TEXT, by_id TEXT, by_name TEXT, now TIME)
INSERT INTO script_change (name, version, state, by_id, by_name, at)
SELECT name, version, 'superseded', :by_id, :by_name, :now FROM script_version WHERE name = :name AND state = 'effective';
UPDATE script_version SET state = 'superseded' WHERE name = :name AND state = 'effective';

-- procedure script_state_changed(name TEXT, version TEXT, before TEXT, state TEXT, by_id TEXT, by_name TEXT, reason TEXT?, now TIME)
INSERT INTO script_change (name, version, state, by_id, by_name, at, reason)
SELECT name, version, :state, :by_id, :by_name, :now, :reason FROM script_version
WHERE name = :name AND version = :version AND state = :before;
UPDATE script_version SET state = :state WHERE name = :name AND version = :version AND state = :before;

-- procedure script_examples_ran(name TEXT, version TEXT, examples JSON)
UPDATE script_version SET examples = :examples WHERE name = :name AND version = :version;

-- procedure script_changed(name TEXT)
INSERT INTO script (name) VALUES (:name) ON CONFLICT (name) DO UPDATE SET revision = revision + 1;

-- procedure script_heads() -> name TEXT, revision INTEGER
SELECT name, revision FROM script;

-- procedure script_versions(name TEXT) ->
--   version TEXT, source TEXT, functions TEXT, packages TEXT, examples TEXT, files TEXT, tests TEXT, description TEXT, state TEXT,
--   brought_by TEXT, published_by_id TEXT, published_by_name TEXT, published_at TIME
SELECT version, source, functions, packages, examples, files, tests, description, state, brought_by, published_by_id, published_by_name,
    published_at
FROM script_version WHERE name = :name ORDER BY published_at, version;

-- procedure script_changes(name TEXT) -> version TEXT, state TEXT, by_id TEXT, by_name TEXT, at TIME, reason TEXT
SELECT version, state, by_id, by_name, at, reason FROM script_change WHERE name = :name ORDER BY id;
