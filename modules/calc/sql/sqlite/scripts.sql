-- procedure script_publish(name TEXT, version TEXT, source TEXT, functions JSON, packages JSON,
--   by_id TEXT, by_name TEXT, now TIME)
INSERT INTO script_version (name, version, source, functions, packages, published_by_id, published_by_name, published_at)
VALUES (:name, :version, :source, :functions, :packages, :by_id, :by_name, :now) ON CONFLICT DO NOTHING;
INSERT INTO script (name, version, changed_at) VALUES (:name, :version, :now)
ON CONFLICT (name) DO UPDATE SET version = excluded.version, changed_at = excluded.changed_at;

-- procedure script_heads() -> name TEXT, version TEXT, versions INTEGER
SELECT s.name, s.version, COUNT(*) AS versions FROM script s JOIN script_version v ON v.name = s.name
GROUP BY s.name, s.version;

-- procedure script_versions() ->
--   name TEXT, version TEXT, source TEXT, functions TEXT, packages TEXT, published_by_id TEXT, published_by_name TEXT, published_at TIME, effective BOOL
SELECT v.name, v.version, v.source, v.functions, v.packages, v.published_by_id, v.published_by_name, v.published_at,
    v.version = s.version AS effective
FROM script_version v JOIN script s ON s.name = v.name ORDER BY v.name, v.published_at;
