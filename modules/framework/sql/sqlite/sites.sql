-- procedure site_put(id TEXT, name TEXT, country TEXT, time_zone TEXT)
INSERT INTO site (id, name, country, time_zone) VALUES (:id, :name, :country, :time_zone)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, country = excluded.country, time_zone = excluded.time_zone;

-- procedure sites() -> id TEXT, name TEXT, country TEXT, time_zone TEXT, data_sources INTEGER
SELECT s.id, s.name, s.country, s.time_zone, (SELECT COUNT(*) FROM data_source d WHERE d.site = s.id AND d.removed = 0) AS data_sources
FROM site s ORDER BY s.name LIMIT 1000;
