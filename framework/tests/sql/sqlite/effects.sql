-- procedure made_add(id TEXT)
INSERT INTO made (id) VALUES (:id);

-- procedure made_all() -> id TEXT
SELECT id FROM made ORDER BY rowid;

-- procedure effect_add(id TEXT)
INSERT INTO effect (id) VALUES (:id);

-- procedure effect_all() -> id TEXT
SELECT id FROM effect ORDER BY rowid;

-- procedure effect_clear()
DELETE FROM effect;
