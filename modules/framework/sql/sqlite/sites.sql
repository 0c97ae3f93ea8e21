-- procedure site_put(id TEXT, name TEXT, country TEXT, time_zone TEXT)
INSERT INTO site (id, name, country, time_zone) VALUES (:id, :name, :country, :time_zone)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, country = excluded.country, time_zone = excluded.time_zone;

-- procedure data_source_put(id TEXT, site TEXT, name TEXT, kind TEXT, url TEXT, asset_server TEXT, asset_database TEXT, data_server TEXT, credentials TEXT, ca_file TEXT?)
INSERT INTO data_source (id, site, name, kind, url, asset_server, asset_database, data_server, credentials, ca_file)
VALUES (:id, :site, :name, :kind, :url, :asset_server, :asset_database, :data_server, :credentials, :ca_file)
ON CONFLICT (id) DO UPDATE SET site = excluded.site, name = excluded.name, kind = excluded.kind, url = excluded.url,
    asset_server = excluded.asset_server, asset_database = excluded.asset_database, data_server = excluded.data_server,
    credentials = excluded.credentials, ca_file = excluded.ca_file;

-- procedure sites() -> id TEXT, name TEXT, country TEXT, time_zone TEXT, data_sources INTEGER
SELECT s.id, s.name, s.country, s.time_zone, (SELECT COUNT(*) FROM data_source d WHERE d.site = s.id) AS data_sources
FROM site s ORDER BY s.name LIMIT 1000;

-- procedure data_sources() ->
--   id TEXT, site TEXT, name TEXT, kind TEXT, url TEXT, asset_server TEXT, database TEXT, data_server TEXT, credentials TEXT, ca_file TEXT
SELECT id, site, name, kind, url, asset_server, asset_database AS database, data_server, credentials, ca_file FROM data_source
ORDER BY site, name LIMIT 1000;
