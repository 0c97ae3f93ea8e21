-- procedure sample_add(id INTEGER, name TEXT, weight REAL?, ready BOOL, tags JSON, at TIME)
INSERT INTO sample (id, name, weight, ready, tags, at) VALUES (:id, :name, :weight, :ready, :tags, :at);

-- procedure sample_all() -> id INTEGER, name TEXT, weight REAL, ready BOOL, tags JSON, at TIME
SELECT id, name, weight, ready, tags, at FROM sample ORDER BY id;

-- procedure sample_count() -> count INTEGER
SELECT COUNT(*) AS count FROM sample;

-- procedure sample_note_add(sample INTEGER, note TEXT)
INSERT INTO sample_note (sample, note) VALUES (:sample, :note);

-- procedure sample_note_remove()
DELETE FROM sample_note;

-- procedure sample_rename(id INTEGER, name TEXT)
UPDATE sample SET name = :name WHERE id = :id;
