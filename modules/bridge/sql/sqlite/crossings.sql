-- procedure crossing_add(id TEXT, name TEXT, key TEXT, source TEXT, zone TEXT, published_at TIME, at TIME)
INSERT INTO crossing (id, name, key, source, zone, published_at, at) VALUES (:id, :name, :key, :source, :zone, :published_at, :at);

-- procedure crossings_before(before INTEGER, count INTEGER) ->
--   seq INTEGER, id TEXT, name TEXT, key TEXT, source TEXT, zone TEXT, published_at TIME, at TIME
SELECT seq, id, name, key, source, zone, published_at, at FROM crossing WHERE seq < :before ORDER BY seq DESC LIMIT :count;
