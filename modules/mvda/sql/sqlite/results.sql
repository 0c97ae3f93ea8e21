-- procedure model_result_add(model_id TEXT, body JSON)
INSERT INTO model_result (model_id, body) VALUES (:model_id, :body);

-- procedure model_result_body(site TEXT, id TEXT) -> body TEXT
SELECT r.body FROM model_result AS r JOIN model AS m ON m.id = r.model_id WHERE m.site = :site AND m.id = :id;
