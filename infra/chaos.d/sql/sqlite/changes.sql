-- procedure change_add(id TEXT, subject TEXT, number INTEGER)
INSERT INTO change (id, subject, number) VALUES (:id, :subject, :number);

-- procedure effect_add(id TEXT, subject TEXT, number INTEGER)
INSERT INTO effect (id, subject, number) VALUES (:id, :subject, :number);

-- procedure record_add(id TEXT)
INSERT INTO record (id) VALUES (:id);
