-- procedure result_add(result_key TEXT, value TEXT, size INTEGER, media_type TEXT, draft BOOL, class INTEGER, now TIME)
INSERT INTO result (result_key, value, size, media_type, draft, class, used_at)
VALUES (:result_key, :value, :size, :media_type, :draft, :class, :now)
ON CONFLICT (result_key) DO UPDATE SET class = MAX(class, excluded.class), draft = MIN(draft, excluded.draft), used_at = excluded.used_at;

-- procedure result_by_key(result_key TEXT) -> value TEXT, media_type TEXT, draft BOOL
SELECT value, media_type, draft FROM result WHERE result_key = :result_key;

-- procedure result_of_computation(computation_key TEXT) ->
--   call_id TEXT, started_at TIME, requested_by_name TEXT, result_key TEXT, notes TEXT, value TEXT
SELECT c.id AS call_id, c.started_at, c.requested_by_name, r.result_key, c.notes, r.value
FROM call c JOIN result r ON r.result_key = c.result_key
WHERE c.computation_key = :computation_key AND c.result_key IS NOT NULL AND c.draft = 0
    AND NOT EXISTS (SELECT 1 FROM deviation d WHERE d.computation_key = :computation_key)
ORDER BY c.started_at LIMIT 1;

-- procedure deviation_add(call_id TEXT, computation_key TEXT, script TEXT, version TEXT, function TEXT, before_call_id TEXT,
--   before_key TEXT, after_key TEXT, by_id TEXT, by_name TEXT, now TIME, node TEXT)
INSERT INTO deviation (call_id, computation_key, script, version, function, before_call_id, before_key, after_key, by_id, by_name, at, node)
VALUES (:call_id, :computation_key, :script, :version, :function, :before_call_id, :before_key, :after_key, :by_id, :by_name, :now, :node);
