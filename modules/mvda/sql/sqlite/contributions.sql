-- procedure contribution_find(model_id TEXT, batch TEXT, place INTEGER, statistic TEXT) -> body TEXT
SELECT body FROM contribution WHERE model_id = :model_id AND batch = :batch AND place = :place AND statistic = :statistic;

-- procedure contribution_add(model_id TEXT, batch TEXT, place INTEGER, statistic TEXT, body JSON)
INSERT INTO contribution (model_id, batch, place, statistic, body) VALUES (:model_id, :batch, :place, :statistic, :body) ON CONFLICT DO NOTHING;
